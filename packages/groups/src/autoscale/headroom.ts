// SPDX-License-Identifier: Apache-2.0
import type { FilledAutoscalePolicy } from "@pulumi-mesos/model";
import { epsilon, type Shape } from "./shapes";

export type Demand = readonly (readonly [minute: number, agents: number])[];

/** The demand of before with that of now, as far back as the policy looks; of a minute the most. */
export function remember(demand: Demand, now: number, agents: number, historySeconds: number): Demand {
  const minute = Math.floor(now / 60_000);
  const oldest = minute - Math.ceil(historySeconds / 60);
  const last = demand.at(-1);
  const kept = demand.filter(([at]) => at >= oldest && at < minute);
  const most = last?.[0] === minute ? Math.max(last[1], agents) : agents;
  return [...kept, [minute, most]];
}

/**
 * How much demand rose within the lead time, from each minute of the history: the median of it, the distance from there to what
 * five of six rises stay below, which is one standard deviation of noise, and the largest. Rare crowds show in the last one alone.
 */
interface Rises {
  readonly usual: number;
  readonly deviation: number;
  readonly largest: number;
  /** What five of six rises stay below that went beyond all demand of before. */
  readonly beyond: number;
}

function rises(demand: Demand, leadSeconds: number): Rises {
  const lead = Math.max(1, Math.ceil(leadSeconds / 60));
  const [found, beyond]: [number[], number[]] = [[], []];
  let before = 0;
  demand.slice(0, -1).forEach(([minute, agents], i) => {
    let most = agents;
    for (let j = i + 1; j < demand.length; j++) {
      const [later, then] = demand[j] ?? [Number.POSITIVE_INFINITY, 0];
      if (later - minute > lead) break;
      most = Math.max(most, then);
    }
    before = Math.max(before, agents);
    found.push(most - agents);
    beyond.push(Math.max(0, most - before));
  });
  for (const list of [found, beyond]) list.sort((a, b) => a - b);
  const usual = found[Math.floor(found.length / 2)] ?? 0;
  const deviation = ofSix(found) - usual;
  return { usual, deviation, largest: found.at(-1) ?? 0, beyond: ofSix(beyond) };
}

/** What five of six stay below. */
function ofSix(sorted: readonly number[]): number {
  return sorted[Math.floor((sorted.length * 5) / 6)] ?? 0;
}

/** How many agents' worth of room shall be free, and why. */
export interface Headroom {
  readonly agents: number;
  readonly reason: string;
}

export function headroomOf(
  { targetUtilization, headroom }: FilledAutoscalePolicy,
  history: Demand,
  demand: number,
): Headroom {
  const setpoint = demand * (1 / targetUtilization - 1);
  const { usual, deviation, largest, beyond } = rises(history, headroom.leadSeconds);
  const noise = usual + headroom.deviations * deviation;
  // Room for a whole crowd all day would cost far more than to start agents when it comes; some of it pays where crowds do come.
  const crowd = Math.min(largest, demand * headroom.crowdShare);
  // Demand that goes up and down is not expected to rise from its peak as it does from below.
  const peak = history.reduce((most, [, agents]) => Math.max(most, agents), demand);
  const rise = Math.min(demand * headroom.maxShare, Math.max(noise, crowd), peak - demand + beyond);
  if (rise <= setpoint) {
    return {
      agents: setpoint,
      reason: `${round(setpoint)} for a use of ${round(targetUtilization * 100)} %`,
    };
  }
  const why =
    noise >= crowd
      ? `demand rises by ${round(usual)} ± ${round(deviation)} within ${headroom.leadSeconds} s`
      : `demand has risen by ${round(largest)} at once lately`;
  return { agents: rise, reason: `${round(rise)} because ${why}` };
}

/**
 * How many more tasks of the largest kind shall find room at once, as far as headroom goes: one that comes fills a hole, and
 * another hole is made only when an agent has started.
 */
const holes = 2;

/**
 * Tasks that stand for headroom, so that room counts as free only where such tasks could be placed, not in crumbs. Of each
 * shape as many as run of it, times its size: the hole for a large task takes small ones, too, and not the other way round.
 * Largest first; what a large shape leaves over goes to the next smaller one, and of the largest there are `holes` at least.
 */
export function standIns(
  counts: ReadonlyMap<Shape, number>,
  agents: number,
): readonly (readonly [Shape, number])[] {
  const shapes = [...counts].filter(
    ([shape]) => shape.limits.length === 0 && !shape.namesHosts && shape.size > 0,
  );
  const total = shapes.reduce((sum, [shape, n]) => sum + shape.size ** 2 * n, 0);
  if (total < epsilon || agents < epsilon) return [];
  const share = agents / total;
  shapes.sort(([a], [b]) => b.size - a.size || a.index - b.index);
  let left = 0;
  return shapes.map(([shape, n], i) => {
    left += n * share * shape.size ** 2;
    const isLast = i === shapes.length - 1;
    const due = Math.max(0, Math.floor(left / shape.size + (isLast ? 0.5 : epsilon)));
    const tasks = i > 0 ? due : Math.max(due, Math.min(n, holes, Math.floor(agents / shape.size + epsilon)));
    left -= tasks * shape.size;
    return [shape, tasks] as const;
  });
}

/** Whether too few of the largest of these stand-ins have found room, whatever the others have. */
export function lacksHole(
  standIns: ReadonlyMap<Shape, number>,
  missing: ReadonlyMap<Shape, number>,
): boolean {
  const [largest] = [...standIns].filter(([, n]) => n > 0).sort(([a], [b]) => b.size - a.size);
  if (largest === undefined) return false;
  const [shape, tasks] = largest;
  return tasks - (missing.get(shape) ?? 0) < Math.min(holes, tasks);
}

export function round(x: number): string {
  return String(Math.round(x * 10) / 10);
}
