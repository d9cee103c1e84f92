// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { misuse } from "./options";
import { waitFor } from "./wait";

const upMs = 30_000;

/** The real ZooKeeper's executable: on PATH, or where this project's tools have put it. */
function executable(): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const directories = [...(process.env["PATH"] ?? "").split(delimiter), join(cache, "pulumi-mesos", "bin")];
  for (const directory of directories.filter((d) => d !== "")) {
    const path = join(directory, "zookeeper-server");
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch (error) {
      if (!["ENOENT", "EACCES", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
  throw misuse(
    "programs: zookeeper-server is not on PATH; install ZooKeeper, or leave out programs, which needs neither it nor Java",
  );
}

/** One real ZooKeeper with a tick of a tenth of the session timeout, at least 100 ms; it can be killed, stopped and started again. */
export class ZooKeeperServer {
  readonly host: string;
  readonly #directory: string;
  readonly #tickMs: number;
  #port = 0;
  #child: ChildProcess | undefined;

  constructor(host: string, directory: string, sessionTimeoutMs: number) {
    this.host = host;
    this.#directory = directory;
    this.#tickMs = Math.max(100, Math.round(sessionTimeoutMs / 10));
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<void> {
    if (this.#child !== undefined) return;
    if (this.#port === 0) this.#port = await freePort(this.host);
    mkdirSync(this.#directory, { recursive: true });
    const config = join(this.#directory, "zoo.cfg");
    writeFileSync(
      config,
      [
        `tickTime=${this.#tickMs}`,
        "maxSessionTimeout=60000",
        "maxClientCnxns=0",
        `dataDir=${join(this.#directory, "data")}`,
        `clientPort=${this.#port}`,
        `clientPortAddress=${this.host}`,
        "admin.enableServer=false",
        "4lw.commands.whitelist=srvr",
        "",
      ].join("\n"),
    );
    const child = spawn(executable(), [config], {
      stdio: "ignore",
      detached: true,
      env: { PATH: process.env["PATH"], JVMFLAGS: "-Xmx128m" },
    });
    this.#child = child;
    child.once("exit", () => {
      if (this.#child === child) this.#child = undefined;
    });
    await waitFor("ZooKeeper", () => this.#answers(), AbortSignal.timeout(upMs));
  }

  async pause(): Promise<void> {
    if (this.#child?.pid !== undefined) process.kill(-this.#child.pid, "SIGSTOP");
  }

  async resume(): Promise<void> {
    if (this.#child?.pid !== undefined) process.kill(-this.#child.pid, "SIGCONT");
  }

  /** A ZooKeeper has no farewell: what it answered is on disk. */
  async stop(): Promise<void> {
    await this.kill();
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    process.kill(-child.pid, "SIGKILL");
    await ended;
  }

  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect({ host: this.host, port: this.#port }, () => socket.write("srvr"));
      socket.once("data", (data) => {
        socket.destroy();
        resolve(data.toString().includes("Mode:"));
      });
      socket.once("error", () => resolve(false));
      socket.once("end", () => resolve(false));
    });
  }
}

async function freePort(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
