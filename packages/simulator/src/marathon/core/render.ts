// SPDX-License-Identifier: Apache-2.0

import { isBelow, parentOf } from "../app/path-id";
import { renderApp } from "../app/render-app";
import { type App, portsOf } from "../app/types";
import { timestamp } from "../clock";
import { type RootGroup, specsOf } from "../group/root";
import { type Instance, isStarting } from "../instances/instance";
import { isSuspended, localVolumesOf } from "../instances/reservation";
import { podStatus } from "../pod/pod-status";
import { asApp } from "../run-spec/run-spec";
import type { Marathon } from "./marathon";

export type Embed = "counts" | "tasks" | "deployments" | "readiness" | "lastTaskFailure" | "taskStats";

const embedNames: Readonly<Record<string, readonly Embed[]>> = {
  tasks: ["tasks", "deployments"],
  counts: ["counts"],
  deployments: ["deployments"],
  readiness: ["readiness"],
  lastTaskFailure: ["lastTaskFailure"],
  failures: ["tasks", "lastTaskFailure", "deployments"],
  taskStats: ["taskStats"],
};

/** The parts that `?embed=` names, each with one of the `prefixes`; unknown names are ignored, as Marathon does. */
export function embedsOf(values: readonly string[], prefixes: readonly string[]): Set<Embed> {
  const found = new Set<Embed>();
  for (const value of values) {
    const prefix = prefixes.find((p) => value.startsWith(p));
    if (prefix === undefined) continue;
    for (const embed of embedNames[value.slice(prefix.length)] ?? []) found.add(embed);
  }
  return found;
}

/** What was scaled away and keeps its volumes: the last task, without what only a living one has. */
function renderSuspended(instance: Instance): Record<string, unknown> {
  const { host, agentId, lastTask } = instance.reservation ?? {};
  return {
    appId: instance.runSpecId,
    host,
    id: lastTask?.id ?? instance.id,
    ipAddresses: [],
    ports: [],
    servicePorts: [],
    slaveId: agentId,
    state: lastTask?.state ?? "TASK_STAGING",
    localVolumes: localVolumesOf(instance),
    role: instance.role,
  };
}

/** An instance's task as answers show it; undefined while it has none and keeps nothing, and for pods, whose status shows theirs. */
export function renderTask(
  core: Marathon,
  instance: Instance,
  withServicePorts: boolean,
): Record<string, unknown> | undefined {
  const task = instance.task;
  if (task === undefined) return isSuspended(instance) ? renderSuspended(instance) : undefined;
  if (task.containers !== undefined) return undefined;
  const results = core.health.results(instance.id);
  const app = withServicePorts ? asApp(core.definition(instance)) : undefined;
  return {
    appId: instance.runSpecId,
    ...(results.length === 0 ? {} : { healthCheckResults: results }),
    ...(task.checkResult === undefined ? {} : { checkResult: task.checkResult }),
    host: task.host,
    id: task.id,
    ipAddresses: task.ipAddresses,
    ports: task.ports,
    servicePorts: app === undefined ? [] : portsOf(app).map((p) => p.servicePort),
    slaveId: task.agentId,
    state: task.state,
    stagedAt: timestamp(task.stagedAt),
    ...(task.startedAt === undefined ? {} : { startedAt: timestamp(task.startedAt) }),
    version: instance.version,
    localVolumes: localVolumesOf(instance),
    role: instance.role,
    ...(task.region === undefined ? {} : { region: task.region }),
    ...(task.zone === undefined ? {} : { zone: task.zone }),
  };
}

function counts(core: Marathon, instances: readonly Instance[]): Record<string, number> {
  const running = instances.filter((i) => i.condition === "Running");
  return {
    tasksStaged: instances.filter(isStarting).length,
    tasksRunning: running.length,
    tasksHealthy: running.filter((i) => core.health.healthy(i.id) === true).length,
    tasksUnhealthy: running.filter((i) => core.health.healthy(i.id) === false).length,
  };
}

