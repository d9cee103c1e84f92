// SPDX-License-Identifier: Apache-2.0
import { isIP } from "node:net";
import {
  aclProblem,
  type BambooService,
  digestOf,
  isWeightsProblem,
  parseWeights,
  weightsKey,
} from "@pulumi-mesos/model";
import type { App, Task } from "../discovery/apps";
import type { PlacedApp } from "../discovery/rotation";
import { checkPath } from "./check-path";
import { deploymentGroup, deploymentGroupOf } from "./deployment-groups";
import { type BackendOptions, type LabelledPort, labelled } from "./labels";
import { byPrecedence, compare } from "./precedence";
import { withRuleOptions } from "./rule-options";
import { type Part, weighted } from "./weights";

/** A task as HAProxy reaches it. */
export interface Server {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
  readonly state: "ready" | "drain";
  /** Its share of the requests beside the other servers of its backend. @default 1 */
  readonly weight?: number;
  /** Whose task it is, in a backend that several apps share. */
  readonly appId?: string;
}

/** The tasks of one app behind one name. */
export interface Backend {
  readonly name: string;
  /** Path that HAProxy asks for; a connection alone is checked without one. */
  readonly checkPath?: string;
  readonly tls: boolean;
  /** What labels ask for; plain HTTP without. */
  readonly options?: BackendOptions;
  readonly servers: readonly Server[];
}

/** A port of the edge beside the one for plain HTTP. */
export interface PortFrontend {
  readonly appId: string;
  /** Where all of its traffic goes. The HTTPS port has none: it leads where plain HTTP leads. */
  readonly backend?: string;
  readonly mode: "http" | "tcp";
  readonly port: number;
  readonly address?: string;
  /** The one certificate that clients get there, by its file in the store. */
  readonly certificate?: string;
}

/** A condition and where it leads. Only explicit ones come from people and may be bad. */
export interface Route {
  readonly appId: string;
  readonly backend: string;
  readonly acl:
    | { readonly kind: "explicit"; readonly text: string; readonly priority: number }
    | {
        readonly kind: "host";
        readonly host: string;
        readonly path: string;
        readonly ignoreCase: boolean;
        readonly weight: number;
      }
    | { readonly kind: "prefix"; readonly path: string };
}

/** Everything that a HAProxy configuration is made from; routes in the order in which they are tried. */
export interface Routes {
  readonly routes: readonly Route[];
  readonly backends: readonly Backend[];
  readonly ports: readonly PortFrontend[];
  /** Ids of apps and rules that are left out, with the reason. */
  readonly leftOut: ReadonlyMap<string, string>;
}

/** The IP address of an agent's name, as far as it is known. */
export type Resolve = (host: string) => string | undefined;

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
  const leftOut = new Map<string, string>();
  const routes: Route[] = [];
  const backends: Backend[] = [];
  const ports = new Map<number, PortFrontend>();
  const add = (made: Routes): void => {
    for (const [what, reason] of made.leftOut) leftOut.set(what, reason);
    backends.push(...made.backends);
    routes.push(...made.routes);
    for (const frontend of made.ports) {
      const holder = settings.takenPorts?.has(frontend.port)
        ? "the edge itself"
        : ports.get(frontend.port)?.appId;
      const { frontend: served, reason } = withCertificate(frontend, settings);
      if (holder !== undefined) leftOut.set(portId(frontend), `the port is taken by ${holder}`);
      else if (reason !== undefined) leftOut.set(portId(frontend), reason);
      else ports.set(frontend.port, served);
    }
  };
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
    const key = rule ? JSON.stringify(rule.Config) : "";
    let made = memo.apps.get(app);
    if (made?.rule !== key) {
      made = { ...of(app), rule: key };
      memo.apps.set(app, made);
    }
    add(made);
  }
  for (const [id, members] of grouped) {
    const { older, newer } = deploymentGroup(id, members);
    if (alone.has(id))
      leftOut.set(`${id} HAPROXY_DEPLOYMENT_GROUP`, "is the id of an app that is not in the group");
    else add(newer ? joined(of(older), of(newer)) : of(older));
  }
  const shared = [...rules.values()].filter(isWeighted).sort((a, b) => compare(a.Id, b.Id));
  const byId = shared.length === 0 ? new Map() : new Map(sorted.map((app) => [app.id, app]));
  for (const rule of shared) add(weightedRoutes(rule, byId, resolve, memo));
  const all = [...(settings.https ? [settings.https] : []), ...ports.values()];
  return { routes: routes.sort(byPrecedence), backends, ports: all, leftOut };
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

