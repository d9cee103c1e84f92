// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "./clock";
import { type FlagTable, type FlagValues, parseFlags } from "./flags";
import { agentFlags } from "./mesos-agent/flags";
import { AgentProgram, type AgentProgramOptions } from "./mesos-agent/program";
import { masterFlags } from "./mesos-master/flags";
import { MasterProgram } from "./mesos-master/program";
import { RecordDecoder } from "./recordio";
import type { Surroundings } from "./surroundings";

/** What tests of master and agent stand on: a real ZooKeeper, masters and agents, and a scheduler that notes all it hears. */

export const cacheBin = join(
  process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
  "pulumi-mesos",
  "bin",
);
export const searchPath = `${process.env["PATH"]}:${cacheBin}`;

/** Resolves with the first value of `look` that is not undefined or false, asked every 20 ms. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  boundMs = 60_000,
): Promise<NonNullable<T>> {
  const end = Date.now() + boundMs;
  for (;;) {
    const value = await look();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > end) assert.fail(`within ${boundMs} ms not seen: ${what}`);
    await systemClock.sleep(20);
  }
}

export async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : assert.fail();
}

export function valuesOf<T extends FlagTable>(table: T, argv: readonly string[]): FlagValues<T> {
  return flagsOf(table, argv).flags;
}

/** The flags of a program in this process, and as it shows them. */
function flagsOf<T extends FlagTable>(
  table: T,
  argv: readonly string[],
): { readonly flags: FlagValues<T>; readonly texts: Readonly<Record<string, string>> } {
  const parsed = parseFlags(table, {
    program: "test",
    version: "",
    argv,
    env: {},
    envPrefix: "MESOS_",
    style: "mesos",
  });
  if (parsed.kind !== "run") assert.fail(JSON.stringify(parsed));
  return { flags: parsed.values, texts: parsed.texts };
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly text: string;
}

/** One request as it is, without a library's own headers and redirects. */
export function http(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const json = body === undefined ? {} : { "content-type": "application/json" };
    const sent = request(url, { method, agent: false, headers: { ...json, ...headers } }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => {
        text += chunk;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      answer.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(
      body === undefined
        ? undefined
        : body instanceof URLSearchParams
          ? body.toString()
          : JSON.stringify(body),
    );
  });
}

export async function getJson<T = Record<string, never>>(url: string): Promise<T> {
  const { status, text } = await http("GET", url);
  assert.equal(status, 200, `${url}: ${status} ${text}`);
  return JSON.parse(text) as T;
}

/** A flag that is given again is meant instead. */
const isLast = (arg: string, at: number, args: readonly string[]): boolean =>
  args.findLastIndex((other) => other.split("=")[0] === arg.split("=")[0]) === at;

/** Whatever a test starts, ended in reverse order. */
export class Fixture {
  readonly directory = mkdtempSync(join(tmpdir(), "mesos-simulator-"));
  readonly #ends: (() => Promise<unknown>)[] = [];

  onEnd(end: () => Promise<unknown>): void {
    this.#ends.push(end);
  }

