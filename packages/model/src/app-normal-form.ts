// SPDX-License-Identifier: Apache-2.0
import { App, readOnlyAppKeys } from "./app";
import { normaliseChecks, normaliseReadinessChecks, normaliseTaskCheck } from "./app-normal-checks";
import { normaliseContainer } from "./app-normal-container";
import {
  isHostNetwork,
  normaliseFetch,
  normaliseNetworks,
  normalisePortDefinitions,
} from "./app-normal-networks";
import { resolved } from "./path-id";
import { isRecord, prune, schemaView } from "./schema-view";
import { atLeast, defaultServerFacts, type ServerFacts } from "./server-facts";
import { setKey } from "./set-key";

/**
 * What Marathon would answer for `document`, without what it alone sets (reference §1.7).
 *
 * Documents that mean the same give the same value, up to the order of sets and ports that Marathon assigns. Two
 * differences to the literal answer: a check on the default port has its `portIndex` at once, as after a reload of
 * Marathon's state, and sets hold each element once. Idempotent; what does not fit the schema stays as it is.
 *
 * @param base the group that relative paths are resolved against
 */
export function normaliseApp(document: object, facts: ServerFacts = defaultServerFacts, base = "/"): App {
  const app = prune(schemaView(App), document) as Record<string, unknown>;
  const networks = normaliseNetworks(app, facts);
  const host = !Array.isArray(networks) || networks.every(isHostNetwork);
  const container = normaliseContainer(app, networks, host);
  const portDefinitions = host ? normalisePortDefinitions(app) : undefined;
  const persistent = hasVolume(container, "persistent");
  const { ports: _, uris: __, ipAddress: ___, ...rest } = app;
  const normal = {
    ...rest,
    ...scalars(app, facts),
    id: resolved(app["id"], base),
    dependencies: asSet(app["dependencies"], (path) => resolved(path, base)),
    constraints: asSet(app["constraints"], withUpperOperator),
    acceptedResourceRoles: asSet(app["acceptedResourceRoles"]),
    networks,
    container,
    portDefinitions,
    requirePorts: host ? (app["requirePorts"] ?? false) : false,
    fetch: normaliseFetch(app),
    healthChecks: asSet(normaliseChecks(app["healthChecks"], hasPorts(container, portDefinitions), facts)),
    check: normaliseTaskCheck(app["check"]),
    readinessChecks: normaliseReadinessChecks(app["readinessChecks"]),
    upgradeStrategy:
      app["upgradeStrategy"] ??
      (persistent || hasVolume(container, "external")
        ? { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 }
        : { minimumHealthCapacity: 1, maximumOverCapacity: 1 }),
    unreachableStrategy: normaliseUnreachable(app["unreachableStrategy"], persistent),
    residency: filled(app["residency"] ?? (persistent ? {} : undefined), {
      relaunchEscalationTimeoutSeconds: 3600,
      taskLostBehavior: "WAIT_FOREVER",
    }),
    executorResources: filled(app["executorResources"], executorDefaults),
  };
  return withoutEmpty(normal) as App;
}

/** What an executor gets where the document does not say. */
export const executorDefaults = { cpus: 0.1, mem: 32, disk: 10 };

/** `unreachableStrategy` of an app or pod, with or without persistent volumes. */
export function normaliseUnreachable(strategy: unknown, persistent: boolean): unknown {
  const given = strategy ?? (persistent ? "disabled" : {});
  return filled(given, { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 });
}

function scalars(app: Record<string, unknown>, facts: ServerFacts): Record<string, unknown> {
  return {
    cpus: app["cpus"] ?? 1,
    mem: app["mem"] ?? 128,
    disk: app["disk"] ?? 0,
    gpus: app["gpus"] ?? 0,
    instances: app["instances"] ?? 1,
    executor: app["executor"] ?? "",
    labels: app["labels"] ?? {},
    role: atLeast(facts.version, 9) ? (app["role"] ?? facts.role) : undefined,
    backoffSeconds: app["backoffSeconds"] ?? 1,
    backoffFactor: app["backoffFactor"] ?? 1.15,
    maxLaunchDelaySeconds: app["maxLaunchDelaySeconds"] ?? (atLeast(facts.version, 8) ? 300 : 3600),
    killSelection: app["killSelection"] ?? "YOUNGEST_FIRST",
  };
}

/** `value` with each element once. */
export function asSet(value: unknown, each: (item: unknown) => unknown = (item) => item): unknown {
  if (!Array.isArray(value)) return value;
  return [...new Map(value.map(each).map((item) => [setKey(item), item])).values()];
}

/** A constraint of an app with its operator as answers have it. */
function withUpperOperator(constraint: unknown): unknown {
  if (!Array.isArray(constraint) || typeof constraint[1] !== "string") return constraint;
  return [constraint[0], constraint[1].toUpperCase(), ...constraint.slice(2)];
}

/** `value`, where it is an object, with `defaults` for what it leaves out. */
export function filled(value: unknown, defaults: Readonly<Record<string, unknown>>): unknown {
  return isRecord(value) ? { ...defaults, ...value } : value;
}

function hasPorts(container: unknown, portDefinitions: unknown): boolean {
  if (Array.isArray(portDefinitions)) return portDefinitions.length > 0;
  return isRecord(container) && Array.isArray(container["portMappings"]);
}

/** Whether a volume of the container is `persistent` or `external`. */
function hasVolume(container: unknown, kind: "persistent" | "external"): boolean {
  const volumes = isRecord(container) ? container["volumes"] : undefined;
  return Array.isArray(volumes) && volumes.some((v) => isRecord(v) && v[kind] !== undefined);
}

/** Keys that answers omit when they are empty. */
const omittedWhenEmpty = new Set([
  "args",
  "env",
  "secrets",
  "constraints",
  "fetch",
  "dependencies",
  "healthChecks",
  "readinessChecks",
]);

function withoutEmpty(app: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const readOnly: readonly string[] = readOnlyAppKeys;
  const kept = Object.entries(app).filter(([key, value]) => {
    if (value === undefined || readOnly.includes(key)) return false;
    const empty = Array.isArray(value)
      ? value.length === 0
      : isRecord(value) && Object.keys(value).length === 0;
    return !(empty && omittedWhenEmpty.has(key));
  });
  return Object.fromEntries(kept);
}
