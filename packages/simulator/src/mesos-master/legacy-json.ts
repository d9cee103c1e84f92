// SPDX-License-Identifier: Apache-2.0
import { reservedFor } from "../protocol/kinds";
import { legacyTask } from "../protocol/legacy-task";
import {
  add,
  attributesToLegacy,
  noResources,
  only,
  type Resources,
  sum,
  toJson,
  toLegacy,
} from "../protocol/resources";
import { type TaskState, versionInfo } from "../protocol/types";
import type { Context } from "./context";
import { executorJson } from "./executors";
import { isMultiRole, reservedRoles, rolesOf } from "./roles";
import {
  type Agent,
  allocatedJson,
  type Framework,
  isActive,
  offeredBy,
  roleOfTask,
  type TaskRecord,
  usedBy,
} from "./state";

type Json = Record<string, unknown>;

/** What is reserved for a role, or with `*` what is for everybody. */
function reservedTo(r: Resources, role: string): Resources {
  return only(r, (kind) => reservedFor(kind) === role);
}

function named(name: string, value: unknown): Json {
  return value === undefined ? {} : { [name]: value };
}

function byRole<T>(r: Resources, print: (r: Resources) => T): Record<string, T> {
  return Object.fromEntries(reservedRoles(r).map((role) => [role, print(reservedTo(r, role))]));
}

/** The older endpoints' answers (mesos.md 2.1); times are seconds. */
export function slaveJson(agent: Agent): Json {
  return {
    id: agent.id,
    hostname: agent.info.hostname,
    port: agent.info.port,
    attributes: attributesToLegacy(agent.info.attributes),
    ...(agent.info.domain === undefined ? {} : { domain: agent.info.domain }),
    pid: agent.pid,
    registered_time: agent.registeredAt / 1000,
    ...(agent.reregisteredAt === undefined ? {} : { reregistered_time: agent.reregisteredAt / 1000 }),
    resources: toLegacy(agent.total),
    used_resources: toLegacy(agent.used),
    offered_resources: toLegacy(agent.offered),
    reserved_resources: byRole(agent.total, toLegacy),
    unreserved_resources: toLegacy(reservedTo(agent.total, "*")),
    active: isActive(agent),
    deactivated: agent.deactivated,
    version: agent.version,
    capabilities: agent.capabilities.map((c) => c.type),
    ...(agent.drain === undefined
      ? {}
      : {
          drain_info: { state: agent.drain.state, config: agent.drain.config },
          estimated_drain_start_time_seconds: agent.drain.startedAt / 1000,
        }),
  };
}

export function taskJson({ info, frameworkId, agentId, state, statuses }: TaskRecord): Json {
  const executorId = info.executor?.executor_id.value ?? "";
  return legacyTask({ info, frameworkId, agentId, executorId, role: roleOfTask(info), state, statuses });
}

function frameworkBase(framework: Framework): Json {
  const { info } = framework;
  return {
    id: framework.id,
    name: info.name,
    hostname: info.hostname ?? "",
    webui_url: info.webui_url ?? "",
    capabilities: info.capabilities?.map((c) => c.type) ?? [],
    active: framework.link !== undefined,
    connected: framework.link !== undefined,
    recovered: framework.recovered,
    used_resources: toLegacy(framework.used),
    offered_resources: toLegacy(framework.offered),
  };
}

export function frameworkJson(framework: Framework): Json {
  const { info } = framework;
  return {
    ...frameworkBase(framework),
    user: info.user,
    failover_timeout: info.failover_timeout ?? 0,
    checkpoint: info.checkpoint ?? false,
    registered_time: framework.registeredAt / 1000,
    unregistered_time: (framework.unregisteredAt ?? 0) / 1000,
    ...(framework.reregisteredAt === undefined ? {} : { reregistered_time: framework.reregisteredAt / 1000 }),
    ...(info.principal === undefined ? {} : { principal: info.principal }),
    ...(isMultiRole(info) ? { roles: rolesOf(info) } : { role: info.role ?? "*" }),
    resources: toLegacy(add(framework.used, framework.offered)),
    tasks: [...framework.tasks.values()].map(taskJson),
    unreachable_tasks: [...framework.unreachableTasks.values()].map(taskJson),
    completed_tasks: framework.completedTasks.map(taskJson),
    offers: [...framework.offers].map((o) => ({
      id: o.id,
      framework_id: framework.id,
      slave_id: o.agent.id,
      allocation_info: { role: o.role },
      resources: toLegacy(o.resources),
    })),
    executors: [...framework.executors].map(executorJson),
    ...(info.labels === undefined ? {} : { labels: info.labels.labels }),
    offer_constraints: framework.constraints.json,
  };
}

export function slavesJson(context: Context, only?: string): Json {
  const agents = [...context.state.agents.values()].filter((a) => only === undefined || a.id === only);
  return {
    slaves: agents.map((agent) => ({
      ...slaveJson(agent),
      reserved_resources_full: byRole(agent.total, (r) => toJson(r)),
      unreserved_resources_full: toJson(reservedTo(agent.total, "*")),
      used_resources_full: allocatedJson(usedBy(agent)),
      offered_resources_full: allocatedJson(offeredBy(agent)),
    })),
    recovered_slaves: recovered(context),
  };
}

