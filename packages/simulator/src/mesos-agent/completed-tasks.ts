// SPDX-License-Identifier: Apache-2.0
import type { RunningTask } from "./running-task";

/** Mesos's own defaults: 150 executors of each of 50 frameworks. */
const mostOfFramework = 150;
const mostFrameworks = 50;

/** The tasks that ended last, so that their sandboxes can be found. */
export class CompletedTasks {
  readonly #byFramework = new Map<string, RunningTask[]>();

  get all(): readonly RunningTask[] {
    return [...this.#byFramework.values()].flat();
  }

  add(task: RunningTask): void {
    const known = this.#byFramework.get(task.frameworkId) ?? [];
    this.#byFramework.delete(task.frameworkId); // the framework that was idle longest is forgotten first
    this.#byFramework.set(task.frameworkId, [...known.slice(1 - mostOfFramework), task]);
    const [first] = this.#byFramework.keys();
    if (this.#byFramework.size > mostFrameworks && first !== undefined) this.#byFramework.delete(first);
  }
}
