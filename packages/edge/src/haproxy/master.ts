// SPDX-License-Identifier: Apache-2.0
import { spawn } from "node:child_process";
import { open, readFile, rename, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MesosError } from "@pulumi-mesos/model";
import type { Clock } from "../clock";
import { goFirst } from "./precedence";
import {
  HeldProcess,
  identityOf,
  isStopped,
  lives,
  type ProcessIdentity,
  processesWith,
} from "./process-identity";
import type { HaproxyProgram } from "./validate";

const maxLogBytes = 4 << 20;

/** How long a process that was killed may take to end. */
const diesMs = 2_000;
/** How often it is told again to end: a master that just began to wait may miss a signal until it gets another. */
const remindMs = 1_000;

/** Where HAProxy runs and what it reads. */
export interface MasterOptions {
  readonly program: HaproxyProgram;
  /** Working directory: sockets, log and record lie here. */
  readonly directory: string;
  /** Absolute path of haproxy.cfg. */
  readonly configFile: string;
  readonly clock: Clock;
}

/**
 * HAProxy's master process: started in a session of its own so that it outlives the controller, adopted by the next one.
 */
export class Master {
  readonly #o: MasterOptions;
  #process: HeldProcess | undefined;
  #isRecorded = true;
  /** The log's size at the last reload. */
  #reloadedAt = 0;

  constructor(o: MasterOptions) {
    this.#o = o;
  }

  get pid(): number | undefined {
    return this.#process?.identity.pid;
  }

  get alive(): boolean {
    return this.#process?.lives === true;
  }

  close(): void {
    this.#hold(undefined);
  }

