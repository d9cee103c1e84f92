// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { messageOf } from "@pulumi-mesos/model";
import { formatDuration } from "../flags";
import { type AgentInfo, isTerminal, type TaskInfo, type TaskStatus } from "../protocol/types";
import type { MemoryExceeded } from "./cgroups";
import type { ExecutorCheckpoint, TaskCheckpoint } from "./checkpoint";
import { executorLimits, limitationStatus } from "./containers";
import { executorEnvironment } from "./executor-environment";
import { ExecutorTask } from "./executor-task";
import { fetchUris } from "./fetch-uris";
import type { TaskContext } from "./kept-task";
import { commandLine, droppedState, makeOwned } from "./launch";
import { exitCode, isAlive, killSession, killWith, type ProcessId, startProcess } from "./processes";
import { giveTree, rlimitWords, startAs, type TaskUser, userOf } from "./users";

const pollMs = 250;

/** The way to an executor that has subscribed. */
export interface ExecutorStream {
  send(event: Readonly<Record<string, unknown>>): void;
  close(): void;
}

export interface CustomExecutorOptions {
  readonly agentId: string;
  readonly agentInfo: () => AgentInfo;
  readonly taskContext: TaskContext;
  /** ip:port of this agent. */
  readonly endpoint: string;
  readonly registrationMs: number;
  readonly reregistrationMs: number;
  readonly recoveryMs: number;
  readonly shutdownGraceMs: number;
  /** It has ended; `status` as wait(2) gives it. */
  readonly onExit: (executor: CustomExecutor, status: number) => void;
}

