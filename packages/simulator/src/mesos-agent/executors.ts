// SPDX-License-Identifier: Apache-2.0
import type { Clock } from "../clock";
import type { AgentInfo, ExecutorInfo, FrameworkInfo, TaskInfo } from "../protocol/types";
import type { Checkpoints, ExecutorCheckpoint, TaskCheckpoint } from "./checkpoint";
import { CustomExecutor } from "./custom-executor";
import { DefaultExecutor } from "./default-executor";
import type { AgentFlags } from "./flags";
import type { TaskContext } from "./kept-task";
import type { RunningTask } from "./running-task";

export interface ExecutorsOptions {
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly log: (message: string) => void;
  readonly flags: AgentFlags;
  /** ip:port of this agent. */
  readonly endpoint: string;
  readonly agentInfo: () => AgentInfo;
  readonly taskContext: (agentId: string) => TaskContext;
  /** One has ended; `status` as wait(2) gives it. */
  readonly onExit: (frameworkId: string, executorId: string, status: number) => void;
}

type Executor = DefaultExecutor | CustomExecutor;

/** The executors that frameworks named, by framework and executor id. */
export class Executors {
  readonly #options: ExecutorsOptions;
  readonly #live = new Map<string, Executor>();

  constructor(options: ExecutorsOptions) {
    this.#options = options;
  }

  get all(): readonly Executor[] {
    return [...this.#live.values()];
  }

  /** What a master is told of them. */
  get infos(): ExecutorInfo[] {
    return this.all.map(({ record }) => record.info);
  }

  /** A framework's own executor; undefined when there is none of this id. */
  custom(frameworkId: string, executorId: string): CustomExecutor | undefined {
    const executor = this.#live.get(keyOf(frameworkId, executorId));
    return executor instanceof CustomExecutor ? executor : undefined;
  }

  /** Starts tasks in the executor that they name, which begins with the first. */
  run(
    agentId: string,
    framework: FrameworkInfo,
    info: ExecutorInfo,
    tasks: readonly TaskInfo[],
    group: boolean,
  ): readonly RunningTask[] {
    const key = keyOf(framework.id?.value, info.executor_id.value);
    this.#options.log(`launching ${tasks.length} tasks in executor ${key}`);
    const known = this.#live.get(key);
    const executor =
      known ?? this.#make(agentId, { info, framework, containerId: this.#options.uuid(), groups: [] });
    const running = executor.launch(tasks, group);
    if (known === undefined && executor instanceof CustomExecutor) void executor.start();
    return running;
  }

  /** Executors of the last run of this program. */
  recover(agentId: string): void {
    for (const record of this.#options.checkpoints.executors(agentId)) this.#make(agentId, record);
  }

  /** A task of the last run; undefined when it needs no executor that lives. */
  adopt(record: TaskCheckpoint): RunningTask | undefined {
    if (record.executor === undefined) return undefined;
    return this.#live.get(keyOf(record.framework.id?.value, record.executor.id))?.adopt(record);
  }

  /** Goes on with the executors of the last run, once their tasks are known. */
  resume(): void {
    for (const executor of this.all) void executor.recover();
  }

  shutdown(frameworkId: string, executorId: string): void {
    this.#live.get(keyOf(frameworkId, executorId))?.shutdown();
  }

  /** A framework is gone: its own executors may end in peace, others end at once. */
  abandon(frameworkId: string): void {
    for (const [key, executor] of this.#live) {
      if (executor.record.framework.id?.value !== frameworkId) continue;
      executor.abandon();
      if (executor instanceof DefaultExecutor) this.#live.delete(key);
    }
  }

  /** All, at once: this agent goes for good. */
  destroy(): void {
    for (const executor of this.all) executor.destroy();
    this.#live.clear();
  }

  /** This program ends, they go on. */
  detach(): void {
    for (const executor of this.all) executor.detach();
  }

  #make(agentId: string, record: ExecutorCheckpoint): Executor {
    const { checkpoints, clock, uuid, taskContext, onExit, log, flags, endpoint, agentInfo } = this.#options;
    const frameworkId = record.framework.id?.value ?? "";
    const executorId = record.info.executor_id.value;
    const key = keyOf(frameworkId, executorId);
    const ended = (status: number): void => {
      this.#live.delete(key);
      log(`executor ${key} has ended with status ${status}`);
      onExit(frameworkId, executorId, status);
    };
    const context = taskContext(agentId);
    const executor =
      record.info.command === undefined
        ? new DefaultExecutor(
            { agentId, checkpoints, clock, uuid, taskContext: context, onExit: () => ended(0) },
            record,
          )
        : new CustomExecutor(
            {
              agentId,
              agentInfo,
              taskContext: context,
              endpoint,
              registrationMs: flags.executor_registration_timeout,
              reregistrationMs: flags.executor_reregistration_timeout,
              recoveryMs: flags.recovery_timeout,
              shutdownGraceMs: flags.executor_shutdown_grace_period,
              onExit: (_executor, status) => ended(status),
            },
            record,
          );
    checkpoints.saveExecutor(agentId, record);
    this.#live.set(key, executor);
    return executor;
  }
}

function keyOf(frameworkId: string | undefined, executorId: string): string {
  return `${frameworkId ?? ""}/${executorId}`;
}
