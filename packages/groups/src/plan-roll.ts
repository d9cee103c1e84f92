// SPDX-License-Identifier: Apache-2.0
import { type AgentChange, agentChange, templateDigest } from "@pulumi-mesos/model";
import type { Agent, Applied, Member, Trial } from "./observed";
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
  /** Whose turn it is now. */
  readonly next?: { readonly member: Member; readonly inPlace: boolean };
  /** Whether some are drained and replaced, for which one more is made first. */
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
 * One member at a time, and none before all that were changed are active; nothing is touched beyond the first until that one
 * has held. Pure.
 *
 * @param staying members that do not leave; `leaving`: whether any does.
 */
export function planRoll(view: PoolView, staying: readonly Member[], leaving: boolean): Roll {
  const { template, backend } = view.declaration;
  const target = templateDigest(template, backend);
  const isStale = (member: Member): boolean => view.most > 0 && runningTemplate(view, member) !== target;
  const stale = inTurn(view, staying.filter(isStale));
  const fresh = staying.filter((member) => !isStale(member));
  if (stale.length === 0) return { target, stale, replaces: false, cordoned: [] };

  const trial = trialOf(view, target, fresh);
  const changes = new Map(stale.map((member) => [member, changeOf(view, member)]));
  const first = stale.find((member) => !view.busy.has(member.name));
  const ready =
    view.agents !== undefined &&
    !leaving &&
    fresh.every((member) => isActive(view, member)) &&
    (fresh.length === 0 || trial?.passed === true);
  const others = stale.filter((member) => member !== first);
  // One that serves nobody may be changed whatever the others do.
  const mayGo = first !== undefined && (!serves(view, first) || others.every((m) => serves(view, m)));
  const toReplace = stale.filter((member) => changes.get(member)?.kind === "replace");
  const cordoned = trial?.passed
    ? toReplace.filter((m) => changes.get(m)?.roomy).flatMap((m) => agentOf(view, m.index) ?? [])
    : [];
  const inPlace = first !== undefined && !toReplace.includes(first);
  return {
    target,
    stale,
    trial,
    replaces: toReplace.length > 0,
    cordoned,
    ...(ready && mayGo ? { next: { member: first, inPlace } } : {}),
    failure: failureOf(view, trial, fresh),
  };
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

function trialOf(view: PoolView, template: string, fresh: readonly Member[]): Trial | undefined {
  if (fresh.length === 0) return undefined;
  const { now, version, state } = view;
  const before = state.trial?.template === template ? state.trial : undefined;
  const isUp = fresh.every((member) => isActive(view, member));
  // What is still being started has its own time: an instance takes minutes before its agent can become active.
  const starting = fresh.some((member) => view.busy.has(member.name));
  const activeSince = isUp ? (before?.activeSince ?? now) : undefined;
  return {
    template,
    since: before?.version === version && !starting ? before.since : now,
    version,
    ...(activeSince === undefined ? {} : { activeSince }),
    passed: before?.passed === true || (activeSince !== undefined && now - activeSince >= holdMs),
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
