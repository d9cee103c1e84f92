// SPDX-License-Identifier: Apache-2.0
import { reservedFor } from "../protocol/kinds";
import { legacyTask } from "../protocol/legacy-task";
import {
  attributesToLegacy,
  fromJson,
  kinds,
  noResources,
  only,
  type Resources,
  sum,
  toJson,
  toLegacy,
} from "../protocol/resources";
import { type FrameworkInfo, isTerminal, mesosVersion } from "../protocol/types";
import type { ExecutorCheckpoint } from "./checkpoint";
import { capabilities } from "./registration";
import type { AgentView } from "./routes";
import type { RunningTask } from "./running-task";

type Json = Record<string, unknown>;

/** An agent's `/state` (docs/endpoints/slave/state.md, src/slave/http.cpp). */
export function stateJson(view: AgentView): Json {
  const { agent } = view;
  const { drain, info } = agent ?? {};
  return {
    version: mesosVersion,
    build_date: "",
    build_time: 0,
    build_user: "",
    id: agent?.id ?? "",
    pid: view.pid,
    hostname: info?.hostname ?? "",
    ...(info?.domain === undefined ? {} : { domain: info.domain }),
    capabilities,
    start_time: (agent?.startedAt ?? 0) / 1000,
    ...resourcesJson(agent?.total ?? noResources, usedOf(agent?.tasks ?? [])),
    attributes: attributesToLegacy(info?.attributes ?? []),
    master_hostname: agent?.masterHostname ?? "",
    ...named("log_dir", view.texts["log_dir"]),
    ...named("external_log_file", view.texts["external_log_file"]),
    flags: view.texts,
    ...named("drain_config", drain),
    ...frameworksJson(view),
  };
}

function named(name: string, value: unknown): Json {
  return value === undefined ? {} : { [name]: value };
}

function usedOf(tasks: readonly RunningTask[]): Resources {
  return sum(tasks.filter((t) => !isTerminal(t.state)).map((t) => fromJson(t.info.resources)));
}

/** The agent's resources, and what of them is reserved for whom and in use. */
function resourcesJson(total: Resources, used: Resources): Json {
  const roles = [...new Set(kinds(total).map(reservedFor))].filter((role) => role !== "*").sort();
  const of = (all: Resources, role: string): Resources => only(all, (kind) => reservedFor(kind) === role);
  const byRole = (all: Resources, say: (r: Resources) => unknown): Json =>
    Object.fromEntries(roles.map((role) => [role, say(of(all, role))]));
  return {
    resources: toLegacy(total),
    reserved_resources: byRole(total, toLegacy),
    unreserved_resources: toLegacy(of(total, "*")),
    reserved_resources_full: byRole(total, (r) => toJson(r)),
    unreserved_resources_full: toJson(of(total, "*")),
    reserved_resources_allocated: byRole(used, toLegacy),
    unreserved_resources_allocated: toLegacy(of(used, "*")),
  };
}

interface Kept {
  readonly framework: FrameworkInfo;
  readonly executors: Map<string, Json & { readonly tasks: Json[]; readonly completed_tasks: Json[] }>;
}

/** Frameworks with something that runs, and those of which only ended tasks are known. */
function frameworksJson(view: AgentView): Json {
  const { tasks = [], executors, completed = [] } = view.agent ?? {};
  const alive = new Map<string, Kept>();
  for (const { record, sandbox } of executors?.all ?? []) {
    keptOf(alive, record.framework).executors.set(record.containerId, executorJson(record, sandbox));
  }
  const ended = new Map<string, Kept>();
  for (const task of tasks) addTask(view, alive, task, isTerminal(task.state));
  for (const task of completed) {
    const inLive = alive.get(task.frameworkId)?.executors.has(containerOf(task)) === true;
    addTask(view, inLive ? alive : ended, task, true);
  }
  const framework = (kept: Kept): Json => ({
    ...frameworkJson(kept.framework),
    executors: [...kept.executors.values()],
    completed_executors: [...(ended.get(kept.framework.id?.value ?? "")?.executors.values() ?? [])],
  });
  return {
    frameworks: [...alive.values()].map(framework),
    completed_frameworks: [...ended]
      .filter(([id]) => !alive.has(id))
      .map(([, kept]) => framework({ ...kept, executors: new Map() })),
  };
}

function containerOf({ record: { executor, containerId } }: RunningTask): string {
  return executor?.containerId ?? containerId;
}

function keptOf(all: Map<string, Kept>, framework: FrameworkInfo): Kept {
  const id = framework.id?.value ?? "";
  const known = all.get(id) ?? { framework, executors: new Map() };
  all.set(id, known);
  return known;
}

/** A command is an executor of its own here as in Mesos. */
function addTask(view: AgentView, all: Map<string, Kept>, task: RunningTask, over: boolean): void {
  const { executors } = keptOf(all, task.record.framework);
  const container = containerOf(task);
  const executor = executors.get(container) ?? commandJson(task);
  executors.set(container, executor);
  (over ? executor.completed_tasks : executor.tasks).push(taskJson(view, task));
}

function taskJson(view: AgentView, task: RunningTask): Json {
  const { info, record, frameworkId, executorId, state, statuses } = task;
  return legacyTask({
    info,
    frameworkId,
    agentId: view.agent?.id ?? "",
    executorId,
    role: info.resources[0]?.allocation_info?.role ?? record.framework.role ?? "*",
    user: info.command?.user ?? record.framework.user,
    state,
    statuses,
  });
}

function commandJson(task: RunningTask) {
  const { info, record, executorId, sandbox } = task;
  const command = record.executor === undefined;
  return {
    id: executorId,
    name: command ? `Command Executor (Task: ${executorId})` : "",
    source: command ? executorId : "",
    container: containerOf(task),
    directory: sandbox,
    resources: toLegacy(fromJson(info.resources)),
    tasks: [],
    queued_tasks: [],
    completed_tasks: [],
  };
}

function executorJson({ info, containerId }: ExecutorCheckpoint, directory: string) {
  return {
    id: info.executor_id.value,
    name: info.name ?? "",
    source: info.source ?? "",
    container: containerId,
    directory,
    resources: toLegacy(fromJson(info.resources ?? [])),
    ...(info.type === undefined ? {} : { type: info.type }),
    ...(info.labels === undefined ? {} : { labels: info.labels.labels }),
    tasks: [],
    queued_tasks: [],
    completed_tasks: [],
  };
}

function frameworkJson(info: FrameworkInfo): Json {
  const multi = info.capabilities?.some((c) => c.type === "MULTI_ROLE") === true;
  return {
    id: info.id?.value ?? "",
    name: info.name,
    user: info.user,
    failover_timeout: info.failover_timeout ?? 0,
    checkpoint: info.checkpoint ?? false,
    hostname: info.hostname ?? "",
    ...(info.principal === undefined ? {} : { principal: info.principal }),
    ...(multi ? { roles: info.roles ?? [] } : { role: info.role ?? "*" }),
  };
}
