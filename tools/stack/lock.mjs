// SPDX-License-Identifier: Apache-2.0

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir, hostname } from "node:os";
import { join } from "node:path";
import { repository } from "../setup/cache.mjs";
import { SetupError, say } from "../setup/report.mjs";
import { askEngine } from "./engine.mjs";

/**
 * When the process began, in ms since the epoch; undefined when there is no such process.
 * It tells a process from a later one with the same pid. The kernel counts in hundredths of a second since boot.
 */
export function processBeganMs(pid) {
  try {
    const ticks = Number(readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ")[19]);
    const bootSeconds = Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))?.[1]);
    return bootSeconds * 1000 + ticks * 10;
  } catch {
    return process.platform === "linux" ? undefined : beganWithoutProc(pid);
  }
}

function beganWithoutProc(pid) {
  try {
    process.kill(pid, 0);
    return 0;
  } catch (error) {
    return error.code === "EPERM" ? 0 : undefined;
  }
}

/**
 * Whether the engine that took a lock still runs: "dead", "alive", or "elsewhere" for one of another machine, which
 * cannot be asked. The clock may have been set since the boot, so a second of doubt counts for the living.
 */
export function lockVerdict(lock, { host = hostname(), beganMs = processBeganMs } = {}) {
  if (lock.hostname !== host) return "elsewhere";
  const began = beganMs(lock.pid);
  if (began === undefined || began > Date.parse(lock.timestamp) + 1000) return "dead";
  return "alive";
}

/** The folder of a file backend; undefined for every other kind, which mends its own locks or has none. */
export function backendFolder(url) {
  if (!url?.startsWith("file://")) return undefined;
  const path = url.slice("file://".length).replace(/\?.*$/, "");
  return path.startsWith("~") ? join(homedir(), path.slice(1)) : path;
}

function projectName() {
  const text = readFileSync(join(repository, "Pulumi.yaml"), "utf8");
  return /^name:\s*["']?([^\s"'#]+)/m.exec(text)?.[1];
}

function readLocks(stack, env) {
  const backend = backendFolder(env.PULUMI_BACKEND_URL);
  if (backend === undefined) return [];
  const name = stack.split("/").at(-1);
  const folder = join(backend, ".pulumi/locks/organization", projectName() ?? "", name);
  if (!existsSync(folder)) return [];
  const locks = [];
  for (const file of readdirSync(folder).filter((entry) => entry.endsWith(".json"))) {
    try {
      locks.push(JSON.parse(readFileSync(join(folder, file), "utf8")));
    } catch {
      // Released in this moment, or cut while it was written; the engine itself will tell.
    }
  }
  return locks;
}

/** Removes the lock that a killed engine left on the stack, and refuses while a living one holds it. */
export async function mendLock(stack, env) {
  const locks = readLocks(stack, env);
  for (const lock of locks) {
    const verdict = lockVerdict(lock);
    if (verdict === "dead") continue;
    const holder = `pid ${lock.pid} of ${lock.username} on ${lock.hostname} since ${lock.timestamp}`;
    if (verdict === "alive")
      throw new SetupError(`stack ${stack} is being changed by ${holder}; wait for it or stop it`);
    const command = `npm run pulumi -- cancel --yes --stack ${stack}`;
    throw new SetupError(
      `stack ${stack} is locked by ${holder}; if that one is dead, remove the lock`,
      command,
    );
  }
  if (locks.length === 0) return;
  say(
    `stack ${stack}: pid ${locks[0].pid} was killed while it changed the stack; removing its lock (pulumi cancel)`,
  );
  const { code, output } = await askEngine(["cancel", "--yes", "--stack", stack], env);
  if (code !== 0) throw new SetupError(`pulumi cancel failed: ${output.trim().replaceAll("\n", "; ")}`);
}
