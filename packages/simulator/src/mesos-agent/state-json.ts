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
import { type ExecutorInfo, type FrameworkInfo, isTerminal, versionInfo } from "../protocol/types";
import { commandExecutorInfo } from "./command-executor";
import { capabilities } from "./registration";
import type { AgentView } from "./routes";
import type { RunningTask } from "./running-task";

type Json = Record<string, unknown>;

/** An agent's `/state` (docs/endpoints/slave/state.md, src/slave/http.cpp). */
export function stateJson(view: AgentView): Json {
  const { agent } = view;
  const { drain, info } = agent ?? {};
  const { live, ended } = keptOf(view);
  return {
    ...versionInfo,
    id: agent?.id ?? "",
    pid: view.pid,
    hostname: info?.hostname ?? "",
    ...(info?.domain === undefined ? {} : { domain: info.domain }),
    capabilities,
    start_time: (agent?.startedAt ?? 0) / 1000,
    ...resourcesJson(agent?.total ?? noResources, sum([...live.values()].flatMap(heldBy))),
    resource_providers: [],
    attributes: attributesToLegacy(info?.attributes ?? []),
    ...named("master_hostname", agent?.masterHostname),
    ...named("log_dir", view.texts["log_dir"]),
    ...named("external_log_file", view.texts["external_log_file"]),
    flags: view.texts,
    ...named("drain_config", drain),
    ...frameworksJson(live, ended),
  };
}

function named(name: string, value: unknown): Json {
  return value === undefined ? {} : { [name]: value };
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

/** An executor with its tasks; a command is one of its own here as in Mesos. */
interface KeptExecutor {
  readonly info: ExecutorInfo;
  readonly containerId: string;
  readonly directory: string;
  readonly tasks: RunningTask[];
  readonly completed: RunningTask[];
}

interface Kept {
  readonly framework: FrameworkInfo;
  /** By container. */
  readonly executors: Map<string, KeptExecutor>;
}

/** Frameworks with something that runs, and of all frameworks the executors of which only ended tasks are known. */
function keptOf(view: AgentView): Record<"live" | "ended", Map<string, Kept>> {
  const { tasks = [], executors, completed = [] } = view.agent ?? {};
  const live = new Map<string, Kept>();
  for (const { record, sandbox: directory } of executors?.all ?? []) {
    const { framework, info, containerId } = record;
    const kept = { info, containerId, directory, tasks: [], completed: [] };
    ofFramework(live, framework).executors.set(containerId, kept);
  }
  const ended = new Map<string, Kept>();
  for (const task of tasks) addTask(live, task, isTerminal(task.state));
  for (const task of completed) {
    const goesOn = live.get(task.frameworkId)?.executors.has(containerOf(task)) === true;
    addTask(goesOn ? live : ended, task, true);
  }
  return { live, ended };
}

function ofFramework(all: Map<string, Kept>, framework: FrameworkInfo): Kept {
  const id = framework.id?.value ?? "";
  const known = all.get(id) ?? { framework, executors: new Map() };
  all.set(id, known);
  return known;
}

function containerOf({ record: { executor, containerId } }: RunningTask): string {
  return executor?.containerId ?? containerId;
}

function addTask(all: Map<string, Kept>, task: RunningTask, over: boolean): void {
  const { executors } = ofFramework(all, task.record.framework);
  const containerId = containerOf(task);
  const executor = executors.get(containerId) ?? {
    info:
      task.record.executor === undefined
        ? commandExecutorInfo(task.info, task.frameworkId)
        : { executor_id: { value: task.executorId } },
    containerId,
    directory: task.sandbox,
    tasks: [],
    completed: [],
  };
  executors.set(containerId, executor);
  (over ? executor.completed : executor.tasks).push(task);
}

/** What the executors of a framework hold. */
function heldBy({ executors }: Kept): Resources[] {
  return [...executors.values()].map(allocatedTo);
}

/** An executor's own resources and those of its tasks. */
function allocatedTo({ info, tasks }: KeptExecutor): Resources {
  return sum([info.resources ?? [], ...tasks.map((t) => t.info.resources)].map(fromJson));
}

function frameworksJson(live: ReadonlyMap<string, Kept>, ended: ReadonlyMap<string, Kept>): Json {
  const executors = (kept: Kept | undefined): Json[] =>
    [...(kept?.executors.values() ?? [])].map(executorJson);
  return {
    frameworks: [...live].map(([id, kept]) => ({
      ...frameworkJson(kept.framework),
      executors: executors(kept),
      completed_executors: executors(ended.get(id)),
    })),
    completed_frameworks: [...ended]
      .filter(([id]) => !live.has(id))
      .map(([, kept]) => ({
        ...frameworkJson(kept.framework),
        executors: [],
        completed_executors: executors(kept),
      })),
  };
}

function executorJson(executor: KeptExecutor): Json {
  const { info, containerId, directory } = executor;
  const [first] = info.resources ?? [];
  return {
    id: info.executor_id.value,
    name: info.name ?? "",
    source: info.source ?? "",
    container: containerId,
    directory,
    resources: toLegacy(allocatedTo(executor)),
    ...(first === undefined ? {} : { role: first.allocation_info?.role ?? "*" }),
    ...(info.labels === undefined ? {} : { labels: info.labels.labels }),
    ...(info.type === undefined ? {} : { type: info.type }),
    tasks: executor.tasks.map(taskJson),
    queued_tasks: [],
    completed_tasks: executor.completed.map(taskJson),
  };
}

function taskJson({ info, record, frameworkId, executorId, state, statuses }: RunningTask): Json {
  return legacyTask({
    info,
    frameworkId,
    agentId: info.agent_id.value,
    // A command's executor is nowhere in its task (src/common/protobuf_utils.cpp, createTask).
    executorId: record.executor === undefined ? "" : executorId,
    role: info.resources[0]?.allocation_info?.role ?? record.framework.role ?? "*",
    state,
    statuses,
  });
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
