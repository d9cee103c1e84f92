// SPDX-License-Identifier: Apache-2.0
import type { App } from "./app";
import { diffApp } from "./app-diff";
import type { ChangeKind, ChangePath } from "./compare";
import { differencesOf } from "./compare";
import type { Group, GroupMember } from "./group";
import { formatPath, type Segments } from "./property-path";
import { isRecord } from "./schema-view";

/** Paths of apps by what happens to them; apps that do not change are in none of these lists. */
export interface GroupAppChanges {
  readonly appear: readonly string[];
  readonly disappear: readonly string[];
  readonly scale: readonly string[];
  readonly restart: readonly string[];
  readonly replace: readonly string[];
}

/**
 * What turns one group into another: its kind, every path (the document's `id` is `groupId` there), and the apps that it touches.
 *
 * `scale` also stands for a change that only starts new apps, ends old ones, or touches no task: no running task restarts.
 */
export interface GroupChange {
  readonly kind: ChangeKind;
  readonly paths: readonly ChangePath[];
  readonly apps: GroupAppChanges;
}

type Lists = { -readonly [K in keyof GroupAppChanges]: string[] };

/**
 * What it takes to turn the group `before` into `after`; both in normal form. Apps and groups are matched by their paths, and their
 * order means nothing; a list that `after` leaves out is left to others.
 */
export function diffGroup(before: Group, after: Group): GroupChange {
  const walk = new Walk();
  if (before.id !== after.id) walk.paths.push({ path: "groupId", kind: "update", replace: true });
  if (after.enforceRole !== before.enforceRole && after.enforceRole !== undefined)
    walk.paths.push({
      path: "enforceRole",
      kind: before.enforceRole === undefined ? "add" : "update",
      replace: false,
    });
  walk.compare(before, after, []);
  return { kind: walk.kind(), paths: walk.paths, apps: walk.apps };
}

class Walk {
  readonly paths: ChangePath[] = [];
  readonly apps: Lists = { appear: [], disappear: [], scale: [], restart: [], replace: [] };

  kind(): ChangeKind {
    if (this.paths.length === 0) return "none";
    if (this.paths.some((p) => p.replace)) return "replace";
    return this.apps.restart.length > 0 ? "restart" : "scale";
  }

  compare(before: GroupMember, after: GroupMember, at: Segments): void {
    this.#dependencies(before, after, at);
    this.#lists(before.apps, after.apps, [...at, "apps"], (old, now, place) => this.#app(old, now, place));
    this.#lists(before.groups, after.groups, [...at, "groups"], (old, now, place) =>
      this.#group(old, now, place),
    );
  }

  #dependencies({ dependencies: before }: GroupMember, { dependencies: after }: GroupMember, at: Segments) {
    const by = { sets: new Set(["dependencies"]), assigned: new Set<string>() };
    for (const d of differencesOf({ dependencies: before }, { dependencies: after }, by))
      this.#add([...at, ...d.at], d.kind);
  }

  /** Compares elements of the same path; `after` absent leaves all as they are. */
  #lists<T>(
    before: readonly T[] | undefined,
    after: readonly T[] | undefined,
    at: Segments,
    compare: (before: T | undefined, after: T | undefined, at: Segments) => void,
  ): void {
    if (after === undefined || before === after) return;
    if (!Array.isArray(after)) {
      this.#add(at, before === undefined ? "add" : "update");
      return;
    }
    const old = new Map((Array.isArray(before) ? before : []).map((item, i) => [keyOf(item), { item, i }]));
    after.forEach((item: T, i) => {
      const key = keyOf(item);
      compare(old.get(key)?.item, item, [...at, i]);
      old.delete(key);
    });
    for (const { item, i } of old.values()) compare(item, undefined, [...at, i]);
  }

  #app(before: App | undefined, after: App | undefined, at: Segments): void {
    const id = String(keyOf(after ?? before));
    if (before === undefined || after === undefined) {
      this.#add(at, before === undefined ? "add" : "delete");
      this.apps[before === undefined ? "appear" : "disappear"].push(id);
      return;
    }
    const { kind, paths } = diffApp(before, after);
    if (kind === "none") return;
    this.apps[kind].push(id);
    const place = formatPath(at);
    for (const p of paths) this.paths.push({ ...p, path: `${place}.${p.path}` });
  }

  #group(before: GroupMember | undefined, after: GroupMember | undefined, at: Segments): void {
    if (before !== undefined && after !== undefined) {
      this.compare(before, after, at);
      return;
    }
    this.#add(at, before === undefined ? "add" : "delete");
    const list = this.apps[before === undefined ? "appear" : "disappear"];
    list.push(...appIds(after ?? before));
  }

  #add(at: Segments, kind: ChangePath["kind"]): void {
    this.paths.push({ path: formatPath(at), kind, replace: false });
  }
}

/** The paths of all apps in a group and the groups below it. */
function appIds(group: unknown): string[] {
  if (!isRecord(group)) return [];
  const { apps, groups } = group;
  return [
    ...(Array.isArray(apps) ? apps.map((app) => String(keyOf(app))) : []),
    ...(Array.isArray(groups) ? groups.flatMap(appIds) : []),
  ];
}

/** What matches elements of two lists: the path, and for what has none the element itself. */
function keyOf(item: unknown): unknown {
  return isRecord(item) ? item["id"] : item;
}
