// SPDX-License-Identifier: Apache-2.0
import type { Service } from "../service";
import { type Flags, mesosArgs } from "./flags";
import { ports } from "./ports";

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
  /** `zk://host:port,host:port/mesos`. */
  readonly master: string;
  readonly resources: AgentResources;
  /** Mesos attributes, text values. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly flags: Flags;
}

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

/** A Mesos agent as a service: the template of a pool, so `{ports}` stands for the member's task ports. */
export function agentService(settings: AgentSettings): Service {
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
      master: settings.master,
      work_dir: "{data}",
      ip: "{address}",
      port: ports.agent.http,
      hostname: "{address}",
      resources: resources.join(";"),
      ...(attributes.length === 0 ? {} : { attributes: attributes.map(([k, v]) => `${k}:${v}`).join(";") }),
    }),
    env: {},
    files: [],
    ports: ports.agent,
    data: true,
    ready: { http: `http://{address}:${ports.agent.http}/health`, timeoutSeconds: 60 },
    stop: { signal: "SIGTERM", graceSeconds: 10 },
  };
}
