// SPDX-License-Identifier: Apache-2.0
import { messageOf } from "@pulumi-mesos/model";
import type { AgentOperation, ToAgent } from "../protocol/messages";
import { fromJson, type Resources } from "../protocol/resources";
import type {
  AgentInfo,
  DrainConfig,
  ExecutorInfo,
  FrameworkInfo,
  TaskInfo,
  TaskStatus,
} from "../protocol/types";
import type { AgentOptions } from "./agent-options";
import { AgentResources } from "./agent-resources";
import type { Cgroups } from "./cgroups";
import { CompletedTasks } from "./completed-tasks";
import { drainTasks } from "./draining";
import { Executors } from "./executors";
import type { TaskContext } from "./kept-task";
import { MasterLink } from "./master-link";
import { endAfterRecoveryTimeout, Presence } from "./presence";
import { recoverId } from "./recover-id";
import { registrationOf } from "./registration";
import type { RunningTask } from "./running-task";
import { AgentTask } from "./task";

const unregisterMs = 2_000;
/** How often sandboxes that are old enough are looked for. */
const leastGcMs = 1_000;
const mostGcMs = 3_600_000;

/** The agent: its identity, its tasks, and what the master tells it. */
export class Agent {
  readonly startedAt: number;
  /** How many tasks ended in each state and were acknowledged. */
  readonly ended = new Map<string, number>();
  readonly #options: AgentOptions;
  readonly #link: MasterLink;
  readonly #tasks = new Map<string, RunningTask>();
  readonly #executors: Executors;
  readonly #resources: AgentResources;
  #id: string | undefined;
  #registered = false;
  #ending = false;
  #gc: NodeJS.Timeout | undefined;
  #recovered = 0;
  readonly #presence: Presence;
  readonly #completed = new CompletedTasks();

