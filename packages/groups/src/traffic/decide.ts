// SPDX-License-Identifier: Apache-2.0
import type { AppStep, FilledAppAutoscale } from "@pulumi-mesos/model";

/** An app's load now, summed up over all edges. */
export interface Load {
  /** Requests a second, or at the same time; at least so many where an edge is silent. Nothing where nobody tells. */
  readonly value: number | undefined;
  /** Why it may be more than that. */
  readonly missing?: string;
}

/** What is remembered of an app from one decision to the next; times are in ms. */
export interface AppMemory {
  /** How many instances the load asked for, and when; also what somebody else set by hand. Oldest first. */
  readonly asked: readonly (readonly [at: number, instances: number])[];
  /** What was changed, and when. Oldest first. */
  readonly changes: readonly (readonly [at: number, by: number])[];
  /** How many there were to be after the last decision. */
  readonly last?: number;
}

export interface AppDecision {
  readonly instances: number;
  /** In words: what counted, and what held it back. */
  readonly reasons: readonly string[];
  /** Why none may go now. */
  readonly frozen?: string;
  readonly memory: AppMemory;
}

export const nothingKnown: AppMemory = { asked: [], changes: [] };

/**
 * How many instances an app shall have, by the rules of Kubernetes' HPA: as many as the load needs; within the tolerance
 * none comes or goes; of what was asked for within the windows the least counts for growth and the most for shrinking;
 * so many a period; while an edge is silent none goes; the bounds hold whatever else is true. An app that somebody set to
 * 0 stays so, and what somebody set by hand stays for the window. Pure.
 */
export function decideApp(
  current: number,
  load: Load,
  policy: FilledAppAutoscale,
  before: AppMemory,
  now: number,
): AppDecision {
  if (current === 0) {
    const reasons = [
      "somebody has set it to 0 instances; set it to 1 or more to have it follow its traffic again",
    ];
    return { instances: 0, reasons, memory: { ...nothingKnown, last: 0 } };
  }
  const { words, asked } = needed(current, load, policy);
  const memory = remembered(current, asked, policy, before, now);
  const steady = stabilised(current, memory.asked, policy, now);
  const paced = withinSteps(current, steady.instances, policy, memory.changes, now);
  const instances = Math.min(policy.max, Math.max(policy.min, paced.instances));
  const reasons = [words, steady.reason, paced.reason, boundReason(paced.instances, policy)];
  return {
    instances,
    reasons: reasons.filter((reason) => reason !== undefined),
    ...(load.missing === undefined ? {} : { frozen: load.missing }),
    memory,
  };
}

/** The memory once a decision was carried out. */
export function carriedOut(memory: AppMemory, from: number, to: number, now: number): AppMemory {
  return { ...memory, last: to, changes: [...memory.changes, [now, to - from]] };
}

interface Needed {
  readonly asked: number;
  readonly words: string;
}

function needed(current: number, { value, missing }: Load, policy: FilledAppAutoscale): Needed {
  if (value === undefined) return { asked: current, words: `its load is not known: ${missing}` };
  const { target, tolerance } = policy;
  const what = policy.by === "rps" ? "requests/s" : "requests at a time";
  const words = `${short(value)} ${what} on ${count(current)}, ${short(target)} each`;
  const share = value / (current * target);
  if (Math.abs(share - 1) <= tolerance) {
    return { asked: current, words: `${words}: within ${Math.round(tolerance * 100)} % of the target` };
  }
  const whole = Math.ceil(value / target);
  if (missing === undefined || whole >= current) return { asked: whole, words: `${words}: ${whole} needed` };
  return { asked: current, words: `${words} and maybe more: ${missing}, so none goes` };
}

/** What is still within a window, with what was asked for now and what somebody else has set. */
function remembered(
  current: number,
  asked: number,
  { scaleUp, scaleDown }: FilledAppAutoscale,
  before: AppMemory,
  now: number,
): AppMemory {
  const window = 1000 * Math.max(scaleUp.stabilizationSeconds, scaleDown.stabilizationSeconds);
  const period = 1000 * Math.max(scaleUp.periodSeconds, scaleDown.periodSeconds);
  const byHand = before.last === current ? [] : [[now, current] as const];
  const all = [...before.asked, ...byHand, [now, asked] as const];
  return {
    asked: compacted(all.filter(([at]) => now - at <= window)),
    changes: before.changes.filter(([at]) => now - at < period),
    last: current,
  };
}

/** Of equal ones in a row the first and the last say all. */
function compacted(asked: AppMemory["asked"]): AppMemory["asked"] {
  return asked.filter(([, n], i) => asked[i - 1]?.[1] !== n || asked[i + 1]?.[1] !== n);
}

interface Step {
  readonly instances: number;
  readonly reason?: string;
}

function stabilised(
  current: number,
  asked: AppMemory["asked"],
  { scaleUp, scaleDown }: FilledAppAutoscale,
  now: number,
): Step {
  const within = (seconds: number): number[] =>
    asked.filter(([at]) => now - at < 1000 * seconds).map(([, instances]) => instances);
  const latest = asked.at(-1)?.[1] ?? current;
  const least = Math.min(latest, ...within(scaleUp.stabilizationSeconds));
  const most = Math.max(latest, ...within(scaleDown.stabilizationSeconds));
  if (least > current) return { instances: least };
  if (most < current) {
    const reason = `${count(most)} needed within the last ${scaleDown.stabilizationSeconds} s`;
    return most === latest ? { instances: most } : { instances: most, reason };
  }
  if (latest > current) {
    const reason = `not ${latest} yet: the load has not asked for more throughout ${scaleUp.stabilizationSeconds} s`;
    return { instances: current, reason };
  }
  if (latest === current) return { instances: current };
  const reason = `not ${latest} yet: ${most} needed within the last ${scaleDown.stabilizationSeconds} s`;
  return { instances: current, reason };
}

/** Not more than the policy lets come or go in a period, counted from how many there were at its begin. */
function withinSteps(
  current: number,
  wanted: number,
  { scaleUp, scaleDown }: FilledAppAutoscale,
  changes: AppMemory["changes"],
  now: number,
): Step {
  if (wanted === current) return { instances: wanted };
  const up = wanted > current;
  const step = up ? scaleUp : scaleDown;
  const done = changes
    .filter(([at, by]) => now - at < 1000 * step.periodSeconds && by > 0 === up)
    .reduce((sum, [, by]) => sum + by, 0);
  const begin = current - done;
  const room = stepRoom(begin, step);
  const limit = up ? Math.max(current, begin + room) : Math.min(current, begin - room);
  const instances = up ? Math.min(wanted, limit) : Math.max(wanted, limit);
  if (instances === wanted) return { instances };
  const reason = `${instances} for now: ${room} may ${up ? "come" : "go"} in ${step.periodSeconds} s`;
  return { instances, reason };
}

function stepRoom(begin: number, { maxStep, maxStepShare }: AppStep): number {
  return Math.max(maxStep, Math.ceil(begin * maxStepShare));
}

function boundReason(wanted: number, { min, max }: FilledAppAutoscale): string | undefined {
  if (wanted > max) return `max ${max} holds it back`;
  return wanted < min ? `min ${min} holds` : undefined;
}

function count(instances: number): string {
  return `${instances} ${instances === 1 ? "instance" : "instances"}`;
}

/** A number as people say it: three digits are enough. */
function short(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
