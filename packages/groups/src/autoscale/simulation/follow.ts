// SPDX-License-Identifier: Apache-2.0
import type { TraceTask } from "./trace";

/**
 * Tasks of a service, started and ended so that at each time there are as many as `wanted` says: [at, tasks] by time. The
 * oldest end first; those of the last time run beyond the end.
 */
export function follow(
  app: number,
  wanted: readonly (readonly [at: number, tasks: number])[],
  seconds: number,
): TraceTask[] {
  const tasks: TraceTask[] = [];
  const running: number[] = [];
  let oldest = 0;
  for (const [at, count] of wanted) {
    for (; running.length - oldest > count; oldest++) {
      const began = running[oldest] ?? at;
      if (at > began) tasks.push([began, app, at - began]);
    }
    while (running.length - oldest < count) running.push(at);
  }
  for (const began of running.slice(oldest)) tasks.push([began, app, seconds - began + 3600]);
  return tasks;
}

/** The same tasks by time. */
export function byTime(tasks: readonly TraceTask[]): number[][] {
  return [...tasks].sort((a, b) => a[0] - b[0]).map((task) => [...task]);
}
