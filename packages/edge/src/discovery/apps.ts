// SPDX-License-Identifier: Apache-2.0

/** How an app's tasks are reached: `host` and `bridge` by the agent's ports, `container` by the task's own address. */
export type NetworkMode = "host" | "bridge" | "container";

export interface HealthCheck {
  readonly protocol: string;
  readonly path?: string;
  /** Index of the port that is checked; absent when the check names a port of its own. */
  readonly portIndex?: number;
  /** How long Marathon gives it. */
  readonly timeoutSeconds?: number;
}

export interface Task {
  readonly id: string;
  readonly host: string;
  readonly ports: readonly number[];
  readonly addresses: readonly string[];
  readonly state: string;
  readonly version: string;
  /** The verdict of all health checks together; absent while a result is missing. */
  readonly alive?: boolean;
  /** The verdict of the readiness check during a deployment; absent without one. */
  readonly ready?: boolean;
}

/** What the edge knows of one Marathon app, whichever shape the document had. */
export interface App {
  readonly id: string;
  readonly network: NetworkMode;
  /** Container port of each port index, in container networks. */
  readonly containerPorts: readonly number[];
  /** By port index; 0 where an index has none. */
  readonly servicePorts: readonly number[];
  readonly healthChecks: readonly HealthCheck[];
  readonly readinessPath?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** `ipAddress.discovery.ports` of documents before Marathon 1.5. */
  readonly discoveryPorts: readonly Record<string, unknown>[];
  readonly tasks: readonly Task[];
}

/** An app from Marathon's document, or nothing when it is none or when its tasks are missing: never a half-known app. */
export function decodeApp(document: unknown): App | undefined {
  const app = record(document);
  const id = app["id"];
  if (typeof id !== "string" || id === "" || !Array.isArray(app["tasks"])) return undefined;
  if (app["tasks"].length === 0 && Number(app["tasksRunning"] ?? 0) > 0) return undefined;
  const container = record(app["container"]);
  const docker = record(container["docker"]);
  const mappings = records(container["portMappings"] ?? docker["portMappings"]);
  const discovery = record(record(app["ipAddress"])["discovery"]);
  const discoveryPorts = records(discovery["ports"]);
  const checks = records(app["healthChecks"]).map(decodeCheck);
  const readiness = records(app["readinessCheckResults"]);
  const network = networkMode(app, docker);
  return {
    id: id.startsWith("/") ? id : `/${id}`,
    network,
    containerPorts: discoveryPorts.length
      ? discoveryPorts.map((p) => Number(p["number"] ?? 0))
      : mappings.map((m) => Number(m["containerPort"] ?? 0)),
    servicePorts: servicePorts(app, mappings),
    healthChecks: checks,
    ...(records(app["readinessChecks"])[0] && {
      readinessPath: String(records(app["readinessChecks"])[0]?.["path"] ?? "/"),
    }),
    env: strings(app["env"]),
    labels: strings(app["labels"]),
    discoveryPorts,
    tasks: records(app["tasks"]).flatMap((task) => decodeTask(task, checks.length, readiness) ?? []),
  };
}

function decodeCheck(check: Record<string, unknown>): HealthCheck {
  const path = check["path"];
  const { portIndex, timeoutSeconds } = check;
  return {
    protocol: String(check["protocol"] ?? "HTTP"),
    ...(typeof path === "string" && { path }),
    ...(typeof portIndex === "number" && { portIndex }),
    ...((portIndex ?? check["port"] ?? undefined) === undefined && { portIndex: 0 }),
    ...(typeof timeoutSeconds === "number" && { timeoutSeconds }),
  };
}

/** A task from an app's document or, alike in all that matters, from an event that tells of its start. */
export function decodeTask(
  task: Readonly<Record<string, unknown>>,
  checks: number,
  readiness: readonly Record<string, unknown>[],
): Task | undefined {
  const id = task["id"];
  const host = task["host"];
  if (typeof id !== "string" || typeof host !== "string" || host === "") return undefined;
  const results = records(task["healthCheckResults"]);
  const ready = readiness.find((r) => r["taskId"] === id)?.["ready"];
  const alive = results.some((r) => r["alive"] === false)
    ? false
    : checks > 0 && results.filter((r) => r["alive"] === true).length >= checks
      ? true
      : undefined;
  return {
    id,
    host,
    ports: Array.isArray(task["ports"]) ? task["ports"].filter((p) => typeof p === "number") : [],
    addresses: records(task["ipAddresses"]).flatMap((a) =>
      typeof a["ipAddress"] === "string" ? [a["ipAddress"]] : [],
    ),
    // Marathon before 1.5 names no state; a task with a start time runs.
    state: String(task["state"] ?? (task["startedAt"] ? "TASK_RUNNING" : "TASK_STAGING")),
    version: String(task["version"] ?? ""),
    ...(alive !== undefined && { alive }),
    ...(typeof ready === "boolean" && { ready }),
  };
}

function networkMode(app: Record<string, unknown>, docker: Record<string, unknown>): NetworkMode {
  const mode = records(app["networks"])[0]?.["mode"];
  if (mode === "host") return "host";
  if (mode === "container/bridge") return "bridge";
  if (mode !== undefined || docker["network"] === "USER" || app["ipAddress"]) return "container";
  return docker["network"] === "BRIDGE" ? "bridge" : "host";
}

function servicePorts(app: Record<string, unknown>, mappings: readonly Record<string, unknown>[]): number[] {
  const { ports } = app;
  // Marathon before 1.5, where apps with networks of their own may have an empty list beside their mappings.
  if (Array.isArray(ports) && ports.length > 0) return ports.map(portOrNone);
  if (mappings.length > 0) return mappings.map(({ servicePort }) => portOrNone(servicePort));
  return records(app["portDefinitions"]).map(({ port }) => portOrNone(port));
}

function portOrNone(value: unknown): number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value < 65_536 ? value : 0;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function records(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(record) : [];
}

/** The plain values of an environment: references to secrets are objects and left out. */
function strings(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(record(value)).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
