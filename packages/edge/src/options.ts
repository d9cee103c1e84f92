// SPDX-License-Identifier: Apache-2.0
import { resolve } from "node:path";
import { MesosError, shownUrl } from "@pulumi-mesos/model";
import type { MarathonZooKeeper } from "./discovery/marathon-addresses";
import { options, type RawOptions } from "./option-table";
import type { StatsdOptions } from "./stats";

/** A TCP address; no host means all. */
export interface BindAddress {
  readonly host: string;
  readonly port: number;
}

/** What the program was told, checked. */
export interface EdgeOptions {
  readonly bind: BindAddress;
  readonly frontendBind: BindAddress;
  /** None without `--ssl-certs`. */
  readonly https?: { readonly bind: BindAddress; readonly certificates: readonly string[] };
  readonly dataDir: string;
  readonly marathonUrls: readonly string[];
  /** Where Marathon's processes stand for election, without URLs. */
  readonly marathonZookeeper?: MarathonZooKeeper;
  readonly marathonUser?: string;
  readonly marathonPassword?: string;
  /** PEM file. */
  readonly marathonCa?: string;
  readonly endpoint?: string;
  readonly zookeeper: string;
  readonly zookeeperPath: string;
  /** `user:password`. */
  readonly zookeeperCredential?: string;
  readonly output?: string;
  readonly statsPassword?: string;
  readonly onExit: "leave" | "stop";
  readonly nbthread: number;
  readonly apiToken?: string;
  /** PEM file. */
  readonly apiCertificate?: string;
  /** Groups of labels that are served; `*` for all. */
  readonly groups: readonly string[];
  /** File with sections of the user's own. */
  readonly extra?: string;
  /** File for the log, beside stdout. */
  readonly log?: string;
  readonly statsd?: StatsdOptions;
}

/** Joins flags, environment and file, in this order of precedence; an empty text is none. */
export function gather(
  flags: RawOptions,
  env: Readonly<Record<string, string | undefined>>,
  file: unknown,
): RawOptions {
  const pairs = options.map((o) => {
    const values = [flags[o.name], env[o.env], o.key && inFile(file, o.key.split(".")), o.default];
    return [o.name, values.find((value) => value !== undefined && value !== "")];
  });
  return Object.fromEntries(pairs) as RawOptions;
}

/** Checks options; every failure at once, one line each. */
export function parseOptions(raw: RawOptions): EdgeOptions {
  const failures: string[] = [];
  const bad = (name: keyof RawOptions, message: string): void => {
    const option = options.find((o) => o.name === name);
    failures.push(`${[option?.flag, option?.env].filter(Boolean).join(" or ")}: ${message}`);
  };
  const bind = address(raw.bind) ?? bad("bind", `must be host:port, got ${raw.bind}`);
  const frontendBind =
    address(raw.frontendBind) ?? bad("frontendBind", `must be host:port, got ${raw.frontendBind}`);
  const certificates = list(raw.sslCerts).map((path) => resolve(path));
  const httpsBind = address(raw.httpsBind);
  if (certificates.length > 0 && !httpsBind) bad("httpsBind", `must be host:port, got ${raw.httpsBind}`);
  const marathonZookeeper = election(raw);
  const marathonUrls = marathonZookeeper ? [] : list(raw.marathon);
  if (!marathonZookeeper && marathonUrls.length === 0)
    bad("marathon", "is missing; give Marathon's URL, such as http://10.0.0.1:8080, or ZooKeeper's servers");
  for (const url of marathonUrls)
    if (!isHttpUrl(url))
      bad(
        "marathon",
        "must hold http or https URLs, or be zk://host:port/path, without a password; that goes by MARATHON_USER and MARATHON_PASSWORD",
      );
  const endpoint = withScheme(raw.endpoint);
  if (endpoint !== undefined && !isHttpUrl(endpoint))
    bad("endpoint", `must be a URL without a password, got ${shownUrl(endpoint)}`);
  const zookeeper = serversOf(raw.zookeeper);
  if (zookeeper.length === 0) bad("zookeeper", "is missing; give ZooKeeper's servers, such as 10.0.0.1:2181");
  if (!/^(\/[^/\s]+)+$/.test(raw.zookeeperPath ?? ""))
    bad("zookeeperPath", `must be an absolute path, got ${raw.zookeeperPath}`);
  const onExit =
    raw.onExit === "leave" || raw.onExit === "stop"
      ? raw.onExit
      : bad("onExit", `must be leave or stop, got ${raw.onExit}`);
  const nbthread = Number(raw.nbthread);
  if (!Number.isInteger(nbthread) || nbthread < 1 || nbthread > 64)
    bad("nbthread", `must be 1 to 64, got ${raw.nbthread}`);
  if (raw.template !== undefined && !bambooTemplate.test(raw.template)) {
    const instead = "give sections of your own by --haproxy-extra and routing by rules and labels";
    bad("template", `a template of your own is not read, got ${raw.template}; ${instead}`);
  }
  if (raw.zookeeperCredential !== undefined && !/^[^:\s]+:\S+$/.test(raw.zookeeperCredential))
    bad("zookeeperCredential", "must be user:password");
  if (raw.apiToken !== undefined && !/^\S{16,}$/.test(raw.apiToken))
    bad("apiToken", "must be at least 16 characters without spaces");
  const isCounting = goBool(raw.statsdEnabled);
  const statsdAt = address(raw.statsdHost);
  if (isCounting && !statsdAt) bad("statsdHost", `must be host:port, got ${raw.statsdHost}`);
  if (/[\r\n\0]/.test(raw.statsPassword ?? "")) bad("statsPassword", "must be one line");
  if (failures.length > 0 || !bind || !frontendBind || !onExit) {
    throw new MesosError("MESOS_EDGE_OPTIONS", failures.join("; "));
  }
  const optional = <K extends keyof RawOptions>(key: K): Pick<RawOptions, K> | Record<string, never> =>
    raw[key] === undefined ? {} : ({ [key]: raw[key] } as Pick<RawOptions, K>);
  return {
    bind,
    frontendBind,
    ...(httpsBind && certificates.length > 0 && { https: { bind: httpsBind, certificates } }),
    dataDir: raw.dataDir ?? "mesos-edge-data",
    marathonUrls,
    ...(marathonZookeeper && { marathonZookeeper }),
    ...optional("marathonUser"),
    ...optional("marathonPassword"),
    ...optional("marathonCa"),
    ...(endpoint !== undefined && { endpoint }),
    zookeeper: zookeeper.join(","),
    zookeeperPath: raw.zookeeperPath ?? "/bamboo",
    ...optional("zookeeperCredential"),
    ...optional("output"),
    ...optional("statsPassword"),
    onExit,
    nbthread,
    groups: list(raw.group),
    ...optional("apiToken"),
    ...optional("apiCertificate"),
    ...optional("extra"),
    ...optional("log"),
    ...(isCounting && statsdAt && { statsd: { ...statsdAt, prefix: withDot(raw.statsdPrefix ?? "") } }),
  };
}

