// SPDX-License-Identifier: Apache-2.0
import { fstatSync } from "node:fs";
import { every } from "./clock";

/**
 * Calls `gone` when the process that started this one has ended: its end of our stdin closes, or, where stdin is no
 * pipe (then its end says nothing), our parent is another one.
 */
export function whenParentEnds(gone: () => void): void {
  if (stdinIsPipe()) {
    process.stdin.on("end", gone).on("error", gone).resume();
  }
  const parent = process.ppid;
  every(500, () => {
    if (process.ppid !== parent) gone();
  });
}

function stdinIsPipe(): boolean {
  try {
    const stat = fstatSync(0);
    return stat.isFIFO() || stat.isSocket();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EBADF") return false;
    throw error;
  }
}
