// SPDX-License-Identifier: Apache-2.0
import type { TaskInfo, TaskState, TaskStatus } from "../protocol/types";
import type { TaskCheckpoint } from "./checkpoint";

/** A task on this agent, whoever runs it: the agent itself or an executor of its framework. */
export interface RunningTask {
  readonly info: TaskInfo;
  readonly record: TaskCheckpoint;
  readonly frameworkId: string;
  /** The executor that it belongs to; a command is its own. */
  readonly executorId: string;
  /** `framework/task` */
  readonly key: string;
  readonly state: TaskState;
  readonly statuses: readonly TaskStatus[];
  readonly sandbox: string;
  /** The grace period that the task itself asks for. */
  readonly killPolicyMs: number | undefined;
  /** Its last status is acknowledged. */
  readonly done: boolean;
  launch(): Promise<void>;
  /** Goes on with a task of an earlier run of this program. */
  recover(): Promise<void>;
  kill(graceMs: number | undefined, why?: TaskCheckpoint["killed"]): void;
  /** At once and without a word: its framework or this agent is gone. */
  abandon(): void;
  /** This program ends; the task goes on. */
  detach(): void;
  resend(): void;
  acknowledge(uuid: string): void;
}
