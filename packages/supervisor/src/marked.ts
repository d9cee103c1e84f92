// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from "node:fs";
import { bootId, type Identity, isGone, type Stat, statOf } from "./identity";

/** Name of the variable that every supervised process carries: the directory of its record. */
export const markName = "SUPERVISED_BY";

/** The mark of a process, read from its environment; empty when it has none or hides it. */
export function markOf(pid: number): string {
  let environ: string;
  try {
    environ = readFileSync(`/proc/${pid}/environ`, "latin1");
  } catch (error) {
    if (isGone(error)) return "";
    throw error;
  }
  const at = environ.startsWith(`${markName}=`) ? 0 : environ.indexOf(`\0${markName}=`) + 1;
  if (at === 0 && !environ.startsWith(`${markName}=`)) return "";
  const end = environ.indexOf("\0", at);
  const value = environ.slice(at + markName.length + 1, end < 0 ? undefined : end);
  return Buffer.from(value, "latin1").toString("utf8");
}

/** Every living process. */
export function processes(): Stat[] {
  const found: Stat[] = [];
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = statOf(Number(entry));
    if (stat !== undefined) found.push(stat);
  }
  return found;
}

/** The arguments of a process; empty when it is gone. */
export function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/**
 * All processes of one record: those that carry its mark, and those of their groups, sessions and children that carry
 * none (nginx overwrites its environment). What carries another record's mark belongs to that one, and a group or
 * session counts only when its leader is ours: the user's own shell never is.
 */
export function processesOf(directory: string, known: readonly Identity[] = []): Identity[] {
  const all = processes().filter((p) => p.pid !== process.pid && p.pid !== 1);
  const living = new Map(all.map((p) => [p.pid, p]));
  const marks = new Map(all.map((p) => [p.pid, markOf(p.pid)]));
  const own = new Set<number>();
  const leaders = new Set<number>();
  for (const k of known) {
    if (k.bootId !== bootId()) continue;
    const ticks = living.get(k.pid)?.ticks;
    if (ticks === k.ticks) own.add(k.pid);
    if (ticks === k.ticks || ticks === undefined) leaders.add(k.pid);
  }
  for (const p of all) {
    if (marks.get(p.pid) === directory) own.add(p.pid);
  }
  for (let before = -1; before !== own.size; ) {
    before = own.size;
    for (const p of all) {
      if (marks.get(p.pid) !== "") continue;
      const ours = (id: number): boolean => own.has(id) || leaders.has(id);
      if (own.has(p.parent) || ours(p.group) || ours(p.session)) own.add(p.pid);
    }
  }
  return all.filter((p) => own.has(p.pid)).map((p) => ({ pid: p.pid, ticks: p.ticks, bootId: bootId() }));
}
