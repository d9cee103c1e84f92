// SPDX-License-Identifier: Apache-2.0
import { Cron } from "croner";
import type { AutoscalePolicy, ScheduledBounds } from "./autoscale-policy";
import { messageOf } from "./errors";
import type { Failure } from "./failures";

export interface Bounds {
  readonly min: number;
  readonly max: number;
  /** Why they are not the policy's own. */
  readonly because?: string;
}

/** Never more than so many patterns are read again and again: decisions come every few seconds. */
const known = new Map<string, Cron>();

function cronOf({ cron, timeZone = "UTC" }: ScheduledBounds): Cron {
  const key = JSON.stringify([cron, timeZone]);
  const found = known.get(key) ?? new Cron(cron, { timezone: timeZone, paused: true });
  if (known.size > 1000) known.clear();
  known.set(key, found);
  return found;
}

function holds(entry: ScheduledBounds, now: number): boolean {
  const next = cronOf(entry).nextRun(new Date(now - entry.durationSeconds * 1000));
  return next !== null && next.getTime() <= now;
}

/** The bounds at a time, in ms since the epoch: the policy's own, or the largest of what holds then. */
export function boundsAt(
  { min, max, schedule = [] }: Pick<AutoscalePolicy, "min" | "max" | "schedule">,
  now: number,
): Bounds {
  const held = schedule.filter((entry) => holds(entry, now));
  if (held.length === 0) return { min, max };
  const most = Math.max(...held.map((entry) => entry.max ?? max));
  const least = Math.max(...held.map((entry) => entry.min ?? min));
  const because = `by schedule ${held.map(({ cron }) => cron).join("; ")}`;
  return { min: Math.min(least, most), max: most, because };
}

/** The most that a policy may ever ask for. */
export function largestMax({ max, schedule = [] }: Pick<AutoscalePolicy, "max" | "schedule">): number {
  return Math.max(max, ...schedule.map((entry) => entry.max ?? 0));
}

export function describeSchedule(entry: ScheduledBounds): string {
  const { cron, timeZone = "UTC", durationSeconds, min, max } = entry;
  const bounds = [
    ...(min === undefined ? [] : [`${min} or more`]),
    ...(max === undefined ? [] : [`${max} or fewer`]),
  ];
  return `${bounds.join(" and ")} for ${durationSeconds} s from ${cron} (${timeZone})`;
}

/** What no schema says of schedules: patterns and zones that cannot be read, bounds that cross or say nothing. */
export function scheduleFailures({ min, max, schedule = [] }: AutoscalePolicy): Failure[] {
  return schedule.flatMap((entry, i): Failure[] => {
    const path = `schedule[${i}]`;
    const least = entry.min ?? Math.min(min, entry.max ?? min);
    const most = entry.max ?? Math.max(max, entry.min ?? max);
    const problem = patternProblem(entry);
    return [
      ...(problem === undefined ? [] : [{ path: `${path}.cron`, message: problem }]),
      ...(entry.min === undefined && entry.max === undefined
        ? [{ path, message: "must have min or max, or it changes nothing" }]
        : []),
      ...(least > most || (entry.min !== undefined && entry.max === undefined && entry.min > max)
        ? [
            {
              path: `${path}.min`,
              message: `must be max (${entry.max ?? max}) or less, got ${entry.min}; raise max or lower min`,
            },
          ]
        : []),
    ];
  });
}

function patternProblem(entry: ScheduledBounds): string | undefined {
  try {
    cronOf(entry);
    holds(entry, 0);
    return undefined;
  } catch (error) {
    const { cron, timeZone = "UTC" } = entry;
    return `cannot be read as a cron pattern in ${timeZone}: ${messageOf(error)}, got ${JSON.stringify(cron)}`;
  }
}
