// SPDX-License-Identifier: Apache-2.0
import type { FilledAutoscalePolicy } from "@pulumi-mesos/model";
import type { Bin, Bins } from "./bins";
import { priceOf } from "./grow";
import type { Shape } from "./shapes";
import type { SizedAgent, SizedGroup } from "./world";

export interface Sized {
  readonly group: SizedGroup;
  readonly policy: FilledAutoscalePolicy;
}

/** So many agents in a row that cannot go end the search: those after them are fuller. */
const patience = 32;

/**
 * The agents that could go, by group, in the order in which they should: all that they hold, and what is planned for them,
 * fits on those that stay. Nothing of `closed` groups, whose agents do not even hold what they should.
 */
export function removable(
  bins: Bins,
  shapes: readonly Shape[],
  groups: readonly Sized[],
  closed: ReadonlySet<number>,
  now: number,
): readonly (readonly Bin[])[] {
  const found: Bin[][] = groups.map(() => []);
  let failures = 0;
  for (const b of candidates(bins, shapes, groups, closed, now)) {
    const bin = bins.bins[b];
    if (bin === undefined) continue;
    if (bins.remove(b)) {
      found[bin.group]?.push(bin);
      failures = 0;
    } else if (++failures >= patience) break;
  }
  return found;
}

/** Dear groups first; then who leaves already, who is paid for least, who is emptiest, who has the fewest tasks that must end by themselves. */
function candidates(
  bins: Bins,
  shapes: readonly Shape[],
  groups: readonly Sized[],
  closed: ReadonlySet<number>,
  now: number,
): number[] {
  const prices = groups.map(priceOf);
  const stays = (bin: Bin) => bin.load.some((s) => shapes[s]?.resident || shapes[s]?.ailing);
  return bins.bins
    .map((bin, b) => ({
      bin,
      b,
      price: prices[bin.group] ?? 0,
      paid: paidFor(bin.agent, groups[bin.group], now),
    }))
    .filter(({ bin }) => bin.agent.state === "ready" && !closed.has(bin.group) && !stays(bin))
    .sort(
      (x, y) =>
        y.price - x.price ||
        Number(y.bin.agent.leaving) - Number(x.bin.agent.leaving) ||
        x.paid - y.paid ||
        x.bin.used - y.bin.used ||
        x.bin.batch - y.bin.batch ||
        y.b - x.b,
    )
    .map(({ b }) => b);
}

/** Paid by the hour: how many ten minutes of the paid hour are left. */
function paidFor(agent: SizedAgent, sized: Sized | undefined, now: number): number {
  return sized?.policy.billing.per === "hour" ? Math.floor(paidSeconds(agent, now) / 600) : 0;
}

/** What is left of the hour that is paid, in seconds. */
export function paidSeconds(agent: Pick<SizedAgent, "startedAt">, now: number): number {
  const age = Math.max(0, now - agent.startedAt) / 1000;
  return 3600 - (age % 3600);
}

/** Whether nothing that is paid for is lost when the agent goes now. */
export function isPaidUp(
  agent: Pick<SizedAgent, "startedAt">,
  billing: FilledAutoscalePolicy["billing"],
  now: number,
): boolean {
  return billing.per === "second" || paidSeconds(agent, now) <= billing.endWithinSeconds;
}
