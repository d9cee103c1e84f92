// SPDX-License-Identifier: Apache-2.0
import { digestOf, fillRollPolicy, memberName, templateDigest } from "@pulumi-mesos/model";
import type { Agent, Applied, Leaving, Member, PoolState } from "./observed";
import { begun, chooseLeaving, type Leaver, planLeaving, refreshed } from "./plan-leaving";
import { type Heeded, planNotices } from "./plan-notices";
import { appliedTo, planRoll, type Roll, runningTemplate, untried } from "./plan-roll";
import { agentOf, indexIn, type PoolView } from "./pool-view";

/** One thing to do; doing it twice does no harm. */
export type Action =
  | { readonly kind: "start"; readonly index: number; readonly applied: Applied }
  | { readonly kind: "deactivate"; readonly agentId: string }
  | { readonly kind: "reactivate"; readonly agentId: string }
  /** Ends its tasks without asking anybody and bars it for ever. */
  | { readonly kind: "gone"; readonly agentId: string }
  | { readonly kind: "drain"; readonly agentId: string; readonly graceSeconds: number }
  | { readonly kind: "terminate"; readonly name: string };

/** A decision: write `state`, then do `actions` and vacate agents. */
export interface PoolPlan {
  readonly state: PoolState;
  readonly actions: readonly Action[];
  /** Agents that Marathon's tasks are to move away from. */
  readonly vacate: readonly string[];
  /** Why the declaration cannot be followed without a change of it; the members stay as they are. */
  readonly refusal: string | undefined;
  readonly roll: Roll;
  readonly staying: readonly Member[];
  /** Indices of members that are to be made. */
  readonly missing: readonly number[];
  readonly leavers: readonly Leaver[];
}

/** Decides what is next for a pool. Pure: the same view gives the same plan. */
export function planPool(view: PoolView): PoolPlan {
  const { members, size } = view;
  const refusal = refusalOf(view);
  const notices = planNotices(view);
  const leaving = { ...leavingOf(view, notices, refusal) };
  const stayingNow = members.filter((member) => leaving[member.name] === undefined);
  const planned = planRoll(view, stayingNow, leaving);
  const roll = refusal === undefined ? planned : { ...planned, turns: [], leave: [], more: 0 };
  for (const { name } of roll.leave) leaving[name] = begun(view, "roll");

  const staying = members.filter((member) => leaving[member.name] === undefined);
  const remaining = Object.entries(leaving).filter(
    ([name]) => view.busy.has(name) || members.some((member) => member.name === name),
  );
  const leavers = remaining.map(([name, entry]) => planLeaving(view, name, entry));
  const entries = Object.fromEntries(leavers.map((plan) => [plan.name, plan.entry]));
  const wanted = refusal === undefined ? size + roll.more + notices.more : staying.length;
  const { surge } = fillRollPolicy(view.declaration.update);
  const replaced = remaining.filter(([, entry]) => entry.for === "roll").length;
  const room = Math.min(wanted, size + surge + notices.more - replaced) - staying.length;
  const missing = missingIndices(view, entries, atMost(view, roll, staying, room));
  const starts = startsOf(view, { roll, staying, missing, refused: refusal !== undefined });
  return {
    state: stateOf(view, roll, entries, starts),
    actions: [
      ...starts,
      ...cordonsOf(view, refusal === undefined ? [...roll.cordoned, ...notices.cordoned] : [], staying),
      ...leavers.flatMap((plan) => plan.actions),
    ],
    vacate: leavers.flatMap((plan) => (plan.vacate === undefined ? [] : [plan.vacate])),
    refusal,
    roll,
    staying,
    missing,
    leavers,
  };
}

/** Why the declaration cannot be followed without a change of it. */
function refusalOf({ declaration, size, capacity, state, members }: PoolView): string | undefined {
  const { backend } = declaration;
  const somebody = members.length > 0 || Object.keys(state.leaving).length > 0;
  if (size > 0 && somebody && digestOf(state.backend ?? backend) !== digestOf(backend)) {
    return "the place of its members changed while there are some: set size 0 first, then the new place with the size that you want";
  }
  if (size > capacity) {
    return `size: must be ${capacity} or less, because the backend's task ports have room for so many, got ${size}`;
  }
  return undefined;
}

