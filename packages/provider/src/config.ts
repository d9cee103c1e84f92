// SPDX-License-Identifier: Apache-2.0
import {
  type ConnectionOption,
  type ConnectionOptions,
  connectionFaults,
  type Failure,
  hasComputed,
  isComputed,
  nearest,
} from "@pulumi-mesos/model";

/** Where the provider finds what runs already. The platform's own provider has none of it. */
export interface ProviderConfig {
  readonly marathonUrls: readonly string[];
  /** Who one is at Marathon, and whom one believes. @default nobody, whom the machine trusts */
  readonly marathonConnection?: ConnectionOptions;
  readonly bambooUrls: readonly string[];
  readonly mesosUrls: readonly string[];
  /** Whether the stack itself makes the cluster that these addresses are of. @default false */
  readonly clusterInStack?: boolean;
}

/** What the provider's configuration may hold: for the package schema and for {@link checkConfig}. */
export const configSchema = {
  marathonUrls: {
    kind: "urls",
    description: "Addresses of all Marathons of one cluster; the leader is found.",
  },
  marathonUser: {
    kind: "string",
    description:
      "User of Marathon's HTTP basic authentication; with marathonPassword, without marathonToken.",
  },
  marathonPassword: { kind: "secret", description: "Password of Marathon's HTTP basic authentication." },
  marathonToken: {
    kind: "secret",
    description:
      "Token for Marathon, sent as `Authorization: token=<token>` as DC/OS wants it; one that names its scheme, such as `Bearer abc`, is sent as it is.",
  },
  marathonCa: {
    kind: "string",
    description:
      "Certificates in PEM (not a path) of the authorities that may sign Marathon's, instead of those that this machine trusts.",
  },
  marathonCert: {
    kind: "string",
    description: "Certificate in PEM (not a path) that is shown to Marathon; with marathonKey.",
  },
  marathonKey: { kind: "secret", description: "Private key in PEM (not a path) of marathonCert." },
  marathonInsecure: {
    kind: "boolean",
    description:
      "Takes any certificate of Marathon: then anybody on the way can read and change everything. False by default.",
  },
  bambooUrls: { kind: "urls", description: "Addresses of Bamboo's HTTP API (or of our edge's)." },
  mesosUrls: {
    kind: "urls",
    description: "Addresses of all Mesos masters of one cluster, `http://host:port`; the leader is found.",
  },
  clusterInStack: {
    kind: "boolean",
    description:
      "Whether the stack itself makes the cluster behind these addresses, as `Cluster` says of its own: then a delete counts as done, with a warning, when every address refuses connections. False by default.",
  },
} as const;

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
    if (kind === "urls") failures.push(...checkUrls(key, value));
    else if (kind === "boolean") {
      if (flag(value) === undefined) failures.push({ path: key, message: "must be true or false" });
    } else if (typeof value !== "string") failures.push({ path: key, message: "must be a string" });
  }
  const urls = hasComputed(values["marathonUrls"]) ? undefined : list(values["marathonUrls"]);
  const given = { ...connectionOf(values), insecure: flag(values["marathonInsecure"]) };
  const known = urls?.filter((v) => typeof v === "string");
  for (const { option, message } of connectionFaults(given, known, settingOf)) {
    failures.push({ path: settingOf(option), message });
  }
  return failures;
}

/** A configuration that {@link checkConfig} found right. */
export function parseConfig(values: Values): ProviderConfig {
  const { insecure, ...texts } = connectionOf(values);
  const known = Object.entries(texts).filter(([, value]) => typeof value === "string");
  return {
    marathonUrls: list(values["marathonUrls"]).filter((v) => typeof v === "string"),
    marathonConnection: { ...Object.fromEntries(known), insecure: flag(insecure) === true },
    bambooUrls: list(values["bambooUrls"]).filter((v) => typeof v === "string"),
    mesosUrls: list(values["mesosUrls"]).filter((v) => typeof v === "string"),
    clusterInStack: flag(values["clusterInStack"]) === true,
  };
}

/** What the user calls an option of the connection to Marathon: `marathonCa`. */
export function settingOf(option: ConnectionOption): string {
  return `marathon${option.charAt(0).toUpperCase()}${option.slice(1)}`;
}

function connectionOf(values: Values): { readonly [K in ConnectionOption]?: unknown } {
  const { marathonUser: user, marathonPassword: password, marathonToken: token } = values;
  const { marathonCa: ca, marathonCert: cert, marathonKey: key, marathonInsecure: insecure } = values;
  return { user, password, token, ca, cert, key, insecure };
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
  return urls.flatMap((url, index) => {
    const message = urlFault(key, url);
    return message === undefined ? [] : [{ path: `${key}[${index}]`, message }];
  });
}

/** Never shows the URL when it may hold a password. */
function urlFault(key: string, url: unknown): string | undefined {
  if (typeof url !== "string" || !URL.canParse(url)) return "must be a URL such as http://10.0.0.1:8080";
  const { protocol, username, password } = new URL(url);
  if (username !== "" || password !== "") {
    const instead = key === "marathonUrls" ? "; use marathonUser and marathonPassword" : "";
    return `must not hold a user or password${instead}`;
  }
  if (key === "mesosUrls") return masterUrlFault(new URL(url));
  return protocol === "http:" || protocol === "https:"
    ? undefined
    : `must begin with http:// or https://, got ${url}`;
}

/** Masters are asked at their own address, because a standby answers with the leader's. */
function masterUrlFault({ protocol, pathname, search }: URL): string | undefined {
  return protocol === "http:" && pathname === "/" && search === ""
    ? undefined
    : "must be http://host:port of a master, without a path";
}

function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== "string") return [];
  try {
    const parsed: unknown = JSON.parse(value);
    return Array.isArray(parsed) ? parsed : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}
