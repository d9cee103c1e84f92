// SPDX-License-Identifier: Apache-2.0
import type { Clock } from "../clock";
import { isTerminal, type TaskInfo, type TaskState, type TaskStatus } from "../protocol/types";
import type { ContainerLimits } from "./cgroup-version";
import type { Cgroups } from "./cgroups";
import type { Checkpoints, TaskCheckpoint } from "./checkpoint";
import type { Dockerd } from "./docker";
import { sandboxOf } from "./launch";
import type { RunningTask } from "./running-task";
import { StatusUpdates } from "./updates";

/** What all tasks of an agent share. */
export interface TaskContext {
  readonly agentId: string;
  readonly ip: string;
  readonly checkpoints: Checkpoints;
  readonly docker: Dockerd;
  readonly containerizers: readonly string[];
  readonly clock: Clock;
  readonly path: string;
  /** The supervisor's mark, handed on so that its removal finds tasks too. */
  readonly mark: string | undefined;
  readonly defaultGraceMs: number;
  readonly mappedSandbox: string;
  readonly switchUser: boolean;
  /** Whether tasks' own rlimits are set. */
  readonly rlimits: boolean;
  /** What holds tasks to their cpus and memory. */
  readonly cgroups: Cgroups | undefined;
  /** What all tasks of an executor may use together. */
  readonly sharedLimits?: () => ContainerLimits;
  uuid(): string;
  log(message: string): void;
  send(frameworkId: string, status: TaskStatus): void;
  /** It has ended; the status is on its way. */
  readonly onEnd?: (task: RunningTask, state: TaskState) => void;
  /** Its last status is acknowledged. */
  onDone(task: RunningTask): void;
}

/** What this agent keeps of a task, whoever runs it: its record on disk and the statuses that it has still to hear of. */
export abstract class KeptTask implements RunningTask {
  readonly info: TaskInfo;
  protected readonly context: TaskContext;
  protected readonly updates: StatusUpdates;
  #record: TaskCheckpoint;

  constructor(context: TaskContext, record: TaskCheckpoint) {
    this.context = context;
    this.#record = record;
    this.info = record.info;
    this.updates = new StatusUpdates(
      context.clock,
      (status) => context.send(this.frameworkId, status),
      record.statuses,
      record.acknowledged,
    );
  }

  get record(): TaskCheckpoint {
    return this.#record;
  }

  get frameworkId(): string {
    return this.#record.framework.id?.value ?? "";
  }

  get executorId(): string {
    return this.#record.executor?.id ?? this.info.task_id.value;
  }

  get key(): string {
    return `${this.frameworkId}/${this.info.task_id.value}`;
  }

  get state(): TaskState {
    return this.updates.latest?.state ?? "TASK_STAGING";
  }

  get statuses(): readonly TaskStatus[] {
    return this.updates.statuses;
  }

  get sandbox(): string {
    return sandboxOf(this.context, this.#record);
  }

  get done(): boolean {
    return isTerminal(this.state) && this.updates.done;
  }

  get killPolicyMs(): number | undefined {
    const nanoseconds = this.info.kill_policy?.grace_period?.nanoseconds;
    return nanoseconds === undefined ? undefined : Number(nanoseconds) / 1e6;
  }

  resend(): void {
    this.updates.resend();
  }

  acknowledge(uuid: string): void {
    if (!this.updates.acknowledge(uuid)) return;
    this.save({});
    this.finishIfDone();
  }

  protected finishIfDone(): void {
    if (!this.done) return;
    this.updates.stop();
    this.forget();
    this.context.onDone(this);
  }

  protected save(more: Partial<TaskCheckpoint>): void {
    const { statuses, acknowledged } = this.updates;
    this.#write({ ...this.#record, ...more, statuses, acknowledged });
  }

  /** Keeps a status on disk before anybody hears of it. */
  protected add(status: TaskStatus): void {
    this.#write({ ...this.#record, statuses: [...this.updates.statuses, status] });
    this.updates.add(status);
  }

  /** Takes its record from the disk. */
  protected forget(): void {
    const { checkpoints, agentId, clock } = this.context;
    checkpoints.removeTask(agentId, this.#record, clock.now());
  }

  #write(record: TaskCheckpoint): void {
    this.#record = record;
    this.context.checkpoints.saveTask(this.context.agentId, record);
  }

  abstract launch(): Promise<void>;
  abstract recover(): Promise<void>;
  abstract kill(graceMs: number | undefined, why?: TaskCheckpoint["killed"]): void;
  abstract abandon(): void;
  abstract detach(): void;
}