/** What one app adds. */
function appRoutes(
  app: PlacedApp,
  rule: BambooService | undefined,
  resolve: Resolve,
  groups: readonly string[],
): Routes {
  const leftOut = new Map<string, string>();
  const routes: Route[] = [];
  const backends: Backend[] = [];
  const ports: PortFrontend[] = [];
  const none = { routes, backends, ports, leftOut };
  const idReason = idProblem(app.id);
  if (idReason !== undefined) return { ...none, leftOut: new Map([[app.id, idReason]]) };
  const labels = labelled(app, groups);
  for (const [name, reason] of labels.problems) leftOut.set(`${app.id} ${name}`, reason);
  const aclReason = rule && aclProblem(rule.Acl);
  if (aclReason !== undefined) leftOut.set(app.id, `acl: ${aclReason}`);
  if (rule ? aclReason === undefined && !isWeighted(rule) : labels.ports.length === 0) {
    const plain = backendOf(app, portIndexOf(rule), resolve, leftOut);
    const backend = withRuleOptions(plain, rule, leftOut);
    backends.push(backend);
    routes.push({ appId: app.id, backend: backend.name, acl: aclOf(app.id, rule) });
  }
  for (const label of labels.ports) {
    const plain = backendOf(app, label.portIndex, resolve, leftOut);
    const backend = { ...plain, ...optionsOf(plain, label), name: backendName(app.id, label.portIndex) };
    backends.push(backend);
    routes.push(...hostRoutes(app.id, backend.name, label));
    const { bind, options } = label;
    if (bind) ports.push({ appId: app.id, backend: backend.name, mode: options.mode, ...bind });
  }
  return none;
}

function isWeighted({ Config }: BambooService): boolean {
  return Config?.[weightsKey] !== undefined;
}

