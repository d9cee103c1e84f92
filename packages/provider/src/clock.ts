// SPDX-License-Identifier: Apache-2.0
import { setTimeout as wait } from "node:timers/promises";

/** Waits; rejects with the signal's reason when it is aborted. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  try {
    await wait(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/** Calls `action` once after `ms` unless the returned function is called before; never keeps the program alive. */
export function after(ms: number, action: () => void): () => void {
  const timer = setTimeout(action, ms);
  timer.unref();
  return () => clearTimeout(timer);
}

/** Calls `action` every `ms` until the returned function is called; never keeps the program alive. */
export function every(ms: number, action: () => void): () => void {
  const timer = setInterval(action, ms);
  timer.unref();
  return () => clearInterval(timer);
}

/** The time of day in `ms` from now. */
export function timeIn(ms: number): Date {
  return new Date(Date.now() + ms);
}

/** Milliseconds on a clock that never jumps. */
export function now(): number {
  return performance.now();
}