  async end(): Promise<void> {
    for (const end of this.#ends.reverse()) await end();
    for (const pid of processesWith(this.directory)) killIfAlive(pid);
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Flags of an agent for a program or a process: small, quick to register, on a port that it keeps over restarts. */
  async agentFlags(master: TestMaster, ip: string): Promise<string[]> {
    return [
      `--master=${master.address}`,
      `--ip=${ip}`,
      `--port=${await freePort(ip)}`,
      `--work_dir=${this.directory}/a`,
      "--resources=cpus:2;mem:512;disk:512;ports:[31000-31009]",
      "--registration_backoff_factor=100ms",
    ];
  }

  /** A ZooKeeper of its own; the result is host:port. */
  async zooKeeper(): Promise<{ servers: string; child: ChildProcess }> {
    const port = await freePort("127.84.0.1");
    const config = join(this.directory, "zoo.cfg");
    writeFileSync(
      config,
      `tickTime=100\nmaxSessionTimeout=60000\ndataDir=${this.directory}/zk\nclientPort=${port}\nclientPortAddress=127.84.0.1\nadmin.enableServer=false\n`,
    );
    const child = spawn("zookeeper-server", [config], {
      env: { PATH: searchPath },
      stdio: "ignore",
      detached: true,
    });
    this.onEnd(async () => killGroup(child));
    return { servers: `127.84.0.1:${port}`, child };
  }

  /** A master in this process. */
  async master(
    name: string,
    argv: readonly string[],
    ip = "127.84.1.1",
    around?: Surroundings,
  ): Promise<TestMaster> {
    const own = ["--port=0", `--ip=${ip}`, `--work_dir=${this.directory}/${name}`];
    const all = [...own, ...argv].filter(isLast);
    const fatal: string[] = [];
    const lines: string[] = [];
    const program = new MasterProgram({
      ...flagsOf(masterFlags, all),
      clock: systemClock,
      uuid: randomUUID,
      log: (line) => lines.push(line),
      onFatal: (message) => fatal.push(message),
      ...(around === undefined ? {} : { around }),
    });
    const info = await program.start();
    this.onEnd(() => program.close());
    return {
      program,
      url: `http://${info.address.ip}:${info.port}`,
      address: `${info.address.ip}:${info.port}`,
      id: info.id,
      fatal,
      lines,
    };
  }

  /** An agent in this process. */
  async agent(
    name: string,
    argv: readonly string[],
    env: Record<string, string> = {},
    onExit: (code: number, message: string) => void = () => undefined,
    more: Partial<Pick<AgentProgramOptions, "around" | "log">> = {},
  ): Promise<AgentProgram> {
    const all = [
      "--port=0",
      "--ip=127.84.2.1",
      `--work_dir=${this.directory}/${name}`,
      "--resources=cpus:2;mem:1024;disk:1024;ports:[31000-31009]",
      "--containerizers=docker,mesos",
      "--registration_backoff_factor=100ms",
      `--docker_socket=${this.directory}/no-docker.sock`,
      ...argv,
    ].filter(isLast);
    const program = new AgentProgram({
      ...flagsOf(agentFlags, all),
      clock: systemClock,
      uuid: randomUUID,
      log: () => undefined,
      onExit,
      env: { PATH: searchPath, ...env },
      ...more,
    });
    await program.start();
    this.onEnd(() => program.close());
    return program;
  }

  /** An agent as a program of its own, to be killed. */
  agentProcess(argv: readonly string[]): ChildProcess {
    const program = join(__dirname, "..", "bin", "mesos-agent");
    const child = spawn(process.execPath, [program, ...argv], {
      env: { PATH: searchPath },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout?.resume(); // unread output would keep "close" from coming
    const ended = new Promise((resolve) => child.once("exit", resolve));
    this.onEnd(async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await ended;
    });
    return child;
  }
}

export interface TestMaster {
  readonly program: MasterProgram;
  readonly url: string;
  readonly address: string;
  readonly id: string;
  readonly fatal: string[];
  readonly lines: string[];
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it ended by itself
  }
}

async function killGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, "SIGKILL");
  await gone;
}

/** Processes whose environment mentions `text`. */
export function processesWith(text: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "latin1").includes(text);
      } catch {
        return false; // it ended meanwhile
      }
    })
    .map(Number);
}

export interface TaskUpdate {
  readonly task_id: { value: string };
  readonly agent_id: { value: string };
  readonly state: string;
  readonly uuid?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly source?: string;
}

export interface TestOffer {
  readonly id: { value: string };
  readonly agent_id: { value: string };
  readonly hostname: string;
  readonly resources: {
    name: string;
    scalar?: { value: number };
    ranges?: { range: { begin: number; end: number }[] };
  }[];
}

interface Event {
  readonly type: string;
  readonly offers?: { offers: TestOffer[] };
  readonly update?: { status: TaskUpdate };
  readonly [key: string]: unknown;
}

/** A scheduler as any HTTP framework is one. */
export class TestScheduler {
  readonly events: Event[] = [];
  readonly url: string;
  frameworkId = "";
  streamId = "";
  acknowledges = true;
  closed = false;
  readonly #abort = new AbortController();

  readonly #headers: Record<string, string>;

  /** @param headers with every request: credentials */
  constructor(url: string, headers: Record<string, string> = {}) {
    this.url = `${url}/api/v1/scheduler`;
    this.#headers = headers;
  }

