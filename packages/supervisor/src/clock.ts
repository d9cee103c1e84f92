// SPDX-License-Identifier: Apache-2.0

/** Milliseconds since the epoch. */
export function now(): number {
  return Date.now();
}

/** The time as records show it. */
export function timestamp(): string {
  return new Date().toISOString();
}

/** Resolves after `ms`, or rejects with the signal's reason. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** Asks `condition` again and again until it holds or `ms` have passed; answers whether it held. */
export async function until(
  condition: () => Promise<boolean>,
  ms: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const deadline = now() + ms;
  for (let pause = 5; ; pause = Math.min(pause * 2, 50)) {
    if (await condition()) return true;
    if (now() >= deadline) return false;
    await delay(Math.min(pause, Math.max(1, deadline - now())), signal);
  }
}

/** Calls `action` every `ms`; the answer stops it. */
export function every(ms: number, action: () => void): () => void {
  const timer = setInterval(action, ms);
  return () => clearInterval(timer);
}

/** Calls `action` once after `ms`; the answer cancels it. */
export function after(ms: number, action: () => void): () => void {
  const timer = setTimeout(action, ms);
  return () => clearTimeout(timer);
}
