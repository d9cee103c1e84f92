// SPDX-License-Identifier: Apache-2.0
import type { MarathonGroup, MarathonInfo } from "@pulumi-mesos/client";
import {
  checkApp,
  checkAppInputs,
  checkGroupInputs,
  checkPod,
  checkPodInputs,
  describeFailures,
  type Failure,
  formatPath,
  groupFacts,
  readOnlyAppKeys,
  resourceTokens,
  type ServerFacts,
  secretPaths,
  shortestGroupInputs,
  shortestInputs,
  shortestPodInputs,
} from "@pulumi-mesos/model";
import type { Running, RunningGroup, Snapshot } from "./read-marathon";

/** One resource of the program to be written. */
export interface ImportedResource {
  readonly kind: Kind;
  /** The path without its first slash, so that the path itself need not be written. */
  readonly name: string;
  readonly id: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Values that are read from the stack's configuration, by their property path in `args`. */
  readonly secrets: ReadonlyMap<string, ConfigSecret>;
}

/** What the program and the import file call an app, a pod or a group. */
export interface Kind {
  readonly word: "app" | "pod" | "group";
  /** The class in `mesos.marathon`. */
  readonly className: "App" | "Pod" | "Group";
  readonly token: string;
}

/** A value that the program reads from the stack's configuration. */
export interface ConfigSecret {
  readonly key: string;
  readonly value: string;
}

/** What will be written, and what somebody should know about it. */
export interface ImportPlan {
  readonly resources: readonly ImportedResource[];
  readonly warnings: readonly string[];
}

interface Importer extends Kind {
  /** The inputs under the names that the class gives them. */
  args(
    running: Running,
    facts: ServerFacts,
  ): { readonly args: Readonly<Record<string, unknown>>; readonly failures: Failure[] };
  /** What the schema says about the document as Marathon answered it. */
  check(running: Running): Failure[];
}

const apps: Importer = {
  word: "app",
  className: "App",
  token: resourceTokens.app,
  args(running, facts) {
    const inputs = shortestInputs(running, facts);
    const { appId: _, ...args } = inputs;
    return { args, failures: checkAppInputs(inputs) };
  },
  check(running) {
    const readOnly: readonly string[] = readOnlyAppKeys;
    return checkApp(Object.fromEntries(Object.entries(running).filter(([key]) => !readOnly.includes(key))));
  },
};

const pods: Importer = {
  word: "pod",
  className: "Pod",
  token: resourceTokens.pod,
  args(running, facts) {
    const inputs = shortestPodInputs(running, facts);
    const { podId: _, ...args } = inputs;
    return { args, failures: checkPodInputs(inputs) };
  },
  check: ({ version: _, ...running }) => checkPod(running),
};

const groupKind: Kind = { word: "group", className: "Group", token: resourceTokens.group };

/** Decides what the program holds. What cannot be brought under Pulumi is left out, with a warning that says why. */
export function planImport(snapshot: Snapshot): ImportPlan {
  const warnings: string[] = [];
  const take = (importer: Importer, running: Running): ImportedResource[] => {
    const { id } = running;
    const { args, failures } = importer.args(running, factsOf(snapshot.info, running));
    if (failures.length > 0) {
      warnings.push(`${id} is left out, because Pulumi's check refuses it: ${describeFailures(failures)}`);
      return [];
    }
    if (snapshot.deploying.has(id)) {
      warnings.push(`${id} is being deployed: what it shall become is imported, its tasks may still change`);
    }
    const unknown = importer.check(running).filter(({ message }) => message.startsWith("unknown field"));
    if (unknown.length > 0) {
      const fields = unknown.map(({ path }) => path).join(", ");
      warnings.push(`${id} has fields that this version does not know, which are left out: ${fields}`);
    }
    return [resourceOf(importer, id, args)];
  };
  const takeGroup = (running: RunningGroup): ImportedResource[] => {
    const { id } = running.group;
    const { groupId: _, ...args } = shortestGroupInputs(running.group, groupFactsOf(snapshot.info, running));
    const failures = checkGroupInputs({ groupId: id, ...args });
    if (failures.length === 0) return [resourceOf(groupKind, id, args)];
    warnings.push(
      `${id} is imported app by app, because Pulumi's check refuses it as a group: ${describeFailures(failures)}`,
    );
    return [];
  };
  const groups = snapshot.groups.filter(({ group }) => isUnit(group)).flatMap(takeGroup);
  const inGroup = (id: string): boolean => groups.some((group) => id.startsWith(`${group.id}/`));
  const resources = [
    ...groups,
    // An app of a group is looked at like any other, for what is to be said of it.
    ...snapshot.apps.flatMap((app) => take(apps, app)).filter(({ id }) => !inGroup(id)),
    ...snapshot.pods.flatMap((pod) => take(pods, pod)),
  ];
  return { resources, warnings };
}

/** Every secret of the plan by its key. */
export function secretsOf({ resources }: ImportPlan): ConfigSecret[] {
  return resources.flatMap(({ secrets }) => [...secrets.values()]);
}

function resourceOf(kind: Kind, id: string, args: Readonly<Record<string, unknown>>): ImportedResource {
  const name = id.slice(1);
  const secrets = secretPaths(args).map((at): [string, ConfigSecret] => {
    const value = at.reduce<unknown>((v, key) => (v as Record<string | number, unknown>)[key], args);
    const path = formatPath(at);
    return [path, { key: configKey(`${name}.${path}`), value: String(value) }];
  });
  return { kind, name, id, args, secrets: new Map(secrets) };
}

/** A key of Pulumi's configuration may hold anything but colons. */
function configKey(text: string): string {
  return text.replace(/[%:]/g, (c) => (c === ":" ? "%3A" : "%25"));
}

/**
 * Whether a group says something that its apps cannot say for themselves: what it is deployed after, or the role that its
 * name gives them. Then it is one resource with all that is in it, because such an order holds within one deployment only.
 */
function isUnit({ enforceRole, dependencies, groups }: MarathonGroup): boolean {
  return enforceRole === true || (dependencies ?? []).length > 0 || (groups ?? []).some(isUnit);
}

function groupFactsOf(info: MarathonInfo, { group, enforced }: RunningGroup): ServerFacts {
  return groupFacts(serverFactsOf(info), group.id, enforced);
}

function serverFactsOf({ version, marathon_config: config }: MarathonInfo): ServerFacts {
  const network = config?.default_network_name;
  const role = config?.mesos_role ?? "*";
  return { version, role, ...(network === undefined ? {} : { defaultNetwork: network }) };
}

/** What normal forms depend on. What runs without a role of its own has the one that Marathon gave it. */
function factsOf(info: MarathonInfo, { role }: Running): ServerFacts {
  const server = serverFactsOf(info);
  return typeof role === "string" ? { ...server, role } : server;
}
