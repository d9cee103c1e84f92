// SPDX-License-Identifier: Apache-2.0
import { ApiError } from "../api-error";
import type { AppCheck, HealthCheck, ReadinessCheck } from "./types";

type Raw = Record<string, unknown>;

const byMarathon: ReadonlySet<string> = new Set(["HTTP", "HTTPS", "TCP"]);
const wholeSeconds = (raw: Raw) => (key: string, fallback: number) =>
  (raw[key] as number | undefined) ?? fallback;

/** Marathon breaks off with an exception, not with a violation, where it cannot tell what a check means. */
function meaningless(message: string): ApiError {
  return new ApiError(500, { message });
}

/** What no rule forbids and yet cannot be read as one kind of check. */
function assertOneKind(raw: Raw, protocol: HealthCheck["protocol"]): void {
  const command = raw["command"] !== undefined;
  if (command && protocol !== "COMMAND")
    throw meaningless(`illegal protocol ${protocol} specified with command`);
  if (!command && protocol === "COMMAND")
    throw meaningless("illegal protocol COMMAND for non-command health check");
  if (command && (raw["path"] !== undefined || raw["port"] !== undefined))
    throw meaningless("a COMMAND health check takes neither path nor port");
}

/** A health check with its defaults (marathon.md §1.5, §1.7.7). */
export function completeHealthCheck(raw: Raw, hasPorts: boolean): HealthCheck {
  const protocol = (raw["protocol"] as HealthCheck["protocol"] | undefined) ?? "HTTP";
  assertOneKind(raw, protocol);
  const seconds = wholeSeconds(raw);
  const port = raw["port"] as number | undefined;
  const given = raw["portIndex"] as number | undefined;
  const portIndex = given ?? (port === undefined && hasPorts ? 0 : undefined);
  const http = protocol === "HTTP" || protocol === "HTTPS";
  const path = protocol.endsWith("TCP") ? undefined : (raw["path"] as string | undefined);
  return {
    gracePeriodSeconds: seconds("gracePeriodSeconds", 300),
    ...(http ? { ignoreHttp1xx: (raw["ignoreHttp1xx"] as boolean | undefined) ?? false } : {}),
    intervalSeconds: seconds("intervalSeconds", 60),
    maxConsecutiveFailures: seconds("maxConsecutiveFailures", 3),
    ...(path === undefined ? {} : { path }),
    ...(port === undefined ? {} : { port }),
    ...(portIndex === undefined || protocol === "COMMAND" ? {} : { portIndex }),
    protocol,
    ipProtocol: (raw["ipProtocol"] as "IPv4" | "IPv6" | undefined) ?? "IPv4",
    timeoutSeconds: seconds("timeoutSeconds", 20),
    delaySeconds: byMarathon.has(protocol) ? 15 : seconds("delaySeconds", 15),
    ...(raw["command"] === undefined ? {} : { command: raw["command"] as { value: string } }),
  };
}

/** The app's own `check`: exactly one of http, tcp and exec. */
export function completeCheck(raw: Raw | undefined): AppCheck | undefined {
  if (raw === undefined) return undefined;
  const { http, tcp, exec } = raw as { http?: Raw; tcp?: AppCheck["tcp"]; exec?: AppCheck["exec"] };
  if ([http, tcp, exec].filter((kind) => kind !== undefined).length !== 1)
    throw meaningless("illegal RAML Check: expected one of http, tcp or exec checks");
  const seconds = wholeSeconds(raw);
  return {
    ...(http === undefined
      ? {}
      : { http: { ...http, scheme: (http["scheme"] as "HTTP" | undefined) ?? "HTTP" } }),
    ...(tcp === undefined ? {} : { tcp }),
    ...(exec === undefined ? {} : { exec }),
    intervalSeconds: seconds("intervalSeconds", 60),
    timeoutSeconds: seconds("timeoutSeconds", 20),
    delaySeconds: seconds("delaySeconds", 15),
  };
}

export function completeReadinessCheck(raw: Raw): ReadinessCheck {
  const seconds = wholeSeconds(raw);
  return {
    name: (raw["name"] as string | undefined) ?? "readinessCheck",
    protocol: (raw["protocol"] as "HTTP" | "HTTPS" | undefined) ?? "HTTP",
    path: (raw["path"] as string | undefined) ?? "/",
    portName: (raw["portName"] as string | undefined) ?? "http-api",
    intervalSeconds: seconds("intervalSeconds", 30),
    timeoutSeconds: seconds("timeoutSeconds", 10),
    httpStatusCodesForReady: (raw["httpStatusCodesForReady"] as number[] | undefined) ?? [200],
    preserveLastResponse: (raw["preserveLastResponse"] as boolean | undefined) ?? false,
  };
}
