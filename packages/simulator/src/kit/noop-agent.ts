// SPDX-License-Identifier: Apache-2.0
import { messageOf } from "@pulumi-mesos/model";
import type { Clock } from "../clock";
import { MasterLink } from "../mesos-agent/master-link";
import { capabilities } from "../mesos-agent/registration";
import { StatusUpdates } from "../mesos-agent/updates";
import type { ToAgent } from "../protocol/messages";
import {
  type AgentInfo,
  type DrainConfig,
  type ExecutorInfo,
  type FrameworkInfo,
  isTerminal,
  mesosVersion,
  type TaskInfo,
  type TaskState,
  type TaskStatus,
} from "../protocol/types";
import type { Surroundings } from "../surroundings";
import { appIdOf, type Scripts } from "./noop-tasks";

/** What survives the agent's program, as a real one's work_dir does. */
export interface NoopMemory {
  id: string | undefined;
  drain: DrainConfig | undefined;
  readonly tasks: Map<string, NoopTask>;
}

export function emptyMemory(): NoopMemory {
  return { id: undefined, drain: undefined, tasks: new Map() };
}

/** A task that uses nothing: its states alone. */
export interface NoopTask {
  readonly info: TaskInfo;
  readonly framework: FrameworkInfo;
  readonly updates: StatusUpdates;
  timer: NodeJS.Timeout | undefined;
  killed: { readonly state: TaskState; readonly reason: string | undefined } | undefined;
}

export interface NoopAgentOptions {
  readonly info: AgentInfo;
  readonly pid: string;
  readonly ip: string;
  readonly master: string;
  readonly sessionTimeoutMs: number;
  readonly backoffMs: number;
  readonly graceMs: number;
  /** The program's; its tasks have `world`. */
  readonly clock: Clock;
  /** Tasks go on while the program is away. */
  readonly world: Clock;
  readonly around: Surroundings;
  readonly uuid: () => string;
  readonly log: (message: string) => void;
  readonly scripts: Scripts;
  readonly memory: NoopMemory;
  /** It has unregistered, or the master told it to go. */
  readonly onExit: (message: string) => void;
}

/** An agent whose tasks are no processes: thousands fit into one process. It speaks with masters as every agent does. */
export class NoopAgent {
  readonly #options: NoopAgentOptions;
  readonly #link: MasterLink;
  #registered = false;
  #outbox: Outbox = { waiting: [], isBusy: false };
  #ending = false;

