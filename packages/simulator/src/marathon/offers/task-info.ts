// SPDX-License-Identifier: Apache-2.0
import { type App, type AppPort, portsOf, usesOwnExecutor } from "../app/types";
import type { Offer, Resource, TaskInfo } from "../mesos/messages";
import { containerInfo, protocolsOf, secretReference } from "./container-info";
import type { Match } from "./match";
import { mesosCheck, mesosHealthCheck } from "./mesos-checks";

/** Facts of the server that reach tasks. */
export interface TaskOptions {
  readonly envPrefix: string;
  readonly bridgeName: string;
}

type Json = Record<string, unknown>;

/** The task for one instance of `app` placed into `offer`. */
export function taskInfo(
  app: App,
  taskId: string,
  offer: Offer,
  match: Match,
  options: TaskOptions,
): TaskInfo {
  const role = offer.allocation_info?.role ?? app.role;
  const resources: Resource[] = [...(match.shares[0] ?? []), ...match.ports].map((r) => ({
    ...r,
    allocation_info: { role },
  }));
  const labels = Object.entries(app.labels).map(([key, value]) => ({ key, value }));
  const container = containerInfo(app, match.hostPorts, options);
  const command = commandInfo(app, taskId, offer, match, options);
  const withContainer = container === undefined ? {} : { container };
  const run = usesOwnExecutor(app)
    ? { executor: executorInfo(app, taskId, command, withContainer, match, role) }
    : { command, ...withContainer };
  const healthCheck = mesosHealthCheck(app, match.hostPorts);
  const check = mesosCheck(app, match.hostPorts);
  return {
    name: app.id.slice(1).split("/").reverse().join("."),
    task_id: { value: taskId },
    agent_id: offer.agent_id,
    resources,
    ...run,
    ...limitsOf(app),
    ...(labels.length === 0 ? {} : { labels: { labels } }),
    ...(app.taskKillGracePeriodSeconds === undefined
      ? {}
      : { kill_policy: { grace_period: { nanoseconds: app.taskKillGracePeriodSeconds * 1e9 } } }),
    ...(healthCheck === undefined ? {} : { health_check: healthCheck }),
    ...(check === undefined ? {} : { check }),
    discovery: discovery(app, match),
  };
}

/** The task goes to the program at `executor`, which gets what is left of the command line. */
function executorInfo(
  app: App,
  taskId: string,
  command: Json,
  container: Json,
  match: Match,
  role: string,
): Json {
  const path = `'${app.executor.replaceAll("'", "'\\''")}'`;
  const { arguments: _given, ...rest } = command;
  const value = `chmod ug+rx ${path} && exec ${path} ${app.cmd ?? app.args?.join(" ") ?? ""}`;
  return {
    type: "CUSTOM",
    executor_id: { value: `marathon-${taskId}` },
    command: { ...rest, shell: true, value },
    resources: (match.shares[1] ?? []).map((r) => ({ ...r, allocation_info: { role } })),
    ...container,
  };
}

/** `TaskInfo.limits`; JSON has no infinity, so that protobuf's word for it stands there. */
export function limitsOf({ resourceLimits }: Pick<App, "resourceLimits">): Json {
  const given = Object.entries(resourceLimits ?? {}).filter(([, limit]) => limit !== undefined);
  if (given.length === 0) return {};
  const limits = given.map(([name, limit]) => [name, { value: limit === "unlimited" ? "Infinity" : limit }]);
  return { limits: Object.fromEntries(limits) };
}

/** References only: who resolves them is the agent's secret resolver. */
export function secretVariables({ env, secrets }: Pick<App, "env" | "secrets">): Json[] {
  return Object.entries(env).flatMap(([name, value]) =>
    typeof value === "string"
      ? []
      : [
          {
            name,
            type: "SECRET",
            secret: secretReference(secrets[value.secret]?.source ?? value.secret),
          },
        ],
  );
}

