// SPDX-License-Identifier: Apache-2.0

import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** When the process started, in clock ticks since boot: with the pid it names a process for good. Undefined: no such process. */
export function processStart(pid) {
  try {
    // The command's name stands in parentheses and may itself hold spaces and parentheses.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return process.platform === "linux" ? undefined : startWithoutProc(pid);
  }
}

function startWithoutProc(pid) {
  try {
    process.kill(pid, 0);
    return "unknown";
  } catch (error) {
    return error.code === "EPERM" ? "unknown" : undefined;
  }
}

/** Whether the process that wrote the lock is gone, so that the lock may be taken over. */
export function isStale(text, { host = hostname(), startOf = processStart } = {}) {
  let holder;
  try {
    holder = JSON.parse(text);
  } catch {
    return true;
  }
  // The process of another machine (a shared home) cannot be asked; its lock is only waited for.
  return holder.host === host && startOf(holder.pid) !== holder.start;
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function take(path, mine) {
  const own = `${path}.${process.pid}`;
  try {
    // A link appears with its whole content, so nobody reads a half-written lock.
    writeFileSync(own, mine);
    linkSync(own, path);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

function removeStale(path, seen) {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
    // Between reading and renaming another set-up may have taken the lock over: give it back.
    if (readFileSync(aside, "utf8") !== seen) linkSync(aside, path);
  } catch {
    // Someone else removed it first.
  }
  rmSync(aside, { force: true });
}

/** Runs `work` while no other process of this user runs it under the same lock; locks of the dead are taken over. */
export async function withLock(path, note, work) {
  const mine = JSON.stringify({ pid: process.pid, start: processStart(process.pid), host: hostname() });
  mkdirSync(dirname(path), { recursive: true });
  let told = false;
  while (!take(path, mine)) {
    const text = read(path);
    if (text === undefined) continue;
    if (isStale(text)) {
      removeStale(path, text);
      continue;
    }
    const { pid, host } = JSON.parse(text);
    if (!told) note(`waiting for process ${pid} on ${host}, which is doing this already (${path})`);
    told = true;
    await sleep(100);
  }
  const release = () => {
    if (read(path) === mine) rmSync(path, { force: true });
  };
  process.on("exit", release);
  try {
    return await work();
  } finally {
    process.off("exit", release);
    release();
  }
}
