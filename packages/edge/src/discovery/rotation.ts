// SPDX-License-Identifier: Apache-2.0
import type { App, Task } from "./apps";

/** A task's place: it takes requests, it finishes those that it has, or it takes no part. */
export type Place = "in" | "leaving" | "out";

/** A task and its place, as last decided. */
export interface PlacedTask extends Task {
  readonly place: Place;
}

/** An app whose tasks have places. */
export interface PlacedApp extends App {
  readonly tasks: readonly PlacedTask[];
}

/** Whether Marathon or Mesos has finished with a task in this state. */
export function isTerminal(state: string): boolean {
  return /^(TASK_)?(FINISHED|FAILED|KILLED|ERROR|GONE|GONE_BY_OPERATOR|DROPPED)$/i.test(state);
}

/** Whether a task in this state is about to end and must get no more requests. */
export function isKilling(state: string): boolean {
  return /^(TASK_)?KILLING$/i.test(state);
}

/**
 * Decides the places of an app's tasks from what Marathon says now and what was decided before.
 *
 * Unknown is not unhealthy: results vanish when another Marathon leads, and a task that cannot be reached may still serve.
 * A task that was in keeps its place until a check fails or it is killed; `ended` tasks never return.
 */
export function place(
  app: App,
  before: PlacedApp | undefined,
  ended: ReadonlySet<string>,
  wasServing: (app: App, task: Task) => boolean = () => false,
): PlacedApp {
  const earlier = new Map(before?.tasks.map((task) => [task.id, task.place]));
  return {
    ...app,
    tasks: app.tasks.flatMap((task) => {
      if (isTerminal(task.state)) return [];
      if (isKilling(task.state) || ended.has(task.id)) return [{ ...task, place: "leaving" as const }];
      const wasIn = earlier.get(task.id) === "in" || (!earlier.has(task.id) && wasServing(app, task));
      return [{ ...task, place: placeOf(app, task, wasIn) }];
    }),
  };
}

function placeOf(app: App, task: Task, wasIn: boolean): Place {
  if (task.alive === false) return wasIn ? "leaving" : "out";
  if (wasIn) return "in";
  if (task.state !== "TASK_RUNNING" || task.ready === false) return "out";
  return app.healthChecks.length === 0 || task.alive === true ? "in" : "out";
}
