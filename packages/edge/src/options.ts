// SPDX-License-Identifier: Apache-2.0
import { resolve } from "node:path";
import { MesosError } from "@pulumi-mesos/model";
import type { MarathonZooKeeper } from "./discovery/marathon-addresses";
import type { StatsdOptions } from "./stats";

/** One thing that can be set: by flag, by Bamboo's environment, by a key of Bamboo's configuration file. */
export interface Option {
  readonly name: keyof RawOptions;
  /** Absent for secrets, which must not stand on a command line. */
  readonly flag?: string;
  readonly env: string;
  /** Path in the file that --config names; letters of any case. */
  readonly key?: string;
  readonly default?: string;
  readonly help: string;
}

/** Every option as text. */
export interface RawOptions {
  config?: string;
  bind?: string;
  frontendBind?: string;
  httpsBind?: string;
  sslCerts?: string;
  dataDir?: string;
  marathon?: string;
  marathonUser?: string;
  marathonPassword?: string;
  eventStream?: string;
  endpoint?: string;
  zookeeper?: string;
  zookeeperPath?: string;
  zookeeperCredential?: string;
  output?: string;
  statsPassword?: string;
  onExit?: string;
  nbthread?: string;
  group?: string;
  apiToken?: string;
  apiCertificate?: string;
  marathonCa?: string;
  extra?: string;
  template?: string;
  statsdEnabled?: string;
  statsdHost?: string;
  statsdPrefix?: string;
}