  constructor(options: NoopAgentOptions) {
    this.#options = options;
    const { master, sessionTimeoutMs, backoffMs, clock, around, uuid, log } = options;
    this.#link = new MasterLink({
      master,
      sessionTimeoutMs,
      backoffMs,
      clock,
      around,
      uuid,
      log,
      registration: () => this.#registration(),
      onMessage: (message) => this.#onMessage(message),
    });
  }

  get registered(): boolean {
    return this.#registered && this.#link.master !== undefined;
  }

  get id(): string | undefined {
    return this.#options.memory.id;
  }

  get info(): AgentInfo {
    const { info, memory } = this.#options;
    return memory.id === undefined ? info : { ...info, id: { value: memory.id } };
  }

  get tasks(): Iterable<NoopTask> {
    return this.#options.memory.tasks.values();
  }

  start(): void {
    for (const task of this.tasks) listeners.set(task.updates, (status) => this.#send(task, status));
    this.#link.start();
  }

  /** The program ends; its tasks go on. */
  async close(): Promise<void> {
    this.#ending = true;
    for (const task of this.tasks) listeners.delete(task.updates);
    await this.#link.close();
  }

  /** As SIGUSR1: its tasks end, the master forgets it. */
  async shutdown(why: string): Promise<void> {
    if (this.#ending) return;
    const { memory, log, onExit } = this.#options;
    log(`${why}: unregistering and killing ${memory.tasks.size} tasks`);
    this.#ending = true;
    for (const task of memory.tasks.values()) this.#drop(task);
    if (this.registered) {
      await this.#link.post("UnregisterSlaveMessage", { slave_id: { value: this.id ?? "" } }).catch(log);
    }
    memory.id = undefined;
    memory.drain = undefined;
    await this.#link.close();
    onExit(why);
  }

  /** Ends a running task as its own process would. */
  exit(task: NoopTask, code: number, message?: string): void {
    if (isTerminal(stateOf(task))) return;
    const text = message ?? `Command exited with status ${code}`;
    if (code === 0) this.#end(task, "TASK_FINISHED", { message: text });
    else this.#end(task, "TASK_FAILED", { message: text, reason: "REASON_COMMAND_EXECUTOR_FAILED" });
  }

  #registration() {
    const { memory, pid } = this.#options;
    const tasks = [...memory.tasks.values()];
    const frameworks = new Map(tasks.map((t) => [t.framework.id?.value, t.framework]));
    const executors = new Map(
      tasks.flatMap(({ info: { executor } }) => {
        return executor === undefined ? [] : [[executorKey(executor), executor] as const];
      }),
    );
    return {
      slave: this.info,
      pid,
      version: mesosVersion,
      agent_capabilities: capabilities.map((type) => ({ type })),
      tasks: tasks.map((task) => ({
        info: task.info,
        framework_id: { value: task.framework.id?.value ?? "" },
        agent_id: { value: memory.id ?? "" },
        state: stateOf(task),
        statuses: task.updates.statuses.map(({ uuid: _uuid, ...status }) => status),
      })),
      frameworks: [...frameworks.values()],
      executors: [...executors.values()],
    };
  }

  #onMessage(message: ToAgent): void {
    if (this.#ending) return;
    const { memory, log } = this.#options;
    switch (message.type) {
      case "SlaveRegisteredMessage":
      case "SlaveReregisteredMessage":
        memory.id = message.slave_id.value;
        this.#registered = true;
        this.#outbox = { waiting: [], isBusy: false };
        for (const task of memory.tasks.values()) task.updates.resend();
        return;
      case "PingSlaveMessage":
        void this.#post("PongSlaveMessage", {});
        return;
      case "ShutdownMessage":
        void this.shutdown(`the master asked this agent to shut down (${message.message})`);
        return;
      case "RunTaskMessage":
        this.#run(message.framework, message.task);
        return;
      case "RunTaskGroupMessage":
        for (const task of message.task_group.tasks) this.#run(message.framework, task);
        return;
      case "KillTaskMessage": {
        const task = memory.tasks.get(`${message.framework_id.value}/${message.task_id.value}`);
        if (task !== undefined) this.#kill(task, message.grace_period_ms, undefined, "TASK_KILLED");
        return;
      }
      case "StatusUpdateAcknowledgementMessage": {
        const key = `${message.framework_id.value}/${message.task_id.value}`;
        const task = memory.tasks.get(key);
        if (task?.updates.acknowledge(message.uuid) && task.updates.done && isTerminal(stateOf(task))) {
          this.#drop(task);
          this.#endExecutor(task);
        }
        return;
      }
      case "ShutdownFrameworkMessage":
        for (const task of memory.tasks.values()) {
          if (task.framework.id?.value === message.framework_id.value) this.#drop(task);
        }
        return;
      case "DrainSlaveMessage":
        memory.drain = message.config;
        this.#drain(message.config);
        return;
      case "ReactivateSlaveMessage":
        memory.drain = undefined;
        return;
      default:
        log(`no-op agents do not know ${String((message as { type: string }).type)}`);
    }
  }

  #run(framework: FrameworkInfo, info: TaskInfo): void {
    const { memory, world, scripts } = this.#options;
    const key = keyOf({ framework, info });
    if (memory.tasks.has(key)) return;
    const updates: StatusUpdates = new StatusUpdates(
      world,
      (status) => listeners.get(updates)?.(status),
      [],
      0,
    );
    const task: NoopTask = { info, framework, updates, timer: undefined, killed: undefined };
    listeners.set(updates, (status) => this.#send(task, status));
    memory.tasks.set(key, task);
    const { startMs, failStart, runMs, exitCode, healthy = true } = scripts.of(appIdOf(info));
    this.#status(task, "TASK_STARTING");
    const running = (): void => {
      if (failStart !== undefined) {
        this.#end(task, "TASK_FAILED", { message: failStart, reason: "REASON_CONTAINER_LAUNCH_FAILED" });
        return;
      }
      this.#status(task, "TASK_RUNNING", info.health_check === undefined ? {} : { healthy });
      if (runMs !== undefined) task.timer = world.after(runMs, () => this.exit(task, exitCode ?? 0));
    };
    if (startMs === undefined) running();
    else task.timer = world.after(startMs, running);
    if (memory.drain !== undefined) this.#drain(memory.drain);
  }

  #kill(task: NoopTask, graceMs: number | undefined, reason: string | undefined, state: TaskState): void {
    const { world, scripts, graceMs: fallback } = this.#options;
    if (isTerminal(stateOf(task)) || task.killed !== undefined) return;
    task.killed = { state, reason };
    const policy = task.info.kill_policy?.grace_period?.nanoseconds;
    const grace = graceMs ?? (policy === undefined ? fallback : Number(policy) / 1e6);
    const stop = Math.min(scripts.of(appIdOf(task.info)).stopMs ?? 0, grace);
    if (task.framework.capabilities?.some((c) => c.type === "TASK_KILLING_STATE")) {
      this.#status(task, "TASK_KILLING", reason === undefined ? {} : { reason });
    }
    world.clear(task.timer);
    const more = { message: "Command terminated with signal Terminated", ...(reason && { reason }) };
    if (stop === 0) this.#end(task, state, more);
    else task.timer = world.after(stop, () => this.#end(task, state, more));
  }

  #drain(config: DrainConfig): void {
    const most = config.max_grace_period?.nanoseconds;
    for (const task of this.tasks) {
      const own = task.info.kill_policy?.grace_period?.nanoseconds;
      const limits = [own, most].flatMap((n) => (n === undefined ? [] : [Number(n) / 1e6]));
      const aware = task.framework.capabilities?.some((c) => c.type === "PARTITION_AWARE");
      const state = config.mark_gone && aware ? "TASK_GONE_BY_OPERATOR" : "TASK_KILLED";
      this.#kill(task, limits.length === 0 ? undefined : Math.min(...limits), "REASON_AGENT_DRAINING", state);
    }
  }

  #end(task: NoopTask, state: TaskState, more: Partial<TaskStatus>): void {
    this.#options.world.clear(task.timer);
    this.#status(task, state, more);
    if (state !== "TASK_FINISHED") this.#killGroup(task);
  }

  /** The default executor ends all tasks of a group with one that failed or was killed. */
  #killGroup({ info: { executor } }: NoopTask): void {
    if (executor?.type !== "DEFAULT") return;
    for (const task of this.tasks) {
      const other = task.info.executor;
      if (other !== undefined && executorKey(other) === executorKey(executor))
        this.#kill(task, undefined, undefined, "TASK_KILLED");
    }
  }

  /** An executor that a framework named ends with its last task. */
  #endExecutor({ framework, info: { executor } }: NoopTask): void {
    if (executor === undefined) return;
    const key = executorKey(executor);
    const isNeeded = [...this.tasks].some(
      ({ info }) => info.executor !== undefined && executorKey(info.executor) === key,
    );
    if (isNeeded) return;
    const { executor_id } = executor;
    void this.#post("ExitedExecutorMessage", { framework_id: framework.id, executor_id, exit: 0 });
  }

  #drop(task: NoopTask): void {
    const { memory, world } = this.#options;
    world.clear(task.timer);
    task.updates.stop();
    listeners.delete(task.updates);
    memory.tasks.delete(keyOf(task));
  }

  #status(task: NoopTask, state: TaskState, more: Partial<TaskStatus> = {}): void {
    if (isTerminal(stateOf(task))) return;
    const { world, uuid, ip, memory } = this.#options;
    task.updates.add({
      task_id: task.info.task_id,
      agent_id: { value: memory.id ?? "" },
      executor_id: task.info.executor?.executor_id ?? task.info.task_id,
      state,
      source: "SOURCE_EXECUTOR",
      timestamp: world.now() / 1000,
      uuid: Buffer.from(uuid().replaceAll("-", ""), "hex").toString("base64"),
      container_status: { network_infos: [{ ip_addresses: [{ protocol: "IPv4", ip_address: ip }] }] },
      ...more,
    });
  }

  #send(task: NoopTask, status: TaskStatus): void {
    if (!this.registered) return; // sent again once registered
    const outbox = this.#outbox;
    outbox.waiting.push({ framework_id: task.framework.id, status });
    if (!outbox.isBusy) void this.#empty(outbox);
  }

  /** One message at a time: what comes while one is under way goes together with the next. */
  async #empty(outbox: Outbox): Promise<void> {
    outbox.isBusy = true;
    await Promise.resolve(); // what happens in the same moment goes with the first
    while (outbox === this.#outbox && outbox.waiting.length > 0) {
      const [first, ...more] = outbox.waiting.splice(0);
      await this.#post("StatusUpdateMessage", { ...first, ...(more.length === 0 ? {} : { more }) });
    }
    outbox.isBusy = false;
  }

  async #post(name: string, body: Readonly<Record<string, unknown>>): Promise<void> {
    try {
      await this.#link.post(name, { ...body, slave_id: { value: this.id ?? "" } });
    } catch (error) {
      if (!this.#ending) this.#options.log(messageOf(error));
    }
  }
}

/** Statuses on their way to the master with which the agent registered last. */
interface Outbox {
  readonly waiting: { readonly framework_id: FrameworkInfo["id"]; readonly status: TaskStatus }[];
  isBusy: boolean;
}

/** Where a task's statuses go: to the program that runs now, to nobody while there is none. */
const listeners = new WeakMap<StatusUpdates, (status: TaskStatus) => void>();

/** A task's key in its agent's memory. */
export function keyOf({ framework, info }: Pick<NoopTask, "framework" | "info">): string {
  return `${framework.id?.value}/${info.task_id.value}`;
}

function executorKey({ framework_id, executor_id }: ExecutorInfo): string {
  return `${framework_id?.value}/${executor_id.value}`;
}

function stateOf(task: NoopTask): TaskState {
  return task.updates.latest?.state ?? "TASK_STAGING";
}
