// SPDX-License-Identifier: Apache-2.0
import { quorumOf } from "../members";
import type { Service } from "../service";
import { type Frameworks, masterAcls } from "./acls";
import { type Flags, mesosArgs } from "./flags";
import { ports } from "./ports";
import { libprocessTls } from "./tls";

/** What the masters of one cluster share. */
export interface MasterSettings {
  /** `zk://host:port,host:port/mesos`; not told where it holds a password: then it is in {@link masterFiles}. */
  readonly zk: string;
  /** Whether strangers are refused: then {@link masterFiles} go with it. @default false */
  readonly authentication?: boolean;
  /** Whether each principal may do only what it is for. @default as authentication */
  readonly authorization?: boolean;
  /** Frameworks of one's own; who has none of these principals cannot register. @default none */
  readonly frameworks?: Frameworks;
  /** Whether it speaks TLS: then {@link tlsFiles} go with it. @default false */
  readonly tls?: boolean;
  readonly size: number;
  /** Shown in the UI and in `/state`. */
  readonly cluster: string;
  /** More flags; those that this project computes are refused by {@link reservedMasterFlags}. */
  readonly flags: Flags;
}

/** Paths below {conf} of the files that only a master with authentication reads. */
export const masterFiles = { zk: "zk", credentials: "credentials.json" } as const;

const aclsFile = "acls.json";

const authenticationFlags = {
  credentials: `{conf}/${masterFiles.credentials}`,
  authenticate_agents: true,
  authenticate_frameworks: true,
  authenticate_http_frameworks: true,
  http_framework_authenticators: "basic",
  authenticate_http_readonly: true,
  authenticate_http_readwrite: true,
} as const;

/** Flags that follow from the program: setting them by hand would break the quorum or the addresses. */
export const reservedMasterFlags = [
  "zk",
  "quorum",
  "work_dir",
  "ip",
  "port",
  "hostname",
  "advertise_ip",
  "advertise_port",
  "registry",
] as const;

/** Flags that follow from `authentication`, beside the others. */
export const closedMasterFlags: readonly string[] = [...Object.keys(authenticationFlags), "acls"];

/** A Mesos master as a service. Flags: Mesos configuration page; the quorum is the majority, never chosen. */
export function masterService(settings: MasterSettings): Service {
  const { authentication = false, authorization = authentication, tls = false } = settings;
  const address = `{address}:${ports.master.http}`;
  return {
    software: "mesos-master",
    args: mesosArgs({
      ...settings.flags,
      ...(authentication ? authenticationFlags : {}),
      ...(authorization ? { acls: `file://{conf}/${aclsFile}` } : {}),
      zk: authentication ? `file://{conf}/${masterFiles.zk}` : settings.zk,
      quorum: quorumOf(settings.size),
      work_dir: "{data}",
      ip: "{address}",
      port: ports.master.http,
      hostname: "{address}",
      cluster: settings.cluster,
      registry: "replicated_log",
    }),
    env: tls ? libprocessTls : {},
    files: authorization ? [{ path: aclsFile, content: masterAcls(settings.frameworks) }] : [],
    ports: ports.master,
    data: true,
    ready: { ...(tls ? { tcp: address } : { http: `http://${address}/health` }), timeoutSeconds: 60 },
    stop: { signal: "SIGTERM", graceSeconds: 10 },
  };
}
