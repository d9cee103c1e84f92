// SPDX-License-Identifier: Apache-2.0
import { timestamp } from "../clock";
import type { Marathon } from "../core/marathon";
import type { Condition, ContainerTask, Instance } from "../instances/instance";
import { localVolumesOf } from "../instances/reservation";
import { asPod } from "../run-spec/run-spec";
import { renderPod } from "./render-pod";
import type { Pod, PodContainer, Resources } from "./types";

type Json = Record<string, unknown>;
type InstanceState = "PENDING" | "STAGING" | "STABLE" | "DEGRADED" | "TERMINAL";

const mesosStates: Readonly<Partial<Record<Condition, string>>> = {
  Starting: "TASK_STARTING",
  Running: "TASK_RUNNING",
  Killing: "TASK_KILLING",
  Killed: "TASK_KILLED",
  Finished: "TASK_FINISHED",
  Failed: "TASK_FAILED",
  Error: "TASK_ERROR",
  Unreachable: "TASK_UNREACHABLE",
  Gone: "TASK_GONE",
  Dropped: "TASK_DROPPED",
  Unknown: "TASK_UNKNOWN",
};
const beforeRunning: ReadonlySet<Condition> = new Set(["Scheduled", "Provisioned", "Staging", "Starting"]);
const takesResources: ReadonlySet<Condition> = new Set([
  "Staging",
  "Starting",
  "Running",
  "Unreachable",
  "Killing",
]);
const active: ReadonlySet<Condition> = new Set([
  "Provisioned",
  "Staging",
  "Starting",
  "Running",
  "Unreachable",
  "Killing",
]);

/** `GET /v2/pods/{id}::status` (podStatus.raml). */
export function podStatus(core: Marathon, pod: Pod): Json {
  const { id } = pod;
  const instances = core.tracker.ofSpec(id).flatMap((instance) => {
    const definition = asPod(core.versions.get(id, instance.version)) ?? asPod(core.definition(instance));
    return definition === undefined ? [] : [renderInstance(definition, instance)];
  });
  const now = timestamp(core.clock.now());
  const since =
    instances
      .map((i) => i.statusSince)
      .sort()
      .at(-1) ?? now;
  const stable = instances.filter((i) => i.status === "STABLE").length;
  return {
    id,
    spec: renderPod(pod),
    status: stable >= pod.instances ? "STABLE" : "DEGRADED",
    statusSince: since,
    instances,
    terminationHistory: terminationHistory(core, id),
    lastUpdated: now,
    lastChanged: since,
  };
}

