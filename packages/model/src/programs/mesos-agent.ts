// SPDX-License-Identifier: Apache-2.0
import type { Service } from "../service";
import { agentAcls } from "./acls";
import { type Flags, mesosArgs } from "./flags";
import { ports } from "./ports";
import { executorEnvironmentFile, executorTls, libprocessTls } from "./tls";

/** What one agent of a group offers; `ports` comes from the platform. */
export interface AgentResources {
  readonly cpus: number;
  /** MiB. */
  readonly mem: number;
  /** MiB. @default 10240 */
  readonly disk?: number;
  readonly gpus?: number;
}

/** What the agents of one group share. */
export interface AgentSettings {
  /** `zk://host:port,host:port/mesos`; not told where it holds a password: then it is in {@link agentFiles}. */
  readonly master: string;
  /** Whether strangers are refused: then {@link agentFiles} go with it. @default false */
  readonly authentication?: boolean;
  /** Whether each principal may do only what it is for. @default as authentication */
  readonly authorization?: boolean;
  /** Whether it speaks TLS: then {@link tlsFiles} go with it. @default false */
  readonly tls?: boolean;
  readonly resources: AgentResources;
  /** Mesos attributes, text values. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly flags: Flags;
}

/** Paths below {conf} of the files that only an agent with authentication reads. */
export const agentFiles = { master: "master", credential: "credential.json", http: "http.json" } as const;

const aclsFile = "acls.json";

const authenticationFlags = {
  credential: `{conf}/${agentFiles.credential}`,
  http_credentials: `{conf}/${agentFiles.http}`,
  authenticate_http_readonly: true,
  authenticate_http_readwrite: true,
} as const;

/** Flags that follow from the group and the platform. */
export const reservedAgentFlags = [
  "master",
  "work_dir",
  "ip",
  "port",
  "hostname",
  "resources",
  "attributes",
  "advertise_ip",
  "advertise_port",
] as const;

/** Flags that follow from `authentication`, beside the others. */
export const closedAgentFlags: readonly string[] = [...Object.keys(authenticationFlags), "acls"];

/** Flags that follow from TLS, beside the others. */
export const secureAgentFlags: readonly string[] = Object.keys(executorTls.flags);

/** A Mesos agent as a service: the template of a pool, so `{ports}` stands for the member's task ports. */
export function agentService(settings: AgentSettings): Service {
  const { authentication = false, authorization = authentication, tls = false } = settings;
  const address = `{address}:${ports.agent.http}`;
  const { cpus, mem, disk = 10240, gpus } = settings.resources;
  const resources = [
    `cpus:${cpus}`,
    `mem:${mem}`,
    `disk:${disk}`,
    ...(gpus === undefined ? [] : [`gpus:${gpus}`]),
    "ports:[{ports}]",
  ];
  const attributes = Object.entries(settings.attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    software: "mesos-agent",
    args: mesosArgs({
      containerizers: "docker,mesos",
      // Whatever only grows is taken by a restart in place: see agentChange.
      reconfiguration_policy: "additive",
      ...settings.flags,
      ...(authentication ? authenticationFlags : {}),
      ...(authorization ? { acls: `file://{conf}/${aclsFile}` } : {}),
      ...(tls ? executorTls.flags : {}),
      master: authentication ? `file://{conf}/${agentFiles.master}` : settings.master,
      work_dir: "{data}",
      ip: "{address}",
      port: ports.agent.http,
      hostname: "{address}",
      resources: resources.join(";"),
      ...(attributes.length === 0 ? {} : { attributes: attributes.map(([k, v]) => `${k}:${v}`).join(";") }),
    }),
    env: tls ? libprocessTls : {},
    files: [
      ...(authorization ? [{ path: aclsFile, content: agentAcls() }] : []),
      ...(tls ? [{ path: executorEnvironmentFile, content: executorTls.content }] : []),
    ],
    ports: ports.agent,
    data: true,
    ready: { ...(tls ? { tcp: address } : { http: `http://${address}/health` }), timeoutSeconds: 60 },
    stop: { signal: "SIGTERM", graceSeconds: 10 },
  };
}
