// SPDX-License-Identifier: Apache-2.0
import type { UserOf } from "../credentials";
import type { Service } from "../service";
import { type Flags, marathonArgs } from "./flags";
import { ports } from "./ports";
import { libprocessTls, tlsFiles } from "./tls";

/** What the Marathons of one cluster share. */
export interface MarathonSettings {
  /** `zk://host:port,host:port/mesos`, where the leading master is found. */
  readonly master: string;
  /** `zk://host:port,host:port/marathon`, where Marathon keeps its state. */
  readonly zk: string;
  readonly flags: Flags;
  /**
   * Whether strangers are refused: then {@link marathonFiles} and {@link marathonVariables} go with it, and `master` and
   * `zk` are not told, because they hold passwords. @default false
   */
  readonly authentication?: boolean;
  /** Whether it speaks TLS: then {@link tlsFiles} and the keystore's password go with it. @default false */
  readonly tls?: boolean;
}

/** As which framework a Marathon registers at the masters unless its flag `framework_name` says otherwise. */
export const marathonFramework = "marathon";

/** Paths below {conf} of the files that only a Marathon with authentication reads. */
export const marathonFiles = { secret: "secret" } as const;

/** Names of the variables that hold a secret, for Marathon reads these from no file. */
export const marathonVariables = {
  master: "MARATHON_MASTER",
  zk: "MARATHON_ZK",
  httpCredentials: "MESOSPHERE_HTTP_CREDENTIALS",
  keystorePassword: "MESOSPHERE_KEYSTORE_PASS",
} as const;

const authenticationFlags = {
  mesos_authentication: true,
  mesos_authentication_principal: "marathon" satisfies UserOf<"mesos">,
  mesos_authentication_secret_file: `{conf}/${marathonFiles.secret}`,
} as const;

/** HTTPS takes the port of plain HTTP. */
const tlsFlags = {
  disable_http: true,
  https_address: "{address}",
  https_port: ports.marathon.http,
  ssl_keystore_path: `{conf}/${tlsFiles.keystore}`,
} as const;

/** Flags that follow from the program. */
export const reservedMarathonFlags = ["master", "zk", "hostname", "http_address", "http_port"] as const;

/** Flags that follow from `authentication`, beside the others. */
export const closedMarathonFlags: readonly string[] = [
  "http_credentials",
  "mesos_authentication_secret",
  ...Object.keys(authenticationFlags),
];

/** Flags that follow from TLS, beside the others. */
export const secureMarathonFlags: readonly string[] = [
  "ssl_keystore_password",
  "leader_proxy_ssl_ignore_hostname",
  ...Object.keys(tlsFlags),
];

/** A Marathon as a service. Flags: Marathon's command-line flags page (1.10). */
export function marathonService(settings: MarathonSettings): Service {
  const { authentication = false, tls = false } = settings;
  const address = `{address}:${ports.marathon.http}`;
  return {
    software: "marathon",
    args: marathonArgs({
      ...settings.flags,
      ...(tls ? tlsFlags : {}),
      ...(authentication ? authenticationFlags : { master: settings.master, zk: settings.zk }),
      hostname: "{address}",
      http_address: "{address}",
      http_port: ports.marathon.http,
    }),
    env: tls ? libprocessTls : {},
    files: [],
    ports: ports.marathon,
    data: false,
    // With credentials it answers nobody else, not even /ping, and with TLS no plain request; its gate asks it by name.
    ready: {
      ...(authentication || tls ? { tcp: address } : { http: `http://${address}/ping` }),
      timeoutSeconds: 90,
    },
    stop: { signal: "SIGTERM", graceSeconds: 10 },
  };
}
