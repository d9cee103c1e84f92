// SPDX-License-Identifier: Apache-2.0
import { entriesOf, type MapName, mapNames, tablesOf } from "../routing/maps";
import type { PortFrontend, Route, Routes } from "../routing/route";
import { lower, mapKeys, type Stage, stagesOf } from "../routing/stages";
import type { AskedRequest } from "./asked";
import { judge, type Verdict } from "./condition";

/**
 * What HAProxy does with one condition or map: it takes the request, is passed by, might take it (only HAProxy can
 * judge it), or would take it if nothing before it did.
 */
export interface Step {
  readonly verdict: "takes" | "passes" | "might take" | "would take";
  readonly reason: string;
  /** Where the condition comes from. */
  readonly by: "rule" | "label" | "app id" | "port" | "map" | "statistics";
  /** Absent for a map of which nothing fits. */
  readonly appId?: string;
  readonly backend?: string;
  readonly condition: string;
  /** What says when it is asked, beside its place. */
  readonly priority?: string;
  /** The map in which it stands; a line of its own without. */
  readonly map?: MapName;
}

/** Where a request goes, as far as can be judged here, and everything that HAProxy asks until then. */
export interface Explanation {
  /** Nobody takes it when absent: HAProxy answers 503. */
  readonly taken?: Step;
  /** In the order in which HAProxy asks; those behind `taken` only where they would take it, too. */
  readonly steps: readonly Step[];
}

/** What an edge has beside its routes that may take a request. */
export interface ExplainSettings {
  /** Whether HAProxy's statistics stand at /haproxy_stats. */
  readonly hasStatistics: boolean;
  /** Whether HAProxy says in X-Forwarded-Proto how a client came, whatever the client said. */
  readonly tellsScheme: boolean;
}

/**
 * Says which route takes a request, and why those before it do not. It asks what the configuration asks, in the same
 * order, because both come from `stagesOf`.
 */
export function explain(routes: Routes, asked: AskedRequest, settings: ExplainSettings): Explanation {
  const request = settings.tellsScheme ? withScheme(asked) : asked;
  // The HTTPS port has no backend of its own: it leads where plain HTTP leads.
  const port = routes.ports.find(
    ({ port: number, mode, backend }) => number === request.port && mode === "http" && backend !== undefined,
  );
  const steps = port
    ? [portStep(port)]
    : [...statisticsSteps(request, settings), ...routeSteps(routes, request)];
  const taken = steps.find(({ verdict }) => verdict === "takes");
  return { ...(taken && { taken }), steps: settle(steps) };
}

function withScheme(request: AskedRequest): AskedRequest {
  const scheme = request.tls ? "https" : "http";
  return { ...request, headers: new Map([...request.headers, ["x-forwarded-proto", [scheme]]]) };
}

function portStep({ appId, backend, port }: PortFrontend): Step {
  const reason = `everything at port ${port} goes to it`;
  return { verdict: "takes", reason, by: "port", appId, backend, condition: `port ${port}` };
}

function statisticsSteps({ path }: AskedRequest, { hasStatistics }: ExplainSettings): Step[] {
  if (!hasStatistics) return [];
  const fits = path.startsWith("/haproxy_stats");
  const reason = `the path ${path} ${fits ? "begins" : "does not begin"} with /haproxy_stats`;
  return [{ verdict: fits ? "takes" : "passes", reason, by: "statistics", condition: "/haproxy_stats" }];
}

function routeSteps({ routes }: Routes, request: AskedRequest): Step[] {
  const mapped = mappedRoutes(routes);
  return stagesOf(tablesOf(routes)).flatMap((stage) =>
    stage.kind === "line" ? lineStep(stage.route, request) : mapSteps(stage, mapped, request),
  );
}

