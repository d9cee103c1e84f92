// SPDX-License-Identifier: Apache-2.0
import { fromJson, type Resources, subtract } from "../protocol/resources";
import {
  type ExecutorInfo,
  isTerminal,
  type TaskInfo,
  type TaskState,
  type TaskStatus,
} from "../protocol/types";
import type { Context } from "./context";
import { addExecutor, executorOn } from "./executors";
import { type Agent, type Framework, hasCapability, roleOfTask, type TaskRecord } from "./state";
import { invalidGroup, invalidLaunch } from "./validate-task";

/** What becomes of tasks: launch, status updates with acknowledgements, kills, reconciliation. */
export class Tasks {
  readonly #context: Context;
  /** Called when an agent has one task less. */
  onRemoved: (agentId: string) => void = () => undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Launches what is valid; what remains of `available` comes back. */
  launch(
    framework: Framework,
    agent: Agent | undefined,
    infos: readonly TaskInfo[],
    available: Resources,
  ): Resources {
    let left = available;
    for (const info of infos) {
      if (agent === undefined) {
        this.#invalidOffers(framework, [info]);
        continue;
      }
      const task = withFramework(info, framework.id);
      const user = this.#unauthorized(framework, task);
      if (user !== undefined) {
        const why = `Not authorized to launch as user '${user}'`;
        this.#error(framework, agent, info, "REASON_TASK_UNAUTHORIZED", why);
        continue;
      }
      const wrong = invalidLaunch(framework, agent, task, left, roleOfTask(task));
      if (wrong !== undefined) {
        this.#error(framework, agent, info, "REASON_TASK_INVALID", wrong);
        continue;
      }
      if (task.executor !== undefined) left = this.#executor(framework, agent, task.executor, left);
      left = subtract(left, fromJson(task.resources));
      this.#add(framework, agent, task);
      agent.link?.send({ type: "RunTaskMessage", framework: framework.info, task });
    }
    return left;
  }

  /** Launches all tasks of a group in one executor, or none; what remains of `available` comes back. */
  launchGroup(
    framework: Framework,
    agent: Agent | undefined,
    executor: ExecutorInfo,
    infos: readonly TaskInfo[],
    available: Resources,
  ): Resources {
    if (agent === undefined) {
      this.#invalidOffers(framework, infos);
      return available;
    }
    const tasks = infos.map((info): TaskInfo => ({ ...info, executor: info.executor ?? executor }));
    const user = tasks.map((task) => this.#unauthorized(framework, task)).find((name) => name !== undefined);
    if (user !== undefined) {
      const why = `Not authorized to launch as user '${user}'`;
      for (const info of tasks) this.#error(framework, agent, info, "REASON_TASK_GROUP_UNAUTHORIZED", why);
      return available;
    }
    const role = tasks[0] === undefined ? "*" : roleOfTask(tasks[0]);
    const wrong = invalidGroup(framework, agent, executor, tasks, available, role);
    if (wrong !== undefined) {
      for (const info of tasks) this.#error(framework, agent, info, "REASON_TASK_GROUP_INVALID", wrong);
      return available;
    }
    let left = this.#executor(framework, agent, executor, available);
    for (const info of tasks) {
      left = subtract(left, fromJson(info.resources));
      this.#add(framework, agent, info);
    }
    agent.link?.send({
      type: "RunTaskGroupMessage",
      framework: framework.info,
      executor,
      task_group: { tasks },
    });
    return left;
  }

  /** The user as whom the framework's principal may not run this. */
  #unauthorized(framework: Framework, info: TaskInfo): string | undefined {
    const user = info.command?.user ?? info.executor?.command?.user ?? framework.info.user;
    const { authorizer } = this.#context;
    return authorizer.allows("run_tasks", framework.info.principal, user) ? undefined : user;
  }

  /** Accounts for an executor; what remains of `available` comes back. */
  #executor(framework: Framework, agent: Agent, executor: ExecutorInfo, available: Resources): Resources {
    if (executorOn(agent, framework.id, executor.executor_id.value) !== undefined) return available;
    addExecutor(this.#context.state, framework.id, agent.id, executor);
    return subtract(available, fromJson(executor.resources ?? []));
  }

