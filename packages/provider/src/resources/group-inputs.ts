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
  /** Property paths of apps and groups that moved in their lists: the new place and the old one. */
  readonly moved: readonly { readonly to: string; readonly from: string }[];
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
  const moved: { to: string; from: string }[] = [];
  const role = running.enforceRole === true ? running.id.slice(1) : facts.role;
  const refresh: Refreshing = { facts: { ...facts, role }, leave, moved };
  const { enforceRole, ...rest } = known;
  const inputs = refreshedMember(rest, running, "", refresh);
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
  readonly moved: { to: string; from: string }[];
}

type Lists = Omit<GroupMember, "id">;

function refreshedMember<T extends Lists>(
  known: T,
  running: Lists & { readonly id: string },
  at: string,
  refresh: Refreshing,
): T {
  const { facts, moved } = refresh;
  const base = running.id;
  const prefix = at === "" ? "" : `${at}.`;
  const now = <V extends { readonly id: string }>(list: readonly V[] | undefined) =>
    new Map((list ?? []).map((one) => [one.id, one]));
  /** Brings one list up to date: what is known by `each`, what is new by `made`. */
  const list = <V extends { readonly id: string }>(
    key: "apps" | "groups",
    olds: readonly V[] | undefined,
    each: (old: V, live: V, place: string) => V,
    made: (live: V) => V,
  ): { [K in typeof key]?: V[] } => {
    if (olds === undefined) return {};
    const left = now(running[key] as unknown as readonly V[] | undefined);
    const kept: V[] = [];
    olds.forEach((old, i) => {
      const path = absolutePath(old.id, base);
      const live = left.get(path);
      if (live === undefined) return;
      left.delete(path);
      const [to, from] = [`${prefix}${key}[${kept.length}]`, `${prefix}${key}[${i}]`];
      if (to !== from) moved.push({ to, from });
      kept.push(each(old, live, to));
    });
    return { [key]: [...kept, ...[...left.values()].map(made)] } as { [K in typeof key]?: V[] };
  };
  const dependencies = refreshedDependencies(known.dependencies, running.dependencies, base);
  return {
    ...known,
    ...list<GroupApp>(
      "apps",
      known.apps,
      (old, live) => refreshedApp(old, live, base, refresh),
      (live) => shortestGroupApp(live, facts),
    ),
    ...list<GroupMember>(
      "groups",
      known.groups,
      (old, live, place) => refreshedMember(old, live, place, refresh),
      (live) => shortestGroupMember(live, facts),
    ),
    ...(dependencies === undefined ? {} : { dependencies }),
  };
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
