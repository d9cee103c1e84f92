// SPDX-License-Identifier: Apache-2.0
import type { Service } from "../service";
import { ports } from "./ports";
import { tlsFiles } from "./tls";

/** What the edges of one cluster share. */
export interface EdgeSettings {
  readonly marathonUrls: readonly string[];
  /** ZooKeeper's connection string. */
  readonly zookeeper: string;
  /** Where traffic enters: 8888 on this machine, 80 elsewhere. */
  readonly trafficPort: number;
  /** Where HTTPS enters, by the certificates below `{conf}/` {@link edgeCertificates}. @default no HTTPS */
  readonly httpsPort?: number;
  /** Whether its API speaks TLS, as Marathon does: then {@link tlsFiles} go with it. @default false */
  readonly tls?: boolean;
}

/** Directory of an edge's certificates, below `{conf}`. */
export const edgeCertificates = "certificates";

/** Names of the variables that hold the secrets of an edge. */
export const edgeVariables = {
  marathonUser: "MARATHON_USER",
  marathonPassword: "MARATHON_PASSWORD",
  zookeeper: "EDGE_ZOOKEEPER_CREDENTIAL",
  apiToken: "EDGE_API_TOKEN",
  statsPassword: "EDGE_STATS_PASSWORD",
} as const;

/** Bamboo's environment, which ours reads, too. */
export function edgeEnvironment(settings: EdgeSettings) {
  return {
    MARATHON_ENDPOINT: settings.marathonUrls.join(","),
    MARATHON_USE_EVENT_STREAM: "true",
    BAMBOO_ENDPOINT: `${settings.tls === true ? "https" : "http"}://{address}:${ports.edge.api}`,
    BAMBOO_ZK_HOST: settings.zookeeper,
    BAMBOO_ZK_PATH: "/bamboo",
  };
}

/** An edge as a service: Bamboo's environment, so that the real Bamboo takes the same. */
export function edgeService(settings: EdgeSettings): Service {
  const { httpsPort, tls = false } = settings;
  const address = `{address}:${ports.edge.api}`;
  const secure = [`--api-certificate={conf}/${tlsFiles.pair}`, `--marathon-ca={conf}/${tlsFiles.ca}`];
  const https = [`--https-bind={address}:${httpsPort}`, `--ssl-certs={conf}/${edgeCertificates}`];
  return {
    software: "edge",
    args: [
      `--bind={address}:${ports.edge.api}`,
      `--frontend-bind={address}:${settings.trafficPort}`,
      "--data-dir={data}",
      ...(httpsPort === undefined ? [] : https),
      ...(tls ? secure : []),
    ],
    env: edgeEnvironment(settings),
    files: [],
    ports: {
      ...ports.edge,
      traffic: settings.trafficPort,
      ...(httpsPort !== undefined && { https: httpsPort }),
    },
    data: true,
    ready: { ...(tls ? { tcp: address } : { http: `http://${address}/status` }), timeoutSeconds: 60 },
    stop: { signal: "SIGTERM", graceSeconds: 10 },
  };
}