/** After the first that takes the request, only those count that would take it as well. */
function settle(steps: readonly Step[]): Step[] {
  const first = steps.findIndex(({ verdict }) => verdict === "takes");
  if (first < 0) return [...steps];
  const behind = steps.slice(first + 1).flatMap((step): Step[] => {
    if (step.verdict === "takes") return [{ ...step, verdict: "would take" }];
    return step.verdict === "passes" && step.by !== "map" && step.map !== undefined ? [step] : [];
  });
  return [...steps.slice(0, first + 1), ...behind];
}

function lineStep(route: Route, request: AskedRequest): Step {
  const { fits, reason } = judgeRoute(route, request);
  const verdict = fits === undefined ? "might take" : fits ? "takes" : "passes";
  return { verdict, reason, ...factsOf(route) };
}

function judgeRoute({ acl }: Route, request: AskedRequest): Verdict {
  if (acl.kind === "explicit") return judge(acl.text, request);
  const ignoresCase = acl.kind === "prefix" || acl.ignoreCase;
  const plain = ignoresCase ? lower : (text: string): string => text;
  const begins = plain(request.path).startsWith(plain(acl.path));
  const path = `the path ${request.path} ${begins ? "begins" : "does not begin"} with ${acl.path}`;
  if (acl.kind === "prefix") return { fits: begins, reason: path };
  const host = `the host ${request.host} is`;
  if (lower(request.host) !== acl.host) return { fits: false, reason: `${host} not ${acl.host}` };
  return { fits: begins, reason: acl.path === "/" ? `${host} ${acl.host}` : path };
}

/** The routes of each map by key; of equal keys the first counts. */
type Mapped = ReadonlyMap<MapName, ReadonlyMap<string, readonly Route[]>>;

function mappedRoutes(routes: readonly Route[]): Mapped {
  const maps = new Map(mapNames.map((name) => [name, new Map<string, Route[]>()]));
  for (const route of routes) {
    for (const [name, key] of entriesOf(route)) {
      const map = maps.get(name);
      map?.set(key, [...(map.get(key) ?? []), route]);
    }
  }
  return maps;
}

/** The entries of a map that fit, the longest first, which is the one that counts; the map as a whole when none does. */
function mapSteps({ map }: Stage & { kind: "map" }, mapped: Mapped, request: AskedRequest): Step[] {
  const entries = mapped.get(map) ?? new Map<string, readonly Route[]>();
  const asked = mapKeys[map].of(request);
  const lengths = [...new Set([...entries.keys()].map((key) => key.length))].sort((a, b) => b - a);
  const keys = lengths
    .filter((length) => length <= asked.length)
    .map((length) => asked.slice(0, length))
    .filter((key) => entries.has(key));
  const fitting = keys.flatMap((key) => (entries.get(key) ?? []).map((route) => ({ key, route })));
  const [longest] = fitting;
  if (longest === undefined) {
    const reason = entries.size === 0 ? "it is empty" : `none of its prefixes begins ${asked}`;
    return [{ verdict: "passes", reason, by: "map", condition: `${entries.size} prefixes`, map }];
  }
  return fitting.map(({ key, route }): Step => {
    const facts = { ...factsOf(route), map };
    if (route === longest.route && key === longest.key)
      return { verdict: "takes", reason: `${key} is the longest prefix of ${asked} in its map`, ...facts };
    const winner = `${longest.route.appId}'s ${longest.key}`;
    const why = key === longest.key ? "is the same and tried first" : "is longer";
    return { verdict: "passes", reason: `${key} fits, but ${winner} ${why}`, ...facts };
  });
}

/** Where a route's condition comes from, and what it says. */
export function factsOf(route: Route): Pick<Step, "by" | "appId" | "backend" | "condition" | "priority"> {
  const { appId, backend, acl } = route;
  const common = { appId, backend };
  if (acl.kind === "explicit")
    return { ...common, by: "rule", condition: acl.text, priority: `priority ${acl.priority}` };
  if (acl.kind === "prefix") return { ...common, by: "app id", condition: `path_beg -i ${acl.path}` };
  const condition = `host ${acl.host}, path ${acl.ignoreCase ? "-i " : ""}${acl.path}`;
  return { ...common, by: "label", condition, priority: `weight ${acl.weight}` };
}
