// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";
import { formatDuration } from "../flags";
import type { RegisterSlaveMessage, ReregisterSlaveMessage } from "../protocol/messages";
import { withCheckpointed } from "../protocol/operations";
import { fromJson, noResources, type Resources } from "../protocol/resources";
import { type FrameworkInfo, isTerminal, type Task, type TaskState } from "../protocol/types";
import { type Context, rescind } from "./context";
import type { Conversions } from "./conversions";
import { removeExecutor, takeExecutors } from "./executors";
import { scheduled } from "./machines";
import { admit, markGone, markUnreachable, type RegistryAgent, remove, update } from "./registry";
import type { Schedulers } from "./schedulers";
import { type Agent, type AgentLink, hasCapability } from "./state";
import type { Tasks } from "./tasks";

const forgetAfterMs = 20;
const downReason = "Operator initiated 'Machine DOWN'";

/** Agents: registration, pings, disconnection, and the ways in which they go (mesos.md 1.3). */
export class Agents {
  readonly #context: Context;
  readonly #schedulers: Schedulers;
  readonly #tasks: Tasks;
  readonly #conversions: Conversions;
  readonly #missing: NodeJS.Timeout;
  readonly #going = new Set<string>();
  #removals: number[] = [];

  constructor(context: Context, schedulers: Schedulers, tasks: Tasks, conversions: Conversions) {
    this.#context = context;
    this.#schedulers = schedulers;
    this.#tasks = tasks;
    this.#conversions = conversions;
    this.#missing = context.clock.every(context.flags.agent_reregister_timeout, () => this.#giveUpMissing());
  }

  stop(): void {
    this.#context.clock.clear(this.#missing);
    for (const agent of this.#context.state.agents.values()) {
      this.#context.clock.clear(agent.pingTimer);
      agent.link?.close();
    }
  }