function commandInfo(app: App, taskId: string, offer: Offer, match: Match, options: TaskOptions): Json {
  const variables = [
    ...Object.entries(environment(app, taskId, offer.hostname, match, options)).map(([name, value]) => ({
      name,
      value,
    })),
    ...secretVariables(app),
  ];
  return {
    shell: app.cmd !== undefined,
    ...(app.cmd === undefined ? {} : { value: app.cmd }),
    ...(app.args === undefined
      ? {}
      : app.container?.docker === undefined
        ? { value: app.args[0], arguments: app.args }
        : { arguments: app.args }),
    environment: { variables },
    ...(app.user === undefined ? {} : { user: app.user }),
    ...(app.fetch.length === 0
      ? {}
      : {
          uris: app.fetch.map((f) => ({
            value: f.uri,
            extract: f.extract,
            executable: f.executable,
            cache: f.cache,
            ...(f.destPath === undefined ? {} : { output_file: f.destPath }),
          })),
        }),
  };
}

/** The variables that Marathon gives every task; the app's own win. */
export function environment(
  app: App,
  taskId: string,
  host: string,
  match: Match,
  options: TaskOptions,
): Record<string, string> {
  const ports = portsOf(app);
  const inside = ports.map((p, i) =>
    p.containerPort === undefined || p.containerPort === 0 ? match.hostPorts[i] : p.containerPort,
  );
  const effective = ports.map((_, i) => match.hostPorts[i] ?? inside[i]).filter((p) => p !== undefined);
  const named: Record<string, string> = {};
  ports.forEach((port, i) => {
    const value = String(match.hostPorts[i] ?? inside[i]);
    const requested = port.containerPort ?? port.servicePort;
    if (requested !== 0) named[`PORT_${requested}`] = value;
    if (port.name !== undefined) named[`PORT_${shellName(port.name)}`] = value;
  });
  effective.forEach((port, i) => {
    named[`PORT${i}`] = String(port);
  });
  if (effective.length > 0) {
    named["PORT"] = String(effective[0]);
    named["PORTS"] = effective.join(",");
  }
  named["HOST"] = host;
  const labels = Object.entries(app.labels).filter(
    ([key, value]) => value.length <= 512 && /^[\w.-]+$/.test(key),
  );
  return {
    MARATHON_APP_ID: app.id,
    MARATHON_APP_VERSION: app.version,
    MESOS_TASK_ID: taskId,
    ...(app.container?.docker === undefined ? {} : { MARATHON_APP_DOCKER_IMAGE: app.container.docker.image }),
    MARATHON_APP_RESOURCE_CPUS: decimalText(app.cpus),
    MARATHON_APP_RESOURCE_MEM: decimalText(app.mem),
    MARATHON_APP_RESOURCE_DISK: decimalText(app.disk),
    MARATHON_APP_RESOURCE_GPUS: String(app.gpus),
    MARATHON_APP_LABELS: labels.map(([key]) => shellName(key)).join(" "),
    ...Object.fromEntries(labels.map(([key, value]) => [`MARATHON_APP_LABEL_${shellName(key)}`, value])),
    ...Object.fromEntries(Object.entries(named).map(([key, value]) => [options.envPrefix + key, value])),
    ...Object.fromEntries(
      Object.entries(app.env).filter((e): e is [string, string] => typeof e[1] === "string"),
    ),
  };
}

function decimalText(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

function shellName(name: string): string {
  return name.toUpperCase().replace(/[^A-Z0-9]/g, "_");
}

/** A mapped port says whose number it has: the host's, or the container's own. */
function scopedLabels(app: App, port: AppPort, hostPort: number | undefined): Record<string, string> {
  if (port.containerPort === undefined) return port.labels;
  if (hostPort !== undefined) return { ...port.labels, "network-scope": "host" };
  const name = app.networks[0]?.name;
  const labels = { ...port.labels, "network-scope": "container" };
  return name === undefined ? labels : { ...labels, "network-name": name };
}

function discovery(app: App, match: Match): Json {
  const ports = portsOf(app).flatMap((port, i) => {
    const hostPort = match.hostPorts[i];
    return protocolsOf(port.protocol).map((protocol) => ({
      number: hostPort ?? port.containerPort ?? 0,
      protocol,
      ...(port.name === undefined ? {} : { name: port.name }),
      labels: {
        labels: Object.entries(scopedLabels(app, port, hostPort)).map(([key, value]) => ({ key, value })),
      },
    }));
  });
  return {
    visibility: "FRAMEWORK",
    name: app.id.slice(1).split("/").reverse().join("."),
    ports: { ports },
  };
}
