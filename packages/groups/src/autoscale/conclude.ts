// SPDX-License-Identifier: Apache-2.0
import type { Bin } from "./bins";
import type { Draft } from "./draft";
import { isRefused } from "./grow";
import { round } from "./headroom";
import { allowedDown, isCooling, leaversOf, mostNeeded, moversAmong, rememberNeed, spend } from "./limits";
import { isPaidUp } from "./shrink";
import { whyTheyStay } from "./stay";
import type { GroupDecision, GroupMemory, SizedAgent } from "./world";

export interface Conclusion {
  readonly name: string;
  readonly decision: GroupDecision;
  readonly memory: GroupMemory;
}

/** Nothing changes but what bounds demand, because too little is known. */
export function hold({ group, bounds, memory }: Draft, why: string): Conclusion {
  const size = Math.min(bounds.max, Math.max(bounds.min, group.size));
  const decision = { size, leave: memory.leave, end: [], frozen: why, reasons: [`nothing changes: ${why}`] };
  return { name: group.name, decision, memory };
}

/** Holds what was found to bounds, limits and windows. */
export function conclude(
  draft: Draft,
  spare: readonly Bin[],
  frozen: string | undefined,
  tasks: ReadonlyMap<string, number>,
  now: number,
): Conclusion {
  const { group, policy, bounds, members } = draft;
  const needed = draft.bins - spare.length + draft.fresh;
  const kept = rememberNeed(draft.memory, draft, needed, now);
  const leave = chooseLeavers(draft, kept, spare, frozen !== undefined, now);
  const { forced, missing } = toBounds(draft, leave, tasks);
  const all = [...leave, ...forced];
  const begin = all.filter(({ leaving }) => !leaving);
  const end = all.filter(
    ({ id, leaving, startedAt }) => leaving && !tasks.has(id) && isPaidUp({ startedAt }, policy.billing, now),
  );
  const why = bounds.because === undefined ? "" : ` (${bounds.because})`;
  const reasons = [
    ...(forced.length > 0 ? [`${forced.length} leave, so that there are ${bounds.max}${why}`] : []),
    ...draft.reasons,
    ...(missing > 0 ? [`${missing} more, so that there are ${bounds.min}${why}`] : []),
    ...describeLeaving(draft, leave),
    ...(isRefused(group, policy, now) ? ["its backend refuses new agents for now"] : []),
    ...(frozen === undefined ? [] : [`nobody begins to leave: ${frozen}`]),
  ];
  const { demand, headroom } = draft;
  const calm = [
    `in use what ${round(demand)} agents offer, kept free ${round(headroom.agents)}`,
    whyTheyStay(draft, kept, spare, now),
  ].filter((reason) => reason !== undefined);
  const fresh = draft.fresh + missing;
  const leaving = all.map(({ id }) => id);
  return {
    name: group.name,
    decision: {
      size: members.length + fresh - all.length,
      leave: leaving,
      end: frozen === undefined ? end.map(({ id }) => id) : [],
      frozen,
      reasons: reasons.length > 0 ? reasons : calm,
    },
    memory: spend(
      { ...kept, demand: draft.history, leave: leaving },
      policy,
      now,
      fresh,
      moversAmong(spare, begin),
    ),
  };
}

function chooseLeavers(
  { policy, bounds, members, bins, fresh, window }: Draft,
  kept: GroupMemory,
  spare: readonly Bin[],
  frozen: boolean,
  now: number,
): SizedAgent[] {
  const unneeded = bins + fresh - mostNeeded(kept, window, now);
  const most = members.length + fresh - bounds.min;
  const isHeld = frozen || isCooling(kept, policy, now);
  const limit = isHeld ? undefined : allowedDown(kept, policy, members.length, now);
  return leaversOf(spare, Math.max(0, Math.min(unneeded, most)), limit, policy, now);
}

/** Who must leave besides, the emptiest first, and how many agents are missing: bounds hold whatever else is true. */
function toBounds(
  { bounds, members, fresh }: Draft,
  leave: readonly SizedAgent[],
  tasks: ReadonlyMap<string, number>,
): { readonly forced: readonly SizedAgent[]; readonly missing: number } {
  const size = members.length + fresh - leave.length;
  const chosen = new Set(leave.map(({ id }) => id));
  const load = ({ id, leaving }: SizedAgent) => (leaving ? -1 : (tasks.get(id) ?? 0));
  const emptiest = members.filter(({ id }) => !chosen.has(id)).sort((a, b) => load(a) - load(b));
  return {
    forced: emptiest.slice(0, Math.max(0, size - bounds.max)),
    missing: Math.max(0, bounds.min - size),
  };
}

function describeLeaving({ window, members }: Draft, leave: readonly SizedAgent[]): string[] {
  const chosen = new Set(leave);
  const begin = leave.filter(({ leaving }) => !leaving);
  const back = members.filter((agent) => agent.leaving && !chosen.has(agent));
  const hold = begin.length === 1 ? "it holds" : "they hold";
  return [
    ...(begin.length > 0
      ? [`${namesOf(begin)} not needed for ${window} s, and what ${hold} fits elsewhere`]
      : []),
    ...(leave.length > begin.length
      ? [`${namesOf(leave.filter(({ leaving }) => leaving))} on the way out`]
      : []),
    ...(back.length > 0 ? [`${namesOf(back)} needed again`] : []),
  ];
}

function namesOf(agents: readonly SizedAgent[]): string {
  const names = agents.slice(0, 3).map(({ id }) => id);
  return `${names.join(", ")}${agents.length > 3 ? ` and ${agents.length - 3} others` : ""}`;
}