  /** A new agent, or one that forgot who it was: it gets an id. */
  async register(message: RegisterSlaveMessage, link: AgentLink): Promise<void> {
    const { state, info, registrar, log } = this.#context;
    if (this.#isDown(message, link) || this.#isOutside(message, link)) return;
    const before = [...state.agents.values()].find((a) => a.pid === message.pid);
    if (before !== undefined) {
      log(`agent ${before.id} at ${before.pid} registers anew: its former self is removed`);
      await this.#remove(before, "TASK_LOST", "registered", remove(before.id));
    }
    const id = `${info.id}-S${this.#context.next("agent")}`;
    const slave = { ...message.slave, id: { value: id } };
    await registrar.apply(admit(id, { info: slave }));
    const agent = this.#add(id, { ...message, slave }, link, {});
    state.counters.registrations++;
    log(`agent ${id} at ${message.pid} (${slave.hostname}) has registered`);
    link.send({
      type: "SlaveRegisteredMessage",
      slave_id: { value: id },
      total_ping_timeout_seconds: this.#pingSeconds,
    });
    this.#ping(agent);
    this.#context.allocate([agent]);
  }

  /** An agent that was registered, here or with an earlier leader, comes with its tasks. */
  async reregister(message: ReregisterSlaveMessage, link: AgentLink): Promise<void> {
    const { state, registrar, log, clock } = this.#context;
    const id = message.slave.id?.value ?? "";
    if (this.#isDown(message, link) || this.#isOutside(message, link)) return;
    if (registrar.registry.gone[id] !== undefined || this.#going.has(id)) {
      log(`agent ${id} at ${message.pid} is gone and may not come back`);
      link.send({ type: "ShutdownMessage", message: "Agent has been marked gone" });
      return;
    }
    const lost = registrar.registry.unreachable[id];
    const kept = registrar.registry.slaves[id] ?? lost?.agent;
    const existing = state.agents.get(id);
    if (existing !== undefined && existing.pid !== message.pid) {
      log(`agent ${id} comes from ${message.pid} instead of ${existing.pid}: it is told to shut down`);
      link.send({
        type: "ShutdownMessage",
        message: "Agent attempted to re-register with a different ip or hostname",
      });
      return;
    }
    await registrar.apply(admit(id, { ...kept, info: message.slave }));
    const agent = existing ?? this.#add(id, message, link, kept ?? {});
    agent.link = link;
    agent.missed = 0;
    agent.info = message.slave;
    agent.version = message.version;
    agent.capabilities = message.agent_capabilities;
    agent.total = totalOf(message);
    agent.reregisteredAt = clock.now();
    state.counters.reregistrations++;
    log(
      `agent ${id} at ${message.pid} (${message.slave.hostname}) has re-registered with ${message.tasks.length} tasks`,
    );
    link.send({
      type: "SlaveReregisteredMessage",
      slave_id: { value: id },
      total_ping_timeout_seconds: this.#pingSeconds,
    });
    this.#ping(agent);
    this.#takeTasks(agent, message.tasks, message.frameworks);
    // Schedulers may have given these tasks up: without a word about them they would run on unknown to anybody.
    if (lost !== undefined) for (const task of agent.tasks) this.#tasks.reachable(task);
    takeExecutors(this.#context, agent, message.executors ?? []);
    this.#conversions.reregistered(agent, message.operations ?? []);
    if (agent.drain !== undefined) link.send({ type: "DrainSlaveMessage", config: agent.drain.config });
    this.drained(agent);
    this.#context.allocate([agent]);
  }

  /** The link has ended: the agent's program is gone or out of reach; its tasks are taken to go on. */
  disconnected(link: AgentLink): void {
    if (this.#context.stopped()) return;
    const agent = [...this.#context.state.agents.values()].find((a) => a.link === link);
    if (agent === undefined) return;
    this.#context.log(`agent ${agent.id} at ${agent.pid} has disconnected`);
    agent.link = undefined;
    for (const offer of [...agent.offers]) rescind(this.#context, offer);
    for (const executor of [...agent.executors.values()]) {
      const framework = this.#context.state.frameworks.get(executor.frameworkId);
      if (framework?.info.checkpoint !== true) removeExecutor(this.#context.state, executor);
    }
    for (const task of [...agent.tasks]) {
      const framework = this.#context.state.frameworks.get(task.frameworkId);
      if (framework?.info.checkpoint === true) continue;
      this.#tasks.end(
        task,
        "TASK_LOST",
        "REASON_SLAVE_DISCONNECTED",
        "Agent disconnected and the framework does not checkpoint",
      );
    }
  }

  /** The agent with this stream. */
  find(id: string, stream: string): Agent | undefined {
    const agent = this.#context.state.agents.get(id);
    return agent?.link?.stream === stream ? agent : undefined;
  }

  pong(agent: Agent): void {
    agent.missed = 0;
  }

  /** Unregisters by itself (SIGUSR1): removed at once. */
  async unregister(agent: Agent): Promise<void> {
    this.#context.log(`agent ${agent.id} at ${agent.pid} has unregistered`);
    await this.#remove(agent, "TASK_LOST", "unregistered", remove(agent.id));
  }

  /** Its machine is brought down. */
  async removeDown(agent: Agent): Promise<void> {
    this.#context.log(`agent ${agent.id} at ${agent.pid} is on a machine that is brought down`);
    await this.#remove(agent, "TASK_GONE_BY_OPERATOR", downReason, remove(agent.id));
  }

  /** Whether an agent comes from a machine that is down; then it is told to shut down. */
  #isDown(message: RegisterSlaveMessage, link: AgentLink): boolean {
    const machine = scheduled(this.#context.registrar.registry, { pid: message.pid, info: message.slave });
    if (machine?.mode !== "DOWN") return false;
    this.#context.log(`agent at ${message.pid} is on a machine that is down: it is told to shut down`);
    link.send({ type: "ShutdownMessage", message: "Machine is 'DOWN'" });
    return true;
  }

  /** Whether it cannot be told if an agent is in this master's region, or must be; it may try again. */
  #isOutside({ slave, pid }: RegisterSlaveMessage, link: AgentLink): boolean {
    const { flags, log } = this.#context;
    const fits = slave.domain === undefined ? !flags.require_agent_domain : flags.domain !== undefined;
    if (fits) return false;
    const why =
      slave.domain === undefined
        ? "attempted to register without a domain, but this master is configured to require agent domains"
        : `is configured with domain ${JSON.stringify(slave.domain)} but the master has no configured domain`;
    log(`agent at ${pid} (${slave.hostname}) ${why}. Ignoring agent registration attempt`);
    link.close();
    return true;
  }

  /** For ever: the id may not come back. Works for agents that are registered, unreachable or not back yet. */
  async markGone(id: string): Promise<boolean> {
    const { registrar, state, flags, clock } = this.#context;
    const { slaves, unreachable, gone } = registrar.registry;
    if (gone[id] !== undefined) return true;
    if (slaves[id] === undefined && unreachable[id] === undefined) return false;
    this.#going.add(id);
    const agent = state.agents.get(id);
    const change = markGone(id, clock.now(), flags.registry_max_agent_count);
    if (agent === undefined) await registrar.apply(change);
    else await this.#remove(agent, "TASK_GONE_BY_OPERATOR", "gone", change);
    this.#going.delete(id);
    return true;
  }

  isGoing(id: string): boolean {
    return this.#going.has(id);
  }

  /** Ends a drain once no task is left, acknowledgements included. */
  drained(agent: Agent): void {
    const { registrar, log } = this.#context;
    const drain = agent.drain;
    if (drain?.state !== "DRAINING" || agent.tasks.size > 0 || agent.link === undefined) return;
    if (agent.operations.size > 0) return;
    agent.drain = { ...drain, state: "DRAINED" };
    log(`agent ${agent.id} is drained`);
    const stored = registrar.apply(
      update(agent.id, (a) => ({ ...a, drain: { state: "DRAINED", config: drain.config } })),
    );
    if (drain.config.mark_gone) void stored.then(() => this.markGone(agent.id));
  }

  get #pingSeconds(): number {
    const { agent_ping_timeout, max_agent_ping_timeouts } = this.#context.flags;
    return (agent_ping_timeout * max_agent_ping_timeouts) / 1000;
  }

  #add(id: string, message: RegisterSlaveMessage, link: AgentLink, kept: Partial<RegistryAgent>): Agent {
    const { state, clock } = this.#context;
    const agent: Agent = {
      id,
      info: message.slave,
      pid: message.pid,
      version: message.version,
      capabilities: message.agent_capabilities,
      registeredAt: clock.now(),
      reregisteredAt: undefined,
      total: totalOf(message),
      used: noResources,
      offered: noResources,
      link,
      missed: 0,
      pingTimer: undefined,
      deactivated: kept.deactivated ?? false,
      drain: kept.drain === undefined ? undefined : { ...kept.drain, startedAt: clock.now() },
      tasks: new Set(),
      killed: new Set(),
      executors: new Map(),
      offers: new Set(),
      frameworks: new Map(),
      operations: new Map(),
    };
    state.agents.set(id, agent);
    state.emit(() => ({
      type: "AGENT_ADDED",
      agent_added: { agent: { agent_info: agent.info, active: true } },
    }));
    return agent;
  }

  /** What the agent runs is true; what this master believed besides is lost. */
  #takeTasks(agent: Agent, reported: readonly Task[], infos: readonly FrameworkInfo[]): void {
    const { state } = this.#context;
    const frameworks = new Map(infos.map((f) => [f.id?.value ?? "", f]));
    const seen = new Set<string>();
    for (const task of reported) {
      const frameworkId = task.framework_id.value;
      const taskId = task.info.task_id.value;
      seen.add(`${frameworkId}/${taskId}`);
      if (state.completedFrameworks.has(frameworkId)) {
        agent.link?.send({ type: "ShutdownFrameworkMessage", framework_id: { value: frameworkId } });
        continue;
      }
      const info = frameworks.get(frameworkId);
      const framework = state.frameworks.get(frameworkId) ?? (info && this.#schedulers.adopt(info, true));
      if (framework === undefined) continue;
      if (framework.unreachableTasks.has(taskId) && !hasCapability(framework, "PARTITION_AWARE")) {
        agent.link?.send({
          type: "KillTaskMessage",
          framework_id: task.framework_id,
          task_id: task.info.task_id,
        });
      }
      const known = framework.tasks.get(taskId);
      if (known?.agentId === agent.id) {
        this.#tasks.killAgain(agent, known, task.state);
        const last = task.statuses.at(-1);
        if (last !== undefined && last.state !== known.state)
          state.setStatus(known, { ...last, agent_id: { value: agent.id } });
        continue;
      }
      state.addTask({
        info: task.info,
        frameworkId,
        agentId: agent.id,
        resources: fromJson(task.info.resources),
        state: task.state,
        statuses: [...task.statuses],
        pending: undefined,
      });
    }
    for (const task of [...agent.tasks]) {
      if (seen.has(`${task.frameworkId}/${task.info.task_id.value}`)) continue;
      const framework = state.frameworks.get(task.frameworkId);
      const lost: TaskState =
        framework && hasCapability(framework, "PARTITION_AWARE") ? "TASK_GONE" : "TASK_LOST";
      this.#tasks.end(task, lost, "REASON_RECONCILIATION", "Task is unknown to the agent");
    }
  }

  /** A ping now and one each agent_ping_timeout; too many in a row without an answer make the agent unreachable. */
  #ping(agent: Agent): void {
    const { clock, flags } = this.#context;
    clock.clear(agent.pingTimer);
    let number = 0;
    const send = (): void => agent.link?.send({ type: "PingSlaveMessage", number: ++number });
    agent.pingTimer = clock.every(flags.agent_ping_timeout, () => {
      agent.missed++;
      if (agent.missed >= flags.max_agent_ping_timeouts) this.#unreachable(agent);
      else send();
    });
    send();
  }

  #unreachable(agent: Agent): void {
    const { clock, flags, state, log } = this.#context;
    const limit = flags.agent_removal_rate_limit;
    if (limit !== undefined) {
      this.#removals = this.#removals.filter((at) => at > clock.now() - limit.perMs);
      if (this.#removals.length >= limit.count) return; // the next ping asks again
      this.#removals.push(clock.now());
    }
    clock.clear(agent.pingTimer);
    state.counters.unreachableScheduled++;
    log(
      `agent ${agent.id} at ${agent.pid} has not answered ${flags.max_agent_ping_timeouts} pings: it is unreachable`,
    );
    const kept = this.#kept(agent);
    const change = markUnreachable(agent.id, kept, clock.now(), flags.registry_max_agent_count);
    void this.#remove(agent, "TASK_UNREACHABLE", "unhealthy", change).then(() => {
      state.counters.unreachableCompleted++;
    });
  }

