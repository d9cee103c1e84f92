// SPDX-License-Identifier: Apache-2.0
import { isTerminal, type TaskState, type TaskStatus } from "../protocol/types";
import type { TaskCheckpoint } from "./checkpoint";
import { KeptTask, type TaskContext } from "./kept-task";

/** What a task needs of the executor that runs it. */
export interface TaskExecutor {
  kill(task: ExecutorTask, graceMs: number | undefined): void;
}

/** A task that an executor of its framework runs: this agent hands calls to it and keeps its statuses. */
export class ExecutorTask extends KeptTask {
  readonly #executor: TaskExecutor;
  readonly #seen = new Set<string>();

  constructor(context: TaskContext, record: TaskCheckpoint, executor: TaskExecutor) {
    super(context, record);
    this.#executor = executor;
    for (const { uuid } of record.statuses) if (uuid !== undefined) this.#seen.add(uuid);
  }

  async launch(): Promise<void> {
    this.save({});
  }

  async recover(): Promise<void> {
    this.finishIfDone();
  }

  kill(graceMs: number | undefined, why?: TaskCheckpoint["killed"]): void {
    if (isTerminal(this.state)) return;
    if (why !== undefined) this.save({ killed: why });
    this.#executor.kill(this, graceMs);
  }

  /** A status that its executor says, and may say again. */
  update(status: TaskStatus): void {
    if (status.uuid === undefined || this.#seen.has(status.uuid) || isTerminal(this.state)) return;
    this.#seen.add(status.uuid);
    const { killed } = this.record;
    const drained = status.state === "TASK_KILLED" && killed !== undefined ? killed : {};
    this.#say({ ...status, ...drained, source: "SOURCE_EXECUTOR" });
  }

  /** A status of this agent's own: the executor cannot say it any more. */
  end(state: TaskState, reason: string, message: string, more: Partial<TaskStatus> = {}): void {
    if (isTerminal(this.state)) return;
    const uuid = Buffer.from(this.context.uuid().replaceAll("-", ""), "hex").toString("base64");
    this.#say({ task_id: this.info.task_id, state, reason, message, uuid, source: "SOURCE_AGENT", ...more });
  }

  abandon(): void {
    this.detach();
    this.forget();
  }

  detach(): void {
    this.updates.stop();
  }

  #say(status: TaskStatus): void {
    const { clock, agentId, ip } = this.context;
    const { containerId, executor } = this.record;
    const network_infos = [{ ip_addresses: [{ protocol: "IPv4", ip_address: ip }] }];
    const full: TaskStatus = {
      timestamp: clock.now() / 1000,
      ...status,
      agent_id: { value: agentId },
      executor_id: { value: this.executorId },
      container_status: {
        network_infos,
        ...(status.container_status as object | undefined),
        container_id: { value: executor?.containerId ?? containerId },
      },
    };
    this.add(full);
  }
}
