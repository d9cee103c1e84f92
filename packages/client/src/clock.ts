// SPDX-License-Identifier: Apache-2.0
import { setMaxListeners } from "node:events";
import { ClientAbortedError } from "./errors";

/** Milliseconds of a clock that never goes back. */
export function nowMs(): number {
  return performance.now();
}

/** Waits `ms` milliseconds; rejects with {@link ClientAbortedError} as soon as `signal` aborts. */
export function delay(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(new ClientAbortedError(signal));
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(new ClientAbortedError(signal));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    listen(signal, onAbort);
  });
}

/** Waits `ms` milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}

/** Calls `action` once after `ms` milliseconds unless the returned function is called before. */
export function after(ms: number, action: () => void): () => void {
  const timer = setTimeout(action, ms);
  return () => clearTimeout(timer);
}

/**
 * Like {@link after}, but what has come meanwhile is taken first: where this process stood still for so long, its timers
 * are due before it has read anything.
 */
export function afterReading(ms: number, action: () => void): () => void {
  let reading: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    // Node reads its sockets between timers and immediates.
    reading = setImmediate(action);
  }, ms);
  return () => {
    clearTimeout(timer);
    clearImmediate(reading);
  };
}

/** Like {@link after}, without a way back; does not keep the process alive. */
export function someTimeAfter(ms: number, action: () => void): void {
  setTimeout(action, ms).unref();
}

/** Calls `action` after everything that runs now. */
export function soon(action: () => void): void {
  setImmediate(action);
}

/** The result of `promise`, unless `signal` aborts first: then {@link ClientAbortedError}. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new ClientAbortedError(signal));
    if (signal.aborted) onAbort();
    listen(signal, onAbort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** A signal that aborts with `signal` or after `ms`; `done` frees its timer. */
export function bounded(signal: AbortSignal, ms: number): { signal: AbortSignal; done: () => void } {
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(signal.reason);
  if (signal.aborted) onAbort();
  listen(signal, onAbort);
  const cancel = after(ms, () => controller.abort(new DOMException(`after ${ms} ms`, "TimeoutError")));
  return {
    signal: controller.signal,
    done: () => {
      cancel();
      signal.removeEventListener("abort", onAbort);
    },
  };
}

/** Many requests wait for one signal, so Node's warning at the eleventh listener says nothing here. */
function listen(signal: AbortSignal, onAbort: () => void): void {
  setMaxListeners(0, signal);
  signal.addEventListener("abort", onAbort, { once: true });
}
