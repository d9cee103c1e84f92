// SPDX-License-Identifier: Apache-2.0
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { unlessGone } from "@pulumi-mesos/model";

/** What tells a process from a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in ticks since boot. */
  readonly startTicks: string;
  readonly bootId: string;
}

/** Of this boot, and so of this program, too. */
let bootId: string | undefined;

/** The identity of a living process. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const fields = statOf(pid);
  const [state, startTicks] = [fields[0], fields[19]];
  if (isDead(state) || startTicks === undefined) return undefined;
  bootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return { pid, startTicks, bootId };
}

/** Whether a process is stopped, as by SIGSTOP or a debugger: until it goes on, only SIGKILL has an effect. */
export function isStopped(pid: number): boolean {
  return /^[Tt]$/.test(statOf(pid)[0] ?? "");
}

/** Whether the process of `identity` still lives. */
export function lives(identity: ProcessIdentity): boolean {
  const now = identityOf(identity.pid);
  return now?.startTicks === identity.startTicks && now.bootId === identity.bootId;
}

/** A process that is looked at often: its file is held open and stays that of this process, whoever gets its pid later. */
export class HeldProcess {
  readonly identity: ProcessIdentity;
  readonly #file: number;
  readonly #stat = Buffer.alloc(4096);

  private constructor(identity: ProcessIdentity, file: number) {
    this.identity = identity;
    this.#file = file;
  }

  /** Nothing when the process lives no more. */
  static of(identity: ProcessIdentity): HeldProcess | undefined {
    const file = openProc(`/proc/${identity.pid}/stat`);
    if (file === undefined) return undefined;
    // Looked at only once its file is held: from here on it cannot be another process's.
    if (lives(identity)) return new HeldProcess(identity, file);
    closeSync(file);
    return undefined;
  }

  get lives(): boolean {
    const length = unlessGone(() => readSync(this.#file, this.#stat, 0, this.#stat.length, 0));
    return length !== undefined && !isDead(fieldsOf(this.#stat.toString("latin1", 0, length))[0]);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Pids of the processes that were started with the argument `-f <file>`. */
export async function processesWith(file: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  return pids.filter((pid) => {
    const args = readProc(`/proc/${pid}/cmdline`)?.split("\0") ?? [];
    return args.some((arg, i) => arg === "-f" && args[i + 1] === file);
  });
}

function statOf(pid: number): string[] {
  const stat = readProc(`/proc/${pid}/stat`);
  return stat === undefined ? [] : fieldsOf(stat);
}

/** The fields after the program's name, which stands in parentheses and may hold anything. */
function fieldsOf(stat: string): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** Of the state of a process: a zombie lives no more. */
function isDead(state: string | undefined): boolean {
  return state === "Z" || state === "X";
}

/** These files are the kernel's memory: reading them waits for nothing. */
function readProc(path: string): string | undefined {
  return unlessGone(() => readFileSync(path, "utf8"));
}

function openProc(path: string): number | undefined {
  return unlessGone(() => openSync(path, "r"));
}
