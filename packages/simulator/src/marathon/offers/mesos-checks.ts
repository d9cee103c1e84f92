// SPDX-License-Identifier: Apache-2.0
import { type App, type HealthCheck, portsOf } from "../app/types";
import { isMesosCheck } from "../app/validate-checks";
import { checkTimes, healthCheckTimes } from "./check-times";

type Json = Record<string, unknown>;
type HostPorts = readonly (number | undefined)[];

/** The port that the agent asks: inside the container where there is one, else the host's. */
function askedPort(
  app: App,
  asked: { readonly port?: number; readonly portIndex?: number },
  hostPorts: HostPorts,
): number | undefined {
  if (asked.port !== undefined) return asked.port;
  const index = asked.portIndex ?? 0;
  const inside = portsOf(app)[index]?.containerPort;
  return inside === undefined || inside === 0 ? hostPorts[index] : inside;
}

function subject(app: App, check: HealthCheck, hostPorts: HostPorts): Json | undefined {
  if (check.protocol === "COMMAND")
    return { type: "COMMAND", command: { shell: true, value: check.command?.value ?? "" } };
  const port = askedPort(app, check, hostPorts);
  if (port === undefined) return undefined;
  const protocol = check.ipProtocol;
  if (check.protocol === "MESOS_TCP") return { type: "TCP", tcp: { protocol, port } };
  const scheme = check.protocol === "MESOS_HTTPS" ? "https" : "http";
  const path = check.path === undefined ? {} : { path: check.path };
  return { type: "HTTP", http: { protocol, scheme, port, ...path } };
}

/** `TaskInfo.health_check`: the first check that the agent runs; undefined where Marathon runs all. */
export function mesosHealthCheck(app: App, hostPorts: HostPorts): Json | undefined {
  const check = app.healthChecks.find(isMesosCheck);
  const what = check === undefined ? undefined : subject(app, check, hostPorts);
  if (check === undefined || what === undefined) return undefined;
  return {
    ...what,
    ...healthCheckTimes(check),
  };
}

/** `TaskInfo.check`: its results are shown and decide nothing. */
export function mesosCheck(app: App, hostPorts: HostPorts): Json | undefined {
  const { check } = app;
  if (check === undefined) return undefined;
  const timing = checkTimes(check);
  if (check.exec !== undefined) {
    const command = { shell: true, value: check.exec.command.shell };
    return { type: "COMMAND", command: { command }, ...timing };
  }
  const port = askedPort(app, check.http ?? check.tcp ?? {}, hostPorts);
  if (port === undefined) return undefined;
  if (check.tcp !== undefined) return { type: "TCP", tcp: { port }, ...timing };
  const path = check.http?.path === undefined ? {} : { path: check.http.path };
  return { type: "HTTP", http: { port, ...path }, ...timing };
}
