// SPDX-License-Identifier: Apache-2.0
import type { Violation } from "../api-error";
import { type App, type HealthCheck, portsOf } from "./types";

const indexMessage =
  "Health check port indices must address an element of the ports array or container port mappings.";

/** Whether the agent runs the check, not Marathon. */
export function isMesosCheck(check: Pick<HealthCheck, "protocol">): boolean {
  return check.protocol === "COMMAND" || check.protocol.startsWith("MESOS_");
}

/** The rules about `healthChecks` and `check` (marathon.md §1.5). */
export function checkViolations(app: App): Violation[] {
  const found = app.healthChecks.flatMap((check, i) => ofHealthCheck(app, check, `/healthChecks(${i})`));
  // More than one COMMAND check is taken, as ever: the agent gets the first of them.
  if (app.healthChecks.filter((c) => isMesosCheck(c) && c.command === undefined).length > 1) {
    found.push({ path: "/", errors: ["AppDefinition can contain at most one Mesos health check"] });
  }
  const { check } = app;
  if (check === undefined) return found;
  if (app.container?.type === "DOCKER") {
    found.push({ path: "/check", errors: ["checks are not supported with the Docker containerizer"] });
  }
  const asked = check.http ?? check.tcp;
  if (asked?.portIndex !== undefined && asked.portIndex >= portsOf(app).length) {
    found.push({ path: "/check", errors: [indexMessage] });
  }
  return found;
}

function ofHealthCheck(app: App, check: HealthCheck, path: string): Violation[] {
  const found: Violation[] = [];
  const mesosOnPort = check.protocol.startsWith("MESOS_");
  if (check.ipProtocol === "IPv6" && !(mesosOnPort && app.container?.type === "DOCKER")) {
    found.push({
      path,
      errors: ["IPv6 can only be used for container type DOCKER and Mesos http/https/tcp health checks"],
    });
  }
  if (check.protocol === "COMMAND") return found;
  if (check.port !== undefined && check.portIndex !== undefined) {
    found.push({ path, errors: ["HealthCheck must specify either a port or a portIndex"] });
  }
  if (check.portIndex !== undefined && check.portIndex >= portsOf(app).length) {
    found.push({ path, errors: [indexMessage] });
  }
  if (check.port === undefined && check.portIndex === undefined) {
    const message = mesosOnPort ? "HealthCheck must specify either a port or a portIndex" : indexMessage;
    found.push({ path, errors: [message] });
  }
  return found;
}
