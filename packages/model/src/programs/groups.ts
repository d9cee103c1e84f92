// SPDX-License-Identifier: Apache-2.0
import type { Service } from "../service";
import { ports } from "./ports";
import { tlsFiles } from "./tls";

/** What the controller of agent groups needs to know. */
export interface GroupsSettings {
  readonly cluster: string;
  /** ZooKeeper's connection string. */
  readonly zookeeper: string;
  /** `host:port` of every master. */
  readonly masters: readonly string[];
  readonly marathonUrls: readonly string[];
  /** As which framework the masters know Marathon. @default {@link marathonFramework} */
  readonly marathonName?: string;
  /** APIs of the edges, whose counts apps with `autoscale` follow. @default none */
  readonly edgeUrls?: readonly string[];
  /** Whether it speaks TLS, as masters and Marathon do: then {@link tlsFiles} go with it. @default false */
  readonly tls?: boolean;
}

/** Names of the variables that hold the secrets of the controller; each but the tokens is `user:password`. */
export const groupsVariables = {
  zookeeper: "GROUPS_ZOOKEEPER_CREDENTIAL",
  masters: "GROUPS_MASTERS_CREDENTIAL",
  marathon: "GROUPS_MARATHON_CREDENTIAL",
  edge: "GROUPS_EDGE_TOKEN",
  apiToken: "GROUPS_API_TOKEN",
} as const;

/** The controller of agent groups as a service. */
export function groupsService(settings: GroupsSettings): Service {
  const { marathonName, edgeUrls = [], tls = false } = settings;
  const address = `{address}:${ports.groups.http}`;
  const secure = [`--certificate={conf}/${tlsFiles.pair}`, `--ca={conf}/${tlsFiles.ca}`];
  return {
    software: "groups",
    args: [
      `--zookeeper=${settings.zookeeper}`,
      `--cluster=${settings.cluster}`,
      `--masters=${settings.masters.join(",")}`,
      `--marathon=${settings.marathonUrls.join(",")}`,
      ...(marathonName === undefined ? [] : [`--marathon-name=${marathonName}`]),
      ...(edgeUrls.length === 0 ? [] : [`--edges=${edgeUrls.join(",")}`]),
      "--members={members}",
      `--bind=${address}`,
      ...(tls ? secure : []),
    ],
    env: {},
    files: [],
    ports: ports.groups,
    data: false,
    ready: { ...(tls ? { tcp: address } : { http: `http://${address}/health` }), timeoutSeconds: 60 },
    stop: { signal: "SIGTERM", graceSeconds: 10 },
  };
}
