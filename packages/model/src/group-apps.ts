// SPDX-License-Identifier: Apache-2.0
import type { Group, GroupApp, GroupMember } from "./group";
import { membersOf } from "./group-members";
import { absolutePath } from "./path-id";
import { formatPath, type Segments } from "./property-path";
import { isRecord } from "./schema-view";

/** What {@link mapApps} tells of an app. */
export interface AppPlace {
  /** Its absolute path. */
  readonly path: string;
  /** The absolute path of the group that it stands in, against which its own paths are. */
  readonly base: string;
  /** Its property path in the document: `groups[0].apps[1]`. */
  readonly at: string;
}

/** `group` with `each` of its apps, at any depth, replaced; what is not known yet stays as it is. */
export function mapApps<T extends GroupMember>(
  group: T,
  each: (app: GroupApp, place: AppPlace) => GroupApp,
): T {
  return mapped(group, "/", [], each);
}

/** The absolute paths of all apps that a group's document names, at any depth. */
export function declaredApps(group: Group): string[] {
  return membersOf(group, "id").flatMap(({ kind, path }) =>
    kind === "app" && path !== undefined ? path : [],
  );
}

/** `group` with the `instances` of those apps of `other` that have the same path, where `which` says so. */
export function withInstancesOf(
  group: Group,
  other: Group,
  which: (place: AppPlace) => boolean = () => true,
): Group {
  const live = new Map<string, GroupApp["instances"]>();
  mapApps(other, (app, { path }) => {
    live.set(path, app.instances);
    return app;
  });
  return mapApps(group, (app, place) => {
    if (!live.has(place.path) || !which(place)) return app;
    const { instances: _, ...rest } = app;
    const instances = live.get(place.path);
    return instances === undefined ? rest : { ...rest, instances };
  });
}

/** Property paths of the lists of apps and groups that `before` gives and `after` leaves to others. */
export function disownedLists(before: Group, after: Group): string[] {
  return disowned(before, after, "/", []);
}

function mapped<T extends GroupMember>(
  group: T,
  base: string,
  at: Segments,
  each: (app: GroupApp, place: AppPlace) => GroupApp,
): T {
  const own = pathOf(group, base);
  const { apps, groups } = group;
  const inApps = listOf(apps).map((app, i) => {
    if (!isRecord(app)) return app;
    return each(app, { path: pathOf(app, own), base: own, at: formatPath([...at, "apps", i]) });
  });
  const inGroups = listOf(groups).map((member, i) =>
    isRecord(member) ? mapped(member, own, [...at, "groups", i], each) : member,
  );
  return {
    ...group,
    ...(Array.isArray(apps) ? { apps: inApps } : {}),
    ...(Array.isArray(groups) ? { groups: inGroups } : {}),
  };
}

function disowned(before: GroupMember, after: GroupMember, base: string, at: Segments): string[] {
  const own = pathOf(after, base);
  const gone = (["apps", "groups"] as const).filter(
    (key) => before[key] !== undefined && after[key] === undefined,
  );
  const old = new Map(listOf(before.groups).map((group) => [pathOf(group, own), group]));
  const deeper = listOf(after.groups).flatMap((group, i) => {
    const was = old.get(pathOf(group, own));
    return was === undefined ? [] : disowned(was, group, own, [...at, "groups", i]);
  });
  return [...gone.map((key) => formatPath([...at, key])), ...deeper];
}

function pathOf(value: unknown, base: string): string {
  return isRecord(value) && typeof value["id"] === "string" ? absolutePath(value["id"], base) : base;
}

/** The elements of a list, none of what is no list (yet). */
function listOf<T>(value: readonly T[] | undefined): readonly T[] {
  return Array.isArray(value) ? value : [];
}