  #invalidOffers(framework: Framework, infos: readonly TaskInfo[]): void {
    const state = hasCapability(framework, "PARTITION_AWARE") ? "TASK_DROPPED" : "TASK_LOST";
    const why = "Task launched with invalid offers";
    for (const { task_id, agent_id } of infos) {
      this.tell(framework, this.#status(task_id.value, agent_id?.value, state, "REASON_INVALID_OFFERS", why));
    }
  }

  #error(framework: Framework, agent: Agent, info: TaskInfo, reason: string, why: string): void {
    this.tell(framework, this.#status(info.task_id.value, agent.id, "TASK_ERROR", reason, why));
  }

  #add(framework: Framework, agent: Agent, info: TaskInfo): void {
    const { state } = this.#context;
    const resources = fromJson(info.resources);
    const task: TaskRecord = {
      info,
      frameworkId: framework.id,
      agentId: agent.id,
      resources,
      state: "TASK_STAGING",
      statuses: [],
      pending: undefined,
    };
    state.addTask(task);
    state.count(state.counters.tasks, "TASK_STAGING");
    state.emit(() => ({
      type: "TASK_ADDED",
      task_added: {
        task: {
          name: info.name,
          task_id: info.task_id,
          framework_id: { value: framework.id },
          agent_id: { value: agent.id },
          state: task.state,
          resources: info.resources,
        },
      },
    }));
  }

  /** An update from an agent: kept, and passed on to the scheduler, who acknowledges it. */
  update(agent: Agent, frameworkId: string, status: TaskStatus): void {
    const { state, log } = this.#context;
    const framework = state.frameworks.get(frameworkId);
    if (framework === undefined) {
      log(`status ${status.state} of task ${status.task_id.value} of unknown framework ${frameworkId}`);
      agent.link?.send({ type: "ShutdownFrameworkMessage", framework_id: { value: frameworkId } });
      return;
    }
    const task = framework.tasks.get(status.task_id.value);
    const full: TaskStatus = { ...status, agent_id: { value: agent.id } };
    if (task?.agentId === agent.id) {
      if (isTerminal(task.state) && !isTerminal(status.state)) {
        agent.link?.send(ackMessage(frameworkId, full));
        return;
      }
      state.setStatus(task, full);
    }
    this.tell(framework, full);
  }

  acknowledge(framework: Framework, agentId: string, taskId: string, uuid: string): void {
    const { state } = this.#context;
    const task = framework.tasks.get(taskId);
    state.agents.get(agentId)?.link?.send({
      type: "StatusUpdateAcknowledgementMessage",
      framework_id: { value: framework.id },
      task_id: { value: taskId },
      uuid,
    });
    if (task?.pending?.uuid !== uuid) return;
    task.pending = undefined;
    if (isTerminal(task.state)) this.#remove(task);
  }

  /** Passes on again what was not acknowledged, to a scheduler that is back. */
  resend(framework: Framework): void {
    for (const task of framework.tasks.values()) {
      if (task.pending !== undefined) this.tell(framework, task.pending);
    }
  }

  kill(framework: Framework, taskId: string, agentId: string | undefined, graceMs: number | undefined): void {
    const task = framework.tasks.get(taskId);
    if (task === undefined) {
      this.reconcile(framework, [{ taskId, agentId }]);
      return;
    }
    if (agentId !== undefined && agentId !== task.agentId) {
      this.#context.log(`cannot kill task ${taskId} because it belongs to another agent than ${agentId}`);
      return;
    }
    const agent = this.#context.state.agents.get(task.agentId);
    agent?.killed.add(task);
    if (agent?.link === undefined) {
      this.#context.log(`task ${taskId} will be killed when agent ${task.agentId} re-registers`);
    }
    agent?.link?.send({
      type: "KillTaskMessage",
      framework_id: { value: framework.id },
      task_id: { value: taskId },
      ...(graceMs === undefined ? {} : { grace_period_ms: graceMs }),
    });
  }

  /** An agent is back with a task: a kill that was sent meanwhile, or shortly before, may never have reached it. */
  killAgain(agent: Agent, task: TaskRecord, reported: TaskState): void {
    if (isTerminal(reported) || !agent.killed.has(task)) return;
    agent.link?.send({
      type: "KillTaskMessage",
      framework_id: { value: task.frameworkId },
      task_id: task.info.task_id,
    });
  }

  /** Without tasks: all that are known. */
  reconcile(framework: Framework, asked: readonly { taskId: string; agentId: string | undefined }[]): void {
    const { state, registrar } = this.#context;
    if (asked.length === 0) {
      const all = [...framework.tasks.values(), ...framework.unreachableTasks.values()];
      for (const task of all) this.tell(framework, this.#latest(task));
      return;
    }
    for (const { taskId, agentId } of asked) {
      const task = framework.tasks.get(taskId) ?? framework.unreachableTasks.get(taskId);
      if (task !== undefined) {
        this.tell(framework, this.#latest(task));
        continue;
      }
      const { slaves, unreachable, gone } = registrar.registry;
      const registered = agentId !== undefined && state.agents.has(agentId);
      if (!registered && (agentId === undefined ? this.#recovering() : slaves[agentId] !== undefined))
        continue;
      const aware = hasCapability(framework, "PARTITION_AWARE");
      const where = agentId ?? "";
      const known: TaskState =
        registered || gone[where] ? "TASK_GONE" : unreachable[where] ? "TASK_UNREACHABLE" : "TASK_UNKNOWN";
      this.tell(
        framework,
        this.#status(
          taskId,
          agentId,
          aware ? known : "TASK_LOST",
          "REASON_RECONCILIATION",
          "Reconciliation: Task is unknown",
        ),
      );
    }
  }

  /** A state that the master itself gives a task; terminal and unreachable ones need no acknowledgement. */
  end(task: TaskRecord, state: TaskState, reason: string, message: string): void {
    const framework = this.#context.state.frameworks.get(task.frameworkId);
    const status = this.#status(task.info.task_id.value, task.agentId, state, reason, message);
    this.#context.state.setStatus(task, status);
    this.#remove(task);
    if (framework !== undefined) this.tell(framework, status);
  }

  /** Its agent was unreachable and is back. */
  reachable(task: TaskRecord): void {
    const framework = this.#context.state.frameworks.get(task.frameworkId);
    if (framework === undefined) return;
    const id = task.info.task_id.value;
    const why = "Agent re-registered";
    this.tell(framework, this.#status(id, task.agentId, task.state, "REASON_SLAVE_REREGISTERED", why));
  }

  tell(framework: Framework, status: TaskStatus): void {
    framework.link?.send({ type: "UPDATE", update: { status } });
  }

  #remove(task: TaskRecord): void {
    const { state } = this.#context;
    state.removeTask(task);
    this.onRemoved(task.agentId);
    const agent = state.agents.get(task.agentId);
    if (agent !== undefined) this.#context.allocate([agent]);
  }

  /** Agents of the registry that have not come to this leader yet may run anything. */
  #recovering(): boolean {
    const { state, registrar } = this.#context;
    return Object.keys(registrar.registry.slaves).some((id) => !state.agents.has(id));
  }

  #latest(task: TaskRecord): TaskStatus {
    const last = task.statuses.at(-1);
    const base = this.#status(
      task.info.task_id.value,
      task.agentId,
      task.state,
      "REASON_RECONCILIATION",
      "Reconciliation: Latest task state",
    );
    return {
      ...base,
      ...(last?.healthy === undefined ? {} : { healthy: last.healthy }),
      ...(last?.check_status === undefined ? {} : { check_status: last.check_status }),
      ...(last?.container_status === undefined ? {} : { container_status: last.container_status }),
    };
  }

  #status(
    taskId: string,
    agentId: string | undefined,
    state: TaskState,
    reason: string,
    message: string,
  ): TaskStatus {
    return {
      task_id: { value: taskId },
      ...(agentId === undefined ? {} : { agent_id: { value: agentId } }),
      state,
      source: "SOURCE_MASTER",
      reason,
      message,
      timestamp: this.#context.clock.now() / 1000,
    };
  }
}

function ackMessage(frameworkId: string, status: TaskStatus) {
  return {
    type: "StatusUpdateAcknowledgementMessage",
    framework_id: { value: frameworkId },
    task_id: status.task_id,
    uuid: status.uuid ?? "",
  } as const;
}

/** An executor of LAUNCH need not say whose it is. */
function withFramework(info: TaskInfo, frameworkId: string): TaskInfo {
  const { executor } = info;
  if (executor === undefined || executor.framework_id !== undefined) return info;
  return { ...info, executor: { ...executor, framework_id: { value: frameworkId } } };
}