  constructor(options: AgentOptions) {
    const { flags, clock, uuid, log } = options;
    this.#options = options;
    this.startedAt = clock.now();
    this.#presence = new Presence(options.checkpoints.alive, clock, flags.recovery_timeout);
    this.#resources = new AgentResources({
      own: fromJson(options.info.resources),
      checkpoints: options.checkpoints,
      clock,
      uuid,
      send: (message) => this.#post("UpdateOperationStatusMessage", { ...message }),
    });
    this.#link = new MasterLink({
      master: flags.master ?? "",
      sessionTimeoutMs: flags.zk_session_timeout,
      backoffMs: flags.registration_backoff_factor,
      clock,
      uuid,
      log,
      around: options.around,
      registration: () =>
        registrationOf({
          info: this.info,
          pid: options.pid,
          tasks: this.tasks,
          executors: this.#executors,
          resources: this.#resources,
        }),
      onMessage: (message) => this.#onMessage(message),
      ...(flags.credential === undefined ? {} : { credential: flags.credential }),
    });
    this.#executors = new Executors({
      checkpoints: options.checkpoints,
      clock,
      uuid,
      log,
      flags,
      endpoint: options.pid.slice(options.pid.indexOf("@") + 1),
      agentInfo: () => this.info,
      taskContext: (agentId) => this.#taskContext(agentId),
      onExit: (framework, executor, exit) => {
        if (!this.registered) return; // the next registration leaves it out
        this.#post("ExitedExecutorMessage", {
          framework_id: { value: framework },
          executor_id: { value: executor },
          exit,
        });
      },
    });
  }

  /** An executor's own words to its scheduler: lost when there is no master. */
  tellScheduler(frameworkId: string, executorId: string, data: string): void {
    this.#post("ExecutorToFrameworkMessage", {
      framework_id: { value: frameworkId },
      executor_id: { value: executorId },
      data,
    });
  }

  get executors(): Executors {
    return this.#executors;
  }

  get id(): string | undefined {
    return this.#id;
  }

  get registered(): boolean {
    return this.#registered && this.#link.master !== undefined;
  }

  get masterHostname(): string {
    return this.#link.leader?.hostname ?? this.#link.master ?? "";
  }

  get tasks(): readonly RunningTask[] {
    return [...this.#tasks.values()];
  }

  /** What holds its containers, and whether their cpus are a hard limit. */
  get limits(): { readonly cgroups: Cgroups | undefined; readonly enableCfs: boolean } {
    return { cgroups: this.#options.cgroups, enableCfs: this.#options.flags.cgroups_enable_cfs };
  }

  /** Those that ended, as far as they are remembered. */
  get completed(): readonly RunningTask[] {
    return this.#completed.all;
  }

  get drain(): DrainConfig | undefined {
    return this.#options.checkpoints.drain;
  }

  get operations(): readonly AgentOperation[] {
    return this.#resources.operations;
  }

  /** With its dynamic reservations and volumes. */
  get total(): Resources {
    return this.#resources.total;
  }

  get recoveredTasks(): number {
    return this.#recovered;
  }

  get info(): AgentInfo {
    const { info } = this.#options;
    return this.#id === undefined ? info : { ...info, id: { value: this.#id } };
  }

  /** Recovers what the last run left, then looks for the master. */
  start(): void {
    this.#recover();
    this.#resources.recover();
    this.#presence.start();
    this.#link.start();
    const { clock, flags } = this.#options;
    const eachMs = Math.min(Math.max(flags.gc_delay, leastGcMs), mostGcMs);
    this.#gc = clock.every(eachMs, () => this.#collect());
  }

  /** The program ends and leaves its tasks running. */
  async close(): Promise<void> {
    this.#ending = true;
    this.#options.clock.clear(this.#gc);
    this.#presence.stop();
    this.#resources.stop();
    for (const task of this.#tasks.values()) task.detach();
    this.#executors.detach();
    await this.#link.close();
  }

  /** SIGUSR1: the master forgets this agent, its tasks end. */
  async shutdown(why: string): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    const { log, checkpoints, clock } = this.#options;
    log(`${why}: unregistering and killing ${this.#tasks.size} tasks`);
    this.#executors.destroy();
    this.#presence.stop();
    this.#resources.stop();
    for (const task of this.#tasks.values()) task.abandon();
    this.#tasks.clear();
    checkpoints.forgetAgent();
    if (this.#link.master !== undefined && this.#id !== undefined) {
      const told = this.#link.post("UnregisterSlaveMessage", { slave_id: { value: this.#id } });
      await Promise.race([told.catch((error: unknown) => log(messageOf(error))), clock.sleep(unregisterMs)]);
    }
    await Promise.race([this.#options.cgroups?.idle(), clock.sleep(unregisterMs)]);
    await this.#link.close();
    clock.clear(this.#gc);
    this.#options.onExit(0, why);
  }

  #recover(): void {
    const { checkpoints, flags, info, log } = this.#options;
    const late = this.#presence.absentMs() > flags.recovery_timeout;
    this.#id = recoverId({ checkpoints, flags, info, log, cgroups: this.#options.cgroups });
    if (this.#id === undefined) return;
    checkpoints.saveAgent(this.info);
    this.#executors.recover(this.#id);
    for (const record of checkpoints.tasks(this.#id)) {
      const task = this.#executors.adopt(record) ?? new AgentTask(this.#taskContext(this.#id), record);
      this.#tasks.set(task.key, task);
      this.#recovered++;
    }
    for (const task of this.tasks) {
      void task.recover();
      if (late) endAfterRecoveryTimeout(task);
    }
    this.#executors.resume();
    log(`recovered agent ${this.#id} with ${this.#tasks.size} tasks`);
    const drain = checkpoints.drain;
    if (drain !== undefined) drainTasks(this.tasks, drain);
  }

  #collect(): void {
    const { checkpoints, clock, flags } = this.#options;
    if (this.#id !== undefined) {
      const living = this.tasks.map((t) => `${t.frameworkId}/${t.executorId}`);
      checkpoints.collect(this.#id, clock.now(), flags.gc_delay, new Set(living));
    }
  }

  #onMessage(message: ToAgent): void {
    if (this.#ending) return;
    const { checkpoints, log } = this.#options;
    switch (message.type) {
      case "SlaveRegisteredMessage":
      case "SlaveReregisteredMessage":
        this.#id = message.slave_id.value;
        this.#registered = true;
        checkpoints.saveAgent(this.info);
        log(`registered with the master as agent ${this.#id}`);
        for (const task of this.#tasks.values()) task.resend();
        return;
      case "PingSlaveMessage":
        this.#post("PongSlaveMessage", {});
        return;
      case "AuthenticationFailedMessage":
        this.#options.onExit(1, `Master ${this.masterHostname} refused authentication`);
        return;
      case "ShutdownMessage":
        void this.shutdown(`the master asked this agent to shut down (${message.message})`);
        return;
      case "RunTaskMessage":
        this.#run(message);
        return;
      case "RunTaskGroupMessage": {
        const { framework, executor, task_group: group } = message;
        this.#runIn(framework, executor, group.tasks, true);
        return;
      }
      case "FrameworkToExecutorMessage":
        this.#executors.custom(message.framework_id.value, message.executor_id.value)?.message(message.data);
        return;
      case "ShutdownExecutorMessage":
        this.#executors.shutdown(message.framework_id.value, message.executor_id.value);
        return;
      case "KillTaskMessage":
        this.#tasks
          .get(`${message.framework_id.value}/${message.task_id.value}`)
          ?.kill(message.grace_period_ms);
        return;
      case "StatusUpdateAcknowledgementMessage":
        this.#tasks.get(`${message.framework_id.value}/${message.task_id.value}`)?.acknowledge(message.uuid);
        return;
      case "ShutdownFrameworkMessage":
        this.#executors.abandon(message.framework_id.value);
        for (const [key, task] of this.#tasks) {
          if (task.frameworkId !== message.framework_id.value) continue;
          task.abandon();
          this.#tasks.delete(key);
        }
        return;
      case "ApplyOperationMessage":
        this.#resources.apply(message);
        return;
      case "AcknowledgeOperationStatusMessage":
        this.#resources.acknowledge(message.operation_uuid);
        return;
      case "DrainSlaveMessage":
        checkpoints.saveDrain(message.config);
        drainTasks(this.tasks, message.config);
        return;
      case "ReactivateSlaveMessage":
        checkpoints.saveDrain(undefined);
        return;
      default:
        message satisfies never;
    }
  }

  #run(message: Extract<ToAgent, { type: "RunTaskMessage" }>): void {
    const id = this.#id;
    if (id === undefined) return;
    const { framework, task: info } = message;
    if (info.executor !== undefined) {
      this.#runIn(framework, info.executor, [info], false);
      return;
    }
    const record = { info, framework, containerId: this.#options.uuid(), statuses: [], acknowledged: 0 };
    const task = new AgentTask(this.#taskContext(id), record);
    if (this.#tasks.has(task.key)) return;
    this.#tasks.set(task.key, task);
    this.#options.log(`launching task ${task.key}`);
    void task.launch();
    this.#drainAgain();
  }

  #runIn(framework: FrameworkInfo, executor: ExecutorInfo, tasks: readonly TaskInfo[], group: boolean): void {
    if (this.#id === undefined) return;
    for (const task of this.#executors.run(this.#id, framework, executor, tasks, group))
      this.#tasks.set(task.key, task);
    this.#drainAgain();
  }

  /** What comes to an agent that is being drained is killed too. */
  #drainAgain(): void {
    const drain = this.#options.checkpoints.drain;
    if (drain !== undefined) drainTasks(this.tasks, drain);
  }

  #taskContext(agentId: string): TaskContext {
    const { flags, checkpoints, docker, clock, path, mark, uuid, log, ip } = this.#options;
    return {
      agentId,
      ip,
      checkpoints,
      docker,
      containerizers: flags.containerizers,
      clock,
      path,
      mark,
      defaultGraceMs: flags.executor_shutdown_grace_period,
      mappedSandbox: flags.sandbox_directory,
      switchUser: flags.switch_user,
      rlimits: flags.isolation.includes("posix/rlimits"),
      cgroups: this.#options.cgroups,
      uuid,
      log,
      send: (frameworkId, status) => this.#send(frameworkId, status),
      onDone: (task) => {
        this.ended.set(task.state, (this.ended.get(task.state) ?? 0) + 1);
        this.#tasks.delete(task.key);
        this.#completed.add(task);
      },
    };
  }

  #send(frameworkId: string, status: TaskStatus): void {
    if (this.#id === undefined || !this.registered) return; // sent again once registered
    const body = { slave_id: { value: this.#id }, framework_id: { value: frameworkId }, status };
    this.#link.post("StatusUpdateMessage", body).catch((error: unknown) => {
      if (this.#ending) return;
      this.#options.log(
        `status ${status.state} of ${status.task_id.value} not delivered: ${messageOf(error)}`,
      );
    });
  }

  #post(name: string, body: Readonly<Record<string, unknown>>): void {
    if (this.#ending) return;
    this.#link.post(name, { ...body, slave_id: { value: this.#id ?? "" } }).catch((error: unknown) => {
      if (!this.#ending) this.#options.log(messageOf(error));
    });
  }
}
