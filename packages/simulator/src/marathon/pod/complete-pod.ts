// SPDX-License-Identifier: Apache-2.0
import { unreadable } from "../api-error";
import { completeFetch, completeNetworks } from "../app/complete-app";
import { completePersistent, completeUnreachable } from "../app/complete-volumes";
import { absolute } from "../app/path-id";
import { readShape } from "../app/reader";
import type { AppDefaults, Network } from "../app/types";
import { podShape } from "./pod-shape";
import type {
  Endpoint,
  Environment,
  Pod,
  PodCheck,
  PodContainer,
  PodHealthCheck,
  PodImage,
  PodVolume,
  VolumeMount,
} from "./types";

type Raw = Record<string, unknown>;

/** A pod document as read: of the right types, nothing filled in. */
export interface PodDocument extends Raw {
  readonly id: string;
  readonly containers: readonly Raw[];
}

export function readPod(raw: unknown): PodDocument {
  const { value, violations } = readShape(podShape, raw);
  if (violations.length > 0) throw unreadable(violations);
  return value as PodDocument;
}

/** `document` with every default of marathon.md §1.9 filled in. */
export function completePod(document: PodDocument, defaults: AppDefaults, version: string): Pod {
  const given = <T>(key: string): T | undefined => document[key] as T | undefined;
  const part = (from: Raw | undefined, key: string) => from?.[key] as Raw | undefined;
  const scheduling = given<Raw>("scheduling");
  const backoff = part(scheduling, "backoff");
  const upgrade = part(scheduling, "upgrade");
  const placement = part(scheduling, "placement");
  const executor = given<Raw>("executorResources");
  const amount = (from: Raw | undefined, key: string, fallback: number) =>
    (from?.[key] as number | undefined) ?? fallback;
  const volumes = (given<Raw[]>("volumes") ?? []).map(completeVolume);
  const resident = volumes.some((v) => v.persistent !== undefined);
  const declared = given<Network[]>("networks") ?? [];
  const networks = declared.length === 0 ? [] : completeNetworks(declared, defaults);
  return {
    id: document.id.startsWith("/") ? absolute(document.id) : document.id,
    labels: given<Record<string, string>>("labels") ?? {},
    user: given("user"),
    environment: given<Environment>("environment") ?? {},
    containers: document.containers.map((c) => completeContainer(c, networks)),
    secrets: given<Pod["secrets"]>("secrets") ?? {},
    volumes,
    networks,
    instances: amount(given("scaling"), "instances", 1),
    constraints: constraintsOf(placement),
    acceptedResourceRoles: rolesOf(placement),
    role: given<string>("role") ?? defaults.role,
    backoffSeconds: amount(backoff, "backoff", 1),
    backoffFactor: amount(backoff, "backoffFactor", 1.15),
    maxLaunchDelaySeconds: amount(backoff, "maxLaunchDelay", 300),
    upgradeStrategy: {
      minimumHealthCapacity: amount(
        upgrade,
        "minimumHealthCapacity",
        resident && upgrade === undefined ? 0.5 : 1,
      ),
      maximumOverCapacity: amount(upgrade, "maximumOverCapacity", resident && upgrade === undefined ? 0 : 1),
    },
    killSelection: (scheduling?.["killSelection"] as Pod["killSelection"] | undefined) ?? "YOUNGEST_FIRST",
    unreachableStrategy: completeUnreachable(
      scheduling?.["unreachableStrategy"] as string | Raw | undefined,
      resident,
    ),
    executorResources: {
      cpus: amount(executor, "cpus", 0.1),
      mem: amount(executor, "mem", 32),
      disk: amount(executor, "disk", 10),
    },
    linuxInfo: given("linuxInfo"),
    legacySharedCgroups: given("legacySharedCgroups"),
    version,
  };
}

function completeVolume(raw: Raw): PodVolume {
  const { persistent, ...rest } = raw;
  return {
    ...(rest as { name: string }),
    ...(persistent === undefined ? {} : { persistent: completePersistent(persistent as Raw) }),
  };
}