/** Where Marathon stands for election: as a `zk://` says, or, where nothing is said, where it does so by default. */
function election({ marathon, zookeeper, zookeeperCredential }: RawOptions): MarathonZooKeeper | undefined {
  const [, servers, path] = /^zk:\/\/([^/@\s]+)(\/[^\s]*[^\s/])$/.exec(marathon ?? "") ?? [];
  if (servers !== undefined && path !== undefined) return { servers, path };
  const own = serversOf(zookeeper);
  if (list(marathon).length > 0 || own.length === 0) return undefined;
  const credential = zookeeperCredential === undefined ? {} : { credential: zookeeperCredential };
  return { servers: own.join(","), path: "/marathon", ...credential };
}

/** Where Bamboo's own example and its packages have its template. */
const bambooTemplate = /(^|\/)(config|var\/bamboo)\/haproxy_template\.cfg$/;

/** ZooKeeper's servers, also where somebody wrote them as Mesos' programs want them. */
function serversOf(text: string | undefined): string[] {
  return list(text?.replace(/^zk:\/\//, ""));
}

/** Bamboo's image fills in an endpoint without a scheme. */
function withScheme(url: string | undefined): string | undefined {
  return url === undefined || url.includes("://") ? url : `http://${url}`;
}

/** Between a prefix and a name stands a dot, which Bamboo adds where it lacks. */
function withDot(prefix: string): string {
  return prefix.endsWith(".") ? prefix : `${prefix}.`;
}

/** A truth value as Go's ParseBool reads it; anything else is false, as Bamboo takes it. */
function goBool(text: string | undefined): boolean {
  return ["1", "t", "T", "true", "TRUE", "True"].includes(text ?? "");
}

/** `host:port`, `:port` or `[ipv6]:port`. */
export function address(text: string | undefined): BindAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]*)):(\d{1,5})$/.exec(text ?? "");
  const port = Number(match?.[3]);
  if (!match || port > 65535) return undefined;
  return { host: match[1] || match[2] || "0.0.0.0", port };
}

function list(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
}

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return /^https?:$/.test(url.protocol) && url.username === "" && url.password === "";
}

function inFile(value: unknown, path: readonly string[]): string | undefined {
  const [key, ...rest] = path;
  if (key === undefined) {
    return ["string", "boolean", "number"].includes(typeof value) ? String(value) : undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  return inFile(Object.entries(value).findLast(([k]) => k.toLowerCase() === key.toLowerCase())?.[1], rest);
}
