// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from "node:child_process";
import type { ProcessState } from "@pulumi-mesos/model";
import type { Answer, Assignment } from "./assignment";
import { after, every, now, timestamp } from "./clock";
import { identityOf, signalProcess, statOf } from "./identity";
import { logSize, rotate } from "./log";
import { markOf, processes } from "./marked";
import { type Exit, type ProcessRecord, writeRecord } from "./record";

const firstBackoffMs = 500;
const longestBackoffMs = 5000;
/** A child that has lived this long is taken for healthy: its backoff begins anew. */
const healthyMs = 10_000;
const loop = { deaths: 5, withinMs: 60_000 } as const;

/** What the supervisor does to the world besides running its child. */
export interface Surroundings {
  answer(answer: Answer): void;
  note(line: string): void;
  exit(code: number): void;
}

/** Runs the assigned program and keeps it running; answers how to stop it. */
export function supervise(assignment: Assignment, surroundings: Surroundings): { stop(): void } {
  const supervision = new Supervision(assignment, surroundings);
  supervision.begin();
  return supervision;
}

/** One program and its record, from the first launch to the last exit. */
class Supervision {
  readonly #a: Assignment;
  readonly #o: Surroundings;
  #record: ProcessRecord;
  /** Whether the record says less than is known. */
  #isBehind = false;
  #child: ChildProcess | undefined;
  #deaths: number[] = [];
  #backoffMs = firstBackoffMs;
  #stopping = false;
  #cancelTimer = (): void => {};

  constructor(a: Assignment, o: Surroundings) {
    this.#a = a;
    this.#o = o;
    this.#record = { ...a.record, supervisor: identityOf(process.pid), state: "starting" };
  }

  begin(): void {
    every(1000, () => {
      this.#rotateLog();
      if (this.#isBehind) this.#keep({});
    });
    this.#keep({});
    this.#launch();
  }

  stop(): void {
    if (this.#stopping) return;
    this.#stopping = true;
    const pid = this.#child?.pid;
    if (pid === undefined) {
      this.#cancelTimer();
      this.#finish(0);
      return;
    }
    this.#child?.kill(this.#a.stop.signal);
    after(this.#a.stop.graceSeconds * 1000, () => endGroup(pid, this.#a.directory, true));
  }

  #keep(change: Partial<ProcessRecord>): void {
    this.#record = { ...this.#record, ...change };
    try {
      writeRecord(this.#a.directory, this.#record);
      this.#isBehind = false;
    } catch (error) {
      // A full disk or a removed directory must not end the program that is looked after; it is tried again.
      if (!this.#isBehind) this.#o.note(`cannot write the record: ${String(error)}`);
      this.#isBehind = true;
    }
  }

  #rotateLog(): void {
    try {
      if (rotate(this.#a.directory, this.#a.rotateBytes)) this.#keep({ logOffset: 0 });
    } catch (error) {
      this.#o.note(`cannot rotate the log: ${String(error)}`);
    }
  }

  #finish(code: number): void {
    this.#keep({ state: "exited", child: undefined });
    this.#o.exit(code);
  }

  #looping(): boolean {
    return this.#deaths.filter((at) => at > now() - loop.withinMs).length >= loop.deaths;
  }

  #launch(): void {
    const startedAt = now();
    this.#keep({ logOffset: logSize(this.#a.directory) });
    const [program = "", ...args] = this.#a.command;
    const child = spawn(program, args, {
      cwd: this.#a.cwd,
      env: this.#a.env,
      stdio: ["ignore", 1, 2],
      detached: true,
    });
    this.#child = child;
    child.on("spawn", () => this.#spawned(child));
    child.on("error", (error) => {
      this.#o.note(`cannot run ${program}: ${error.message}`);
      if (child.pid === undefined) this.#died(child, startedAt, { code: null, signal: null }, error.message);
    });
    child.on("exit", (code, signal) => this.#died(child, startedAt, { code, signal }));
  }

  #spawned(child: ChildProcess): void {
    const state: ProcessState = this.#looping() ? "crash-loop" : "running";
    this.#keep({ state, child: identityOf(child.pid ?? 0), startedAt: timestamp() });
    this.#cancelTimer = after(healthyMs, () => {
      this.#backoffMs = firstBackoffMs;
      this.#deaths = [];
      if (state !== "running") this.#keep({ state: "running" });
    });
    this.#o.answer({ ok: true });
  }

  #died(dead: ChildProcess, startedAt: number, exit: Omit<Exit, "at">, reason?: string): void {
    this.#cancelTimer();
    this.#child = undefined;
    if (dead.pid !== undefined) endGroup(dead.pid, this.#a.directory);
    this.#keep({ child: undefined, lastExit: { ...exit, at: timestamp() } });
    if (reason !== undefined && this.#record.startedAt === undefined) {
      this.#o.answer({ ok: false, reason });
      this.#finish(1);
      return;
    }
    const { restart } = this.#a;
    const how =
      reason ?? (exit.signal === null ? `exited with code ${exit.code}` : `was killed by ${exit.signal}`);
    if (this.#stopping || !(restart === "always" || (restart === "on-failure" && exit.code !== 0))) {
      this.#o.note(`the program ${how}`);
      this.#finish(0);
      return;
    }
    this.#again(startedAt, how);
  }

  #again(startedAt: number, how: string): void {
    if (now() - startedAt >= healthyMs) this.#backoffMs = firstBackoffMs;
    this.#deaths = [...this.#deaths, now()].slice(-loop.deaths);
    // Who sees another death in the record reads in the log why.
    this.#o.note(`the program ${how}; it is started again in ${this.#backoffMs / 1000} s`);
    this.#keep({ state: this.#looping() ? "crash-loop" : "backoff", restarts: this.#record.restarts + 1 });
    this.#cancelTimer = after(this.#backoffMs, () => this.#launch());
    this.#backoffMs = Math.min(this.#backoffMs * 2, longestBackoffMs);
  }
}

/**
 * Kills what a dead child left in its group and session: a wrapper's orphan would hold the address that the next child
 * needs. What has made a session of its own (an agent's tasks) lives on. With `leader` the child itself is killed, too.
 */
function endGroup(pid: number, directory: string, leader = false): void {
  const recycled = !leader && statOf(pid) !== undefined;
  for (const p of processes()) {
    if (p.group !== pid && p.session !== pid) continue;
    const mark = markOf(p.pid);
    if (mark === directory || (mark === "" && !recycled)) signalProcess(identityOf(p.pid), "SIGKILL");
  }
}
