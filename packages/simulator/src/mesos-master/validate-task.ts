// SPDX-License-Identifier: Apache-2.0
import { canonicalJson, messageOf } from "@pulumi-mesos/model";
import { add, amount, contains, fromJson, noResources, type Resources } from "../protocol/resources";
import type { ExecutorInfo, ResourceJson, TaskInfo } from "../protocol/types";
import { executorOn } from "./executors";
import type { Agent, Framework } from "./state";
import { invalidCheck, invalidHealthCheck } from "./validate-checks";

const minCpus = 0.01;
const minMemMiB = 32;

/** Why an id may not be used (src/common/validation.cpp). */
export function invalidId(id: string): string | undefined {
  if (id === "") return "ID must not be empty";
  if (id.length > 255) return "ID must not be greater than 255 characters";
  if (id === "." || id === "..") return `'${id}' is disallowed`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return /[/\u0000-\u001f\u007f\s]/.test(id) ? `'${id}' contains invalid characters` : undefined;
}

/** Resources as Mesos prints them in its messages. */
export function printResources(resources: Resources, role: string): string {
  const allocated = `(allocated: ${role})`;
  const scalars = [...resources.scalars].map(([name, value]) => `${name}${allocated}:${value / 1000}`);
  const ranges = [...resources.ranges].map(
    ([name, list]) => `${name}${allocated}:[${list.map(([a, b]) => `${a}-${b}`).join(", ")}]`,
  );
  const all = [...scalars, ...ranges];
  return all.length === 0 ? "{}" : all.join("; ");
}

function read(list: readonly ResourceJson[] | undefined): Resources | string {
  try {
    return fromJson(list ?? []);
  } catch (error) {
    return messageOf(error);
  }
}

function negative(duration: { readonly nanoseconds: number | string } | undefined): boolean {
  return duration !== undefined && Number(duration.nanoseconds) < 0;
}

/** What holds for every task, whoever runs it. */
function invalidTask(framework: Framework, agent: Agent, info: TaskInfo): string | undefined {
  const id = info.task_id.value;
  if (framework.tasks.has(id)) return `Task has duplicate ID: ${id}`;
  if (framework.unreachableTasks.has(id)) return `Task reuses the ID of an unreachable task: ${id}`;
  if (info.agent_id?.value !== agent.id) {
    return `Task uses invalid agent ${info.agent_id?.value ?? ""} while agent ${agent.id} is expected`;
  }
  if (negative(info.kill_policy?.grace_period))
    return "Task's 'kill_policy.grace_period' must be non-negative";
  if (negative(info.max_completion_time)) return "Task's `max_completion_time` must be non-negative";
  const check = info.check === undefined ? undefined : invalidCheck(info.check);
  if (check !== undefined) return `Task uses invalid check: ${check}`;
  const health = info.health_check === undefined ? undefined : invalidHealthCheck(info.health_check);
  if (health !== undefined) return `Task uses invalid health check: ${health}`;
  if (info.resources.length === 0) return "Task uses no resources";
  const resources = read(info.resources);
  return typeof resources === "string" ? `Task uses invalid resources: ${resources}` : undefined;
}

/** What holds for every executor that a framework names. */
function invalidExecutor(framework: Framework, agent: Agent, executor: ExecutorInfo): string | undefined {
  if (executor.type === "DEFAULT") {
    if (executor.command !== undefined)
      return "'ExecutorInfo.command' must not be set for 'DEFAULT' executor";
    if (executor.container !== undefined && executor.container.type !== "MESOS")
      return "'ExecutorInfo.container.type' must be 'MESOS' for 'DEFAULT' executor";
    if (executor.container?.mesos?.image !== undefined)
      return "'ExecutorInfo.container.mesos.image' must not be set for 'DEFAULT' executor";
  }
  if (executor.type === "CUSTOM" && executor.command === undefined)
    return "'ExecutorInfo.command' must be set for 'CUSTOM' executor";
  const id = invalidId(executor.executor_id.value);
  if (id !== undefined) return id;
  if (negative(executor.shutdown_grace_period))
    return "ExecutorInfo's 'shutdown_grace_period' must be non-negative";
  const owner = executor.framework_id?.value;
  if (owner === undefined) return "'ExecutorInfo.framework_id' must be set";
  if (owner !== framework.id)
    return `ExecutorInfo has an invalid FrameworkID (Actual: ${owner} vs Expected: ${framework.id})`;
  const resources = read(executor.resources);
  if (typeof resources === "string") return `Executor uses invalid resources: ${resources}`;
  const existing = executorOn(agent, framework.id, executor.executor_id.value)?.info;
  if (existing !== undefined && canonicalJson(existing) !== canonicalJson(executor)) {
    const line = "-".repeat(60);
    return `ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID.\n${line}\nExisting ExecutorInfo:\n${JSON.stringify(existing)}\n${line}\nExecutorInfo:\n${JSON.stringify(executor)}\n${line}\n`;
  }
  return undefined;
}

