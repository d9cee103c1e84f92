// SPDX-License-Identifier: Apache-2.0
import { completeCheck, completeHealthCheck, completeReadinessCheck } from "./complete-checks";
import {
  completeResidency,
  completeUnreachable,
  completeVolume,
  defaultUpgrade,
  isPersistent,
} from "./complete-volumes";
import type { AppDocument } from "./read-app";
import type { App, AppDefaults, Container, LinuxInfo, Network, PortDefinition, PortMapping } from "./types";

type Raw = Record<string, unknown>;

/** `document` with every default and conditional default of marathon.md §1.7 filled in. */
export function completeApp(document: AppDocument, defaults: AppDefaults, version: string): App {
  const networks = completeNetworks(document.networks, defaults);
  const host = networks.every((n) => n.mode === "host");
  const container = completeContainer(document, networks);
  const portDefinitions = host ? completePortDefinitions(document, container) : undefined;
  const given = <T>(key: string): T | undefined => document[key] as T | undefined;
  const hasPorts = (portDefinitions ?? container?.portMappings ?? []).length > 0;
  const app: App = {
    id: document.id ?? "/",
    cmd: given("cmd"),
    args: nonEmpty(given<string[]>("args")),
    cpus: given<number>("cpus") ?? 1,
    mem: given<number>("mem") ?? 128,
    disk: given<number>("disk") ?? 0,
    gpus: given<number>("gpus") ?? 0,
    instances: given<number>("instances") ?? 1,
    executor: given<string>("executor") ?? defaults.executor,
    executorResources: completeExecutorResources(given<Raw>("executorResources")),
    resourceLimits: given("resourceLimits"),
    env: given<App["env"]>("env") ?? {},
    secrets: given<App["secrets"]>("secrets") ?? {},
    labels: given<Record<string, string>>("labels") ?? {},
    user: given("user"),
    constraints: uniqueLists((given<string[][]>("constraints") ?? []).map(completeConstraint)),
    acceptedResourceRoles: unique(given<string[]>("acceptedResourceRoles")),
    role: given<string>("role") ?? defaults.role,
    container,
    networks,
    portDefinitions,
    requirePorts: host ? (given<boolean>("requirePorts") ?? false) : false,
    fetch: (given<Raw[]>("fetch") ?? []).map(completeFetch),
    dependencies: [...new Set(given<string[]>("dependencies") ?? [])],
    healthChecks: uniqueValues(
      (given<Raw[]>("healthChecks") ?? []).map((c) => completeHealthCheck(c, hasPorts)),
    ),
    check: completeCheck(given<Raw>("check")),
    readinessChecks: (given<Raw[]>("readinessChecks") ?? []).map(completeReadinessCheck),
    backoffSeconds: given<number>("backoffSeconds") ?? 1,
    backoffFactor: given<number>("backoffFactor") ?? 1.15,
    maxLaunchDelaySeconds: given<number>("maxLaunchDelaySeconds") ?? 300,
    upgradeStrategy: given<App["upgradeStrategy"]>("upgradeStrategy") ?? defaultUpgrade(container),
    taskKillGracePeriodSeconds: given("taskKillGracePeriodSeconds"),
    killSelection: given<App["killSelection"]>("killSelection") ?? "YOUNGEST_FIRST",
    unreachableStrategy: completeUnreachable(
      given<string | Raw>("unreachableStrategy"),
      isPersistent(container),
    ),
    residency: completeResidency(given<Raw>("residency"), container),
    tty: given("tty"),
    version,
  };
  return app;
}

/** The operator may come in any case. */
function completeConstraint([field, operator, ...rest]: string[]): string[] {
  if (field === undefined || operator === undefined) return field === undefined ? [] : [field];
  return [field, operator.toUpperCase(), ...rest];
}

function nonEmpty<T>(items: T[] | undefined): T[] | undefined {
  return items === undefined || items.length === 0 ? undefined : items;
}

function unique(items: string[] | undefined): string[] | undefined {
  return items === undefined ? undefined : [...new Set(items)];
}

function uniqueLists(items: string[][]): string[][] {
  return uniqueValues(items);
}

function uniqueValues<T>(items: T[]): T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

/** The networks with mode and name; none given is the host's. */
export function completeNetworks(
  given: AppDocument["networks"],
  defaults: Pick<AppDefaults, "networkName">,
): Network[] {
  const networks = given ?? [];
  if (networks.length === 0) return [{ mode: "host" }];
  return networks.map((n) => {
    const mode = (n.mode ?? "container") as Network["mode"];
    const name = n.name ?? (mode === "container" ? defaults.networkName : undefined);
    const labels = n.labels !== undefined && Object.keys(n.labels).length > 0 ? n.labels : undefined;
    return { ...(name === undefined ? {} : { name }), mode, ...(labels === undefined ? {} : { labels }) };
  });
}