/** All options; --help and the README's section come from this table. */
export const options: readonly Option[] = [
  {
    name: "config",
    flag: "--config",
    env: "CONFIG_PATH",
    help: "Bamboo's JSON configuration file; environment and flags win over it",
  },
  {
    name: "bind",
    flag: "--bind",
    env: "BIND",
    default: "127.0.0.1:8000",
    help: "address of the HTTP API, host:port or :port",
  },
  {
    name: "frontendBind",
    flag: "--frontend-bind",
    env: "EDGE_FRONTEND_BIND",
    default: "0.0.0.0:80",
    help: "address where traffic enters",
  },
  {
    name: "sslCerts",
    flag: "--ssl-certs",
    env: "EDGE_SSL_CERTS",
    help: "PEM files and directories of them, by commas, each with certificate and key; HTTPS is served when there are any",
  },
  {
    name: "httpsBind",
    flag: "--https-bind",
    env: "EDGE_HTTPS_BIND",
    default: "0.0.0.0:443",
    help: "address where HTTPS enters, with --ssl-certs",
  },
  {
    name: "dataDir",
    flag: "--data-dir",
    env: "EDGE_DATA_DIR",
    default: "mesos-edge-data",
    help: "directory of HAProxy's sockets, log and snapshot",
  },
  {
    name: "marathon",
    flag: "--marathon",
    env: "MARATHON_ENDPOINT",
    key: "Marathon.Endpoint",
    help: "Marathon's URLs by commas, or its zk://host:port,.../path (default /marathon at --zookeeper)",
  },
  {
    name: "marathonUser",
    flag: "--marathon-user",
    env: "MARATHON_USER",
    key: "Marathon.User",
    help: "user of Marathon's basic auth",
  },
  {
    name: "marathonPassword",
    env: "MARATHON_PASSWORD",
    key: "Marathon.Password",
    help: "password of Marathon's basic auth",
  },
  {
    name: "marathonCa",
    flag: "--marathon-ca",
    env: "EDGE_MARATHON_CA",
    help: "PEM file with the authorities that may sign Marathon's certificates, instead of those that the machine trusts",
  },
  {
    name: "eventStream",
    env: "MARATHON_USE_EVENT_STREAM",
    key: "Marathon.UseEventStream",
    default: "true",
    help: "accepted for Bamboo's sake; the event stream is always used",
  },
  {
    name: "endpoint",
    flag: "--endpoint",
    env: "BAMBOO_ENDPOINT",
    key: "Bamboo.Endpoint",
    help: "URL of this edge's API; its host is accepted as Host",
  },
  {
    name: "zookeeper",
    flag: "--zookeeper",
    env: "BAMBOO_ZK_HOST",
    key: "Bamboo.Zookeeper.Host",
    help: "ZooKeeper servers, host:port separated by commas",
  },
  {
    name: "zookeeperPath",
    flag: "--zookeeper-path",
    env: "BAMBOO_ZK_PATH",
    key: "Bamboo.Zookeeper.Path",
    default: "/bamboo",
    help: "node under which the rules lie",
  },
  {
    name: "zookeeperCredential",
    env: "EDGE_ZOOKEEPER_CREDENTIAL",
    help: "user:password at ZooKeeper (digest); rules are then this user's alone, and everybody's without it",
  },
  {
    name: "output",
    flag: "--haproxy-output",
    env: "HAPROXY_OUTPUT_PATH",
    key: "HAProxy.OutputPath",
    help: "HAProxy's configuration file (default haproxy.cfg in --data-dir)",
  },
  {
    name: "statsPassword",
    env: "EDGE_STATS_PASSWORD",
    help: "password of admin on /haproxy_stats; no such page without it",
  },
  {
    name: "onExit",
    flag: "--on-exit",
    env: "EDGE_ON_EXIT",
    default: "leave",
    help: "leave HAProxy running when this program ends, or stop it",
  },
  { name: "nbthread", flag: "--nbthread", env: "EDGE_NBTHREAD", default: "2", help: "HAProxy's threads" },
  {
    name: "apiToken",
    env: "EDGE_API_TOKEN",
    help: "token that the API asks for, at least 16 characters; nobody is asked without it",
  },
  {
    name: "apiCertificate",
    flag: "--api-certificate",
    env: "EDGE_API_CERTIFICATE",
    help: "PEM file with the API's key and certificates; plain HTTP without it",
  },
  {
    name: "group",
    flag: "--group",
    env: "EDGE_GROUP",
    default: "*",
    help: "groups of marathon-lb's labels that this edge serves, by commas; * serves all",
  },
  {
    name: "extra",
    flag: "--haproxy-extra",
    env: "EDGE_HAPROXY_EXTRA",
    help: "file with sections of your own (listen, frontend, backend ...), put at the end of haproxy.cfg",
  },
  {
    name: "template",
    env: "HAPROXY_TEMPLATE_PATH",
    key: "HAProxy.TemplatePath",
    help: "Bamboo's own template is accepted and not used; another is refused, see --haproxy-extra",
  },
  {
    name: "statsdEnabled",
    env: "STATSD_ENABLED",
    key: "StatsD.Enabled",
    default: "false",
    help: "whether Bamboo's counts go to StatsD",
  },
  {
    name: "statsdHost",
    env: "STATSD_HOST",
    key: "StatsD.Host",
    default: "localhost:8125",
    help: "StatsD's host:port",
  },
  {
    name: "statsdPrefix",
    env: "STATSD_PREFIX",
    key: "StatsD.Prefix",
    default: "bamboo-server.",
    help: "what stands before the names of counts",
  },
];

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
      bad("marathon", "must hold http or https URLs, or be zk://host:port/path, without a password");
  if (raw.endpoint !== undefined && !isHttpUrl(raw.endpoint))
    bad("endpoint", `must be a URL, got ${raw.endpoint}`);
  if (list(raw.zookeeper).length === 0)
    bad("zookeeper", "is missing; give ZooKeeper's servers, such as 10.0.0.1:2181");
  if (!/^(\/[^/\s]+)+$/.test(raw.zookeeperPath ?? ""))
    bad("zookeeperPath", `must be an absolute path, got ${raw.zookeeperPath}`);
  const onExit =
    raw.onExit === "leave" || raw.onExit === "stop"
      ? raw.onExit
      : bad("onExit", `must be leave or stop, got ${raw.onExit}`);
  const nbthread = Number(raw.nbthread);
  if (!Number.isInteger(nbthread) || nbthread < 1 || nbthread > 64)
    bad("nbthread", `must be 1 to 64, got ${raw.nbthread}`);
  if (raw.template !== undefined && !/(^|\/)config\/haproxy_template\.cfg$/.test(raw.template)) {
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
    ...optional("endpoint"),
    zookeeper: list(raw.zookeeper).join(","),
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
    ...(isCounting && statsdAt && { statsd: { ...statsdAt, prefix: raw.statsdPrefix ?? "" } }),
  };
}

/** Where Marathon stands for election: as a `zk://` says, or, where nothing is said, where it does so by default. */
function election({ marathon, zookeeper, zookeeperCredential }: RawOptions): MarathonZooKeeper | undefined {
  const [, servers, path] = /^zk:\/\/([^/@\s]+)(\/[^\s]*[^\s/])$/.exec(marathon ?? "") ?? [];
  if (servers !== undefined && path !== undefined) return { servers, path };
  const own = list(zookeeper);
  if (list(marathon).length > 0 || own.length === 0) return undefined;
  const credential = zookeeperCredential === undefined ? {} : { credential: zookeeperCredential };
  return { servers: own.join(","), path: "/marathon", ...credential };
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
  return /^https?:$/.test(url.protocol) && url.password === "";
}

function inFile(value: unknown, path: readonly string[]): string | undefined {
  const [key, ...rest] = path;
  if (key === undefined) {
    return ["string", "boolean", "number"].includes(typeof value) ? String(value) : undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  return inFile(Object.entries(value).findLast(([k]) => k.toLowerCase() === key.toLowerCase())?.[1], rest);
}
