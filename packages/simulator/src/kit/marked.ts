// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from "node:fs";
import { waitFor } from "./wait";

const goneMs = 10_000;

/** Processes that were started with `SUPERVISED_BY=mark` in their environment: an agent's tasks and their executors. */
export function marked(mark: string): number[] {
  const entry = `SUPERVISED_BY=${mark}`;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(entry);
      } catch {
        return false; // ended meanwhile, or another user's
      }
    })
    .map(Number);
}

/** Ends them, and waits until they are gone. */
export async function killMarked(mark: string): Promise<void> {
  const look = (): boolean => {
    const left = marked(mark);
    for (const pid of left) {
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
    return left.length === 0;
  };
  await waitFor(`the end of the tasks of ${mark}`, look, AbortSignal.timeout(goneMs));
}
