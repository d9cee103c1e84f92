// SPDX-License-Identifier: Apache-2.0
import type { Way } from "@pulumi-mesos/client";
import {
  type Access,
  type AddressMap,
  accessFault,
  basicAuthorization,
  type ConnectionOption,
  type ConnectionOptions,
  connectionFaults,
  type Failure,
  hasComputed,
  isComputed,
  nearest,
  parseAccess,
  parseHostPort,
  shownUrl,
} from "@pulumi-mesos/model";

/** Where the controller of a cluster's agent groups and apps reads what is declared. */
export interface ControllerPlace {
  readonly zookeeper: string;
  readonly zookeeperCredential?: string;
  readonly cluster: string;
}

/** Where the provider finds what runs already. The platform's own provider has none of it. */
export interface ProviderConfig {
  readonly marathonUrls: readonly string[];
  /** Who one is at Marathon, and whom one believes. @default nobody, whom the machine trusts */
  readonly marathonConnection?: ConnectionOptions;
  readonly bambooUrls: readonly string[];
  /** Who one is at the edge, and whom one believes. @default nobody, whom the machine trusts */
  readonly bambooConnection?: ConnectionOptions;
  readonly mesosUrls: readonly string[];
  /** Header of that name for the masters. @default none */
  readonly mesosAuthorization?: string;
  /** Where connections go for addresses that this machine does not reach. @default there */
  readonly addressMap?: AddressMap;
  /** By which way it reaches any; said of members on other machines, whose silence is not their end. @default it reaches all */
  readonly access?: Access;
  /** That way, which the plugin has from `access` once it is configured, one for all resources. @default none is needed */
  readonly way?: Way;
  /** Where the controller of a cluster looks for apps that follow their traffic. @default there is none */
  readonly controller?: ControllerPlace;
  /** Whom one believes of masters with `https://`. @default whom the machine trusts */
  readonly mesosCa?: string;
  /** Whether the stack itself makes the cluster that these addresses are of. @default false */
  readonly clusterInStack?: boolean;
}

type Setting = {
  readonly kind: "urls" | "map" | "access" | "string" | "secret" | "boolean";
  readonly description: string;
};

/** Servers whose connection has settings, by the word that these begin with; masters know no token and no certificate of a client. */
const servers = ["marathon", "bamboo", "mesos"] as const;
type Server = (typeof servers)[number];

/** The settings of the connection to one server, but for its token. */
function connectionSettings(server: Server, whose: string): Record<string, Setting> {
  const name = settingOf(server);
  return {
    [name("user")]: {
      kind: "string",
      description: `User of ${whose} HTTP basic authentication; with ${name("password")}, without ${name("token")}.`,
    },
    [name("password")]: { kind: "secret", description: `Password of ${whose} HTTP basic authentication.` },
    [name("ca")]: {
      kind: "string",
      description: `Certificates in PEM (not a path) of the authorities that may sign ${whose} own, instead of those that this machine trusts.`,
    },
    [name("cert")]: {
      kind: "string",
      description: `Client certificate in PEM (not a path) for ${whose} TLS; with ${name("key")}.`,
    },
    [name("key")]: { kind: "secret", description: `Private key in PEM (not a path) of ${name("cert")}.` },
    [name("insecure")]: {
      kind: "boolean",
      description: `Takes any certificate as ${whose}: then anybody on the way can read and change everything. False by default.`,
    },
  };
}

