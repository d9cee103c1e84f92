// SPDX-License-Identifier: Apache-2.0
import { type FlagTable, type FlagValues, parseFlags } from "../flags";
import { type Flags, misuse, resourcesOf, type Settings } from "./options";

function argvOf(flags: Flags): string[] {
  return Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
}

/** Where a member listens and what it knows of the others. */
export interface Place {
  readonly ip: string;
  readonly port: number;
  readonly directory: string;
  /** host:port of ZooKeeper as this member reaches it. */
  readonly zookeeper: string;
  /** Below which path of ZooKeeper everything is kept; empty for the top. */
  readonly root: string;
  /** What it tells others, when that is not where it listens. */
  readonly advertised?: { readonly ip: string; readonly port: number };
}

export function masterArgv(settings: Settings, place: Place): string[] {
  const { ip, port, directory, zookeeper, root, advertised } = place;
  return argvOf({
    zk: `zk://${zookeeper}${root}/mesos`,
    quorum: String(Math.floor(settings.masters / 2) + 1),
    work_dir: directory,
    ip,
    port: String(port),
    ...(advertised && { advertise_ip: advertised.ip, advertise_port: String(advertised.port) }),
    zk_session_timeout: `${settings.sessionTimeoutMs}ms`,
    ...settings.flags.master,
  });
}

export function agentArgv(settings: Settings, place: Place, n: number): string[] {
  const { ip, port, directory, zookeeper, root, advertised } = place;
  return argvOf({
    master: `zk://${zookeeper}${root}/mesos`,
    work_dir: directory,
    ip,
    port: String(port),
    ...(advertised && { advertise_ip: advertised.ip, advertise_port: String(advertised.port) }),
    resources: resourcesOf(settings, n),
    attributes: settings.attributes(n),
    containerizers: "docker,mesos",
    registration_backoff_factor: "100ms",
    zk_session_timeout: `${settings.sessionTimeoutMs}ms`,
    ...settings.flags.agent,
  });
}

export function marathonArgv(settings: Settings, place: Place): string[] {
  const { ip, port, zookeeper, root, advertised } = place;
  return argvOf({
    master: `zk://${zookeeper}${root}/mesos`,
    zk: `zk://${zookeeper}${root}/marathon`,
    hostname: advertised?.ip ?? ip,
    http_address: ip,
    http_port: String(port),
    min_revive_offers_interval: "0",
    zk_session_timeout: String(settings.sessionTimeoutMs),
    ...settings.flags.marathon,
  });
}

/** The flags as the program itself would read them. */
export function valuesOf<T extends FlagTable>(
  table: T,
  argv: readonly string[],
  style: "mesos" | "marathon",
): { values: FlagValues<T>; texts: Readonly<Record<string, string>> } {
  const parsed = parseFlags(table, { program: "kit", version: "", argv, env: {}, envPrefix: "KIT_", style });
  if (parsed.kind === "run") return parsed;
  throw misuse(`flags: ${parsed.text.split("\n")[0] ?? ""}`);
}
