// SPDX-License-Identifier: Apache-2.0
import type { TaskInfo } from "../protocol/types";

/** How the no-op tasks of one app behave; what is not said is as for an app that works. */
export interface TaskScript {
  /** Between STARTING and RUNNING. @default 0 */
  readonly startMs?: number;
  /** It never gets to RUNNING: TASK_FAILED with this message. */
  readonly failStart?: string;
  /** It ends by itself after this long with `exitCode`. @default never */
  readonly runMs?: number;
  /** Of a task that ends by itself: 0 is TASK_FINISHED, others TASK_FAILED. @default 0 */
  readonly exitCode?: number;
  /** Between a kill and its end; at most the grace period. @default 0 */
  readonly stopMs?: number;
  /** What Marathon's health checks find. @default true */
  readonly healthy?: boolean;
}

/** One task of the cluster. */
export interface KitTask {
  readonly id: string;
  /** `/app` of a Marathon's task, otherwise the task's name. */
  readonly appId: string;
  readonly frameworkId: string;
  /** The agent's member name. */
  readonly agent: string;
  readonly state: string;
}

/** The app of a task: Marathon says it in the environment. */
export function appIdOf(info: TaskInfo): string {
  const variables = info.command?.environment?.variables ?? [];
  return variables.find((v) => v.name === "MARATHON_APP_ID")?.value ?? info.name;
}

/** What tests tell no-op tasks to do, by app. */
export class Scripts {
  readonly #byApp = new Map<string, TaskScript>();

  of(appId: string): TaskScript {
    return this.#byApp.get(appId) ?? {};
  }

  set(appId: string, script: TaskScript): void {
    this.#byApp.set(appId, { ...this.#byApp.get(appId), ...script });
  }

  clear(): void {
    this.#byApp.clear();
  }
}
