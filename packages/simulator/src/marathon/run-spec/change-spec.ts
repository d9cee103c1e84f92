// SPDX-License-Identifier: Apache-2.0
import { canonicalJson } from "@pulumi-mesos/model";
import type { App } from "../app/types";
import type { Pod } from "../pod/types";
import { isPod, type RunSpec } from "./run-spec";

const bookkeeping = ["version", "versionInfo"] as const;
const appRunsUnchanged: readonly (keyof App)[] = [...bookkeeping, "instances", "executorResources"];
const podRunsUnchanged: readonly (keyof Pod)[] = [
  ...bookkeeping,
  "instances",
  "executorResources",
  "killSelection",
  "unreachableStrategy",
  "legacySharedCgroups",
];

function comparable(spec: RunSpec, leftOut: readonly string[]): string {
  const copy: Record<string, unknown> = { ...spec };
  for (const name of leftOut) delete copy[name];
  const sorted = (items: readonly unknown[] | undefined) => items?.map((i) => canonicalJson(i)).sort();
  for (const set of ["constraints", "healthChecks", "dependencies", "acceptedResourceRoles"]) {
    copy[set] = sorted(copy[set] as readonly unknown[] | undefined);
  }
  return canonicalJson(copy);
}

/** Whether both define the same; lists that are sets compare as sets, the server's bookkeeping is left out. */
export function sameSpec(a: RunSpec, b: RunSpec): boolean {
  return comparable(a, bookkeeping) === comparable(b, bookkeeping);
}

/** Whether the change from `a` to `b` restarts tasks: anything but the number of instances and what only Marathon reads. */
export function isUpgrade(a: RunSpec, b: RunSpec): boolean {
  const leftOut = isPod(a) ? podRunsUnchanged : appRunsUnchanged;
  return comparable(a, leftOut) !== comparable(b, leftOut);
}

export function isScaleOnly(a: RunSpec, b: RunSpec): boolean {
  return a.instances !== b.instances && !isUpgrade(a, b);
}
