// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import {
  Agent,
  type ClientRequest,
  createServer,
  type IncomingMessage,
  type RequestOptions,
  request,
} from "node:http";
import { connect } from "node:net";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { processesWith } from "../haproxy/process-identity";

/** Waits until `condition` gives a value; `ms` is a bound against hanging alone. */
export async function until<T>(
  what: string,
  condition: () => Promise<T | undefined | false>,
  ms = 60_000,
): Promise<T> {
  for (const end = performance.now() + ms; ; ) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new DOMException(`${what} did not happen in ${ms} ms`, "TimeoutError");
    await pause(5);
  }
}

/** What a server answered. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface AskOptions {
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One HTTP request on a connection of its own; the path goes out as it is. */
export function ask(origin: string, path: string, o: AskOptions = {}): Promise<Answer> {
  const { hostname, port } = new URL(origin);
  const agent = new Agent({ keepAlive: false });
  const { method = "GET", headers = {}, body } = o;
  return exchange(request, { hostname, port, path, method, headers, agent }, body);
}

/** Sends one request by Node's HTTP or HTTPS and takes the whole answer, within a minute. */
export function exchange<O extends RequestOptions>(
  send: (options: O, onResponse: (response: IncomingMessage) => void) => ClientRequest,
  options: O,
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = send({ ...options, timeout: 60_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString("utf8"),
          headers: response.headers,
        }),
      );
    });
    sent.on("error", reject);
    sent.on("timeout", () => sent.destroy(new DOMException("no answer", "TimeoutError")));
    sent.end(body);
  });
}

/** A task: an HTTP server that answers each request with its name once `onRequest` lets it. */
export async function backend(
  host: string,
  port: number,
  name: string,
  onRequest: () => Promise<void> = async () => {},
): Promise<() => Promise<void>> {
  const server = createServer((_request, response) => void onRequest().then(() => response.end(name)));
  server.listen(port, host);
  await once(server, "listening");
  return async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
}

/** A real ZooKeeper for tests. */
export interface TestZooKeeper {
  readonly servers: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  remove(): Promise<void>;
}

export async function zooKeeper(host: string): Promise<TestZooKeeper> {
  const directory = await mkdtemp(join(tmpdir(), "edge-zookeeper-"));
  const config = join(directory, "zoo.cfg");
  await writeFile(
    config,
    `tickTime=500\ndataDir=${directory}/data\nclientPort=2181\nclientPortAddress=${host}\nadmin.enableServer=false\nminSessionTimeout=1000\nmaxSessionTimeout=60000\n`,
  );
  let child: ChildProcess | undefined;
  const server: TestZooKeeper = {
    servers: `${host}:2181`,
    async start() {
      child = spawn(program("zookeeper-server"), [config], { stdio: "ignore" });
      await until("ZooKeeper's start", () => accepts(host, 2181));
    },
    async stop() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
    async remove() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return server;
}

/** Lets requests pass, but for one that it is told to hold up. */
export class Gate {
  #next: { readonly come: () => void; readonly released: Promise<void> } | undefined;
  /** Lets the request go on that is held up. */
  release = (): void => {};

  readonly pass = async (): Promise<void> => {
    const held = this.#next;
    this.#next = undefined;
    held?.come();
    await held?.released;
  };

  /** Holds up the next request; resolves when it has come. */
  hold(): Promise<void> {
    return new Promise((come) => {
      const released = new Promise<void>((resolve) => {
        this.release = resolve;
      });
      this.#next = { come, released };
    });
  }
}

/** Ends the HAProxy of a data directory and removes the directory. */
export async function removeData(directory: string): Promise<void> {
  await until("HAProxy's end", async () => {
    const pids = await processesWith(join(directory, "haproxy.cfg"));
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
    return pids.length === 0;
  });
  await rm(directory, { recursive: true, force: true });
}

/** Waits until no worker of before a reload takes connections: the edge removes its socket then. */
export async function reloaded(directory: string): Promise<void> {
  const isSocket = (name: string): boolean => /^worker-\d+\.sock$/.test(name);
  await until("the end of the reload", async () => (await readdir(directory)).filter(isSocket).length <= 1);
}

/** Pids of the master and its workers. */
export function haproxies(directory: string): Promise<number[]> {
  return processesWith(join(directory, "haproxy.cfg"));
}

/** Pid of the master as the edge recorded it. */
export async function masterPid(directory: string): Promise<number> {
  return (JSON.parse(await readFile(join(directory, "haproxy.json"), "utf8")) as { pid: number }).pid;
}

function program(name: string): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), join(cache, "pulumi-mesos", "bin")];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? name;
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 500 });
    const done = (value: boolean): void => {
      socket.destroy();
      resolve(value);
    };
    socket.on("connect", () => done(true));
    socket.on("error", () => done(false));
    socket.on("timeout", () => done(false));
  });
}
