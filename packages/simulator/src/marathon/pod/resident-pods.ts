// SPDX-License-Identifier: Apache-2.0
import type { Violation } from "../api-error";
import { double } from "../app/validate-features";
import { ofPersistent } from "../app/validate-volumes";
import { demandOf } from "../offers/demand";
import { endpointsOf, isResidentPod, type Pod } from "./types";

/** What persistent volumes ask of their pod. */
export function residentViolations(pod: Pod): Violation[] {
  if (!isResidentPod(pod)) return [];
  const found = pod.volumes.flatMap(({ name, persistent }, i) => {
    const problems: Violation[] = [];
    if (persistent === undefined) return problems;
    ofPersistent({ containerPath: name, mode: "RW" }, persistent, (at, error) =>
      problems.push({ path: `/volumes(${i})${at}`, errors: [error] }),
    );
    return problems;
  });
  if (pod.unreachableStrategy !== "disabled") {
    found.push({
      path: "/",
      errors: ["unreachableStrategy must be disabled for pods with persistent volumes"],
    });
  }
  if (pod.upgradeStrategy.maximumOverCapacity !== 0) {
    const got = double(pod.upgradeStrategy.maximumOverCapacity);
    found.push({ path: "/scheduling/upgrade/maximumOverCapacity", errors: [`got ${got}, expected 0.0`] });
  }
  if (pod.role === "*") found.push({ path: "/role", errors: ["Resident pods cannot have the role *"] });
  return found;
}

/** What an update of a pod with persistent volumes may not touch. */
export function residentPodUpdateViolations(from: Pod, to: Pod): Violation[] {
  if (!isResidentPod(from) && !isResidentPod(to)) return [];
  const refuse = (error: string): Violation => ({ path: "/", errors: [error] });
  const volumesOf = (pod: Pod) =>
    JSON.stringify(
      pod.volumes.filter((v) => v.persistent !== undefined).sort((a, b) => (a.name < b.name ? -1 : 1)),
    );
  const hostPortsOf = (pod: Pod) =>
    JSON.stringify([...new Set(endpointsOf(pod).map((e) => e.hostPort))].sort());
  const total = (pod: Pod, name: "cpus" | "mem" | "disk" | "gpus") =>
    demandOf(pod).shares.reduce((sum, share) => sum + (share[name] ?? 0), 0);
  return [
    ...(volumesOf(from) === volumesOf(to) ? [] : [refuse("persistent volumes cannot be updated")]),
    ...(["cpus", "mem", "disk", "gpus"] as const)
      .filter((name) => total(from, name) !== total(to, name))
      .map((name) => refuse(`${name} cannot be updated if a pod has persistent volumes`)),
    ...(hostPortsOf(from) === hostPortsOf(to)
      ? []
      : [refuse("host ports cannot be updated if a pod has persistent volumes")]),
  ];
}
