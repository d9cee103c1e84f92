// SPDX-License-Identifier: Apache-2.0
import { isIP } from "node:net";
import { aclProblem, type BambooService, digestOf, weightsKey } from "@pulumi-mesos/model";
import type { App, Task } from "../discovery/apps";
import type { PlacedApp } from "../discovery/rotation";
import { checkPath } from "./check-path";
import { type LabelledPort, labelled } from "./labels";
import type { Backend, PortFrontend, Resolve, Route, Routes, Server } from "./route";
import { withRuleOptions } from "./rule-options";

/** What one app adds. */
export function appRoutes(
  app: PlacedApp,
  rule: BambooService | undefined,
  resolve: Resolve,
  groups: readonly string[],
): Routes {
  const leftOut = new Map<string, string>();
  const routes: Route[] = [];
  const backends: Backend[] = [];
  const ports: PortFrontend[] = [];
  const none = { routes, backends, ports, leftOut };
  const idReason = idProblem(app.id);
  if (idReason !== undefined) return { ...none, leftOut: new Map([[app.id, idReason]]) };
  const labels = labelled(app, groups);
  for (const [name, reason] of labels.problems) leftOut.set(`${app.id} ${name}`, reason);
  const aclReason = rule && aclProblem(rule.Acl);
  if (aclReason !== undefined) leftOut.set(app.id, `acl: ${aclReason}`);
  if (rule ? aclReason === undefined && !isWeighted(rule) : labels.ports.length === 0) {
    const plain = backendOf(app, portIndexOf(rule), resolve, leftOut);
    const backend = withRuleOptions(plain, rule, leftOut);
    backends.push(backend);
    routes.push({ appId: app.id, backend: backend.name, acl: aclOf(app.id, rule) });
  }
  for (const label of labels.ports) {
    const plain = backendOf(app, label.portIndex, resolve, leftOut);
    const backend = { ...plain, ...optionsOf(plain, label), name: backendName(app.id, label.portIndex) };
    backends.push(backend);
    routes.push(...hostRoutes(app.id, backend.name, label));
    const { bind, options } = label;
    if (bind) ports.push({ appId: app.id, backend: backend.name, mode: options.mode, ...bind });
  }
  const tcpPort = app.env[tcpPortName];
  if (tcpPort) {
    const port = /^\d{1,5}$/.test(tcpPort) ? Number(tcpPort) : 0;
    const backend = tcpBackend(app, resolve, leftOut);
    if (validPort(port)) {
      backends.push(backend);
      ports.push({ appId: app.id, backend: backend.name, mode: "tcp", port });
    } else
      leftOut.set(`${app.id} ${tcpPortName}`, `must be a port, got ${JSON.stringify(tcpPort.slice(0, 100))}`);
  }
  return none;
}

/** Variable of an app's environment by which Bamboo's template opens a port for its TCP. */
const tcpPortName = "BAMBOO_TCP_PORT";

/** As Bamboo's template has it: the app's first port, whatever is spoken there. */
function tcpBackend(app: PlacedApp, resolve: Resolve, leftOut: Map<string, string>): Backend {
  const { name, servers } = backendOf(app, 0, resolve, leftOut);
  return { name: `${name}-tcp`, tls: false, options: { mode: "tcp", balance: "roundrobin" }, servers };
}

export function isWeighted({ Config }: BambooService): boolean {
  return Config?.[weightsKey] !== undefined;
}

function hostRoutes(appId: string, backend: string, label: LabelledPort): Route[] {
  const { ignoreCase } = label;
  const paths = label.paths.length > 0 ? label.paths : ["/"];
  const weight = label.weight ?? (label.paths.length > 0 ? 1 : 0);
  return label.hosts.flatMap((host) =>
    paths.map((path): Route => ({ appId, backend, acl: { kind: "host", host, path, ignoreCase, weight } })),
  );
}

function optionsOf(plain: Backend, { options }: LabelledPort): Pick<Backend, "options" | "servers" | "tls"> {
  // Whoever holds a cookie would still be sent to a task that drains, so one that leaves is closed at once.
  const servers = options.sticky ? plain.servers.filter((s) => s.state === "ready") : plain.servers;
  // What is TCP for this edge may be TLS between client and task, and is not wrapped once more.
  return { options, servers, tls: plain.tls && options.mode === "http" };
}

