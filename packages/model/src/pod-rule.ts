// SPDX-License-Identifier: Apache-2.0
import type { Pod } from "./pod";

/** What a rule of pods looks at: the pod as given without what failed, and its normal form. */
export interface PodInput {
  readonly pod: Pod;
  readonly normal: Pod;
}

/** The networks of a pod as given. */
export function networksOf(pod: Pod): NonNullable<Pod["networks"]> {
  return pod.networks ?? [];
}

/** Whether the pod has persistent volumes. */
export function hasPersistent(pod: Pod): boolean {
  return pod.volumes?.some((v) => v.persistent !== undefined) ?? false;
}