/** Agents of the registry that have not come to this leader yet. */
export function recovered(context: Context): Json[] {
  return Object.entries(context.registrar.registry.slaves)
    .filter(([id]) => !context.state.agents.has(id))
    .map(([id, { info }]) => ({
      id,
      hostname: info.hostname,
      port: info.port,
      attributes: attributesToLegacy(info.attributes),
      ...(info.domain === undefined ? {} : { domain: info.domain }),
    }));
}

export function stateJson(
  context: Context,
  /** None where the flags may not be seen. */
  texts: Readonly<Record<string, string>> | undefined,
  startedAt: number,
): Json {
  const { info, state, flags } = context;
  const agents = [...state.agents.values()];
  const domain = named("domain", info.domain);
  return {
    ...versionInfo,
    start_time: startedAt / 1000,
    elected_time: context.electedAt / 1000,
    id: info.id,
    pid: info.pid,
    hostname: info.hostname,
    capabilities: info.capabilities.map((c) => c.type),
    activated_slaves: agents.filter(isActive).length,
    deactivated_slaves: agents.filter((a) => !isActive(a)).length,
    unreachable_slaves: Object.keys(context.registrar.registry.unreachable).length,
    leader: info.pid,
    ...domain,
    leader_info: {
      id: info.id,
      pid: info.pid,
      port: info.port,
      hostname: info.hostname,
      ...domain,
    },
    ...(texts === undefined
      ? {}
      : {
          ...(flags.cluster === undefined ? {} : { cluster: flags.cluster }),
          ...named("log_dir", texts["log_dir"]),
          ...named("external_log_file", texts["external_log_file"]),
          flags: texts,
        }),
    slaves: agents.map(slaveJson),
    recovered_slaves: recovered(context),
    frameworks: [...state.frameworks.values()].map(frameworkJson),
    completed_frameworks: [...state.completedFrameworks.values()].map(frameworkJson),
    orphan_tasks: [],
    unregistered_frameworks: [],
  };
}

/** The states that `/state-summary` counts; it has none for those that came with partition awareness, but one. */
const counted = [
  "TASK_STAGING",
  "TASK_STARTING",
  "TASK_RUNNING",
  "TASK_KILLING",
  "TASK_FINISHED",
  "TASK_KILLED",
  "TASK_FAILED",
  "TASK_LOST",
  "TASK_ERROR",
  "TASK_UNREACHABLE",
] as const satisfies readonly TaskState[];

function counts(tasks: readonly TaskRecord[]): Record<string, number> {
  const out = new Map<string, number>(counted.map((state) => [state, 0]));
  for (const { state } of tasks) if (out.has(state)) out.set(state, (out.get(state) ?? 0) + 1);
  return Object.fromEntries(out);
}

/** Every task of a framework that is still known, whatever became of it. */
function knownTasks({ tasks, unreachableTasks, completedTasks }: Framework): TaskRecord[] {
  return [...tasks.values(), ...unreachableTasks.values(), ...completedTasks];
}

export function summaryJson(context: Context): Json {
  const { info, state, flags } = context;
  const tasks = [...state.frameworks.values()].map((framework) => ({
    framework,
    all: knownTasks(framework),
  }));
  const byAgent = new Map<string, TaskRecord[]>();
  for (const task of tasks.flatMap(({ all }) => all)) {
    const here = byAgent.get(task.agentId);
    if (here === undefined) byAgent.set(task.agentId, [task]);
    else here.push(task);
  }
  return {
    hostname: info.hostname,
    ...named("cluster", flags.cluster),
    slaves: [...state.agents.values()].map((agent) => {
      const here = byAgent.get(agent.id) ?? [];
      return {
        ...slaveJson(agent),
        ...counts(here),
        framework_ids: [...new Set(here.map((t) => t.frameworkId))],
      };
    }),
    frameworks: tasks.map(({ framework, all }) => ({
      ...frameworkBase(framework),
      ...counts(all),
      slave_ids: [...new Set(all.map((t) => t.agentId))],
    })),
  };
}

export interface TasksQuery {
  readonly task_id?: string;
  readonly framework_id?: string;
  readonly limit?: string;
  readonly offset?: string;
  readonly order?: string;
}

/** All tasks, the newest first, as the endpoint's `limit` (100), `offset` and `order` ask. */
export function tasksJson(context: Context, query: TasksQuery): Json {
  const frameworks = [...context.state.frameworks.values(), ...context.state.completedFrameworks.values()];
  const all = frameworks
    .filter((f) => query.framework_id === undefined || f.id === query.framework_id)
    .flatMap(knownTasks)
    .filter((t) => query.task_id === undefined || t.info.task_id.value === query.task_id);
  const time = (task: TaskRecord): number => task.statuses[0]?.timestamp ?? Number.MAX_SAFE_INTEGER;
  const sign = query.order === "asc" ? 1 : -1;
  all.sort((a, b) => sign * (time(a) - time(b)));
  const offset = Number(query.offset ?? 0) || 0;
  const limit = /^\d+$/.test(query.limit ?? "") ? Number(query.limit) : 100;
  return { tasks: all.slice(offset, offset + limit).map(taskJson) };
}

/** The whole cluster's resources and what is used of them. */
export function totals(context: Context): { readonly total: Resources; readonly used: Resources } {
  let agents = [...context.state.agents.values()];
  agents = agents.filter((a) => a.link !== undefined);
  return agents.length === 0
    ? { total: noResources, used: noResources }
    : { total: sum(agents.map((a) => a.total)), used: sum(agents.map((a) => a.used)) };
}