  #hold(identity: ProcessIdentity | undefined): void {
    this.#process?.close();
    this.#process = identity && HeldProcess.of(identity);
  }

  /** Takes over the master that the record names when it still is the same process with the same file. */
  async adopt(): Promise<boolean> {
    const recorded = await this.#recorded();
    if (!recorded || !lives(recorded)) return false;
    if (!(await processesWith(this.#o.configFile)).includes(recorded.pid)) return false;
    this.#hold(recorded);
    goFirst(recorded.pid);
    return true;
  }

  /** Starts a master after everything that is left of an earlier one has ended; `onExit` is called when it ends. */
  async start(onExit: () => void, signal: AbortSignal): Promise<void> {
    await this.end(signal);
    const log = await open(this.logFile, "a", 0o600);
    try {
      const child = spawn(this.#o.program.file, ["-W", "-f", this.#o.configFile], {
        cwd: this.#o.directory,
        env: this.#o.program.env,
        detached: true,
        stdio: ["ignore", log.fd, log.fd],
      });
      if (child.pid !== undefined) goFirst(child.pid);
      const pid = await new Promise<number>((resolve, reject) => {
        child.once("error", (cause) =>
          reject(
            new MesosError(
              "MESOS_EDGE_HAPROXY_START",
              `${this.#o.program.file} did not start: ${cause.message}`,
              { cause },
            ),
          ),
        );
        child.once("spawn", () => resolve(child.pid ?? 0));
      });
      child.once("exit", onExit);
      child.unref();
      this.#hold(identityOf(pid));
      this.#isRecorded = false;
    } finally {
      await log.close();
    }
  }

  /** Writes who the master is, for the controller that comes after this one. */
  async record(): Promise<void> {
    if (this.#isRecorded) return;
    await writeAtomically(this.#recordFile, JSON.stringify(this.#process?.identity ?? {}));
    this.#isRecorded = true;
  }

  /** Has the master read its file again and start a new worker. */
  async reload(): Promise<void> {
    this.#reloadedAt = await this.#logSize();
    this.remind();
  }

  /** Tells it again: a master that just began to wait may miss a signal until it gets another. */
  remind(): void {
    this.#kill(this.pid, "SIGUSR2");
  }

  /** What HAProxy has said since {@link reload}. */
  async reloading(): Promise<"unheard" | "heard" | "refused"> {
    const size = (await this.#logSize()) - this.#reloadedAt;
    if (size <= 0) return "unheard";
    const log = await open(this.logFile, "r");
    try {
      const { buffer, bytesRead } = await log.read(Buffer.alloc(size), 0, size, this.#reloadedAt);
      const said = buffer.toString("latin1", 0, bytesRead);
      if (said.includes("Loading failure!")) return "refused";
      return said.includes("Reloading HAProxy") ? "heard" : "unheard";
    } finally {
      await log.close();
    }
  }

  /** Ends every process that runs with our file, first politely: workers without a master answer with an old configuration. */
  async end(signal: AbortSignal): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const left = await processesWith(this.#o.configFile);
      if (left.length === 0) break;
      if (signal.aborted) return;
      if (attempt > 100) {
        throw new MesosError("MESOS_EDGE_HAPROXY_STUCK", `haproxy does not end: pids ${left.join(", ")}`);
      }
      for (const pid of left) this.#kill(pid, attempt < 20 && !isStopped(pid) ? "SIGTERM" : "SIGKILL");
      await this.#o.clock.pause(50, signal);
    }
    this.#hold(undefined);
  }

  /** Lets HAProxy take no more connections and finish its requests, for at most `ms`; then it ends. */
  async retire(ms: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#o;
    const until = clock.now() + ms;
    for (let told = Number.NEGATIVE_INFINITY; this.alive && clock.now() < until && !signal.aborted; ) {
      if (clock.now() - told >= remindMs) {
        told = clock.now();
        this.#kill(this.pid, "SIGUSR1");
      }
      await clock.pause(50, signal);
    }
    await this.end(signal);
  }

  /** Whether a worker is stopped, which no waiting ends. */
  async hasStopped(): Promise<boolean> {
    return (await this.#stopped()).length > 0;
  }

  async #stopped(): Promise<number[]> {
    return (await processesWith(this.#o.configFile)).filter((pid) => pid !== this.pid && isStopped(pid));
  }

  /**
   * Kills workers that are stopped: they hear no polite word and would keep their share of new connections. The newest one
   * is left alone: the master would end with it, and all the others.
   */
  async endStopped(newest: number | undefined, signal: AbortSignal): Promise<void> {
    const { clock } = this.#o;
    const former = (await this.#stopped()).filter((pid) => pid !== newest);
    const stopped = former.flatMap((pid) => identityOf(pid) ?? []);
    for (const { pid } of stopped) this.#kill(pid, "SIGKILL");
    // Connections come to its sockets until it has ended, and are reset then.
    for (const until = clock.now() + diesMs; stopped.some(lives); await clock.pause(5, signal)) {
      if (clock.now() > until || signal.aborted) return;
    }
  }

  /** The last lines that HAProxy wrote. */
  async lastWords(lines = 8): Promise<string> {
    const text = await readIfThere(this.logFile);
    return (text ?? "").trimEnd().split("\n").slice(-lines).join(" | ");
  }

  /** Keeps the log from growing without end; HAProxy appends, so what it writes next goes to the beginning. */
  async trimLog(): Promise<void> {
    if ((await this.#logSize()) > maxLogBytes) await truncate(this.logFile);
  }

  async #logSize(): Promise<number> {
    return (await sizeOf(this.logFile)) ?? 0;
  }

  /** Where HAProxy writes what it has to say. */
  get logFile(): string {
    return join(this.#o.directory, "haproxy.log");
  }

  get #recordFile(): string {
    return join(this.#o.directory, "haproxy.json");
  }

  async #recorded(): Promise<ProcessIdentity | undefined> {
    const text = await readIfThere(this.#recordFile);
    const value = text === undefined ? undefined : parseIdentity(text);
    return value?.pid ? value : undefined;
  }

  #kill(pid: number | undefined, signal: NodeJS.Signals): void {
    if (pid === undefined) return;
    try {
      process.kill(pid, signal);
    } catch (error) {
      // It ended meanwhile, which is noticed by those who watch it.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

function parseIdentity(text: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(text) as ProcessIdentity;
  } catch (error) {
    // A record that cannot be read says nothing; what runs is then found by its file and ended.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The text of a file, or nothing when there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** The size of a file, or nothing when there is none. */
export async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Replaces a file in one step, readable by the owner alone. */
export async function writeAtomically(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, "w", 0o600);
  try {
    await writeFile(file, text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}
