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
import { type Combined, combined } from "./combined";
import { deploymentGroup, deploymentGroupOf } from "./deployment-groups";
import { compare } from "./precedence";
import type { PortFrontend, Resolve, Routes } from "./route";
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

/** What apps and rules add that have not changed since, for as long as {@link Resolve} and the groups are the same. */
export interface BackendMemo {
  readonly apps: WeakMap<PlacedApp, AppRoutes>;
  readonly weighted: WeakMap<BambooService, WeightedRoutes>;
  /** What all added together the last time. */
  all?: Combined;
}

export function newMemo(): BackendMemo {
  return { apps: new WeakMap(), weighted: new WeakMap() };
}

/** What an edge is told beside apps and rules. */
export interface RoutingSettings {
  /** Groups of marathon-lb's labels that this edge serves. @default all */
  readonly groups?: readonly string[];
  /** Ports that are the edge's own. */
  readonly takenPorts?: ReadonlySet<number>;
  /** The HTTPS port, once there are certificates. */
  readonly https?: PortFrontend;
  /** File in the store of the good certificate that a label names. */
  readonly certificateOf?: (name: string) => string | undefined;
}

/**
 * Makes routes from apps and rules.
 *
 * Explicit rules come first: by `Priority`, then conditions other than a plain prefix by the ids of their apps, then plain
 * prefixes, the longest first. Then hosts of labels by weight and length of the path, then Bamboo's default for apps that
 * have neither. An explicit rule that matches everything (`path_beg /`) comes last, because behind it nothing could be
 * reached. A rule with weights leads to the tasks of the apps that it names, whether or not an app has its id.
 */
export function routesOf(
  apps: Iterable<PlacedApp>,
  rules: ReadonlyMap<string, BambooService>,
  resolve: Resolve,
  memo: BackendMemo = newMemo(),
  settings: RoutingSettings = {},
): Routes {
  const parts = partsOf(apps, rules, resolve, memo, settings);
  memo.all = combined(parts, memo.all);
  const { routes, backends, leftOut } = memo.all;
  const shared = sharedPorts(parts, settings);
  return {
    routes,
    backends,
    ports: [...(settings.https ? [settings.https] : []), ...shared.ports],
    leftOut: shared.leftOut.size === 0 ? leftOut : new Map([...leftOut, ...shared.leftOut]),
  };
}

/** What each app and rule adds. */
function partsOf(
  apps: Iterable<PlacedApp>,
  rules: ReadonlyMap<string, BambooService>,
  resolve: Resolve,
  memo: BackendMemo,
  settings: RoutingSettings,
): Routes[] {
  const parts: Routes[] = [];
  const sorted = [...apps].sort((a, b) => compare(a.id, b.id));
  const grouped = new Map<string, [PlacedApp, ...PlacedApp[]]>();
  const alone = new Set<string>();
  const of = (app: PlacedApp): Routes => appRoutes(app, rules.get(app.id), resolve, settings.groups ?? ["*"]);
  for (const app of sorted) {
    const group = deploymentGroupOf(app);
    if (group !== undefined) {
      grouped.set(group, [app, ...(grouped.get(group) ?? [])]);
      continue;
    }
    alone.add(app.id);
    const rule = rules.get(app.id);
    const key = rule ? JSON.stringify([rule.Acl, rule.Config]) : "";
    let made = memo.apps.get(app);
    if (made?.rule !== key) {
      made = { ...of(app), rule: key };
      memo.apps.set(app, made);
    }
    parts.push(made);
  }
  for (const [id, members] of grouped) {
    const { older, newer } = deploymentGroup(id, members);
    if (alone.has(id))
      parts.push(
        leftOutFor(`${id} HAPROXY_DEPLOYMENT_GROUP`, "is the id of an app that is not in the group"),
      );
    else parts.push(newer ? joined(of(older), of(newer)) : of(older));
  }
  const shared = [...rules.values()].filter(isWeighted).sort((a, b) => compare(a.Id, b.Id));
  const byId = shared.length === 0 ? new Map() : new Map(sorted.map((app) => [app.id, app]));
  for (const rule of shared) parts.push(weightedRoutes(rule, byId, resolve, memo));
  return parts;
}

/** The ports of all: of several who want the same one the first has it. */
function sharedPorts(
  parts: readonly Routes[],
  settings: RoutingSettings,
): { readonly ports: Iterable<PortFrontend>; readonly leftOut: ReadonlyMap<string, string> } {
  const ports = new Map<number, PortFrontend>();
  const leftOut = new Map<string, string>();
  for (const frontend of parts.flatMap((part) => part.ports)) {
    const holder = settings.takenPorts?.has(frontend.port)
      ? "the edge itself"
      : ports.get(frontend.port)?.appId;
    const { frontend: served, reason } = withCertificate(frontend, settings);
    if (holder !== undefined) leftOut.set(portId(frontend), `the port is taken by ${holder}`);
    else if (reason !== undefined) leftOut.set(portId(frontend), reason);
    else ports.set(frontend.port, served);
  }
  return { ports: ports.values(), leftOut };
}

/** Name of a port where it is left out. */
export function portId({ appId, port }: PortFrontend): string {
  return `${appId} port ${port}`;
}

/** Certificates of labels are those of the edge: an app's label must not name any file. Nobody is served in clear instead. */
function withCertificate(
  frontend: PortFrontend,
  { certificateOf }: RoutingSettings,
): { frontend: PortFrontend; reason?: string } {
  if (frontend.certificate === undefined) return { frontend };
  const certificate = certificateOf?.(frontend.certificate);
  if (certificate !== undefined) return { frontend: { ...frontend, certificate } };
  const name = JSON.stringify(frontend.certificate.slice(0, 100));
  return { frontend, reason: `SSL_CERT: this edge has no good certificate of the name ${name}` };
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
  resolve: Resolve,
  memo: BackendMemo,
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
