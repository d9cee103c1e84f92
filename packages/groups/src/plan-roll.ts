// SPDX-License-Identifier: Apache-2.0
import {
  type AgentChange,
  agentChange,
  fillRollPolicy,
  type RollPolicy,
  templateDigest,
} from "@pulumi-mesos/model";
import type { Agent, Applied, Leaving, Member, Trial } from "./observed";
import { agentOf, inTurn, isActive, type PoolView } from "./pool-view";

/** How long the first members on a template must stay active before another member is touched. */
export const holdMs = 5_000;
/** How long they may take to become active before that is reported. */
const trialMs = 180_000;

/** Which members are to be changed to the declared template, and whether the next one may be. */
export interface Roll {
  /** Digest of the declared template. */
  readonly target: string;
  /** Members on another one, in the order of their turn. */
  readonly stale: readonly Member[];
  readonly trial?: Trial;
  /** Members to be changed in place now. */
  readonly turns: readonly Member[];
  /** Members whose replacements are active, or that must make room for them: they leave now. */
  readonly leave: readonly Member[];
  /** How many more than its size the pool may have now, so that replacements come first. */
  readonly more: number;
  /** Whether some are drained and replaced. */
  readonly replaces: boolean;
  /** Agents that take no new tasks: those of members that will be replaced, so that a task moves only once. */
  readonly cordoned: readonly Agent[];
  /** Why the template does not come up. */
  readonly failure?: string;
}

/** Digest of what a member runs, or was last told to run; unknown when nobody remembers. */
export function runningTemplate({ state }: Pick<PoolView, "state">, member: Member): string | undefined {
  return member.template ?? state.runs[member.name];
}

/** What a member runs, where it is still known. */
export function appliedTo(view: PoolView, member: Member): Applied | undefined {
  const { template, backend } = view.declaration;
  const digest = runningTemplate(view, member) ?? "";
  if (digest === templateDigest(template, backend)) return { template, backend };
  const known = view.state.templates[digest];
  return known && { template: known, backend: view.state.backend ?? backend };
}

/**
 * As many members at a time as the declaration's `update` says, and none besides the first ones, its canaries, until those have
 * held. Pure.
 *
 * @param staying members that do not leave; `leaving`: those that do.
 */
export function planRoll(
  view: PoolView,
  staying: readonly Member[],
  leaving: Readonly<Record<string, Leaving>>,
): Roll {
  const { template, backend, update } = view.declaration;
  const policy = fillRollPolicy(update);
  const target = templateDigest(template, backend);
  const isStale = (member: Member): boolean => view.most > 0 && runningTemplate(view, member) !== target;
  const stale = inTurn(view, staying.filter(isStale));
  const fresh = staying.filter((member) => !isStale(member));
  const still = { turns: [], leave: [], more: 0 };
  if (stale.length === 0) return { target, stale, ...still, replaces: false, cordoned: [] };

  const trial = trialOf(view, target, fresh, Math.min(policy.canary, Math.max(1, view.size)));
  const changes = new Map(stale.map((member) => [member, changeOf(view, member)]));
  const toReplace = stale.filter((member) => changes.get(member)?.kind === "replace");
  const cordoned = trial?.passed
    ? toReplace.filter((m) => changes.get(m)?.roomy).flatMap((m) => agentOf(view, m.index) ?? [])
    : [];
  const failure = failureOf(view, trial, fresh);
  const others = Object.values(leaving).filter((entry) => entry.for !== "load");
  const replaced = others.filter((entry) => entry.for === "roll").length;
  const isHeld = view.agents === undefined || others.length > replaced;
  const isPaused = isHeld || (failure !== undefined && (policy.pauseOnFailure || trial?.passed !== true));
  const free = stale.filter((member) => !view.busy.has(member.name));
  const lanes: Lanes = {
    stale,
    fresh,
    replaced,
    policy,
    untried: untried(trial, fresh, policy),
    hasHeld: hasHeld(view, trial),
  };
  const inPlace = free[0] !== undefined && !toReplace.includes(free[0]);
  const steps = isPaused
    ? still
    : inPlace
      ? {
          ...still,
          turns: turnsOf(
            view,
            free.filter((m) => !toReplace.includes(m)),
            lanes,
          ),
        }
      : replacementsOf(
          view,
          free.filter((m) => toReplace.includes(m)),
          lanes,
        );
  return { target, stale, trial, ...steps, replaces: toReplace.length > 0, cordoned, failure };
}

interface Lanes {
  readonly stale: readonly Member[];
  readonly fresh: readonly Member[];
  /** How many leave to be replaced already. */
  readonly replaced: number;
  readonly policy: Required<RollPolicy>;
  /** How many more members may get a template that has not held yet. */
  readonly untried: number;
  /** Whether all that have got it so far have held. */
  readonly hasHeld: boolean;
}

