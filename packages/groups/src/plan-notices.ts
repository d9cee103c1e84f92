// SPDX-License-Identifier: Apache-2.0
import type { Agent, Leaving, Member } from "./observed";
import { begun } from "./plan-leaving";
import { agentOf, isActive, type PoolView } from "./pool-view";

/** What follows from what was said about the end of members. */
export interface Heeded {
  /** Everybody who leaves, with those who must because of it. */
  readonly leaving: Readonly<Record<string, Leaving>>;
  /** How many more than its size the pool may have, so that replacements come first. */
  readonly more: number;
  /** Agents that wait for their replacement and take no new tasks meanwhile. */
  readonly cordoned: readonly Agent[];
}

/**
 * Who is about to be taken away, or is being ended, leaves at once, while a replacement starts. Who may be taken away soon
 * stays until its replacement is active, unless there is no room for one. Pure.
 */
export function planNotices(view: PoolView): Heeded {
  const leaving: Record<string, Leaving> = { ...view.state.leaving };
  const uneasy: Member[] = [];
  for (const member of view.members) {
    const { name, notice } = member;
    const entry = leaving[name];
    if (notice === undefined) continue;
    if (notice.kind === "rebalance" && entry === undefined) uneasy.push(member);
    else if (notice.kind !== "rebalance") leaving[name] = pressed(view, entry, notice.until);
  }
  const others = view.members.filter((m) => leaving[m.name] === undefined && !uneasy.includes(m));
  const active = others.filter((member) => isActive(view, member)).length;
  const waits = uneasy.filter((_, i) => active + i < view.size && hasRoom(view, others.length));
  for (const { name } of uneasy.filter((member) => !waits.includes(member)))
    leaving[name] = begun(view, "notice");
  return {
    leaving,
    more: waits.length,
    cordoned: waits.flatMap(({ index }) => agentOf(view, index) ?? []),
  };
}

/** Leaves because of a notice from now on; a later one may give another time. */
function pressed(view: PoolView, entry: Leaving | undefined, until: number | undefined): Leaving {
  const before = entry === undefined || entry.for === "load" ? begun(view, "notice") : entry;
  const drained = entry?.drained === undefined ? {} : { drained: entry.drained };
  return { ...before, ...drained, ...(until === undefined ? {} : { until: entry?.until ?? until }) };
}

/** Whether a replacement can come first: what fails to start is not waited for. */
function hasRoom({ members, capacity, failures }: PoolView, others: number): boolean {
  const isFailing = [...failures.keys()].some((name) => !members.some((member) => member.name === name));
  return others < capacity && members.length < capacity && !isFailing;
}