/** PodInstanceStatus of podStatus.raml; `pod` is the version that the instance runs. */
function renderInstance(pod: Pod, instance: Instance): Json & { status: InstanceState; statusSince: string } {
  const task = instance.task;
  const containers = (task?.containers ?? []).map((c) => renderContainer(pod, c));
  const { status, message } = instanceState(instance, containers);
  const since = timestamp(instance.since);
  const taken = (task?.containers ?? []).flatMap((c) => takenBy(pod, c) ?? []);
  const sum = (name: keyof Resources) => taken.reduce((all, r) => all + r[name], 0);
  return {
    id: instance.id,
    status,
    statusSince: since,
    ...(message === undefined ? {} : { message }),
    conditions: [],
    ...(task === undefined
      ? {}
      : {
          agentHostname: task.host,
          agentId: task.agentId,
          ...(task.region === undefined ? {} : { agentRegion: task.region }),
          ...(task.zone === undefined ? {} : { agentZone: task.zone }),
        }),
    resources: {
      cpus: rounded(0.1 + sum("cpus")),
      mem: rounded(32 + sum("mem")),
      disk: rounded(10 + sum("disk")),
      gpus: sum("gpus"),
    },
    networks: networksOf(task?.containers ?? []),
    containers,
    specReference: `/v2/pods${pod.id}::versions/${instance.version}`,
    localVolumes: localVolumesOf(instance),
    lastUpdated: since,
    lastChanged: since,
    role: instance.role,
  };
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

function instanceState(
  { condition }: Instance,
  containers: readonly Json[],
): { status: InstanceState; message?: string } {
  switch (condition) {
    case "Scheduled":
    case "Provisioned":
      return { status: "PENDING" };
    case "Staging":
    case "Starting":
      return { status: "STAGING" };
    case "Unreachable":
    case "UnreachableInactive":
      return { status: "DEGRADED", message: "pod instance has become unreachable" };
    case "Running": {
      const conditions = containers.flatMap((c) => c["conditions"] as { name: string; value: string }[]);
      return conditions.some((c) => c.value === "false")
        ? { status: "DEGRADED", message: "at least one container is not healthy" }
        : { status: "STABLE" };
    }
    default:
      return { status: "TERMINAL" };
  }
}

function specOfContainer(pod: Pod, { name }: ContainerTask): PodContainer | undefined {
  return pod.containers.find((c) => c.name === name);
}

function takenBy(pod: Pod, task: ContainerTask): Resources | undefined {
  return takesResources.has(task.condition) ? specOfContainer(pod, task)?.resources : undefined;
}

function renderContainer(pod: Pod, task: ContainerTask): Json {
  const spec = specOfContainer(pod, task);
  const since = timestamp(task.startedAt ?? task.since);
  const resources = takenBy(pod, task);
  const health = spec === undefined ? undefined : healthCondition(spec, task, since);
  return {
    name: task.name,
    status: mesosStates[task.condition] ?? "TASK_STAGING",
    statusSince: since,
    ...(task.message === undefined ? {} : { message: task.message }),
    conditions: health === undefined ? [] : [health],
    containerId: task.id,
    endpoints: spec === undefined || !active.has(task.condition) ? [] : endpointsOf(spec, task),
    ...(resources === undefined ? {} : { resources }),
    lastUpdated: since,
    lastChanged: since,
  };
}

/** Present for a container with a health check as soon as it runs; false until the agent says otherwise. */
function healthCondition(spec: PodContainer, task: ContainerTask, since: string): Json | undefined {
  if (spec.healthCheck === undefined || beforeRunning.has(task.condition)) return undefined;
  return {
    name: "healthy",
    lastChanged: since,
    lastUpdated: since,
    value: String(task.healthy ?? false),
    reason: task.healthy === undefined ? "health-unreported-by-mesos" : "health-reported-by-mesos",
  };
}

/** Endpoints with a host port first, then the others; the one that is checked last. */
function endpointsOf(spec: PodContainer, task: ContainerTask): Json[] {
  const checked = spec.healthCheck?.http?.endpoint ?? spec.healthCheck?.tcp?.endpoint;
  const ports = [...task.hostPorts];
  const bound = spec.endpoints
    .filter((e) => e.hostPort !== undefined)
    .map((e) => ({ name: e.name, allocatedHostPort: ports.shift() }));
  const unbound = spec.endpoints.filter((e) => e.hostPort === undefined).map((e) => ({ name: e.name }));
  const all = [...bound, ...unbound];
  return [
    ...all.filter((e) => e.name !== checked),
    ...all
      .filter((e) => e.name === checked)
      .map((e) => (task.healthy === undefined ? e : { ...e, healthy: task.healthy })),
  ];
}

/** The networks that any container tells of, each once, with all addresses. */
function networksOf(containers: readonly ContainerTask[]): Json[] {
  const byName = new Map<string | undefined, Set<string>>();
  for (const { name, addresses } of containers.flatMap((c) => c.networks)) {
    const known = byName.get(name) ?? new Set<string>();
    for (const address of addresses) known.add(address);
    byName.set(name, known);
  }
  return [...byName].map(([name, addresses]) => ({
    ...(name === undefined ? {} : { name }),
    addresses: [...addresses],
  }));
}

/** As Marathon's, it knows only the last instance that failed. */
function terminationHistory(core: Marathon, id: string): Json[] {
  const failure = core.tasks.failures.get(id);
  if (failure?.instance === undefined) return [];
  return [
    {
      instanceID: failure.instance.id,
      startedAt: failure.instance.startedAt,
      terminatedAt: failure.timestamp,
      message: failure.message,
      containers: [{ containerId: failure.taskId, lastKnownState: failure.state }],
    },
  ];
}
