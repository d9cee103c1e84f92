// SPDX-License-Identifier: Apache-2.0
import { type BambooService, isWeightsProblem, parseWeights, weightsKey } from "@pulumi-mesos/model";
import type { PlacedApp, PlacedTask } from "../discovery/rotation";
import { factsOf } from "../explain/explain";
import type { AppTraffic } from "../haproxy/traffic";
import { addressOf } from "../routing/app-routes";
import type { Routes } from "../routing/route";

/** What the page shows beside the edge's health. */
export interface Overview {
  readonly rules: readonly ShownRule[];
  readonly apps: readonly ShownApp[];
  readonly instances: readonly ShownInstance[];
}

export interface ShownRule {
  readonly id: string;
  readonly acl: string;
  /** What is kept beside the condition. */
  readonly config: Readonly<Record<string, string>>;
  readonly state: "in use" | "missing app in Marathon" | "left out" | "not applied yet";
  /** Why it is left out. */
  readonly reason?: string;
}

export interface ShownApp {
  readonly id: string;
  /** What says which requests it gets. */
  readonly by: "rule" | "labels" | "app id" | "nothing";
  readonly conditions: readonly string[];
  readonly instances: number;
  /** Those that take requests. */
  readonly serving: number;
  readonly requestsPerSecond?: number;
}

export interface ShownInstance {
  readonly id: string;
  readonly appId: string;
  /** `host:port`, when it has one. */
  readonly address?: string;
  readonly place: PlacedTask["place"];
  /** Why it takes no requests. */
  readonly reason?: string;
}

/** What an overview is made from. */
export interface Known {
  readonly apps: ReadonlyMap<string, PlacedApp>;
  readonly rules: ReadonlyMap<string, BambooService>;
  /** What HAProxy runs with; nothing before it runs. */
  readonly applied: Routes | undefined;
  readonly leftOut: Readonly<Record<string, string>>;
  /** By app. */
  readonly traffic: ReadonlyMap<string, AppTraffic>;
}

/** Puts together what the page shows, everything in the order of ids. */
export function overviewOf(known: Known): Overview {
  const apps = [...known.apps.values()].sort(byId);
  const routed = conditionsOf(known.applied, known.rules);
  return {
    rules: [...known.rules.values()].map((rule) => shownRule(rule, known, routed)).sort(byId),
    apps: apps.map((app) => shownApp(app, known, routed)),
    instances: apps.flatMap((app) => [...app.tasks].sort(byId).map((task) => shownInstance(app, task))),
  };
}

interface Condition {
  readonly by: string;
  readonly condition: string;
}

/** The conditions that lead to each app, those of rules over several apps included. */
function conditionsOf(
  applied: Routes | undefined,
  rules: Known["rules"],
): ReadonlyMap<string, readonly Condition[]> {
  const byApp = new Map<string, Condition[]>();
  const add = (appId: string, condition: Condition): void => {
    const known = byApp.get(appId);
    if (known) known.push(condition);
    else byApp.set(appId, [condition]);
  };
  for (const route of applied?.routes ?? []) {
    const facts = factsOf(route);
    add(route.appId, facts);
    for (const [appId, weight] of Object.entries(weightsOf(rules.get(route.appId)))) {
      const shared = { by: facts.by, condition: `${facts.condition} (weight ${weight} of ${route.appId})` };
      if (facts.by === "rule" && appId !== route.appId) add(appId, shared);
    }
  }
  for (const { appId, port, mode, backend } of applied?.ports ?? [])
    if (backend !== undefined)
      add(appId, { by: "label", condition: `${mode === "tcp" ? "TCP port" : "port"} ${port}` });
  return byApp;
}

/** The apps that share a rule's requests; none where it leads to the app of its id alone. */
function weightsOf(rule: BambooService | undefined): Readonly<Record<string, number>> {
  const weights = parseWeights(rule?.Config?.[weightsKey] ?? "");
  return isWeightsProblem(weights) ? {} : weights;
}

function shownRule(
  rule: BambooService,
  { apps, leftOut }: Known,
  routed: ReadonlyMap<string, readonly Condition[]>,
): ShownRule {
  const { Id: id, Acl: acl } = rule;
  const { Acl: _, ...config } = rule.Config ?? {};
  const common = { id, acl, config };
  const reason = leftOut[id];
  if (reason !== undefined) return { ...common, state: "left out", reason };
  const members = [id, ...Object.keys(weightsOf(rule))];
  if (!members.some((member) => apps.has(member))) return { ...common, state: "missing app in Marathon" };
  const isUsed = routed.get(id)?.some(({ by, condition }) => by === "rule" && condition === acl);
  return { ...common, state: isUsed ? "in use" : "not applied yet" };
}

function shownApp(
  app: PlacedApp,
  { traffic }: Known,
  routed: ReadonlyMap<string, readonly Condition[]>,
): ShownApp {
  const conditions = routed.get(app.id) ?? [];
  const sources = new Set(conditions.map(({ by }) => by));
  const by = sources.has("rule")
    ? "rule"
    : sources.has("label")
      ? "labels"
      : sources.has("app id")
        ? "app id"
        : "nothing";
  const requestsPerSecond = traffic.get(app.id)?.requestsPerSecond;
  return {
    id: app.id,
    by,
    conditions: conditions.map(({ condition }) => condition),
    instances: app.tasks.length,
    serving: app.tasks.filter((task) => task.place === "in").length,
    ...(requestsPerSecond !== undefined && { requestsPerSecond }),
  };
}

function shownInstance(app: PlacedApp, task: PlacedTask): ShownInstance {
  const at = addressOf(app, task, 0);
  const reason = reasonOf(app, task);
  return {
    id: task.id,
    appId: app.id,
    ...(at && { address: `${at.host}:${at.port}` }),
    place: task.place,
    ...(reason !== undefined && { reason }),
  };
}

/** Why a task takes no requests, in the order in which `rotation.ts` decides. */
function reasonOf(app: PlacedApp, task: PlacedTask): string | undefined {
  if (task.place === "in") return undefined;
  if (task.alive === false) return "a health check fails";
  if (task.state !== "TASK_RUNNING") return task.state.replace(/^TASK_/, "").toLowerCase();
  if (task.place === "leaving") return "it is being ended";
  if (task.ready === false) return "it is not ready yet";
  return app.healthChecks.length > 0 ? "its health is not known yet" : undefined;
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