function hasHeld({ now }: PoolView, trial: Trial | undefined): boolean {
  return trial?.passed === true || (trial?.activeSince !== undefined && now - trial.activeSince >= holdMs);
}

/** How many more members may get the template: until the canaries have held, no more than those. */
export function untried(
  trial: Trial | undefined,
  fresh: readonly Member[],
  { canary }: Pick<Required<RollPolicy>, "canary">,
): number {
  return trial?.passed === true ? Number.POSITIVE_INFINITY : Math.max(0, canary - fresh.length);
}

/** Who is changed in place now; one that serves nobody does not make anything worse. */
function turnsOf(view: PoolView, free: readonly Member[], lanes: Lanes): readonly Member[] {
  const { stale, fresh, replaced, policy } = lanes;
  if (replaced > 0) return [];
  const unready = fresh.filter((member) => !isActive(view, member)).length;
  const most = Math.min(lanes.untried, policy.maxUnavailable - unready);
  const silent = stale.filter((member) => !serves(view, member)).length;
  const turns: Member[] = [];
  for (const member of free) {
    const away = unready + silent + turns.filter((m) => serves(view, m)).length;
    if (turns.length < most && (!serves(view, member) || away < policy.maxUnavailable)) turns.push(member);
  }
  return turns;
}

/** Who leaves now, and how many replacements may come before others leave. */
function replacementsOf(
  view: PoolView,
  free: readonly Member[],
  { stale, fresh, replaced, policy, untried, hasHeld }: Lanes,
): Pick<Roll, "turns" | "leave" | "more"> {
  const staying = stale.length + fresh.length;
  const isRoomy = policy.surge > 0 && (staying > view.size || staying + replaced < view.capacity);
  const floor = isRoomy ? view.size : view.size - policy.maxUnavailable;
  let serving =
    fresh.filter((member) => isActive(view, member)).length +
    stale.filter((member) => serves(view, member)).length;
  let left = staying;
  const leave: Member[] = [];
  for (const member of free) {
    const isServing = serves(view, member);
    // Until the template has held, members go only where there are too many, or to make room for those that try it.
    const mayGo = isRoomy ? hasHeld || fresh.length === 0 : leave.length + replaced < untried;
    if (!mayGo || left - 1 < floor || (isServing && serving - 1 < floor)) continue;
    leave.push(member);
    left--;
    if (isServing) serving--;
  }
  const gone = replaced + leave.length;
  return { turns: [], leave, more: isRoomy ? Math.max(0, Math.min(policy.surge, free.length) - gone) : 0 };
}

/** What the change does to one member: when nobody knows what it ran, it is replaced. */
function changeOf(view: PoolView, member: Member): AgentChange {
  const before = appliedTo(view, member);
  if (before === undefined) {
    return { kind: "replace", changed: [], because: "nobody knows what it ran", roomy: false };
  }
  return agentChange(before.template, view.declaration.template, before.backend);
}

/** Whether a member of before is in its place: also one that takes no new tasks. */
function serves(view: PoolView, member: Member): boolean {
  const agent = agentOf(view, member.index);
  return member.running && (agent?.active || agent?.deactivated) === true;
}

function trialOf(
  view: PoolView,
  template: string,
  fresh: readonly Member[],
  canaries: number,
): Trial | undefined {
  if (fresh.length === 0) return undefined;
  const { now, version, state } = view;
  const before = state.trial?.template === template ? state.trial : undefined;
  const isUp = fresh.every((member) => isActive(view, member));
  // What is still being started has its own time: an instance takes minutes before its agent can become active.
  const starting = fresh.some((member) => view.busy.has(member.name));
  // The clock of another controller may have been ahead of ours.
  const activeSince = isUp ? Math.min(before?.activeSince ?? now, now) : undefined;
  return {
    template,
    since: before?.version === version && !starting ? Math.min(before.since, now) : now,
    version,
    ...(activeSince === undefined ? {} : { activeSince }),
    passed:
      before?.passed === true ||
      (fresh.length >= canaries && activeSince !== undefined && now - activeSince >= holdMs),
  };
}

function failureOf(view: PoolView, trial: Trial | undefined, fresh: readonly Member[]): string | undefined {
  const failed = fresh.find((member) => view.failures.has(member.name));
  const late = fresh.find((member) => !isActive(view, member));
  const why =
    failed !== undefined
      ? view.failures.get(failed.name)
      : trial !== undefined && !trial.passed && late !== undefined && view.now - trial.since > trialMs
        ? `${late.name} runs, but its agent has not become active within ${trialMs / 1000} s; see its log`
        : undefined;
  return why && `the new template does not come up, so the rest stays as it is: ${why}`;
}
