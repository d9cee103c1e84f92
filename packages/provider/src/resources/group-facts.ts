// SPDX-License-Identifier: Apache-2.0
import { groupsIn, type MarathonApp, type MarathonGroup, type MarathonPodStatus } from "@pulumi-mesos/client";
import {
  DeployedApp,
  declaredApps,
  type Group,
  GroupResourceInputs,
  groupFacts,
  normaliseGroup,
  type ServerFacts,
  toGroupDocument,
} from "@pulumi-mesos/model";
import { factsOf, serverFactsOutput } from "../marathon/server-facts";
import type { OutputSchema, Properties } from "../resource";
import { outputsOf } from "./app-facts";
import type { Marathon } from "./marathon-in";
import { picking } from "./state-inputs";

/** What the state holds of a group besides its inputs. */
export type GroupOutputs = {
  readonly version: string;
  /** The deployment of the last write. */
  readonly deploymentId: string;
  readonly deployedApps: readonly DeployedApp[];
  /** Apps that are this resource's to end. */
  readonly managed: readonly string[];
  readonly serverFacts: ServerFacts;
};

export type GroupState = GroupResourceInputs & GroupOutputs;

/** {@link GroupOutputs} for the package schema. */
export const groupOutputs: Readonly<Record<keyof GroupOutputs, OutputSchema>> = {
  version: {
    type: "string",
    description: "Marathon's version of the group: the time of the last change of anything below it.",
  },
  deploymentId: { type: "string", description: "The deployment of the last write." },
  deployedApps: {
    type: "array",
    items: DeployedApp,
    description: "The apps that the group's document names, at any depth, in the order of their paths.",
  },
  managed: {
    type: "array",
    items: { type: "string" },
    description:
      "Paths of the apps that the program has named or that were imported: when they leave the program they are ended. Others never are, unless forced.",
  },
  serverFacts: {
    type: "object",
    description:
      "What Marathon's defaults depend on: its version, the role of apps that name none, whether the group's name is that, the default network.",
    properties: { ...serverFactsOutput("group").properties, enforceRole: { type: "boolean" } },
    required: ["version", "role"],
  },
};

/** The inputs that a state is of. */
export const groupInputsIn = picking<GroupResourceInputs>(GroupResourceInputs);

/** The normal form of inputs, which may hold values that are not known yet. */
export function normalGroup(inputs: Properties, facts: ServerFacts): Group {
  return normaliseGroup(toGroupDocument(inputs as GroupResourceInputs), facts);
}

/** A group as it is, and what its normal forms depend on. */
export interface FoundGroup {
  readonly live: MarathonGroup | undefined;
  readonly facts: ServerFacts;
}

/** Reads a group by `read`, and of one that is not top-level also that one, whose role may hold for it. */
export async function findGroup(
  marathon: Marathon,
  path: string,
  read: (path: string) => Promise<MarathonGroup | undefined>,
  signal: AbortSignal,
): Promise<FoundGroup> {
  const top = topOf(path);
  const [info, live] = await Promise.all([marathon.info(signal), read(path)]);
  const enforcing = top === path ? live : await read(top);
  const enforced = enforcing?.enforceRole ?? info.marathon_config?.new_group_enforce_role === "top";
  return { live, facts: groupFacts(factsOf(info, undefined), path, enforced) };
}

/** The state of a group as it is; `managed` are the apps that are the resource's to end. */
export function groupOutputsOf(
  { live, facts }: { readonly live: MarathonGroup; readonly facts: ServerFacts },
  inputs: GroupResourceInputs,
  o: { readonly deploymentId: string; readonly uiUrl: string; readonly managed: Iterable<string> },
): GroupOutputs {
  const declared = new Set(declaredApps(toGroupDocument(inputs)));
  const apps = appsOf(live).filter((app) => declared.has(app.id));
  return {
    version: live.version ?? "",
    deploymentId: o.deploymentId,
    deployedApps: apps.map((app) => deployedAppOf(app, facts, o.uiUrl)).sort(byPath),
    managed: [...new Set(o.managed)].sort(),
    serverFacts: facts,
  };
}

/** All apps at any depth. */
export function appsOf(group: MarathonGroup): MarathonApp[] {
  return groupsIn(group).flatMap(({ apps }) => apps ?? []);
}

/** All pods at any depth. */
export function podsOf(group: MarathonGroup): MarathonPodStatus[] {
  return groupsIn(group).flatMap(({ pods }) => pods ?? []);
}

/** The top-level group of a path: `/shop` of `/shop/back/db`. */
function topOf(path: string): string {
  return `/${path.split("/")[1] ?? ""}`;
}

function deployedAppOf(app: MarathonApp, facts: ServerFacts, uiUrl: string): DeployedApp {
  const all = outputsOf(app, facts, { deploymentId: "", uiUrl });
  const { version, lastConfigChangeAt, servicePorts, tasks, url } = all;
  return {
    appId: app.id,
    version,
    lastConfigChangeAt,
    servicePorts: [...servicePorts],
    tasks: tasks.map((task) => ({ ...task, ports: [...task.ports], ipAddresses: [...task.ipAddresses] })),
    url,
  };
}

function byPath(a: DeployedApp, b: DeployedApp): number {
  return a.appId < b.appId ? -1 : 1;
}
