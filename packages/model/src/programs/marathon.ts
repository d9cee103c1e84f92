// SPDX-License-Identifier: Apache-2.0
import type { Service } from "../service";
import { type Flags, marathonArgs } from "./flags";
import { ports } from "./ports";

/** What the Marathons of one cluster share. */
export interface MarathonSettings {
  /** `zk://host:port,host:port/mesos`, where the leading master is found. */
  readonly master: string;
  /** `zk://host:port,host:port/marathon`, where Marathon keeps its state. */
  readonly zk: string;
  readonly flags: Flags;
}

/** Flags that follow from the program. */
export const reservedMarathonFlags = ["master", "zk", "hostname", "http_address", "http_port"] as const;

/** A Marathon as a service. Flags: Marathon's command-line flags page (1.10). */
export function marathonService(settings: MarathonSettings): Service {
  return {
    software: "marathon",
    args: marathonArgs({
      ...settings.flags,
      master: settings.master,
      zk: settings.zk,
      hostname: "{address}",
      http_address: "{address}",
      http_port: ports.marathon.http,
    }),
    env: {},
    files: [],
    ports: ports.marathon,
    data: false,
    ready: { http: `http://{address}:${ports.marathon.http}/ping`, timeoutSeconds: 90 },
    stop: { signal: "SIGTERM", graceSeconds: 10 },
  };
}