/** Why a task of LAUNCH may not be launched; `role` is only for the message. */
export function invalidLaunch(
  framework: Framework,
  agent: Agent,
  info: TaskInfo,
  available: Resources,
  role: string,
): string | undefined {
  const wrong = invalidId(info.task_id.value) ?? invalidTask(framework, agent, info);
  if (wrong !== undefined) return wrong;
  const { executor } = info;
  if ((executor === undefined) === (info.command === undefined)) {
    return "Task should have at least one (but not both) of CommandInfo or ExecutorInfo present";
  }
  let total = fromJson(info.resources);
  if (executor !== undefined) {
    const bad = invalidExecutor(framework, agent, executor);
    if (bad !== undefined) return bad;
    if (executor.type !== undefined && executor.type !== "CUSTOM")
      return "'ExecutorInfo.type' must be 'CUSTOM'";
    if (executor.command === undefined) return "'ExecutorInfo.command' must be set";
    if (executorOn(agent, framework.id, executor.executor_id.value) === undefined)
      total = add(total, fromJson(executor.resources ?? []));
  }
  if (contains(available, total)) return undefined;
  return `Total resources ${printResources(total, role)} required by task and its executor is more than available ${printResources(available, role)}`;
}

/** Why a task group may not be launched: it is all or nothing. */
export function invalidGroup(
  framework: Framework,
  agent: Agent,
  executor: ExecutorInfo,
  tasks: readonly TaskInfo[],
  available: Resources,
  role: string,
): string | undefined {
  const ids = new Set<string>();
  for (const task of tasks) {
    const id = task.task_id.value;
    const twice = ids.has(id) ? `Task has duplicate ID: ${id}` : undefined;
    ids.add(id);
    const wrong =
      invalidId(id) ?? twice ?? invalidTask(framework, agent, task) ?? invalidMember(executor, task);
    if (wrong !== undefined) return `Task '${id}' is invalid: ${wrong}`;
  }
  return (
    invalidExecutor(framework, agent, executor) ??
    invalidGroupExecutor(framework, agent, executor, tasks, available, role)
  );
}

function invalidMember(executor: ExecutorInfo, task: TaskInfo): string | undefined {
  const type = (task.health_check as { readonly type?: string } | undefined)?.type;
  if ((task.container?.network_infos ?? []).length > 0 && (type === "HTTP" || type === "TCP")) {
    return "HTTP and TCP health checks are not supported for nested containers not joining parent's network";
  }
  if (task.container?.type === "DOCKER") return "Docker ContainerInfo is not supported on the task";
  if (task.executor !== undefined && canonicalJson(task.executor) !== canonicalJson(executor)) {
    return `The \`ExecutorInfo\` of task '${task.task_id.value}' is different from executor '${executor.executor_id.value}'`;
  }
  return undefined;
}

function invalidGroupExecutor(
  framework: Framework,
  agent: Agent,
  executor: ExecutorInfo,
  tasks: readonly TaskInfo[],
  available: Resources,
  role: string,
): string | undefined {
  const id = executor.executor_id.value;
  if (executor.type === undefined) return "'ExecutorInfo.type' must be set";
  if (executor.type === "UNKNOWN") return "Unknown executor type";
  if (executor.container?.type === "DOCKER") return "Docker ContainerInfo is not supported on the executor";
  const own = fromJson(executor.resources ?? []);
  const names = new Set((executor.resources ?? []).map((r) => r.name));
  const has = (name: string): string => (names.has(name) ? String(amount(own, name)) : "None");
  if (amount(own, "cpus") < minCpus)
    return `Executor '${id}' uses less CPUs (${has("cpus")}) than the minimum required (${minCpus})`;
  if (amount(own, "mem") < minMemMiB)
    return `Executor '${id}' uses less memory (${names.has("mem") ? `${has("mem")}MB` : "None"}) than the minimum required (${minMemMiB}MB)`;
  if (!names.has("disk")) return `Executor '${id}' uses no disk`;
  let total = executorOn(agent, framework.id, id) === undefined ? own : noResources;
  for (const task of tasks) total = add(total, fromJson(task.resources));
  if (contains(available, total)) return undefined;
  return `Total resources ${printResources(total, role)} required by task group and its executor are more than available ${printResources(available, role)}`;
}