/** AppInfo: the app with what `embeds` asks for. */
export function renderAppInfo(core: Marathon, app: App, embeds: ReadonlySet<Embed>): Record<string, unknown> {
  const instances = core.tracker.ofSpec(app.id);
  const info = renderApp(app);
  if (embeds.has("counts")) Object.assign(info, counts(core, instances));
  if (embeds.has("deployments")) {
    const deployment = core.deployments.holding(app.id);
    info["deployments"] = deployment === undefined ? [] : [{ id: deployment.plan.id }];
  }
  if (embeds.has("readiness")) info["readinessCheckResults"] = core.readiness.results(app.id);
  if (embeds.has("tasks"))
    info["tasks"] = [...instances, ...core.tracker.suspended(app.id)].flatMap(
      (i) => renderTask(core, i, false) ?? [],
    );
  const failure = core.tasks.failures.get(app.id);
  if (embeds.has("lastTaskFailure") && failure !== undefined) info["lastTaskFailure"] = failure;
  if (embeds.has("taskStats")) info["taskStats"] = taskStats(core, app, instances);
  return info;
}

function taskStats(core: Marathon, app: App, instances: readonly Instance[]): Record<string, unknown> {
  const config = app.versionInfo?.lastConfigChangeAt ?? app.version;
  const scaled = app.versionInfo?.lastScalingAt ?? app.version;
  const parts: Record<string, Instance[]> = {
    startedAfterLastScaling: instances.filter((i) => i.version >= scaled),
    withLatestConfig: instances.filter((i) => i.version >= config),
    withOutdatedConfig: instances.filter((i) => i.version < config),
    totalSummary: [...instances],
  };
  return Object.fromEntries(
    Object.entries(parts)
      .filter(([, of]) => of.length > 0)
      .map(([name, of]) => [name, { stats: { counts: summary(core, of), ...lifeTime(core, of) } }]),
  );
}

function summary(core: Marathon, instances: readonly Instance[]): Record<string, number> {
  const c = counts(core, instances);
  return {
    staged: c["tasksStaged"] ?? 0,
    running: c["tasksRunning"] ?? 0,
    healthy: c["tasksHealthy"] ?? 0,
    unhealthy: c["tasksUnhealthy"] ?? 0,
  };
}

function lifeTime(core: Marathon, instances: readonly Instance[]): Record<string, unknown> {
  const now = core.clock.now();
  const ages = instances.flatMap((i) =>
    i.task?.startedAt === undefined ? [] : [(now - i.task.startedAt) / 1000],
  );
  if (ages.length === 0) return {};
  const sorted = [...ages].sort((a, b) => a - b);
  return {
    lifeTime: {
      averageSeconds: ages.reduce((a, b) => a + b, 0) / ages.length,
      medianSeconds: sorted[Math.floor(sorted.length / 2)],
    },
  };
}

/** What of a group an answer shows. */
export interface GroupEmbeds {
  readonly apps: boolean;
  readonly groups: boolean;
  readonly pods: boolean;
  readonly app: ReadonlySet<Embed>;
}

export function groupEmbedsOf(values: readonly string[]): GroupEmbeds {
  const given = values.length === 0 ? ["group.apps", "group.pods", "group.groups"] : values;
  return {
    apps: given.includes("group.apps"),
    groups: given.includes("group.groups"),
    pods: given.includes("group.pods"),
    app: embedsOf(
      given.filter((v) => v.startsWith("group.apps.")),
      ["group.apps."],
    ),
  };
}

/** GroupInfo (marathon.md §1.8) of the present tree, or of an earlier one. */
export function renderGroup(
  core: Marathon,
  id: string,
  embeds: GroupEmbeds,
  root: RootGroup = core.root,
): Record<string, unknown> {
  const group = root.groups.get(id);
  const apps = [...root.apps.values()].filter((app) => parentOf(app.id) === id);
  const pods = [...root.pods.values()].filter((pod) => parentOf(pod.id) === id);
  const groups = [...root.groups.keys()].filter((g) => g !== "/" && parentOf(g) === id);
  const changed = specsOf(root)
    .filter((s) => isBelow(s.id, id))
    .map((s) => s.version);
  const version = id === "/" ? root.version : [group?.version ?? "", ...changed].sort().at(-1);
  const topLevel = id !== "/" && parentOf(id) === "/";
  return {
    id,
    ...(embeds.apps ? { apps: apps.map((app) => renderAppInfo(core, app, embeds.app)) } : {}),
    dependencies: group?.dependencies ?? [],
    ...(embeds.groups ? { groups: groups.map((g) => renderGroup(core, g, embeds, root)) } : {}),
    ...(embeds.pods ? { pods: pods.map((pod) => podStatus(core, pod)) } : {}),
    version,
    ...(topLevel ? { enforceRole: group?.enforceRole ?? false } : {}),
  };
}
