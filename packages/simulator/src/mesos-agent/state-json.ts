// SPDX-License-Identifier: Apache-2.0
import { reservedFor } from "../protocol/kinds";
import { legacyTask } from "../protocol/legacy-task";
import {
  attributesToLegacy,
  kinds,
  noResources,
  only,
  type Resources,
  toJson,
  toLegacy,
} from "../protocol/resources";
import { type FrameworkInfo, versionInfo } from "../protocol/types";
import { allocatedOn, allocatedTo, type Kept, type KeptExecutor, keptBy } from "./kept-executors";
import { capabilities } from "./registration";
import type { AgentView } from "./routes";
import type { RunningTask } from "./running-task";
import type { Sight } from "./sight";

type Json = Record<string, unknown>;

/** An agent's `/state` (docs/endpoints/slave/state.md, src/slave/http.cpp). */
export function stateJson(view: AgentView, sight: Sight): Json {
  const { agent } = view;
  const { drain, info } = agent ?? {};
  const { live, ended } = keptBy(agent);
  return {
    ...versionInfo,
    id: agent?.id ?? "",
    pid: view.pid,
    hostname: info?.hostname ?? "",
    ...(info?.domain === undefined ? {} : { domain: info.domain }),
    capabilities,
    start_time: (agent?.startedAt ?? 0) / 1000,
    ...resourcesJson(agent?.total ?? noResources, allocatedOn(live), sight),
    resource_providers: [],
    attributes: attributesToLegacy(info?.attributes ?? []),
    ...named("master_hostname", agent?.masterHostname),
    ...(sight.allows("view_flags") && {
      ...named("log_dir", view.texts["log_dir"]),
      ...named("external_log_file", view.texts["external_log_file"]),
      flags: view.texts,
    }),
    ...named("drain_config", drain),
    ...frameworksJson(sight.kept(live), sight.kept(ended)),
  };
}

function named(name: string, value: unknown): Json {
  return value === undefined ? {} : { [name]: value };
}

/** The agent's resources, and what of them is reserved for whom and in use. */
function resourcesJson(total: Resources, used: Resources, sight: Sight): Json {
  const roles = [...new Set(kinds(total).map(reservedFor))]
    .filter((role) => role !== "*" && sight.allows("view_roles", role))
    .sort();
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