  /** Subscribes and waits for SUBSCRIBED. */
  async subscribe(info: Record<string, unknown> = {}, more: Record<string, unknown> = {}): Promise<void> {
    const framework = {
      user: "root",
      name: "test",
      failover_timeout: 3600,
      checkpoint: true,
      roles: ["*"],
      capabilities: [{ type: "MULTI_ROLE" }],
      ...info,
    };
    const body = JSON.stringify({
      type: "SUBSCRIBE",
      subscribe: { framework_info: framework, ...more },
      ...(info["id"] === undefined ? {} : { framework_id: info["id"] }),
    });
    const decoder = new RecordDecoder();
    const sent = request(
      this.url,
      {
        method: "POST",
        agent: false,
        signal: this.#abort.signal,
        headers: { "content-type": "application/json", ...this.#headers },
      },
      (answer) => {
        this.streamId = String(answer.headers["mesos-stream-id"]);
        answer.on("data", (chunk: Buffer) => {
          for (const record of decoder.push(chunk)) this.#on(JSON.parse(record) as Event);
        });
        answer.on("close", () => {
          this.closed = true;
        });
        answer.on("error", () => undefined);
      },
    );
    sent.on("error", () => {
      this.closed = true;
    });
    sent.end(body);
    await until("SUBSCRIBED", () => this.events.some((e) => e.type === "SUBSCRIBED" || e.type === "ERROR"));
  }

  disconnect(): void {
    this.#abort.abort();
  }

  async call(
    type: string,
    args?: Record<string, unknown>,
    headers: Record<string, string> = {},
  ): Promise<HttpAnswer> {
    const body = {
      type,
      framework_id: { value: this.frameworkId },
      ...(args === undefined ? {} : { [type.toLowerCase()]: args }),
    };
    return await http("POST", this.url, body, {
      "mesos-stream-id": this.streamId,
      ...this.#headers,
      ...headers,
    });
  }

  get updates(): TaskUpdate[] {
    return this.events.flatMap((e) => (e.update === undefined ? [] : [e.update.status]));
  }

  /** States of a task in the order in which they were heard, repetitions left out. */
  states(taskId: string): string[] {
    const states = this.updates.filter((u) => u.task_id.value === taskId).map((u) => u.state);
    return states.filter((s, i) => s !== states[i - 1]);
  }

  /** The next offer that was not used yet. */
  async offer(): Promise<TestOffer> {
    return await until("an offer", () => {
      const at = this.events.findIndex((e) => e.type === "OFFERS");
      return at < 0 ? undefined : this.events.splice(at, 1)[0]?.offers?.offers[0];
    });
  }

  async state(taskId: string, state: string): Promise<TaskUpdate> {
    return await until(`${state} of ${taskId}, got ${JSON.stringify(this.updates)}`, () =>
      this.updates.find((u) => u.task_id.value === taskId && u.state === state),
    );
  }

  /** Launches one task on an offer and declines the rest for good. */
  async launch(offer: TestOffer, task: Record<string, unknown>): Promise<HttpAnswer> {
    const resources = [
      { name: "cpus", type: "SCALAR", scalar: { value: 0.1 } },
      { name: "mem", type: "SCALAR", scalar: { value: 32 } },
    ];
    const info = { name: "task", agent_id: offer.agent_id, resources, ...task };
    return await this.call("ACCEPT", {
      offer_ids: [offer.id],
      operations: [{ type: "LAUNCH", launch: { task_infos: [info] } }],
      filters: { refuse_seconds: 0 },
    });
  }

  #on(event: Event): void {
    this.events.push(event);
    const subscribed = event["subscribed"] as { framework_id: { value: string } } | undefined;
    if (subscribed !== undefined) this.frameworkId = subscribed.framework_id.value;
    const status = event.update?.status;
    if (status?.uuid !== undefined && this.acknowledges) {
      void this.call("ACKNOWLEDGE", {
        agent_id: status.agent_id,
        task_id: status.task_id,
        uuid: status.uuid,
      }).catch(() => undefined);
    }
  }
}

export function fileIn(directory: string, name: string): string | undefined {
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (entry.name === name && entry.isFile()) return join(entry.parentPath, entry.name);
  }
  return undefined;
}
