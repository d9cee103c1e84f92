// SPDX-License-Identifier: Apache-2.0
import type { FilledAutoscalePolicy } from "@pulumi-mesos/model";
import type { Demand } from "./headroom";

/** How many idle agents are as bad as one that is missing until it has booted. More make windows longer: more hours, less waiting. */
const missingCosts = 2.5;

/**
 * For how many seconds agents stay that nobody needs: `stabilizationSeconds`, or, where agents would have gone shortly before they
 * were needed again, twice or four times as long and so on, up to `maxStabilizationSeconds`: what would have cost least in the
 * history of demand, of agents that idle and of those that are missing while new ones boot.
 */
export function windowOf({ scaleDown, headroom }: FilledAutoscalePolicy, history: Demand): number {
  const { stabilizationSeconds: shortest, maxStabilizationSeconds: longest } = scaleDown;
  let best = { seconds: shortest, cost: Number.POSITIVE_INFINITY };
  let seconds = shortest;
  do {
    const cost = costOf(Math.floor(seconds / 60), history, headroom.leadSeconds / 60);
    if (cost < best.cost) best = { seconds, cost };
    seconds *= 2;
  } while (seconds > 0 && seconds <= longest);
  return best.seconds;
}

/** In agent-minutes, had as many agents stayed as the last `minutes` needed. */
function costOf(minutes: number, history: Demand, leadMinutes: number): number {
  return history.reduce((cost, [, agents], i) => {
    if (i === 0) return 0;
    let held = 0;
    for (let j = Math.max(0, i - Math.max(1, minutes)); j < i; j++)
      held = Math.max(held, history[j]?.[1] ?? 0);
    return cost + (held > agents ? held - agents : (agents - held) * missingCosts * leadMinutes);
  }, 0);
}