export function aclOf(appId: string, rule: BambooService | undefined): Route["acl"] {
  if (!rule) return { kind: "prefix", path: appId };
  const priority = Number(rule.Config?.["Priority"] ?? 0);
  return { kind: "explicit", text: rule.Acl, priority: Number.isFinite(priority) ? priority : 0 };
}

export function idProblem(id: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: such an id cannot stand in a configuration
  if (/[\u0000-\u001f\u007f]/.test(id)) return "the id has control characters";
  return id.length > 512 ? "the id is longer than 512 characters" : undefined;
}

/**
 * Name of an app's backend: Bamboo's, with a digest where the id has characters that HAProxy refuses. Ports that labels
 * name have backends of their own; no id has a colon.
 */
export function backendName(appId: string, labelledPort?: number): string {
  const plain = /^(\/[A-Za-z0-9._-]+)+$/.test(appId) && appId.length < 200;
  const escaped = appId.replaceAll("/", "::");
  const port = labelledPort === undefined ? "" : `:${labelledPort}`;
  return plain
    ? `${escaped}${port}-cluster`
    : `${escaped.replace(/[^A-Za-z0-9._:-]/g, "_").slice(0, 150)}-${digestOf(appId)}${port}-cluster`;
}

/** Where a task of `app` serves the port of `portIndex`, or nothing when it does not. */
export function addressOf(
  app: App,
  task: Task,
  portIndex: number,
): { host: string; port: number } | undefined {
  const hostPort = task.ports[portIndex];
  if (app.network === "container") {
    const host = task.addresses[0];
    const port = app.containerPorts[portIndex] || hostPort;
    if (host !== undefined && port !== undefined && validPort(port)) return { host, port };
    return undefined;
  }
  return hostPort !== undefined && validPort(hostPort) ? { host: task.host, port: hostPort } : undefined;
}

export function backendOf(
  app: PlacedApp,
  portIndex: number,
  resolve: Resolve,
  leftOut: Map<string, string>,
): Backend {
  const check = app.healthChecks.find(
    (c) => /^(MESOS_)?HTTPS?$/.test(c.protocol) && c.portIndex === portIndex,
  );
  return {
    name: backendName(app.id),
    ...(check && { checkPath: checkPath(check) }),
    ...(check?.timeoutSeconds !== undefined && { checkSeconds: check.timeoutSeconds }),
    tls: check?.protocol.endsWith("HTTPS") ?? false,
    servers: serversOf(app, portIndex, resolve, leftOut),
  };
}

function serversOf(
  app: PlacedApp,
  portIndex: number,
  resolve: Resolve,
  leftOut: Map<string, string>,
): Server[] {
  const servers = new Map<string, Server>();
  for (const task of app.tasks) {
    if (task.place === "out") continue;
    const at = addressOf(app, task, portIndex);
    if (at === undefined) {
      const reason = whyNowhere(app, task, portIndex);
      if (reason !== undefined) leftOut.set(task.id, reason);
      continue;
    }
    const address = isIP(at.host) ? at.host : resolve(at.host);
    if (address === undefined) {
      leftOut.set(task.id, `the name ${JSON.stringify(at.host)} has no known address`);
      continue;
    }
    const key = `${address} ${at.port}`;
    const state = task.place === "in" ? "ready" : "drain";
    if (servers.get(key)?.state !== "ready") servers.set(key, { address, port: at.port, state });
  }
  return [...servers.values()];
}

/** Why a task cannot be asked; nothing for one that has no ports, as a program that serves nobody. */
function whyNowhere({ network }: App, { ports }: Task, portIndex: number): string | undefined {
  const port = ports[portIndex];
  if (port !== undefined && !validPort(port)) return `its port ${port} is none`;
  const isMissing = port === undefined && portIndex > 0 && network !== "container";
  return isMissing ? `it has no port with index ${portIndex}` : undefined;
}

export function portIndexOf(rule: BambooService | undefined): number {
  const index = Number(rule?.Config?.["PortIndex"] ?? 0);
  return Number.isInteger(index) && index >= 0 ? index : 0;
}

function validPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65536;
}
