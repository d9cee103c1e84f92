// SPDX-License-Identifier: Apache-2.0
import type { App } from "./app";
import {
  type ElementRule,
  elementRule,
  type FieldRule,
  fieldRule,
  portFields,
  portsOf,
  type Rule,
} from "./rule";

type HealthCheck = NonNullable<App["healthChecks"]>[number];
type ReadinessCheck = NonNullable<App["readinessChecks"]>[number];

const protocolOf = (check: HealthCheck) => check.protocol ?? "HTTP";
const onAgent = (check: HealthCheck) => protocolOf(check).startsWith("MESOS_");
const byMarathon = (check: HealthCheck) => ["HTTP", "HTTPS", "TCP"].includes(protocolOf(check));
const isCommand = (check: HealthCheck) => check.protocol === "COMMAND";
const checks = (app: App) => app.healthChecks ?? [];

const fieldRules: FieldRule[] = [
  {
    path: "healthChecks",
    reads: ["healthChecks.protocol"],
    when: ({ app }) => checks(app).filter(onAgent).length > (checks(app).some(isCommand) ? 0 : 1),
    message: ({ app }) =>
      `must have at most one MESOS_* check, and then no COMMAND check, got ${checks(app).map(protocolOf).join(", ")}`,
  },
  {
    path: "healthChecks",
    reads: ["healthChecks.protocol"],
    when: ({ app }) => checks(app).some(onAgent) && checks(app).some(byMarathon),
    message: () => "must not mix MESOS_* checks with HTTP, HTTPS and TCP checks",
  },
  {
    path: "check",
    reads: ["check"],
    when: ({ app }) => kindsOfCheck(app).length !== 1 && app.check !== undefined,
    message: ({ app }) =>
      `must have one of http, tcp and exec, got ${kindsOfCheck(app).join(" and ") || "none"}`,
  },
  {
    path: "check",
    reads: ["check", "container.type"],
    when: ({ app, normal }) => app.check !== undefined && normal.container?.type === "DOCKER",
    message: () => "must not be given for a container of type DOCKER; use healthChecks or type MESOS",
  },
  ...(["http", "tcp"] as const).map(
    (kind): FieldRule => ({
      path: `check.${kind}.portIndex`,
      reads: ["check", ...portFields],
      when: ({ app, normal }) => (app.check?.[kind]?.portIndex ?? -1) >= portsOf(normal).length,
      message: ({ app, normal }) => `${portRange(normal)}, got ${app.check?.[kind]?.portIndex}`,
    }),
  ),
  {
    path: "check.exec.command",
    reads: ["check"],
    when: ({ app }) => {
      const command = app.check?.exec?.command;
      return command !== undefined && (command.shell === undefined) === (command.argv === undefined);
    },
    message: () => "must have either shell or argv",
  },
];

const kindsOfCheck = ({ check }: App) =>
  (["http", "tcp", "exec"] as const).filter((kind) => check?.[kind] !== undefined);

const path = "healthChecks";
const reads = ["healthChecks.protocol", "healthChecks.port", "healthChecks.portIndex"];

const healthRules: ElementRule<HealthCheck>[] = [
  {
    path,
    field: "port",
    reads,
    when: (c) => c.port !== undefined && c.portIndex !== undefined,
    message: () => "give port or portIndex, not both",
  },
  {
    path,
    field: "portIndex",
    reads: [...reads, ...portFields],
    when: (c, { normal }) => {
      const ports = portsOf(normal).length;
      const judged = byMarathon(c) || (onAgent(c) && ports > 0);
      return judged && c.portIndex !== undefined && c.portIndex >= ports;
    },
    message: (c, { normal }) => `${portRange(normal)}, got ${c.portIndex}`,
  },
  {
    path,
    field: "port",
    reads: [...reads, ...portFields],
    when: (c, { normal }) =>
      byMarathon(c) && c.port === undefined && c.portIndex === undefined && portsOf(normal).length === 0,
    message: () => "must be given, because the app has no ports",
  },
  {
    path,
    field: "command",
    reads: ["healthChecks.protocol", "healthChecks.command"],
    when: (c) => isCommand(c) !== (c.command !== undefined),
    message: (c) =>
      isCommand(c)
        ? "must be given for protocol COMMAND"
        : `must only be given for protocol COMMAND, got ${protocolOf(c)}`,
  },
  ...(["path", "port"] as const).map(
    (field): ElementRule<HealthCheck> => ({
      path,
      field,
      reads: ["healthChecks.protocol", `healthChecks.${field}`],
      when: (c) => isCommand(c) && c[field] !== undefined,
      message: () => "must not be given for protocol COMMAND",
    }),
  ),
  {
    path,
    field: "ipProtocol",
    reads: ["healthChecks.protocol", "healthChecks.ipProtocol", "container.type"],
    when: (c, { normal }) => c.ipProtocol === "IPv6" && !(onAgent(c) && normal.container?.type === "DOCKER"),
    message: () => 'must be "IPv4"; IPv6 is for MESOS_* checks in containers of type DOCKER',
  },
];

function portRange(normal: App): string {
  const ports = portsOf(normal).length;
  if (ports === 0) return "must not be given, because the app has no ports";
  return ports === 1
    ? "must be 0, because the app has one port"
    : `must be between 0 and ${ports - 1}, because the app has ${ports} ports`;
}

const readinessRules: ElementRule<ReadinessCheck>[] = [
  {
    path: "readinessChecks",
    field: "timeoutSeconds",
    reads: ["readinessChecks"],
    when: (c) => (c.timeoutSeconds ?? 10) >= (c.intervalSeconds ?? 30),
    message: (c) =>
      `must be less than intervalSeconds (${c.intervalSeconds ?? 30}), got ${c.timeoutSeconds ?? 10}`,
  },
  {
    path: "readinessChecks",
    field: "portName",
    reads: ["readinessChecks", ...portFields],
    when: (c, { normal }) => !portsOf(normal).some((p) => p.name === (c.portName ?? "http-api")),
    message: (c, { normal }) => {
      const names = portsOf(normal).flatMap((p) => p.name ?? []);
      return `must be the name of a port (${names.join(", ") || "none has a name"}), got ${JSON.stringify(c.portName ?? "http-api")}`;
    },
  },
];

/** Health, readiness and Mesos checks. */
export const checkRules: readonly Rule[] = [
  ...fieldRules.map(fieldRule),
  ...healthRules.map((rule) => elementRule((app) => checks(app).entries(), rule)),
  ...readinessRules.map((rule) => elementRule((app) => (app.readinessChecks ?? []).entries(), rule)),
];