/** What the provider's configuration may hold: for the package schema and for {@link checkConfig}. */
export const configSchema: Readonly<Record<string, Setting>> = {
  marathonUrls: {
    kind: "urls",
    description: "Addresses of all Marathons of one cluster; the leader is found.",
  },
  ...connectionSettings("marathon", "Marathon's"),
  marathonToken: {
    kind: "secret",
    description:
      "Token for Marathon, sent as `Authorization: token=<token>` as DC/OS wants it; one that names its scheme, such as `Bearer abc`, is sent as it is.",
  },
  bambooUrls: { kind: "urls", description: "Addresses of Bamboo's HTTP API (or of our edge's)." },
  ...connectionSettings("bamboo", "the edge's"),
  bambooToken: {
    kind: "secret",
    description:
      "Token for the edge's API, sent as `Authorization: Bearer <token>`; one that names its scheme is sent as it is.",
  },
  mesosUrls: {
    kind: "urls",
    description:
      "Addresses of all Mesos masters of one cluster, `http://host:port`, or all `https://host:port`; the leader is found.",
  },
  mesosUser: {
    kind: "string",
    description: "Principal at the masters (HTTP basic authentication); with mesosPassword.",
  },
  mesosPassword: { kind: "secret", description: "Its secret." },
  mesosCa: {
    kind: "string",
    description:
      "Certificates in PEM (not a path) of the authorities that may sign the masters' own, instead of those that this machine trusts.",
  },
  addressMap: {
    kind: "map",
    description:
      "Where connections go for addresses that this machine does not reach, as `host:port` by `host:port`: published ports or tunnels. URLs, redirects and certificates keep their own names.",
  },
  access: {
    kind: "access",
    description:
      "How private addresses are reached: `direct`, through a SOCKS proxy (`socks5://host:port`), or by a tunnel that the plugin opens with OpenSSH's client to a machine that reaches them (`ssh://user@host`) or, by Session Manager, to an instance (`ssm://user@i-0123456789abcdef0`). Keys, known hosts and machines between are those of ssh_config, another one by `?config=/path`. Said of a cluster on other machines: `Leave` then refuses where no member of an ensemble is heard.",
  },
  zookeeper: {
    kind: "string",
    description:
      "ZooKeeper's connection string (host:port,host:port), where the cluster's controller looks for apps with `autoscale`; with clusterName.",
  },
  zookeeperCredential: {
    kind: "secret",
    description: "`user:password` of the controller at a ZooKeeper that asks for it (digest).",
  },
  clusterName: {
    kind: "string",
    description: "Name of the cluster whose controller sizes apps with `autoscale`; with zookeeper.",
  },
  clusterInStack: {
    kind: "boolean",
    description:
      "Whether the stack itself makes the cluster behind these addresses, as `Cluster` says of its own: then a delete counts as done, with a warning, when every address refuses connections. False by default.",
  },
};

type Values = Readonly<Record<string, unknown>>;

/** Everything wrong with a configuration. A list may be given as JSON text, as `pulumi config set` does. */
export function checkConfig(values: Values): Failure[] {
  const settings = Object.keys(configSchema);
  const failures = Object.keys(values)
    .filter((key) => key !== "version" && !settings.includes(key))
    .map((key) => {
      const near = nearest(key, settings);
      const hint = near === undefined ? `known here: ${settings.join(", ")}` : `did you mean ${near}?`;
      return { path: key, message: `unknown provider setting; ${hint}` };
    });
  for (const [key, { kind }] of Object.entries(configSchema)) {
    const value = values[key];
    if (value === undefined || value === null || isComputed(value)) continue;
    if (kind === "map") failures.push(...checkMap(key, value));
    else if (kind === "access") failures.push(...checkAccess(key, value));
    else if (kind === "urls") failures.push(...checkUrls(key, value));
    else if (kind === "boolean") {
      if (flag(value) === undefined) failures.push({ path: key, message: "must be true or false" });
    } else if (typeof value !== "string") failures.push({ path: key, message: "must be a string" });
  }
  return [
    ...failures,
    ...checkController(values),
    ...servers.flatMap((server) => checkConnection(server, values)),
  ];
}

/** Neither says anything without the other. */
function checkController(values: Values): Failure[] {
  const pair = ["zookeeper", "clusterName"] as const;
  const missing = pair.filter((key) => values[key] === undefined || values[key] === null);
  const [key] = missing.length === 1 ? missing : [];
  if (key === undefined) return [];
  const other = pair.find((name) => name !== key);
  return [
    { path: key, message: `must be given with ${other}: together they say where the controller looks` },
  ];
}

function checkConnection(server: Server, values: Values): Failure[] {
  const name = settingOf(server);
  const given = values[`${server}Urls`];
  const urls = hasComputed(given) ? undefined : list(given).filter((v) => typeof v === "string");
  const connection = connectionOf(server, values);
  const faults = connectionFaults({ ...connection, insecure: flag(connection.insecure) }, urls, name);
  return faults.map(({ option, message }) => ({ path: name(option), message }));
}

/** A configuration that {@link checkConfig} found right. */
export function parseConfig(values: Values): ProviderConfig {
  const { user, password, ca } = parseConnection("mesos", values);
  return {
    marathonUrls: list(values["marathonUrls"]).filter((v) => typeof v === "string"),
    marathonConnection: parseConnection("marathon", values),
    bambooUrls: list(values["bambooUrls"]).filter((v) => typeof v === "string"),
    bambooConnection: parseConnection("bamboo", values),
    mesosUrls: list(values["mesosUrls"]).filter((v) => typeof v === "string"),
    ...(user !== undefined &&
      password !== undefined && { mesosAuthorization: basicAuthorization({ user, password }) }),
    ...(values["addressMap"] == null ? {} : { addressMap: jsonOf(values["addressMap"]) as AddressMap }),
    ...(typeof values["access"] === "string" && { access: parseAccess(values["access"]) }),
    ...parseController(values),
    ...(ca !== undefined && { mesosCa: ca }),
    clusterInStack: flag(values["clusterInStack"]) === true,
  };
}

