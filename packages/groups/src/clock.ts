// SPDX-License-Identifier: Apache-2.0

/** Time as the controller sees it; tests bring their own. */
export interface Clock {
  /** Milliseconds since the epoch, as they were when the program began and have passed since: it never jumps. */
  now(): number;
  /** Milliseconds since the epoch as the machine has them now: for schedules, which people set by the clock on the wall. */
  wall(): number;
  /** Resolves after `ms`, or early when `wake` aborts. */
  pause(ms: number, wake: AbortSignal): Promise<void>;
}

/** The system's time. */
export const systemClock: Clock = {
  now: () => Math.round(performance.timeOrigin + performance.now()),
  wall: () => Date.now(),
  pause: (ms, wake) =>
    new Promise((resolve) => {
      if (wake.aborted) {
        resolve();
        return;
      }
      const done = (): void => {
        clearTimeout(timer);
        wake.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      wake.addEventListener("abort", done, { once: true });
    }),
};
