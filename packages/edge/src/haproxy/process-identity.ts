// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";

/** What tells a process from a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in ticks since boot. */
  readonly startTicks: string;
  readonly bootId: string;
}

/** Of this boot, and so of this program, too. */
let bootId: string | undefined;

/** The identity of a living process; a zombie lives no more. */
export function identityOf(pid: number): ProcessIdentity | undefined {
  const fields = statOf(pid);
  const [state, startTicks] = [fields[0], fields[19]];
  if (state === "Z" || state === "X" || startTicks === undefined) return undefined;
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

/** Pids of the processes that were started with the argument `-f <file>`. */
export async function processesWith(file: string): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  return pids.filter((pid) => {
    const args = readProc(`/proc/${pid}/cmdline`)?.split("\0") ?? [];
    return args.some((arg, i) => arg === "-f" && args[i + 1] === file);
  });
}

/** The fields after the program's name, which stands in parentheses and may hold anything. */
function statOf(pid: number): string[] {
  const stat = readProc(`/proc/${pid}/stat`);
  return stat === undefined ? [] : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** These files are the kernel's memory: reading them waits for nothing. */
function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ESRCH" || code === "EACCES") return undefined;
    throw error;
  }
}
