// SPDX-License-Identifier: Apache-2.0
import {
  aclProblem,
  type BambooService,
  isWeightsProblem,
  parseWeights,
  weightsKey,
} from "@pulumi-mesos/model";
import type { PlacedApp } from "../discovery/rotation";
import { aclOf, appRoutes, backendName, backendOf, idProblem, isWeighted, portIndexOf } from "./app-routes";
import type { Combined } from "./combined";
import { deploymentGroup, deploymentGroupOf } from "./deployment-groups";
import { compare } from "./precedence";
import type { Resolve, Routes } from "./route";
import { withRuleOptions } from "./rule-options";
import { type Part, weighted } from "./weights";

/** What one app adds to {@link Routes}, and the rule that it was made by. */
interface AppRoutes extends Routes {
  readonly rule: string;
}

/** What a rule over several apps adds, and the apps that it was made from. */
interface WeightedRoutes extends Routes {
  readonly members: readonly (PlacedApp | undefined)[];
}

/** Parts that are one app's each, and what they were made from. */
interface Last {
  readonly apps: readonly PlacedApp[];
  readonly rules: ReadonlyMap<string, BambooService>;
  readonly parts: readonly Routes[];
  /** Where in `parts` that of each app stands. */
  readonly places: readonly number[];
}

/** What apps and rules add that have not changed since, for as long as {@link Resolve} and the groups are the same. */
export interface RoutingMemo {
  readonly apps: WeakMap<PlacedApp, AppRoutes>;
  readonly weighted: WeakMap<BambooService, WeightedRoutes>;
  /** What each added the last time, where no part is of several apps. */
  last?: Last;
  /** What all added together the last time. */
  all?: Combined;
}

export function newMemo(): RoutingMemo {
  return { apps: new WeakMap(), weighted: new WeakMap() };
}

/** What routes are made from. */
export interface Sources {
  readonly apps: Iterable<PlacedApp>;
  readonly rules: ReadonlyMap<string, BambooService>;
  readonly resolve: Resolve;
  readonly memo: RoutingMemo;
  readonly groups: readonly string[];
}

/** What each app and rule adds, by the order of their ids. */
export function partsOf(sources: Sources): readonly Routes[] {
  const apps = [...sources.apps];
  return replaced(apps, sources) ?? afresh(apps, sources);
}

/** The parts of the last time with those of apps that have changed; nothing when more than that is new. */
function replaced(apps: readonly PlacedApp[], sources: Sources): readonly Routes[] | undefined {
  const { last } = sources.memo;
  if (last?.rules !== sources.rules || last.apps.length !== apps.length) return undefined;
  const parts = [...last.parts];
  for (let i = 0; i < apps.length; i++) {
    const app = apps[i];
    const before = last.apps[i];
    if (app === before) continue;
    const place = last.places[i];
    if (!app || app.id !== before?.id || place === undefined) return undefined;
    if (deploymentGroupOf(app) !== undefined) return undefined;
    parts[place] = partOf(app, sources);
  }
  sources.memo.last = { ...last, apps, parts };
  return parts;
}

function afresh(apps: readonly PlacedApp[], sources: Sources): readonly Routes[] {
  const { rules, memo } = sources;
  const order = [...apps.keys()].sort((a, b) => compare(apps[a]?.id ?? "", apps[b]?.id ?? ""));
  const sorted = order.flatMap((index) => apps[index] ?? []);
  const shared = [...rules.values()].filter(isWeighted).sort((a, b) => compare(a.Id, b.Id));
  const single = sorted.filter((app) => deploymentGroupOf(app) === undefined);
  const parts = single.map((app) => partOf(app, sources));
  if (single.length === sorted.length && shared.length === 0) {
    const places: number[] = [];
    for (const [place, index] of order.entries()) places[index] = place;
    memo.last = { apps, rules, parts, places };
    return parts;
  }
  delete memo.last;
  const byId = new Map(sorted.map((app) => [app.id, app]));
  return [
    ...parts,
    ...groupRoutes(sorted, new Set(single.map(({ id }) => id)), sources),
    ...shared.map((rule) => weightedRoutes(rule, byId, sources)),
  ];
}

/** What one app adds by itself. */
function partOf(app: PlacedApp, { rules, resolve, memo, groups }: Sources): Routes {
  const rule = rules.get(app.id);
  const key = rule ? JSON.stringify(rule) : "";
  const known = memo.apps.get(app);
  if (known?.rule === key) return known;
  const made = { ...appRoutes(app, rule, resolve, groups), rule: key };
  memo.apps.set(app, made);
  return made;
}

/** What the apps of deployment groups add, each group as one. */
function groupRoutes(
  sorted: readonly PlacedApp[],
  alone: ReadonlySet<string>,
  { rules, resolve, groups }: Sources,
): Routes[] {
  const grouped = new Map<string, [PlacedApp, ...PlacedApp[]]>();
  for (const app of sorted) {
    const group = deploymentGroupOf(app);
    if (group !== undefined) grouped.set(group, [app, ...(grouped.get(group) ?? [])]);
  }
  const of = (app: PlacedApp): Routes => appRoutes(app, rules.get(app.id), resolve, groups);
  return [...grouped].map(([id, members]) => {
    const { older, newer } = deploymentGroup(id, members);
    if (alone.has(id))
      return leftOutFor(`${id} HAPROXY_DEPLOYMENT_GROUP`, "is the id of an app that is not in the group");
    return newer ? joined(of(older), of(newer)) : of(older);
  });
}

/** The routes of `older`, with the tasks of `newer` behind the backends that both have. */
function joined(older: Routes, newer: Routes): Routes {
  const fresh = new Map(newer.backends.map((backend) => [backend.name, backend.servers]));
  const backends = older.backends.map((backend) => ({
    ...backend,
    servers: [...backend.servers, ...(fresh.get(backend.name) ?? [])],
  }));
  return { ...older, backends, leftOut: new Map([...older.leftOut, ...newer.leftOut]) };
}

/** What a rule over several apps adds. */
function weightedRoutes(
  rule: BambooService,
  apps: ReadonlyMap<string, PlacedApp>,
  { resolve, memo }: Sources,
): Routes {
  const weights = parseWeights(rule.Config?.[weightsKey] ?? "");
  if (isWeightsProblem(weights)) return leftOutFor(rule.Id, `${weightsKey}: ${weights.problem}`);
  const aclReason = aclProblem(rule.Acl);
  const reason = aclReason === undefined ? idProblem(rule.Id) : `acl: ${aclReason}`;
  if (reason !== undefined) return leftOutFor(rule.Id, reason);
  const members = Object.keys(weights).map((id) => apps.get(id));
  const known = memo.weighted.get(rule);
  if (known && members.every((app, index) => app === known.members[index])) return known;
  const leftOut = new Map<string, string>();
  const parts = members
    .filter((app) => app !== undefined)
    .map((app): Part => {
      const backend = backendOf(app, portIndexOf(rule), resolve, leftOut);
      return { appId: app.id, weight: weights[app.id] ?? 0, backend };
    });
  const { backend: shared, leftOut: mixed } = weighted(backendName(rule.Id), parts);
  const backend = withRuleOptions(shared, rule, leftOut);
  const made = {
    routes: [{ appId: rule.Id, backend: backend.name, acl: aclOf(rule.Id, rule) }],
    backends: [backend],
    ports: [],
    leftOut: new Map([...leftOut, ...mixed]),
    members,
  };
  memo.weighted.set(rule, made);
  return made;
}

function leftOutFor(id: string, reason: string): Routes {
  return { routes: [], backends: [], ports: [], leftOut: new Map([[id, reason]]) };
}
