// SPDX-License-Identifier: Apache-2.0
import type { Policies } from "../world";
import { clairvoyantHours } from "./bound";
import type { Result, Terms } from "./meter";
import { clusterAutoscaler } from "./peers/cluster-autoscaler";
import { clusterman } from "./peers/clusterman";
import { fixedMax } from "./peers/fixed-max";
import { ours } from "./peers/ours";
import { type Autoscaler, simulate } from "./simulate";
import type { Trace } from "./trace";

/** Every autoscaler that a trace can be replayed against. */
export const autoscalers = {
  "pulumi-mesos": ours,
  "fixed-max": fixedMax,
  clusterman,
  "cluster-autoscaler": clusterAutoscaler,
} as const satisfies Record<string, (policies: Policies) => Autoscaler>;
export type AutoscalerName = keyof typeof autoscalers;

export interface Comparison {
  readonly results: readonly Result[];
  /** What nobody can do without who lets no task wait. */
  readonly clairvoyantHours: number;
}

/** Replays one trace against each of the autoscalers, with the same luck. */
export function compare(
  trace: Trace,
  policies: Policies,
  names: readonly AutoscalerName[],
  seed = 1,
): Comparison {
  const terms = trace.groups.map(({ name }): Terms => {
    const billing = policies[name]?.billing;
    return { per: billing?.per ?? "second", price: billing?.price ?? 1 };
  });
  const results = names.map((name) => simulate(trace, autoscalers[name](policies), terms, seed));
  return { results, clairvoyantHours: clairvoyantHours(trace) };
}
