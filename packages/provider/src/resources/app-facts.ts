// SPDX-License-Identifier: Apache-2.0
import type { MarathonApp, MarathonTask } from "@pulumi-mesos/client";
import { AppResourceInputs, type KeptFacts, keptFacts, type ServerFacts } from "@pulumi-mesos/model";
import { serverFactsOutput } from "../marathon/server-facts";
import type { OutputSchema } from "../resource";
import { picking } from "./state-inputs";

/** One task of an app, as others may want to reach it. */
export interface AppTask {
  readonly id: string;
  readonly host: string;
  readonly ports: readonly number[];
  readonly ipAddresses: readonly string[];
}

/** What the state holds of an app besides its inputs. */
export type AppOutputs = {
  readonly version: string;
  readonly lastConfigChangeAt: string;
  readonly servicePorts: readonly number[];
  /** The deployment of the last write. */
  readonly deploymentId: string;
  readonly tasks: readonly AppTask[];
  readonly url: string;
  readonly serverFacts?: KeptFacts;
};

export type AppState = AppResourceInputs & AppOutputs;

/** {@link AppOutputs} for the package schema. */
export const appOutputs: Readonly<Record<keyof AppOutputs, OutputSchema>> = {
  version: { type: "string", description: "Marathon's version of the app: the time of its last change." },
  lastConfigChangeAt: { type: "string", description: "Time of the last change that restarted its tasks." },
  servicePorts: {
    type: "array",
    items: { type: "number" },
    description: "Service ports, also those that Marathon assigned.",
  },
  deploymentId: { type: "string", description: "The deployment of the last write." },
  tasks: {
    type: "array",
    description:
      "The tasks after the last change or refresh; they change by themselves, so compare nothing with them.",
    items: {
      type: "object",
      properties: {
        id: { type: "string" },
        host: { type: "string", description: "Where it runs." },
        ports: { type: "array", items: { type: "number" }, description: "Its ports on that host." },
        ipAddresses: { type: "array", items: { type: "string" }, description: "Its own addresses." },
      },
      required: ["id", "host", "ports", "ipAddresses"],
    },
  },
  url: { type: "string", description: "The app in Marathon's web interface." },
  serverFacts: serverFactsOutput("app"),
};

/** The inputs that a state is of. */
export const inputsIn = picking<AppResourceInputs>(AppResourceInputs);

export function outputsOf(
  app: MarathonApp,
  facts: ServerFacts,
  o: { readonly deploymentId: string; readonly uiUrl: string },
): AppOutputs {
  const version = app.version ?? "";
  return {
    version,
    lastConfigChangeAt: app.versionInfo?.lastConfigChangeAt ?? version,
    servicePorts: servicePortsOf(app),
    deploymentId: o.deploymentId,
    tasks: (app.tasks ?? []).map(taskOf).sort((a, b) => (a.id < b.id ? -1 : 1)),
    url: `${o.uiUrl}/#/apps/${encodeURIComponent(app.id)}`,
    serverFacts: keptFacts(facts),
  };
}

function taskOf(task: MarathonTask): AppTask {
  const addresses = (task.ipAddresses ?? []).map((address) => address.ipAddress);
  return {
    id: task.id,
    host: task.host ?? "",
    ports: task.ports ?? [],
    ipAddresses: addresses.filter((address) => address !== undefined),
  };
}

function servicePortsOf(app: MarathonApp): number[] {
  const container = app["container"];
  const mappings = isRecord(container) ? container["portMappings"] : undefined;
  const [list, field] = Array.isArray(mappings)
    ? [mappings, "servicePort"]
    : [app["portDefinitions"], "port"];
  if (!Array.isArray(list)) return [];
  return list.map((entry: unknown) => (isRecord(entry) ? entry[field] : undefined)).filter(isNumber);
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
