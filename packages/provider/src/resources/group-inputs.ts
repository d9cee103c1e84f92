// SPDX-License-Identifier: Apache-2.0
import {
  type App,
  absolutePath,
  diffApp,
  diffGroup,
  type Group,
  type GroupApp,
  type GroupMember,
  type GroupResourceInputs,
  normaliseApp,
  normaliseGroup,
  type ServerFacts,
  shortestGroupApp,
  shortestGroupMember,
  toGroupDocument,
  withInstancesOf,
} from "@pulumi-mesos/model";
import { hasOldShape } from "./app-inputs";
import { withDrift } from "./drifted-fields";
import { normalGroup } from "./group-facts";

/** The inputs that a refresh shows, and which places of them hold what stood elsewhere before. */
export interface RefreshedGroup {
  readonly inputs: GroupResourceInputs;
  /** Apps and groups that moved in their lists. */
  readonly moved: readonly Moved[];
}

/**
 * The user's own inputs where they mean what runs; in each app that differs the running values of its fields that do,
 * without apps and groups that are gone, and with those that are there besides at the ends of the lists.
 */
export function refreshedGroup(known: GroupResourceInputs, live: object, facts: ServerFacts): RefreshedGroup {
  const running = normaliseGroup(live, facts);
  const leave = known.manageInstances === false;
  const document = toGroupDocument(known);
  const wanted = leave ? withInstancesOf(document, running) : document;
  if (diffGroup(running, normaliseGroup(wanted, facts)).kind === "none") return { inputs: known, moved: [] };
  const moved: Moved[] = [];
  const role = running.enforceRole === true ? running.id.slice(1) : facts.role;
  const refresh: Refreshing = { facts: { ...facts, role }, leave, moved };
  const { enforceRole, ...rest } = known;
  const inputs = refreshedMember(rest, running, { to: "", from: "" }, refresh);
  const enforced = enforceRole === undefined ? {} : { enforceRole: running.enforceRole ?? enforceRole };
  return { inputs: { ...inputs, ...enforced }, moved };
}

/** The inputs that are compared: with the numbers of instances of `olds` where those are left to others. */
export function comparedInputs(
  olds: GroupResourceInputs,
  news: Readonly<Record<string, unknown>>,
  facts: ServerFacts,
): { readonly before: Group; readonly after: Group } {
  const before = normalGroup(olds, facts);
  const after = normalGroup(news, facts);
  return { before, after: news["manageInstances"] === false ? withInstancesOf(after, before) : after };
}

interface Refreshing {
  readonly facts: ServerFacts;
  /** Whether the numbers of instances are left to others. */
  readonly leave: boolean;
  readonly moved: Moved[];
}

/** Property paths of one thing: where it stands now, and where it stood. */
interface Moved {
  readonly to: string;
  readonly from: string;
}

type Lists = Omit<GroupMember, "id">;

function refreshedMember<T extends Lists>(
  known: T,
  running: GroupMember,
  place: Moved,
  refresh: Refreshing,
): T {
  const { facts } = refresh;
  const base = running.id;
  const { apps, groups } = known;
  const dependencies = refreshedDependencies(known.dependencies, running.dependencies, base);
  return {
    ...known,
    ...(apps && {
      apps: refreshedList(apps, running.apps, inside(place, "apps"), base, refresh, {
        each: (old, live) => refreshedApp(old, live, base, refresh),
        made: (live) => shortestGroupApp(live, facts),
      }),
    }),
    ...(groups && {
      groups: refreshedList(groups, running.groups, inside(place, "groups"), base, refresh, {
        each: (old, live, at) => refreshedMember(old, live, at, refresh),
        made: (live) => shortestGroupMember(live, facts),
      }),
    }),
    ...(dependencies && { dependencies }),
  };
}

/** A list brought up to date: what is known by `each`, without what is gone, what is new by `made` at its end. */
function refreshedList<T extends { readonly id: string }>(
  olds: readonly T[],
  running: readonly T[] | undefined,
  list: Moved,
  base: string,
  { moved }: Refreshing,
  by: { each(old: T, live: T, place: Moved): T; made(live: T): T },
): T[] {
  const left = new Map((running ?? []).map((one) => [one.id, one]));
  const kept: T[] = [];
  for (const [i, old] of olds.entries()) {
    const path = absolutePath(old.id, base);
    const live = left.get(path);
    if (live === undefined) continue;
    left.delete(path);
    const place = { to: `${list.to}[${kept.length}]`, from: `${list.from}[${i}]` };
    if (place.to !== place.from) moved.push(place);
    kept.push(by.each(old, live, place));
  }
  return [...kept, ...[...left.values()].map((live) => by.made(live))];
}

function inside({ to, from }: Moved, key: "apps" | "groups"): Moved {
  const within = (at: string) => (at === "" ? key : `${at}.${key}`);
  return { to: within(to), from: within(from) };
}

function refreshedDependencies(
  known: readonly string[] | undefined,
  running: readonly string[] | undefined,
  base: string,
): string[] | undefined {
  const same = (list: readonly string[] | undefined) =>
    [...new Set((list ?? []).map((path) => absolutePath(path, base)))].sort().join(" ");
  if (same(known) === same(running)) return known === undefined ? undefined : [...known];
  return [...(running ?? [])];
}

function refreshedApp(known: GroupApp, live: GroupApp, base: string, { facts, leave }: Refreshing): GroupApp {
  const normal: App = normaliseApp(known, facts, base);
  const paths = diffApp(live, normal).paths.filter((p) => !leave || p.path !== "instances");
  if (paths.length === 0) return known;
  if (hasOldShape(known)) return { ...shortestGroupApp(live, facts), id: known.id };
  return withDrift<GroupApp>(known, live, paths);
}
