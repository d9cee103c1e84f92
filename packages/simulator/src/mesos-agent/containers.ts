// SPDX-License-Identifier: Apache-2.0
import { amount, fromJson } from "../protocol/resources";
import type { ResourceJson, TaskInfo } from "../protocol/types";
import type { ContainerLimits } from "./cgroup-version";
import type { MemoryExceeded } from "./cgroups";
import type { TaskCheckpoint } from "./checkpoint";
import { commandExecutor } from "./command-executor";
import type { TaskContext } from "./kept-task";

const mebibyte = 1_048_576;

/** Requests, and limits where a task has them; a limit that one task has counts with the requests of the others. */
export function limitsOf(
  infos: readonly Pick<TaskInfo, "resources" | "limits">[],
  allowance: { readonly cpus: number; readonly memMiB: number } = { cpus: 0, memMiB: 0 },
): ContainerLimits {
  const total = { cpus: allowance.cpus, mem: allowance.memMiB };
  const most = { ...total };
  for (const { resources, limits } of infos) {
    const asked = fromJson(resources);
    for (const name of ["cpus", "mem"] as const) {
      total[name] += amount(asked, name);
      most[name] += limitOf(limits?.[name]) ?? amount(asked, name);
    }
  }
  const limited = (name: "cpus" | "mem"): boolean => infos.some((i) => i.limits?.[name] !== undefined);
  return {
    cpus: total.cpus,
    memBytes: Math.floor(total.mem) * mebibyte,
    ...(limited("cpus") ? { cpusLimit: most.cpus } : {}),
    ...(limited("mem") ? { memLimitBytes: Math.floor(most.mem) * mebibyte } : {}),
  };
}

/** JSON has no infinity: what is no number is none. */
function limitOf(limit: { readonly value: number | string | null } | undefined): number | undefined {
  if (limit === undefined) return undefined;
  return typeof limit.value === "number" ? limit.value : Number.POSITIVE_INFINITY;
}

/** What a command may use, its executor included. */
export function commandLimits(info: TaskInfo): ContainerLimits {
  return limitsOf([info], commandExecutor);
}

/** What an executor that a framework named may use, together with its tasks. */
export function executorLimits(
  own: readonly ResourceJson[] | undefined,
  tasks: readonly TaskInfo[],
): ContainerLimits {
  return limitsOf([{ resources: own ?? [] }, ...tasks]);
}

/** A task of a group shares its executor's cgroups unless it asks for its own. */
export function sharesContainer({ executor, info }: TaskCheckpoint): boolean {
  return executor !== undefined && info.container?.linux_info?.share_cgroups !== false;
}

/** The name of the container in which a task runs. */
export function containerOf(record: TaskCheckpoint): string {
  const { executor, containerId } = record;
  if (executor === undefined) return containerId;
  return sharesContainer(record) ? executor.containerId : `${executor.containerId}/mesos/${containerId}`;
}

/** Makes the cgroups of a task's container; the result is where its process must write its pid. */
export function enterContainer(context: TaskContext, record: TaskCheckpoint): string[] {
  const { cgroups, sharedLimits } = context;
  if (cgroups === undefined) return [];
  const { executor, info } = record;
  if (executor === undefined) return cgroups.enter(record.containerId, commandLimits(info));
  const shared = sharedLimits === undefined ? [] : cgroups.enter(executor.containerId, sharedLimits());
  return sharesContainer(record) ? shared : cgroups.enter(containerOf(record), limitsOf([info]));
}

/** Ends whatever is left of a task; the container of an executor goes with the executor. */
export async function leaveContainer(context: TaskContext, record: TaskCheckpoint): Promise<void> {
  if (!sharesContainer(record)) await context.cgroups?.destroy(containerOf(record));
}

/** The part of a status that tells of too much memory (src/slave/slave.cpp). */
export function limitationStatus({ message, mostMiB }: MemoryExceeded) {
  return {
    message,
    reason: "REASON_CONTAINER_LIMITATION_MEMORY",
    source: "SOURCE_AGENT",
    limitation: {
      resources: [{ name: "mem", type: "SCALAR", scalar: { value: mostMiB }, role: "*" }],
    },
  } as const;
}