function completeContainer(document: AppDocument, networks: readonly Network[]): Container | undefined {
  const host = networks.every((n) => n.mode === "host");
  const raw = document.container;
  if (raw === undefined && host) return undefined;
  const type = (raw?.["type"] ?? (raw === undefined ? "MESOS" : "DOCKER")) as Container["type"];
  const docker = raw?.docker;
  return {
    type,
    ...(docker === undefined ? {} : { docker: completeDocker(docker) }),
    volumes: ((raw?.["volumes"] ?? []) as Raw[]).map(completeVolume),
    ...(host ? {} : { portMappings: completePortMappings(document, networks) }),
    ...(type === "MESOS" && raw?.["linuxInfo"] !== undefined
      ? { linuxInfo: completeLinuxInfo(raw["linuxInfo"] as Raw) }
      : {}),
  };
}

/** Kept for type MESOS only. */
function completeLinuxInfo(raw: Raw): LinuxInfo {
  const seccomp = raw["seccomp"] as { profileName?: string; unconfined?: boolean } | undefined;
  const ipcInfo = raw["ipcInfo"] as LinuxInfo["ipcInfo"];
  return {
    ...(seccomp === undefined ? {} : { seccomp: { unconfined: false, ...seccomp } }),
    ...(ipcInfo === undefined ? {} : { ipcInfo }),
  };
}

function completeDocker(docker: Raw): NonNullable<Container["docker"]> {
  return {
    image: docker["image"] as string,
    forcePullImage: (docker["forcePullImage"] as boolean | undefined) ?? false,
    privileged: (docker["privileged"] as boolean | undefined) ?? false,
    parameters: (docker["parameters"] as { key: string; value: string }[] | undefined) ?? [],
    ...(docker["pullConfig"] === undefined ? {} : { pullConfig: docker["pullConfig"] as { secret: string } }),
  };
}

/** Absent: one default mapping; `[]` stays none. Host-mode ports beyond the mappings of a container become mappings without a name. */
function completePortMappings(document: AppDocument, networks: readonly Network[]): PortMapping[] {
  const bridge = networks.some((n) => n.mode === "container/bridge");
  const given = (document.container?.portMappings as Raw[] | undefined) ?? [{ name: "default" }];
  const definitions = document.container === undefined ? 0 : (document.portDefinitions?.length ?? 0);
  const more: Raw[] = Array.from({ length: Math.max(0, definitions - given.length) }, () => ({}));
  return [...given, ...more].map((m) => {
    const hostPort = (m["hostPort"] as number | undefined) ?? (bridge ? 0 : undefined);
    const networkNames = nonEmpty(m["networkNames"] as string[] | undefined);
    return {
      containerPort: (m["containerPort"] as number | undefined) ?? 0,
      ...(hostPort === undefined ? {} : { hostPort }),
      labels: (m["labels"] as Record<string, string> | undefined) ?? {},
      protocol: (m["protocol"] as string | undefined) ?? "tcp",
      servicePort: (m["servicePort"] as number | undefined) ?? 0,
      ...(m["name"] === undefined ? {} : { name: m["name"] as string }),
      ...(networkNames === undefined ? {} : { networkNames }),
    };
  });
}

function completePortDefinitions(
  document: AppDocument,
  container: Container | undefined,
): PortDefinition[] | undefined {
  const given = document.portDefinitions;
  if (given === undefined && container?.portMappings !== undefined) return undefined;
  return (given ?? [{ port: 0, name: "default" }]).map((d) => ({
    port: (d["port"] as number | undefined) ?? 0,
    ...(Object.keys((d["labels"] as object | undefined) ?? {}).length === 0
      ? {}
      : { labels: d["labels"] as Record<string, string> }),
    protocol: (d["protocol"] as string | undefined) ?? "tcp",
    ...(d["name"] === undefined ? {} : { name: d["name"] as string }),
  }));
}

function completeExecutorResources(raw: Raw | undefined): App["executorResources"] {
  if (raw === undefined) return undefined;
  const amount = (key: string, fallback: number) => (raw[key] as number | undefined) ?? fallback;
  return { cpus: amount("cpus", 0.1), mem: amount("mem", 32), disk: amount("disk", 10) };
}

export function completeFetch(raw: Raw): App["fetch"][number] {
  return {
    uri: raw["uri"] as string,
    extract: (raw["extract"] as boolean | undefined) ?? true,
    executable: (raw["executable"] as boolean | undefined) ?? false,
    cache: (raw["cache"] as boolean | undefined) ?? false,
    ...(raw["destPath"] === undefined ? {} : { destPath: raw["destPath"] as string }),
  };
}
