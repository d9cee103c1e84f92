// SPDX-License-Identifier: Apache-2.0
import { messageOf } from "@pulumi-mesos/model";
import type { Clock } from "../clock";
import { isTerminal, type TaskInfo, type TaskState } from "../protocol/types";
import type { Checkpoints, ExecutorCheckpoint, TaskCheckpoint } from "./checkpoint";
import { executorLimits } from "./containers";
import type { TaskContext } from "./kept-task";
import type { RunningTask } from "./running-task";
import { AgentTask } from "./task";

/** Between SIGTERM and SIGKILL where neither the call nor the task says anything (src/launcher/default_executor.cpp). */
const defaultGraceMs = 3_000;
/** How long it waits for acknowledgements after its last task. */
const lingerMs = 1_000;

export interface DefaultExecutorOptions {
  readonly agentId: string;
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
  readonly uuid: () => string;
  /** What tasks without an executor of their own would get. */
  readonly taskContext: TaskContext;
  /** It has ended. */
  readonly onExit: (executor: DefaultExecutor) => void;
}

/**
 * Mesos's own executor for task groups: its tasks share its sandbox and network, and when one of a group fails or is
 * killed, the others are killed. It ends with its last task.
 */
export class DefaultExecutor {
  readonly #options: DefaultExecutorOptions;
  readonly #tasks = new Map<string, AgentTask>();
  readonly #context: TaskContext;
  #record: ExecutorCheckpoint;
  #linger: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(options: DefaultExecutorOptions, record: ExecutorCheckpoint) {
    const { taskContext } = options;
    this.#options = options;
    this.#record = record;
    this.#context = {
      ...taskContext,
      defaultGraceMs,
      sharedLimits: () => {
        const live = this.tasks.filter((task) => !isTerminal(task.state)).map((task) => task.info);
        return executorLimits(this.#record.info.resources, live);
      },
      onEnd: (task, state) => this.#onEnd(task, state),
      onDone: (task) => {
        taskContext.onDone(task);
        this.endIfIdle();
      },
    };
  }

  get record(): ExecutorCheckpoint {
    return this.#record;
  }

  get tasks(): readonly AgentTask[] {
    return [...this.#tasks.values()];
  }

  get sandbox(): string {
    return this.#options.checkpoints.executorSandbox(this.#options.agentId, this.#record);
  }

  /** A task of this executor, as its checkpoint says or new. */
  adopt(record: TaskCheckpoint): AgentTask {
    const task = new AgentTask(this.#context, record);
    this.#tasks.set(task.info.task_id.value, task);
    return task;
  }

  /** Starts every task of a group. */
  launch(infos: readonly TaskInfo[], _group = true): AgentTask[] {
    const { checkpoints, agentId, uuid, clock } = this.#options;
    const { framework, info, containerId } = this.#record;
    clock.clear(this.#linger);
    this.#linger = undefined;
    this.#record = { ...this.#record, groups: [...this.#record.groups, infos.map((i) => i.task_id.value)] };
    checkpoints.saveExecutor(agentId, this.#record);
    const tasks = infos.map((task) =>
      this.adopt({
        info: task,
        framework,
        containerId: uuid(),
        executor: { id: info.executor_id.value, containerId },
        statuses: [],
        acknowledged: 0,
      }),
    );
    for (const task of tasks) void task.launch();
    return tasks;
  }

  /** Kills its tasks; it ends with the last. */
  shutdown(): void {
    for (const task of this.#tasks.values()) task.kill(undefined);
    this.endIfIdle();
  }

  /** As {@link abandon}: nothing of it goes on. */
  destroy(): void {
    this.abandon();
  }

  /** It has ended its tasks before this program ended; called after a restart. */
  async recover(): Promise<void> {
    this.endIfIdle();
  }

  /** At once and without a word. */
  abandon(): void {
    this.detach();
    for (const task of this.#tasks.values()) task.abandon();
    this.#leave();
    const { checkpoints, agentId, clock } = this.#options;
    checkpoints.removeExecutor(agentId, this.#record, clock.now());
  }

  /** This program ends. */
  detach(): void {
    this.#ended = true;
    this.#options.clock.clear(this.#linger);
  }

  #onEnd(task: RunningTask, state: TaskState): void {
    if (state !== "TASK_FINISHED") {
      const id = task.info.task_id.value;
      const group = this.#record.groups.find((ids) => ids.includes(id)) ?? [];
      for (const other of group) this.#tasks.get(other)?.kill(undefined);
    }
    this.endIfIdle();
  }

  /** Called after a restart too, when its last task may have ended before. */
  endIfIdle(): void {
    if (this.#ended || this.tasks.some((task) => !isTerminal(task.state))) return;
    const { clock } = this.#options;
    if (this.tasks.every((task) => task.done)) {
      this.#end();
      return;
    }
    this.#linger ??= clock.after(lingerMs, () => this.#end());
  }

  /** Nothing that its tasks started outlives it. */
  #leave(): void {
    const { cgroups, log } = this.#context;
    cgroups?.destroy(this.#record.containerId).catch((error) => log(messageOf(error)));
  }

  #end(): void {
    if (this.#ended) return;
    this.detach();
    this.#leave();
    const { checkpoints, agentId, clock } = this.#options;
    checkpoints.removeExecutor(agentId, this.#record, clock.now());
    this.#options.onExit(this);
  }
}