  #kept(agent: Agent): RegistryAgent {
    const { slaves } = this.#context.registrar.registry;
    return slaves[agent.id] ?? { info: agent.info };
  }

  /** Its tasks end with `aware` for frameworks that know partitions, as TASK_LOST for others. */
  async #remove(
    agent: Agent,
    aware: TaskState,
    reason: string,
    change: Parameters<Context["registrar"]["apply"]>[0],
  ): Promise<void> {
    const { state, registrar, clock } = this.#context;
    clock.clear(agent.pingTimer);
    await registrar.apply(change);
    for (const offer of [...agent.offers]) rescind(this.#context, offer);
    for (const task of [...agent.tasks]) {
      const framework = state.frameworks.get(task.frameworkId);
      if (isTerminal(task.state)) {
        state.removeTask(task);
        continue;
      }
      const end =
        framework !== undefined && hasCapability(framework, "PARTITION_AWARE") ? aware : "TASK_LOST";
      this.#tasks.end(task, end, "REASON_SLAVE_REMOVED", `Agent ${agent.info.hostname} removed: ${reason}`);
    }
    for (const executor of [...agent.executors.values()]) removeExecutor(state, executor);
    this.#conversions.lost(
      agent,
      reason === "gone" || reason === downReason ? "OPERATION_GONE_BY_OPERATOR" : "OPERATION_UNREACHABLE",
    );
    state.agents.delete(agent.id);
    state.counters.removals++;
    state.count(state.counters.removalReasons, reason);
    for (const framework of state.frameworks.values()) {
      framework.filters.delete(agent.id);
      framework.link?.send({ type: "FAILURE", failure: { agent_id: { value: agent.id } } });
    }
    state.emit(() => ({ type: "AGENT_REMOVED", agent_removed: { agent_id: { value: agent.id } } }));
    const link = agent.link;
    agent.link = undefined;
    if (link !== undefined) {
      // An unreachable agent may come back with its tasks; every other one is gone for good.
      if (reason !== "unhealthy") link.send({ type: "ShutdownMessage", message: `Agent removed: ${reason}` });
      clock.after(forgetAfterMs, () => link.close());
    }
    this.#context.allocate();
  }

  /** Agents of the registry that did not come to this leader in time are unreachable. */
  #giveUpMissing(): void {
    const { state, registrar, clock, flags, log } = this.#context;
    clock.clear(this.#missing);
    const missing = Object.keys(registrar.registry.slaves).filter((id) => !state.agents.has(id));
    const percent = (100 * missing.length) / Math.max(1, Object.keys(registrar.registry.slaves).length);
    if (percent > flags.recovery_agent_removal_limit) {
      const why = `After ${formatDuration(flags.agent_reregister_timeout)} there were ${missing.length} (${percent}%) agents recovered from the registry that did not re-register: [ ${missing.join(", ")} ]. The configured removal limit is ${flags.recovery_agent_removal_limit}%. Please investigate or increase this limit to proceed further`;
      this.#context.fail(
        new MesosError("MESOS_SIMULATOR_REMOVAL_LIMIT", `Post-recovery agent removal limit exceeded! ${why}`),
      );
      return;
    }
    state.counters.recoveryRemovals += missing.length;
    for (const [id, kept] of Object.entries(registrar.registry.slaves)) {
      if (state.agents.has(id)) continue;
      log(`agent ${id} did not re-register within agent_reregister_timeout: it is unreachable`);
      void registrar.apply(markUnreachable(id, kept, clock.now(), flags.registry_max_agent_count));
    }
  }
}

/** What an agent has, its reservations and volumes included. */
function totalOf(message: RegisterSlaveMessage): Resources {
  const whole = fromJson(message.slave.resources);
  return withCheckpointed(whole, fromJson(message.checkpointed_resources ?? [])) ?? whole;
}
