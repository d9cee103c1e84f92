// SPDX-License-Identifier: Apache-2.0
import { App, type AppResourceInputs, toInputs } from "./app";
import { diffApp } from "./app-diff";
import { normaliseApp } from "./app-normal-form";
import { isRecord } from "./schema-view";
import type { ServerFacts } from "./server-facts";
import { shortest } from "./shortest";

/** The service ports that Marathon assigns unless its flags say otherwise. */
const assigned = { from: 10_000, to: 20_000 };

/**
 * The shortest inputs that mean what runs, as somebody would write them: without defaults and assigned ports.
 *
 * A service port counts as assigned when it is in Marathon's own range and nothing depends on its number; that does
 * `requirePorts`, and a label of marathon-lb (`HAPROXY_…`), which listens at it.
 */
export function shortestInputs(running: object, facts: ServerFacts): AppResourceInputs {
  const target = structuredClone(normaliseApp(running, facts));
  if (!dependsOnPorts(target)) forgetAssignedPorts(target);
  const normalise = (app: object): App => normaliseApp(app, facts);
  const document = shortest(target, {
    schema: App,
    base: ["id", "container", "networks"],
    required: new Set(["id"]),
    normalise,
    // The candidate comes first: a port of 0 in the second one equals every port of the first.
    same: (app) => diffApp(normalise(app), target).kind === "none",
  });
  return toInputs(document);
}

function dependsOnPorts(app: App): boolean {
  return app.requirePorts === true || Object.keys(app.labels ?? {}).some((key) => key.startsWith("HAPROXY_"));
}

function forgetAssignedPorts(app: App): void {
  for (const definition of app.portDefinitions ?? []) zeroWhereAssigned(definition, "port");
  for (const mapping of app.container?.portMappings ?? []) zeroWhereAssigned(mapping, "servicePort");
}

function zeroWhereAssigned(entry: object, key: "port" | "servicePort"): void {
  if (!isRecord(entry)) return;
  const port = entry[key];
  const isAssigned = typeof port === "number" && port >= assigned.from && port <= assigned.to;
  if (isAssigned) Object.assign(entry, { [key]: 0 });
}
