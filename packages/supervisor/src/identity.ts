// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";

/**
 * Which process is meant: a pid alone is given to another process one day, together with the start time (in ticks since
 * boot) and the boot's id it is not.
 */
export interface Identity {
  readonly pid: number;
  readonly ticks: number;
  readonly bootId: string;
}

/** The fields of `/proc/<pid>/stat` that we need. */
export interface Stat {
  readonly pid: number;
  readonly comm: string;
  /** `Z` and `X` are dead processes that nobody has waited for. */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  readonly ticks: number;
}

let boot: string | undefined;

/** The id of this boot of the kernel. */
export function bootId(): string {
  boot ??= readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return boot;
}

/** Parses a line of `/proc/<pid>/stat`; the name in it may hold spaces and parentheses. */
export function parseStat(line: string): Stat | undefined {
  const open = line.indexOf("(");
  const close = line.lastIndexOf(")");
  if (open < 0 || close < open) return undefined;
  const rest = line.slice(close + 2).split(" ");
  const number = (index: number): number => Number(rest[index]);
  return {
    pid: Number(line.slice(0, open)),
    comm: line.slice(open + 1, close),
    state: rest[0] ?? "X",
    parent: number(1),
    group: number(2),
    session: number(3),
    ticks: number(19),
  };
}

/** What the kernel says about `pid`; nothing for a dead process, also one whose parent has not waited for it. */
export function statOf(pid: number): Stat | undefined {
  try {
    const stat = parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
    return stat === undefined || stat.state === "Z" || stat.state === "X" ? undefined : stat;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** The identity of a living process. */
export function identityOf(pid: number): Identity | undefined {
  const stat = statOf(pid);
  return stat === undefined ? undefined : { pid, ticks: stat.ticks, bootId: bootId() };
}

/** Whether the process that `identity` names still lives; a recycled pid or another boot says no. */
export function isAlive(identity: Identity | undefined): boolean {
  return (
    identity !== undefined && identity.bootId === bootId() && statOf(identity.pid)?.ticks === identity.ticks
  );
}

/** Sends `signal` to exactly that process; answers whether it was there. */
export function signalProcess(identity: Identity | undefined, signal: NodeJS.Signals): boolean {
  if (identity === undefined || !isAlive(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}

/** Whether reading below /proc failed because the process is gone or another user's. */
export function isGone(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === "ENOENT" || code === "ESRCH" || code === "EACCES" || code === "EPERM";
}
