// SPDX-License-Identifier: Apache-2.0
import type { PlacedApp, PlacedTask } from "../discovery/rotation";

/** Two versions of an app that marathon-lb's zdd deploys beside each other; the older one says where requests come from. */
export interface DeploymentGroup {
  /** With as many tasks leaving as the newer one takes over. */
  readonly older: PlacedApp;
  readonly newer?: PlacedApp;
}

/** The id of the deployment group that an app is in, under which it is routed. */
export function deploymentGroupOf({ labels }: Pick<PlacedApp, "labels">): string | undefined {
  const group = labels["HAPROXY_DEPLOYMENT_GROUP"]?.trim();
  if (!group) return undefined;
  return group.startsWith("/") ? group : `/${group}`;
}

/**
 * The apps of a deployment group, as marathon-lb joins them: by `HAPROXY_DEPLOYMENT_STARTED_AT` the last one is new, and
 * of the older one leave as many tasks as the new one has healthy, once both together have more than
 * `HAPROXY_DEPLOYMENT_TARGET_INSTANCES`; zdd kills those that left. Of three versions the oldest is left out.
 */
export function deploymentGroup(
  id: string,
  [first, ...others]: readonly [PlacedApp, ...PlacedApp[]],
): DeploymentGroup {
  const byAge = [first, ...others].sort((a, b) => startedAt(a) - startedAt(b) || (a.id < b.id ? -1 : 1));
  const newer = byAge.at(-1) ?? first;
  const older = byAge.at(-2);
  if (older === undefined) return { older: { ...newer, id } };
  const takers = (app: PlacedApp): PlacedTask[] => app.tasks.filter((task) => task.place === "in");
  const [old, fresh] = [takers(older).sort(byAddress), takers(newer).length];
  const target = targetOf(newer) ?? old.length;
  const leaving = new Set(old.slice(0, Math.max(0, Math.min(fresh, fresh + old.length - target))));
  const tasks = older.tasks.map((task) =>
    leaving.has(task) ? { ...task, place: "leaving" as const } : task,
  );
  return { older: { ...older, id, tasks }, newer: { ...newer, id } };
}

function startedAt({ labels }: PlacedApp): number {
  const at = Date.parse(labels["HAPROXY_DEPLOYMENT_STARTED_AT"] ?? "");
  return Number.isNaN(at) ? Number.NEGATIVE_INFINITY : at;
}

function targetOf({ labels }: PlacedApp): number | undefined {
  const text = labels["HAPROXY_DEPLOYMENT_TARGET_INSTANCES"];
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : undefined;
}

function byAddress(a: PlacedTask, b: PlacedTask): number {
  const [left, right] = [a, b].map(({ host, ports }) => `${host}:${ports}`);
  return (left ?? "") < (right ?? "") ? -1 : 1;
}
