// SPDX-License-Identifier: Apache-2.0
import type { App, GroupChange } from "@pulumi-mesos/model";
import { listed } from "./listed";

/** What {@link describeGroupChange} is told. */
export interface PlannedGroupChange {
  readonly change: GroupChange;
  /** Apps by their paths, in normal form; those of `after` may hold values that are not known yet. */
  readonly before: ReadonlyMap<string, App>;
  readonly after: ReadonlyMap<string, App>;
  /** Property paths of lists that the program leaves to others from now on. */
  readonly disowned: readonly string[];
  /** Whether numbers of instances are left to others, so that nobody knows here how many there are. */
  readonly unmanaged: boolean;
}

const shown = 5;

/** Which apps of a group come, go, scale and restart, in one line that holds no value but numbers of instances. */
export function describeGroupChange(planned: PlannedGroupChange): string {
  const { change, disowned } = planned;
  const { appear, disappear, restart, replace } = change.apps;
  const scale = scaled(planned);
  const paths = change.paths.map((p) => p.path);
  if (paths.includes("groupId")) {
    return "replace: another groupId is another group, made with all its apps before the old one ends";
  }
  const parts = [
    ...restarts(planned, [...restart, ...replace]),
    ...(scale.length > 0 ? [`scale ${listed(scale, shown, (path) => scaleOf(planned, path))}`] : []),
    ...(appear.length > 0 ? [`start ${listed(appear, shown)}`] : []),
    ...(disappear.length > 0 ? [`end ${listed(disappear, shown)}`] : []),
    ...(paths.includes("enforceRole") ? ["set whether the group's name is the role of its apps"] : []),
    ...(paths.some((path) => /^(groups\[\d+\]\.)*dependencies\b/.test(path))
      ? ["change the order of deployments"]
      : []),
    ...(disowned.length > 0 ? [`leave ${listed(disowned, shown)} to others`] : []),
  ];
  if (parts.length > 0) return parts.join("; ");
  return paths.length > 0 ? "no app changes" : "nothing changes in Marathon";
}

/** `rolling restart of 5 tasks, of /shop/web (3) and /shop/db (2), because of env`. */
function restarts({ change, before, unmanaged }: PlannedGroupChange, apps: readonly string[]): string[] {
  if (apps.length === 0) return [];
  const count = (path: string): number => before.get(path)?.instances ?? 1;
  const fields = change.paths.flatMap(({ path }) => {
    const field = /^(?:groups\[\d+\]\.)*apps\[\d+\]\.(.+)$/.exec(path)?.[1];
    return field === undefined || field === "instances" ? [] : [field];
  });
  const why = listed([...new Set(fields)], shown);
  if (unmanaged) return [`rolling restart of all tasks of ${listed(apps, shown)}, because of ${why}`];
  const tasks = apps.reduce((sum, path) => sum + count(path), 0);
  const of = listed(apps, shown, (path) => `${path} (${count(path)})`);
  return [`rolling restart of ${tasks} ${tasks === 1 ? "task" : "tasks"}, of ${of}, because of ${why}`];
}

/** Apps whose number of instances changes, those that restart included. */
function scaled({ change, before, after, unmanaged }: PlannedGroupChange): readonly string[] {
  const { scale, restart } = change.apps;
  if (unmanaged) return scale;
  const sized = restart.filter((path) => before.get(path)?.instances !== after.get(path)?.instances);
  return [...scale, ...sized];
}

function scaleOf({ before, after }: PlannedGroupChange, path: string): string {
  const to: unknown = after.get(path)?.instances;
  const from = before.get(path)?.instances ?? 1;
  return `${path} from ${from} to ${typeof to === "number" ? to : "a number that is not known yet"}`;
}
