// SPDX-License-Identifier: Apache-2.0
import type { Pod } from "../pod/types";
import type { Condition, ContainerTask, Instance } from "./instance";

/** The first of these that any task has is the condition of the whole (Marathon's Instance.conditionHierarchy). */
const hierarchy: readonly Condition[] = [
  "Error",
  "Failed",
  "Gone",
  "Dropped",
  "Unreachable",
  "Killing",
  "Starting",
  "Staging",
  "Unknown",
  "Provisioned",
  "Running",
  "Finished",
  "Killed",
];

/** The condition of an instance whose tasks are in `conditions`. */
export function podCondition(conditions: readonly Condition[]): Condition {
  return hierarchy.find((c) => conditions.includes(c)) ?? "Unknown";
}

/**
 * Marathon's Instance.computeHealth: false when a container that runs failed its check, undefined while one is not up, true when at
 * least one passed. Which containers have a check does not matter: Mesos does not tell it either.
 */
export function podTaskHealth(containers: readonly ContainerTask[]): boolean | undefined {
  const running = containers.filter((c) => c.condition === "Running");
  if (running.some((c) => c.healthy === false)) return false;
  if (containers.some((c) => c.condition !== "Running" && c.condition !== "Finished")) return undefined;
  return running.some((c) => c.healthy === true) ? true : undefined;
}

/** Whether a deployment may go on with what runs: without any check always, else as soon as the whole is healthy. */
export function podIsHealthy(instance: Instance, pod: Pod): boolean {
  return pod.containers.every((c) => c.healthCheck === undefined) || instance.task?.healthy === true;
}
