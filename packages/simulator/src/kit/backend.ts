// SPDX-License-Identifier: Apache-2.0
import type { FailureAnswer, UnknownRequest } from "./faults";
import type { Runner } from "./member";
import type { KitTask, TaskScript } from "./noop-tasks";

/** What tests do to tasks. */
export interface TaskControl {
  list(): Promise<KitTask[]>;
  /** Ends one running task as its own process would; how many ended. */
  exit(appId: string, options: { count: number; exitCode: number; message?: string }): Promise<number>;
  script(appId: string, script: TaskScript): void;
}

/** How the members of a cluster run: in this process, or as programs. */
export interface Backend {
  readonly members: readonly Runner[];
  /** Where it is a program of its own. */
  readonly zookeeper: Pick<Runner, "kill" | "stop" | "start" | "pause" | "resume"> | undefined;
  /** Where the members keep what they keep on disk. */
  readonly directory: string;
  readonly unknown: readonly UnknownRequest[];
  readonly tasks: TaskControl;
  now(): number;
  step(ms: number): Promise<void>;
  /** Before any member starts. */
  open(): Promise<void>;
  part(a: string, b: string | undefined): Promise<void>;
  heal(): Promise<void>;
  slow(member: string, ms: number): void;
  failNext(endpoint: string, answer: FailureAnswer, member: string | undefined): void;
  emit(eventType: string, fields: Readonly<Record<string, unknown>>): void;
  /** Forgets everything but the members' addresses; none of them runs. */
  clean(): Promise<void>;
  close(): Promise<void>;
}
