// SPDX-License-Identifier: Apache-2.0
import { defined } from "./app-normal-networks";
import { isRecord } from "./schema-view";
import { atLeast, type ServerFacts } from "./server-facts";

type Json = Readonly<Record<string, unknown>>;

/** `healthChecks` as answers have them (reference §1.7, 7); `hasPorts` decides whether a check without a port gets index 0. */
export function normaliseChecks(checks: unknown, hasPorts: boolean, facts: ServerFacts): unknown {
  if (!Array.isArray(checks)) return checks;
  return checks.map((check) => (isRecord(check) ? normaliseCheck(check, hasPorts, facts) : check));
}

function normaliseCheck(check: Json, hasPorts: boolean, facts: ServerFacts): Json {
  const protocol = check["protocol"] ?? "HTTP";
  const { port, portIndex, path, command, ignoreHttp1xx, delaySeconds, ...rest } = check;
  const byMarathon = protocol === "HTTP" || protocol === "HTTPS" || protocol === "TCP";
  const http = protocol === "HTTP" || protocol === "HTTPS";
  const addressed = port !== undefined || portIndex !== undefined || !hasPorts;
  return defined({
    gracePeriodSeconds: 300,
    intervalSeconds: 60,
    timeoutSeconds: 20,
    maxConsecutiveFailures: 3,
    ...(atLeast(facts.version, 6) ? { ipProtocol: "IPv4" } : {}),
    ...rest,
    protocol,
    delaySeconds: byMarathon ? 15 : (delaySeconds ?? 15),
    ...(protocol === "COMMAND" ? { command } : { port, portIndex: addressed ? portIndex : 0 }),
    path: http || protocol === "MESOS_HTTP" || protocol === "MESOS_HTTPS" ? path : undefined,
    ignoreHttp1xx: http ? (ignoreHttp1xx ?? false) : undefined,
  });
}

/** `readinessChecks` with their defaults. */
export function normaliseReadinessChecks(checks: unknown): unknown {
  if (!Array.isArray(checks)) return checks;
  const defaults = {
    name: "readinessCheck",
    protocol: "HTTP",
    path: "/",
    portName: "http-api",
    intervalSeconds: 30,
    timeoutSeconds: 10,
    httpStatusCodesForReady: [200],
    preserveLastResponse: false,
  };
  return checks.map((check) => (isRecord(check) ? { ...defaults, ...check } : check));
}

/** `check` with its defaults. */
export function normaliseTaskCheck(check: unknown): unknown {
  if (!isRecord(check)) return check;
  const http = isRecord(check["http"]) ? { scheme: "HTTP", ...check["http"] } : check["http"];
  return defined({ intervalSeconds: 60, timeoutSeconds: 20, delaySeconds: 15, ...check, http });
}