/** Who leaves for the size or a notice alone: while members are replaced, one more than declared may stay. */
function leavingOf(
  view: PoolView,
  notices: Heeded,
  refusal: string | undefined,
): Readonly<Record<string, Leaving>> {
  const before = refreshed(view, notices.leaving);
  if (refusal !== undefined) return before;
  const { template, backend } = view.declaration;
  const kept = view.members.filter((member) => before[member.name] === undefined);
  const { replaces } = planRoll(view, kept, {});
  const { surge } = fillRollPolicy(view.declaration.update);
  const more = (replaces ? surge : 0) + notices.more;
  return chooseLeaving(view, before, templateDigest(template, backend), more);
}

/** While a template is on trial, its canaries try it and no more are made. */
function atMost(view: PoolView, { stale, trial }: Roll, staying: readonly Member[], count: number): number {
  if (stale.length === 0) return count;
  const fresh = staying.filter((member) => !stale.includes(member));
  return Math.min(count, untried(trial, fresh, fillRollPolicy(view.declaration.update)));
}

/** The lowest indices that nobody has, also nobody who is leaving. */
function missingIndices(view: PoolView, leaving: Readonly<Record<string, Leaving>>, count: number): number[] {
  const taken = new Set([
    ...view.members.map((member) => member.index),
    ...Object.keys(leaving).map((name) => indexIn(view, name)),
  ]);
  const missing: number[] = [];
  for (let index = 1; missing.length < count && index <= view.capacity; index++) {
    if (!taken.has(index)) missing.push(index);
  }
  return missing;
}

type Start = Extract<Action, { kind: "start" }>;

/** Members to start: new ones, dead ones as they were, and those whose turn it is to be changed in place. */
function startsOf(
  view: PoolView,
  o: {
    readonly roll: Roll;
    readonly staying: readonly Member[];
    readonly missing: readonly number[];
    readonly refused: boolean;
  },
): Start[] {
  const { template, backend, name } = view.declaration;
  const { stale, trial, turns } = o.roll;
  const start = (index: number, applied: Applied): Start => ({ kind: "start", index, applied });
  const changed = o.missing.length === 0 ? turns : [];
  const dead = o.staying.filter((member) => {
    // It is its turn soon, unless the template that it would get is still on trial.
    const waits = stale.includes(member) && !o.refused && (trial === undefined || trial.passed);
    return !member.running && !changed.includes(member) && !waits;
  });
  return [
    ...dead.flatMap((member) => {
      const applied = appliedTo(view, member);
      return applied === undefined ? [] : [start(member.index, applied)];
    }),
    ...changed.map((member) => start(member.index, { template, backend })),
    ...o.missing.map((index) => start(index, { template, backend })),
  ].filter(({ index }) => !view.busy.has(memberName(name, index)));
}

/** Agents that are to take no new tasks, and those that are to take some again. */
function cordonsOf(view: PoolView, cordoned: readonly Agent[], staying: readonly Member[]): Action[] {
  return staying.flatMap((member): Action[] => {
    const agent = agentOf(view, member.index);
    if (agent === undefined || agent.drain !== undefined) return [];
    const wanted = cordoned.some(({ id }) => id === agent.id);
    if (wanted === agent.deactivated) return [];
    return [{ kind: wanted ? "deactivate" : "reactivate", agentId: agent.id }];
  });
}

/** What to remember: who leaves, and what every member runs. */
function stateOf(
  view: PoolView,
  { trial }: Roll,
  leaving: Readonly<Record<string, Leaving>>,
  starts: readonly Start[],
): PoolState {
  const { declaration, members, state } = view;
  const { name, template, backend } = declaration;
  // A member that is being started may not be seen yet: what it was told to run is known from then.
  const unseen = Object.entries(state.runs).filter(([member]) => view.busy.has(member));
  if ([members, starts, unseen, Object.keys(leaving)].every(({ length }) => length === 0)) {
    return { templates: {}, runs: {}, leaving };
  }
  const runs = Object.fromEntries(unseen);
  for (const member of members) {
    const digest = runningTemplate(view, member);
    if (digest !== undefined) runs[member.name] = digest;
  }
  const known = { ...state.templates, [templateDigest(template, backend)]: template };
  for (const { index, applied } of starts) {
    runs[memberName(name, index)] = templateDigest(applied.template, applied.backend);
  }
  const used = new Set(Object.values(runs));
  const templates = Object.fromEntries(Object.entries(known).filter(([digest]) => used.has(digest)));
  const somebody = members.length > 0 || Object.keys(leaving).length > 0;
  return {
    backend: somebody ? (state.backend ?? backend) : backend,
    templates,
    runs,
    ...(trial === undefined ? {} : { trial }),
    leaving,
  };
}
