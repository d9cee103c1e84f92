// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from "node:fs";
import { sleep } from "./clock";

/** Whether a process runs; one that has ended and was only not reaped yet does not. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** Resolves when none of the processes runs any more. */
export async function allEnded(pids: readonly number[]): Promise<void> {
  await until(() => !pids.some(isAlive));
}

/** Resolves when `condition` holds; a minute is a bound against hanging alone. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  while (!(await condition())) await sleep(20, signal);
}
