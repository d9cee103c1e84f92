// SPDX-License-Identifier: Apache-2.0
import type { RunSpec } from "../run-spec/run-spec";

/** The bounds of one rolling restart (marathon.md §2.4). */
export interface RollingBounds {
  /** How many healthy instances stay at least. */
  readonly minHealthy: number;
  /** How many instances run at most, old and new together. */
  readonly maxCapacity: number;
  /** How many old ones are killed at once when it starts. */
  readonly killNow: number;
}

export function rollingBounds(
  spec: Pick<RunSpec, "instances" | "upgradeStrategy">,
  old: { readonly running: number; readonly healthy: number },
  resident = false,
): RollingBounds {
  const { minimumHealthCapacity, maximumOverCapacity } = spec.upgradeStrategy;
  const minHealthy = Math.ceil(spec.instances * minimumHealthCapacity);
  let maxCapacity = Math.floor(spec.instances * (1 + maximumOverCapacity));
  let killNow = Math.max(0, old.healthy - minHealthy);
  if (minHealthy === maxCapacity && maxCapacity <= old.healthy) {
    if (resident) killNow = old.healthy - minHealthy + 1;
    else maxCapacity += 1;
  }
  if (spec.instances < old.running) killNow = Math.max(old.running - spec.instances, killNow);
  return { minHealthy, maxCapacity, killNow };
}
