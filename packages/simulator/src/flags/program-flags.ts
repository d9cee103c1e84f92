// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from "node:child_process";
import { isIP } from "node:net";
import { MesosError, messageOf } from "@pulumi-mesos/model";

/** The address to listen on: `--ip`, what `--ip_discovery_command` prints, else 127.0.0.1. */
export function listenIp(flags: {
  readonly ip: string | undefined;
  readonly ip_discovery_command: string | undefined;
}): string {
  const command = flags.ip_discovery_command;
  if (command === undefined) return flags.ip ?? "127.0.0.1";
  let said: string;
  try {
    said = execFileSync("/bin/sh", ["-c", command], { encoding: "utf8", timeout: 30_000 }).trim();
  } catch (error) {
    throw new MesosError("MESOS_SIMULATOR_FLAG", `Failed to run --ip_discovery_command: ${messageOf(error)}`);
  }
  if (isIP(said) === 0) {
    throw new MesosError("MESOS_SIMULATOR_FLAG", `--ip_discovery_command printed no IP address: '${said}'`);
  }
  return said;
}

/** What is wrong with two ways to name one address. */
export function ambiguousIp(flags: Parameters<typeof listenIp>[0]): string[] {
  const both = flags.ip !== undefined && flags.ip_discovery_command !== undefined;
  return both ? ["Only one of `--ip` or `--ip_discovery_command` should be specified"] : [];
}

/** What is wrong with flags that would be heeded by the real program only. */
export function refusedFlags(table: object, flags: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(table)
    .filter((name) => flags[name] !== undefined)
    .map((name) => `--${name} is not simulated`);
}

/** The paths that `--firewall_rules` disables. */
export function parseFirewall(text: string): ReadonlySet<string> {
  const rules = JSON.parse(text) as { disabled_endpoints?: { paths?: unknown } };
  const paths = rules.disabled_endpoints?.paths ?? [];
  if (!Array.isArray(paths) || !paths.every((p): p is string => typeof p === "string")) {
    throw new MesosError("MESOS_SIMULATOR_FLAG", "disabled_endpoints.paths must be an array of texts");
  }
  return new Set(paths.map((path) => (path.startsWith("/") ? path : `/${path}`)));
}
