// SPDX-License-Identifier: Apache-2.0
import type { Policies, World } from "./world";

/** What holds decisions up. */
export interface Brakes {
  /** Why nothing is changed at all. */
  readonly all: string | undefined;
  /** By group: why nobody begins to leave. */
  readonly down: ReadonlyMap<string, string>;
}

/** Of so many agents at least, and so large a share of them out of reach, nothing is decided: the fault may be ours. */
const blind = { agents: 3, share: 0.45 };

/** What is not known, not ready or not reachable, and so no ground to decide on; agents that boot for too long are unready here. */
export function brakesOf(world: World, policies: Policies): Brakes {
  const agents = world.agents;
  if (agents === undefined) return { all: "no master says which agents there are", down: new Map() };
  const away = agents.filter(({ state }) => state === "unreachable" || state === "unready").length;
  if (away > blind.agents && away > blind.share * agents.length) {
    const all = `${away} of ${agents.length} agents are unready or unreachable`;
    return { all, down: new Map() };
  }
  const unreachable = agents.filter(({ state }) => state === "unreachable").length;
  const down = new Map<string, string>();
  for (const { name, held } of world.groups) {
    const policy = policies[name];
    if (policy === undefined) continue;
    const unready = agents.filter(
      ({ group, state, doomed }) => group === name && state === "unready" && !doomed,
    );
    if (world.waiting === undefined) down.set(name, "Marathon does not say which tasks wait");
    else if (unreachable > policy.scaleDown.maxUnreachable) {
      down.set(name, `${unreachable} agents are unreachable`);
    } else if (unready.length > 0) {
      const names = unready.slice(0, 3).map(({ id }) => id);
      down.set(name, `${names.join(", ")}${unready.length > 3 ? ", …" : ""} not ready`);
    } else if (held !== undefined) down.set(name, held);
  }
  return { all: undefined, down };
}