function parseController(values: Values): Pick<ProviderConfig, "controller"> {
  const { zookeeper, zookeeperCredential, clusterName: cluster } = values;
  if (typeof zookeeper !== "string" || typeof cluster !== "string") return {};
  const credential = typeof zookeeperCredential === "string" ? { zookeeperCredential } : {};
  return { controller: { zookeeper, cluster, ...credential } };
}

function parseConnection(server: Server, values: Values): ConnectionOptions {
  const { insecure, ...texts } = connectionOf(server, values);
  const known = Object.entries(texts).filter(([, value]) => typeof value === "string");
  return { ...Object.fromEntries(known), insecure: flag(insecure) === true };
}

/** What the user calls the options of the connection to a server: `marathonCa`. */
export function settingOf(server: Server): (option: ConnectionOption) => string {
  return (option) => `${server}${option.charAt(0).toUpperCase()}${option.slice(1)}`;
}

function connectionOf(server: Server, values: Values): { readonly [K in ConnectionOption]?: unknown } {
  const value = (option: ConnectionOption): unknown => values[settingOf(server)(option)];
  return {
    user: value("user"),
    password: value("password"),
    token: value("token"),
    ca: value("ca"),
    cert: value("cert"),
    key: value("key"),
    insecure: value("insecure"),
  };
}

/** A boolean may come as text, as `pulumi config set` and the engine give it. */
function flag(value: unknown): boolean | undefined {
  if (value === true || value === "true") return true;
  return value === false || value === "false" ? false : undefined;
}

function checkUrls(key: string, value: unknown): Failure[] {
  if (hasComputed(value)) return [];
  const urls = list(value);
  if (urls.length === 0) {
    return [
      {
        path: key,
        message: 'must be a list of URLs such as ["http://10.0.0.1:8080"], or the same as JSON text',
      },
    ];
  }
  const failures = urls.flatMap((url, index) => {
    const message = urlFault(key, url);
    return message === undefined ? [] : [{ path: `${key}[${index}]`, message }];
  });
  const secure = urls.filter((url) => typeof url === "string" && url.startsWith("https:")).length;
  if (key === "mesosUrls" && failures.length === 0 && secure > 0 && secure < urls.length) {
    const message =
      "must all begin with http://, or all with https://, for masters of one cluster speak alike";
    return [{ path: key, message }];
  }
  return failures;
}

/** Never shows the URL when it may hold a password. */
function urlFault(key: string, url: unknown): string | undefined {
  if (typeof url !== "string" || !URL.canParse(url)) return "must be a URL such as http://10.0.0.1:8080";
  const { protocol, username, password } = new URL(url);
  if (username !== "" || password !== "") {
    const server = key.replace("Urls", "");
    return `must not hold a user or password; use ${server}User and ${server}Password`;
  }
  if (key === "mesosUrls") return masterUrlFault(new URL(url));
  return protocol === "http:" || protocol === "https:"
    ? undefined
    : `must begin with http:// or https://, got ${shownUrl(url)}`;
}

/** Masters are asked at their own address, because a standby answers with the leader's. */
function masterUrlFault({ protocol, pathname, search }: URL): string | undefined {
  return /^https?:$/.test(protocol) && pathname === "/" && search === ""
    ? undefined
    : "must be http://host:port or https://host:port of a master, without a path";
}

function checkAccess(key: string, value: unknown): Failure[] {
  const message = accessFault(value);
  return message === undefined ? [] : [{ path: key, message }];
}

function checkMap(key: string, value: unknown): Failure[] {
  if (hasComputed(value)) return [];
  const map = jsonOf(value);
  const example = 'such as { "10.0.0.1:8080": "127.0.0.1:18080" }';
  if (typeof map !== "object" || map === null || Array.isArray(map)) {
    return [{ path: key, message: `must be host:port by host:port ${example}, or the same as JSON text` }];
  }
  return Object.entries(map).flatMap(([from, to]: [string, unknown]) => {
    const isRight =
      typeof to === "string" && parseHostPort(from) !== undefined && parseHostPort(to) !== undefined;
    const path = `${key}[${JSON.stringify(from)}]`;
    return isRight ? [] : [{ path, message: `must be host:port by host:port ${example}` }];
  });
}

function list(value: unknown): readonly unknown[] {
  const parsed = jsonOf(value);
  return Array.isArray(parsed) ? parsed : [];
}

/** A value that may come as JSON text; undefined where the text is none. */
function jsonOf(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
