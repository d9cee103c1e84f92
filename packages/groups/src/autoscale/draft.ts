// SPDX-License-Identifier: Apache-2.0
import type { Growable } from "./grow";
import type { Headroom } from "./headroom";
import { allowedUp } from "./limits";
import type { GroupMemory, Memory, Policies, SizedAgent, World } from "./world";

/** One group in the course of a decision. */
export interface Draft extends Growable {
  readonly memory: GroupMemory;
  readonly bounds: { readonly min: number; readonly max: number; readonly because?: string };
  /** All its agents that are not doomed, also those that take no tasks. */
  readonly members: readonly SizedAgent[];
  /** How many of them tasks can be placed on. */
  bins: number;
  /** In agents. */
  demand: number;
  history: GroupMemory["demand"];
  /** For how many seconds agents stay that nobody needs. */
  window: number;
  headroom: Headroom;
  readonly reasons: string[];
}

export function draftsOf(world: World, policies: Policies, memory: Memory): Draft[] {
  return world.groups.flatMap((group): Draft[] => {
    const policy = policies[group.name];
    if (policy === undefined) return [];
    const members = (world.agents ?? []).filter((agent) => agent.group === group.name && !agent.doomed);
    const bounds = group.bounds ?? { min: policy.min, max: policy.max };
    const kept = memory[group.name] ?? { demand: [], needed: [], leave: [] };
    const limit = allowedUp(kept, policy, members.length, world.now);
    return [
      {
        group,
        policy,
        memory: kept,
        bounds,
        members,
        bins: 0,
        room: Math.max(0, Math.min(bounds.max - members.length, limit)),
        size: members.length,
        fresh: 0,
        tasks: new Map(),
        demand: 0,
        history: kept.demand,
        window: policy.scaleDown.stabilizationSeconds,
        headroom: { agents: 0, reason: "" },
        reasons: [],
      },
    ];
  });
}
