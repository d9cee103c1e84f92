// SPDX-License-Identifier: Apache-2.0
import { type App, type AppChange, hasComputed } from "@pulumi-mesos/model";
import { listed } from "./listed";

/** What {@link describeAppChange} is told. */
export interface PlannedChange {
  readonly change: AppChange;
  /** Normal forms; `after` may hold values that are not known yet. */
  readonly before: App;
  readonly after: App;
  /** Whether all tasks restart even when nothing else changes. */
  readonly restart: boolean;
  /** Whether `instances` is left to others, so that nobody knows here how many there are. */
  readonly unmanaged: boolean;
}

const shownPaths = 3;

/** What a change does to the app's tasks, in one line that holds no value but numbers of instances. */
export function describeAppChange({ change, before, after, restart, unmanaged }: PlannedChange): string {
  const paths = change.paths.map((p) => p.path);
  if (change.kind === "replace") return describeReplace(change);
  const scale = paths.includes("instances") ? describeScale(before.instances, after.instances) : undefined;
  const reasons = paths.filter((path) => path !== "instances" && !path.startsWith("executorResources"));
  if (reasons.length === 0 && !restart) {
    if (scale !== undefined) return scale;
    return paths.length > 0
      ? "nothing restarts: executorResources hold for tasks that start from now on"
      : "nothing changes in Marathon";
  }
  const certain = restart || reasons.some((path) => !hasComputed(valueAt(after, path)));
  const why = reasons.length === 0 ? "restartTrigger" : listed(reasons, shownPaths);
  const roll = unmanaged ? "rolling restart of all tasks" : rolling(before, after);
  const line = certain ? `${roll}, because of ${why}` : `${roll}, unless ${why} turns out as it is now`;
  return scale === undefined ? line : `${line}; ${scale}`;
}

function describeReplace({ paths }: AppChange): string {
  if (paths.some((p) => p.path === "appId"))
    return "replace: another appId is another app, made before the old one ends";
  const fixed = paths.filter((p) => p.replace).map((p) => p.path);
  return `replace: Marathon cannot change ${listed(fixed, shownPaths)} of an app with persistent volumes; its data goes with it`;
}

function describeScale(from: number | undefined, to: unknown): string {
  return typeof to === "number"
    ? `scale from ${from ?? 1} to ${to}`
    : `scale from ${from ?? 1} to a number that is not known yet`;
}

/** The arithmetic of reference §2.4. */
function rolling(before: App, after: App): string {
  const tasks = before.instances ?? 1;
  const wanted: unknown = after.instances;
  if (tasks === 0) return "no task runs, so none restarts";
  const text = `rolling restart of ${tasks} ${tasks === 1 ? "task" : "tasks"}`;
  const strategy = after.upgradeStrategy;
  if (typeof wanted !== "number" || hasComputed(strategy) || strategy === undefined) return text;
  const stay = Math.ceil(wanted * strategy.minimumHealthCapacity);
  let most = Math.floor(wanted * (1 + strategy.maximumOverCapacity));
  const resident = before.container?.volumes?.some((v) => v.persistent !== undefined) ?? false;
  if (stay === most && most <= tasks && !resident) most += 1;
  const least = resident && stay === most ? Math.max(0, stay - 1) : stay;
  return `${text} (at least ${Math.min(least, tasks)} of ${tasks} stay, at most ${Math.max(most, tasks)} run)`;
}

/** The value at a property path, or its nearest holder: enough to see whether it is known. */
function valueAt(app: App, path: string): unknown {
  let at: unknown = app;
  for (const part of path.match(/[^.[\]"]+/g) ?? []) {
    if (typeof at !== "object" || at === null || !(part in at)) return at === app ? undefined : at;
    at = (at as Readonly<Record<string, unknown>>)[part];
  }
  return at;
}
