// SPDX-License-Identifier: Apache-2.0

/** What `act` on a process or a file gives, or nothing where that has gone, or was never ours to see. */
export function unlessGone<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ESRCH" && code !== "EACCES") throw error;
    return undefined;
  }
}
