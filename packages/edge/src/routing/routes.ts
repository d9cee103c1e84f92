// SPDX-License-Identifier: Apache-2.0
import { isIP } from "node:net";
import { aclProblem, type BambooService, digestOf } from "@pulumi-mesos/model";
import type { App, HealthCheck, Task } from "../discovery/apps";
import type { PlacedApp } from "../discovery/rotation";

/** A task as HAProxy reaches it. */
export interface Server {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
  readonly state: "ready" | "drain";
}

/** The tasks of one app behind one name. */
export interface Backend {
  readonly name: string;
  /** Path that HAProxy asks for; a connection alone is checked without one. */
  readonly checkPath?: string;
  readonly tls: boolean;
  readonly servers: readonly Server[];
}

/** A condition and where it leads. Only explicit ones come from people and may be bad. */
export interface Route {
  readonly appId: string;
  readonly backend: string;
  readonly acl:
    | { readonly kind: "explicit"; readonly text: string }
    | { readonly kind: "prefix"; readonly path: string };
}

/** Everything that a HAProxy configuration is made from; routes in the order in which they are tried. */
export interface Routes {
  readonly routes: readonly Route[];
  readonly backends: readonly Backend[];
  /** Ids of apps and rules that are left out, with the reason. */
  readonly leftOut: ReadonlyMap<string, string>;
}

/** The IP address of an agent's name, as far as it is known. */
export type Resolve = (host: string) => string | undefined;

/** Backends of apps that have not changed since, for as long as {@link Resolve} says the same. */
export type BackendMemo = WeakMap<
  PlacedApp,
  {
    readonly portIndex: number;
    readonly backend: Backend;
    readonly route: Route;
    readonly leftOut: ReadonlyMap<string, string>;
  }
>;

/**
 * Makes routes from apps and rules.
 *
 * Explicit rules come first, in the order of their ids, then Bamboo's default for apps without one, the longest prefix
 * first. An explicit rule that matches everything (`path_beg /`) comes last, because behind it nothing could be reached.
 */
export function routesOf(
  apps: Iterable<PlacedApp>,
  rules: ReadonlyMap<string, BambooService>,
  resolve: Resolve,
  memo: BackendMemo = new WeakMap(),
): Routes {
  const leftOut = new Map<string, string>();
  const routes: Route[] = [];
  const backends: Backend[] = [];
  for (const app of [...apps].sort((a, b) => compare(a.id, b.id))) {
    const rule = rules.get(app.id);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: such an id cannot stand in a configuration
    const problem = /[\u0000-\u001f\u007f]/.test(app.id)
      ? "the id has control characters"
      : app.id.length > 512
        ? "the id is longer than 512 characters"
        : rule && aclProblem(rule.Acl);
    if (problem !== undefined) {
      leftOut.set(app.id, rule ? `acl: ${problem}` : problem);
      continue;
    }
    const portIndex = portIndexOf(rule);
    let made = memo.get(app);
    if (made?.portIndex !== portIndex || !isMadeBy(rule, made.route)) {
      const lost = new Map<string, string>();
      const backend = backendOf(app, portIndex, resolve, lost);
      made = { portIndex, backend, route: routeOf(app.id, backend.name, rule), leftOut: lost };
      memo.set(app, made);
    }
    for (const [id, reason] of made.leftOut) leftOut.set(id, reason);
    backends.push(made.backend);
    routes.push(made.route);
  }
  return { routes: routes.sort(byPrecedence), backends, leftOut };
}

function routeOf(appId: string, backend: string, rule: BambooService | undefined): Route {
  const acl: Route["acl"] = rule ? { kind: "explicit", text: rule.Acl } : { kind: "prefix", path: appId };
  return { appId, backend, acl };
}

function isMadeBy(rule: BambooService | undefined, { acl }: Route): boolean {
  return acl.kind === "explicit" ? acl.text === rule?.Acl : rule === undefined;
}

/** Name of an app's backend: Bamboo's, with a digest where the id has characters that HAProxy refuses. */
export function backendName(appId: string): string {
  const plain = /^(\/[A-Za-z0-9._-]+)+$/.test(appId) && appId.length < 200;
  const escaped = appId.replaceAll("/", "::");
  return plain
    ? `${escaped}-cluster`
    : `${escaped.replace(/[^A-Za-z0-9._:-]/g, "_").slice(0, 150)}-${digestOf(appId)}-cluster`;
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
    if (at === undefined) continue;
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

/** A path that HAProxy takes as one plain word: everything unusual percent-encoded. */
function checkPath(check: HealthCheck): string {
  const path = check.path ?? "/";
  const encoded = [...Buffer.from(path.startsWith("/") ? path : `/${path}`, "utf8")]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return /[A-Za-z0-9\-._~!()*+,;=:@/%?&]/.test(char)
        ? char
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
  return encoded.slice(0, 1024);
}

function portIndexOf(rule: BambooService | undefined): number {
  const index = Number(rule?.Config?.["PortIndex"] ?? 0);
  return Number.isInteger(index) && index >= 0 ? index : 0;
}

function byPrecedence(a: Route, b: Route): number {
  const rank = rankOf(a) - rankOf(b);
  if (rank !== 0) return rank;
  if (a.acl.kind === "prefix" && b.acl.kind === "prefix" && a.acl.path.length !== b.acl.path.length) {
    return b.acl.path.length - a.acl.path.length;
  }
  return compare(a.appId, b.appId);
}

function rankOf(route: Route): number {
  if (route.acl.kind === "prefix") return 1;
  return /^\s*path_beg(\s+-i)?\s+\/\s*$/.test(route.acl.text) ? 2 : 0;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function validPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65536;
}