function constraintsOf(placement: Raw | undefined): string[][] {
  const given = (placement?.["constraints"] ?? []) as {
    fieldName: string;
    operator: string;
    value?: string;
  }[];
  const lists = given.map(({ fieldName, operator, value }) => [
    fieldName,
    operator,
    ...(value === undefined ? [] : [value]),
  ]);
  return [...new Map(lists.map((c) => [JSON.stringify(c), c])).values()];
}

function rolesOf(placement: Raw | undefined): string[] | undefined {
  const roles = (placement?.["acceptedResourceRoles"] ?? []) as string[];
  return roles.length === 0 ? undefined : [...new Set(roles)];
}

function completeContainer(raw: Raw, networks: readonly Network[]): PodContainer {
  const given = <T>(key: string): T | undefined => raw[key] as T | undefined;
  const resources = given<Raw>("resources");
  const amount = (key: string, fallback: number) => (resources?.[key] as number | undefined) ?? fallback;
  return {
    name: raw["name"] as string,
    exec: given("exec"),
    resources: {
      cpus: amount("cpus", 1),
      mem: amount("mem", 128),
      disk: amount("disk", 0),
      gpus: amount("gpus", 0),
    },
    resourceLimits: given("resourceLimits"),
    endpoints: (given<Endpoint[]>("endpoints") ?? []).map((e) => completeEndpoint(e, networks)),
    image: given<PodImage>("image"),
    environment: given<Environment>("environment") ?? {},
    user: given("user"),
    healthCheck: completeHealthCheck(given<Raw>("healthCheck")),
    check: completeCheck(given<Raw>("check")),
    volumeMounts: (given<VolumeMount[]>("volumeMounts") ?? []).map((m) => ({
      ...m,
      readOnly: m.readOnly ?? false,
    })),
    artifacts: (given<Raw[]>("artifacts") ?? []).map(completeFetch),
    labels: given<Record<string, string>>("labels") ?? {},
    lifecycle: given("lifecycle"),
    tty: given("tty"),
    linuxInfo: given("linuxInfo"),
  };
}

/** Off container networks an endpoint always gets a host port. */
function completeEndpoint(endpoint: Endpoint, networks: readonly Network[]): Endpoint {
  const onContainerNetwork = networks.some((n) => n.mode === "container");
  const hostPort = endpoint.hostPort ?? (onContainerNetwork ? undefined : 0);
  return { ...endpoint, ...(hostPort === undefined ? {} : { hostPort }) };
}

function completeHealthCheck(raw: Raw | undefined): PodHealthCheck | undefined {
  const check = completeCheck(raw);
  if (raw === undefined || check === undefined) return undefined;
  return {
    ...check,
    gracePeriodSeconds: (raw["gracePeriodSeconds"] as number | undefined) ?? 300,
    maxConsecutiveFailures: (raw["maxConsecutiveFailures"] as number | undefined) ?? 3,
  };
}

/** What the checks of both kinds have in common. */
function completeCheck(raw: Raw | undefined): PodCheck | undefined {
  if (raw === undefined) return undefined;
  const seconds = (key: string, fallback: number) => (raw[key] as number | undefined) ?? fallback;
  const http = raw["http"] as PodCheck["http"] | undefined;
  return {
    ...(http === undefined ? {} : { http: { ...http, scheme: http.scheme ?? "HTTP" } }),
    ...(raw["tcp"] === undefined ? {} : { tcp: raw["tcp"] as { endpoint: string } }),
    ...(raw["exec"] === undefined ? {} : { exec: raw["exec"] as NonNullable<PodCheck["exec"]> }),
    intervalSeconds: seconds("intervalSeconds", 60),
    timeoutSeconds: seconds("timeoutSeconds", 20),
    delaySeconds: seconds("delaySeconds", 15),
  };
}