/** A program of the framework that runs its tasks and speaks the executor API with this agent. */
export class CustomExecutor {
  readonly #options: CustomExecutorOptions;
  readonly #tasks = new Map<string, ExecutorTask>();
  readonly #context: TaskContext;
  readonly #stop = new AbortController();
  #record: ExecutorCheckpoint;
  #stream: ExecutorStream | undefined;
  /** What waits for its subscription. */
  #queue: { readonly tasks: readonly ExecutorTask[]; readonly group: boolean }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #killTimer: NodeJS.Timeout | undefined;
  #why: Partial<TaskStatus> & { readonly reason: string; readonly message: string } = {
    reason: "REASON_EXECUTOR_TERMINATED",
    message: "Executor terminated",
  };
  #silent = false;

  constructor(options: CustomExecutorOptions, record: ExecutorCheckpoint) {
    const { taskContext } = options;
    this.#options = options;
    this.#record = record;
    this.#context = {
      ...taskContext,
      onDone: (task) => {
        this.#tasks.delete(task.info.task_id.value);
        taskContext.onDone(task);
      },
    };
  }

  get record(): ExecutorCheckpoint {
    return this.#record;
  }

  get tasks(): readonly ExecutorTask[] {
    return [...this.#tasks.values()];
  }

  get sandbox(): string {
    return this.#context.checkpoints.executorSandbox(this.#options.agentId, this.#record);
  }

  get subscribed(): boolean {
    return this.#stream !== undefined;
  }

  adopt(record: TaskCheckpoint): ExecutorTask {
    const task = new ExecutorTask(this.#context, record, { kill: (t, grace) => this.#kill(t, grace) });
    this.#tasks.set(task.info.task_id.value, task);
    return task;
  }

  /** Hands tasks to it, at once or when it subscribes. */
  launch(infos: readonly TaskInfo[], group: boolean): ExecutorTask[] {
    const { framework, info, containerId } = this.#record;
    const executor = { id: info.executor_id.value, containerId, custom: true };
    const tasks = infos.map((task) =>
      this.adopt({ info: task, framework, containerId, executor, statuses: [], acknowledged: 0 }),
    );
    for (const task of tasks) void task.launch();
    if (this.#record.process !== undefined) this.#limit();
    this.#queue.push({ tasks, group });
    if (this.#stream !== undefined) this.#deliver(this.#stream);
    return tasks;
  }

  /** Starts its program; it must subscribe in time. */
  async start(): Promise<void> {
    const { taskContext, registrationMs, agentId } = this.#options;
    try {
      const { command = {}, container } = this.#record.info;
      const user = await this.#user();
      makeOwned(this.sandbox, user);
      await fetchUris(command.uris ?? [], {
        sandbox: this.sandbox,
        containerId: this.#record.containerId,
        path: taskContext.path,
        signal: this.#stop.signal,
      });
      if (user !== undefined) giveTree(this.sandbox, user);
      const process = await startProcess({
        argv: startAs(
          commandLine(command.value ?? "", command.shell !== false, command.arguments ?? []),
          taskContext.path,
          user,
          taskContext.rlimits ? rlimitWords(container) : [],
        ),
        env: executorEnvironment(this.#options, this.#record, this.sandbox),
        sandbox: this.sandbox,
        exitFile: this.#exitFile,
        cgroups: this.#limit(),
        user,
      });
      this.#save({ process });
      this.#expect(registrationMs, "REASON_EXECUTOR_REGISTRATION_TIMEOUT", "register");
      await this.#watch(process);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      taskContext.log(`executor of agent ${agentId} cannot be started: ${messageOf(error)}`);
      this.#why = { reason: "REASON_CONTAINER_LAUNCH_FAILED", message: messageOf(error) };
      this.#ended(undefined);
    }
  }

  /** Goes on with one that an earlier run of this program started: it must subscribe again in time. */
  async recover(): Promise<void> {
    const { process, framework } = this.#record;
    if (process === undefined || framework.checkpoint !== true) {
      killWith(`MESOS_SANDBOX=${this.sandbox}`); // it may have been started without a word of it on disk
      await this.#leave();
      this.#ended(undefined);
      return;
    }
    this.#expect(this.#options.reregistrationMs, "REASON_EXECUTOR_REREGISTRATION_TIMEOUT", "reregister");
    try {
      await this.#watch(process);
    } catch (error) {
      if (!this.#stop.signal.aborted) throw error;
    }
  }

  /** SUBSCRIBE: what it has seen and what its agent has not is settled first. */
  subscribe(
    stream: ExecutorStream,
    tasks: readonly TaskInfo[],
    updates: readonly { readonly status: TaskStatus }[],
  ): void {
    const { clock, log } = this.#context;
    const again = this.#record.subscribed === true;
    const before = this.#stream;
    this.#stream = stream;
    before?.close();
    clock.clear(this.#timer);
    this.#save({ subscribed: true });
    log(`executor '${this.#record.info.executor_id.value}' has subscribed${again ? " again" : ""}`);
    stream.send({
      type: "SUBSCRIBED",
      subscribed: {
        executor_info: this.#record.info,
        framework_info: this.#record.framework,
        agent_info: this.#options.agentInfo(),
        container_id: { value: this.#record.containerId },
      },
    });
    for (const { status } of updates) this.update(status);
    const kept = new Set([
      ...tasks.map((t) => t.task_id.value),
      ...this.#queue.flatMap((q) => q.tasks.map((t) => t.info.task_id.value)),
    ]);
    for (const task of this.tasks) {
      if (!again || task.state !== "TASK_STAGING" || kept.has(task.info.task_id.value)) continue;
      const aware = this.#record.framework.capabilities?.some((c) => c.type === "PARTITION_AWARE");
      const why = "Task launched during agent restart";
      task.end(aware ? "TASK_DROPPED" : "TASK_LOST", "REASON_AGENT_RESTARTED", why);
    }
    this.#deliver(stream);
    if (this.#record.shuttingDown === true) stream.send({ type: "SHUTDOWN" });
  }

  /** Its stream has ended. */
  disconnected(stream: ExecutorStream): void {
    if (this.#stream === stream) this.#stream = undefined;
  }

  /** UPDATE: acknowledged as soon as it is on disk. */
  update(status: TaskStatus): void {
    const task = this.#tasks.get(status.task_id.value);
    if (!this.#silent) task?.update(status);
    this.#stream?.send({
      type: "ACKNOWLEDGED",
      acknowledged: { task_id: status.task_id, uuid: status.uuid },
    });
  }

  /** From its scheduler; lost when it is not subscribed. */
  message(data: string): void {
    this.#stream?.send({ type: "MESSAGE", message: { data } });
  }

  /** SHUTDOWN, and after the grace period SIGKILL for all that it started. */
  shutdown(): void {
    const { info, process, shuttingDown } = this.#record;
    if (shuttingDown !== true) this.#save({ shuttingDown: true });
    this.#stream?.send({ type: "SHUTDOWN" });
    const own = info.shutdown_grace_period?.nanoseconds;
    const grace = own === undefined ? this.#options.shutdownGraceMs : Number(own) / 1e6;
    if (process === undefined) return;
    this.#killTimer ??= this.#context.clock.after(grace, () => killSession(process));
  }

  /** Its framework is gone: nobody hears of its tasks any more, but it may end in peace. */
  abandon(): void {
    this.#silent = true;
    for (const task of this.tasks) task.abandon();
    this.#tasks.clear();
    this.shutdown();
  }

  /** This agent goes for good: at once. */
  destroy(): void {
    const { process } = this.#record;
    this.detach();
    for (const task of this.tasks) task.abandon();
    if (process !== undefined) killSession(process);
    this.#leave().catch((error) => this.#context.log(messageOf(error)));
    this.#context.checkpoints.removeExecutor(this.#options.agentId, this.#record, this.#context.clock.now());
  }

  /** This program ends; it goes on. */
  detach(): void {
    this.#stop.abort();
    this.#context.clock.clear(this.#timer);
    this.#context.clock.clear(this.#killTimer);
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.close();
  }

  get #exitFile(): string {
    const { checkpoints } = this.#context;
    return join(checkpoints.executorRun(this.#options.agentId, this.#record), "exit");
  }

  #deliver(stream: ExecutorStream): void {
    const queue = this.#queue;
    this.#queue = [];
    for (const { tasks, group } of queue) {
      const infos = tasks.filter((t) => !isTerminal(t.state)).map((t) => t.info);
      if (group && infos.length > 0)
        stream.send({ type: "LAUNCH_GROUP", launch_group: { task_group: { tasks: infos } } });
      if (!group) for (const task of infos) stream.send({ type: "LAUNCH", launch: { task } });
    }
  }

  #kill(task: ExecutorTask, graceMs: number | undefined): void {
    const waits = this.#queue.find((q) => q.tasks.includes(task));
    if (waits !== undefined) {
      const all = waits.group ? waits.tasks : [task];
      for (const one of all)
        one.end(
          "TASK_KILLED",
          "REASON_TASK_KILLED_DURING_LAUNCH",
          "Task killed before it was delivered to the executor",
        );
      return;
    }
    this.#stream?.send({
      type: "KILL",
      kill: {
        task_id: task.info.task_id,
        ...(graceMs === undefined ? {} : { kill_policy: { grace_period: { nanoseconds: graceMs * 1e6 } } }),
      },
    });
  }

  /** Without a subscription in time it is killed. */
  #expect(ms: number, reason: string, verb: string): void {
    this.#timer = this.#context.clock.after(ms, () => {
      const { process } = this.#record;
      this.#why = { reason, message: `Executor did not ${verb} within ${formatDuration(ms)}` };
      if (process !== undefined) killSession(process);
    });
  }

  /** Its cgroups hold what it and its tasks may use together. */
  #limit(): string[] {
    const { containerId, info } = this.#record;
    const live = this.tasks.filter((task) => !isTerminal(task.state)).map((task) => task.info);
    return this.#context.cgroups?.enter(containerId, executorLimits(info.resources, live)) ?? [];
  }

  async #leave(): Promise<void> {
    await this.#context.cgroups?.destroy(this.#record.containerId);
  }

  /** Who it runs as; its tasks are dropped when there is no such user. */
  async #user(): Promise<TaskUser | undefined> {
    const { info, framework } = this.#record;
    try {
      return await userOf(info.command?.user ?? framework.user, this.#context.switchUser, this.sandbox);
    } catch (error) {
      for (const task of this.tasks)
        task.end(droppedState(framework), "REASON_EXECUTOR_TERMINATED", messageOf(error));
      throw error;
    }
  }

  async #watch(process: ProcessId): Promise<void> {
    const { clock, cgroups } = this.#context;
    const exceeded = (): MemoryExceeded | undefined => cgroups?.exceeded(this.#record.containerId);
    while (isAlive(process) && exceeded() === undefined) await clock.sleep(pollMs, this.#stop.signal);
    const limitation = exceeded();
    killSession(process);
    while (isAlive(process)) await clock.sleep(pollMs, this.#stop.signal);
    const code = exitCode(this.#exitFile);
    if (limitation !== undefined) this.#why = limitationStatus(limitation);
    await this.#leave();
    this.#ended(code);
  }

  #ended(code: number | undefined): void {
    const { agentId, onExit } = this.#options;
    this.detach();
    const { reason, message, ...more } = this.#why;
    for (const task of this.tasks) task.end("TASK_FAILED", reason, message, more);
    this.#context.checkpoints.removeExecutor(agentId, this.#record, this.#context.clock.now());
    onExit(this, waitStatus(code));
  }

  #save(more: Partial<ExecutorCheckpoint>): void {
    this.#record = { ...this.#record, ...more };
    this.#context.checkpoints.saveExecutor(this.#options.agentId, this.#record);
  }
}

/** A shell's exit code as wait(2) gives it: above 128 it was a signal, none when it was killed with its shell. */
function waitStatus(code: number | undefined): number {
  if (code === undefined) return 9;
  return code > 128 ? code - 128 : code << 8;
}
