// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from "node:timers/promises";

/** A bound against hanging where how long it takes is not judged. */
export const hangMs = 90_000;

/** Polls until `check` returns without throwing; after `withinMs` its last error is thrown. */
export async function eventually<T>(
  withinMs: number,
  check: () => Promise<T> | T,
  everyMs = 100,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(everyMs);
    }
  }
}