/** What a rule over several apps adds. */
function weightedRoutes(
  rule: BambooService,
  apps: ReadonlyMap<string, PlacedApp>,
  resolve: Resolve,
  memo: BackendMemo,
): Routes {
  const weights = parseWeights(rule.Config?.[weightsKey] ?? "");
  if (isWeightsProblem(weights)) return leftOutFor(rule, `${weightsKey}: ${weights.problem}`);
  const aclReason = aclProblem(rule.Acl);
  const reason = aclReason === undefined ? idProblem(rule.Id) : `acl: ${aclReason}`;
  if (reason !== undefined) return leftOutFor(rule, reason);
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

function leftOutFor(rule: BambooService, reason: string): Routes {
  return { routes: [], backends: [], ports: [], leftOut: new Map([[rule.Id, reason]]) };
}

function hostRoutes(appId: string, backend: string, label: LabelledPort): Route[] {
  const { ignoreCase } = label;
  const paths = label.paths.length > 0 ? label.paths : ["/"];
  const weight = label.weight ?? (label.paths.length > 0 ? 1 : 0);
  return label.hosts.flatMap((host) =>
    paths.map((path): Route => ({ appId, backend, acl: { kind: "host", host, path, ignoreCase, weight } })),
  );
}

function optionsOf(plain: Backend, { options }: LabelledPort): Pick<Backend, "options" | "servers"> {
  // Whoever holds a cookie would still be sent to a task that drains, so one that leaves is closed at once.
  const servers = options.sticky ? plain.servers.filter((s) => s.state === "ready") : plain.servers;
  return { options, servers };
}

function aclOf(appId: string, rule: BambooService | undefined): Route["acl"] {
  if (!rule) return { kind: "prefix", path: appId };
  const priority = Number(rule.Config?.["Priority"] ?? 0);
  return { kind: "explicit", text: rule.Acl, priority: Number.isFinite(priority) ? priority : 0 };
}

function idProblem(id: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: such an id cannot stand in a configuration
  if (/[\u0000-\u001f\u007f]/.test(id)) return "the id has control characters";
  return id.length > 512 ? "the id is longer than 512 characters" : undefined;
}

/**
 * Name of an app's backend: Bamboo's, with a digest where the id has characters that HAProxy refuses. Ports that labels
 * name have backends of their own; no id has a colon.
 */
export function backendName(appId: string, labelledPort?: number): string {
  const plain = /^(\/[A-Za-z0-9._-]+)+$/.test(appId) && appId.length < 200;
  const escaped = appId.replaceAll("/", "::");
  const port = labelledPort === undefined ? "" : `:${labelledPort}`;
  return plain
    ? `${escaped}${port}-cluster`
    : `${escaped.replace(/[^A-Za-z0-9._:-]/g, "_").slice(0, 150)}-${digestOf(appId)}${port}-cluster`;
}

/** Where a task of `app` serves the port of `portIndex`, or nothing when it does not. */
export function addressOf(
  app: App,
  task: Task,
  portIndex: number,
): { host: string; port: number } | undefined {
  const hostPort = task.ports[portIndex];
  if (app.network === "container") {
    const host = task.addresses[0];
    const port = app.containerPorts[portIndex] || hostPort;
    if (host !== undefined && port !== undefined && validPort(port)) return { host, port };
    return undefined;
  }
  return hostPort !== undefined && validPort(hostPort) ? { host: task.host, port: hostPort } : undefined;
}

function backendOf(
  app: PlacedApp,
  portIndex: number,
  resolve: Resolve,
  leftOut: Map<string, string>,
): Backend {
  const check = app.healthChecks.find(
    (c) => /^(MESOS_)?HTTPS?$/.test(c.protocol) && c.portIndex === portIndex,
  );
  return {
    name: backendName(app.id),
    ...(check && { checkPath: checkPath(check) }),
    tls: check?.protocol.endsWith("HTTPS") ?? false,
    servers: serversOf(app, portIndex, resolve, leftOut),
  };
}

function serversOf(
  app: PlacedApp,
  portIndex: number,
  resolve: Resolve,
  leftOut: Map<string, string>,
): Server[] {
  const servers = new Map<string, Server>();
  for (const task of app.tasks) {
    if (task.place === "out") continue;
    const at = addressOf(app, task, portIndex);
    if (at === undefined) {
      const reason = whyNowhere(app, task, portIndex);
      if (reason !== undefined) leftOut.set(task.id, reason);
      continue;
    }
    const address = isIP(at.host) ? at.host : resolve(at.host);
    if (address === undefined) {
      leftOut.set(task.id, `the name ${JSON.stringify(at.host)} has no known address`);
      continue;
    }
    const key = `${address} ${at.port}`;
    const state = task.place === "in" ? "ready" : "drain";
    if (servers.get(key)?.state !== "ready") servers.set(key, { address, port: at.port, state });
  }
  return [...servers.values()];
}

/** Why a task cannot be asked; nothing for one that has no ports, as a program that serves nobody. */
function whyNowhere({ network }: App, { ports }: Task, portIndex: number): string | undefined {
  const port = ports[portIndex];
  if (port !== undefined && !validPort(port)) return `its port ${port} is none`;
  const isMissing = port === undefined && portIndex > 0 && network !== "container";
  return isMissing ? `it has no port with index ${portIndex}` : undefined;
}

function portIndexOf(rule: BambooService | undefined): number {
  const index = Number(rule?.Config?.["PortIndex"] ?? 0);
  return Number.isInteger(index) && index >= 0 ? index : 0;
}

function validPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65536;
}
