// SPDX-License-Identifier: Apache-2.0
import type { Credential } from "../credentials";
import type { Address, Service } from "../service";
import { ports } from "./ports";

/** What distinguishes one ZooKeeper server of an ensemble. */
export interface ZooKeeperServer {
  /** All servers of the ensemble; the position gives `myid`, which begins with 1. */
  readonly members: readonly Address[];
  /** How many of them vote, the first; the others follow, are never elected and weigh nothing. @default all */
  readonly voters?: number;
  readonly index: number;
  /** Heap of the JVM in MiB. */
  readonly heapMiB: number;
  /** ZooKeeper's unit of time; a session lasts 2 to 20 ticks. */
  readonly tickTimeMs: number;
  /** Whether strangers are refused: then the file {@link peersFile} goes with it. @default false */
  readonly authentication?: boolean;
}

/** Refuses clients without a digest, and servers that do not know the ensemble's password. */
const closedLines = [
  "enforce.auth.enabled=true",
  "enforce.auth.schemes=digest",
  "quorum.auth.enableSasl=true",
  "quorum.auth.learnerRequireSasl=true",
  "quorum.auth.serverRequireSasl=true",
  "quorum.auth.learner.saslLoginContext=QuorumLearner",
  "quorum.auth.server.saslLoginContext=QuorumServer",
];

/** Path of {@link peersFile} below {conf}. */
export const peersFilePath = "peers.conf";

/** How the servers of an ensemble know each other (JAAS): each tells the password and asks for it. Secret. */
export function peersFile({ user, password }: Credential): string {
  const module = "org.apache.zookeeper.server.auth.DigestLoginModule required";
  return [
    `QuorumServer {\n  ${module}\n  user_${user}="${password}";\n};`,
    `QuorumLearner {\n  ${module}\n  username="${user}"\n  password="${password}";\n};\n`,
  ].join("\n");
}

/**
 * A ZooKeeper server (3.6 or later; 3.7 with authentication) as a service.
 *
 * Sources: ZooKeeper administrator's guide (zoo.cfg, `4lw.commands.whitelist`, `admin.enableServer`, autopurge,
 * `enforce.auth.enabled` of 3.7, `quorum.auth.enableSasl`, `group.x` and `weight.x`). The admin
 * server is off because its port 8080 is Marathon's; `quorumListenOnAllIPs` stays off so that peers meet on their address.
 */
export function zookeeperService(server: ZooKeeperServer): Service {
  const { members, voters = members.length, index, authentication = false } = server;
  const jaas = authentication ? ` -Djava.security.auth.login.config={conf}/${peersFilePath}` : "";
  const lines = [
    `tickTime=${server.tickTimeMs}`,
    "initLimit=10",
    "syncLimit=5",
    "dataDir={data}",
    "clientPortAddress={address}",
    `clientPort=${ports.zookeeper.client}`,
    "maxClientCnxns=0",
    "4lw.commands.whitelist=srvr,mntr,ruok,conf",
    "admin.enableServer=false",
    "autopurge.purgeInterval=1",
    "autopurge.snapRetainCount=3",
    ...(authentication ? closedLines : []),
    ...(members.length === 1
      ? []
      : members.map(
          (m, i) => `server.${i + 1}=${m.host}:${ports.zookeeper.peer}:${ports.zookeeper.election}`,
        )),
    ...(voters < members.length ? weightLines(members.length, voters) : []),
  ];
  return {
    software: "zookeeper",
    args: ["{conf}/zoo.cfg"],
    env: {
      JVMFLAGS: `-Xmx${server.heapMiB}m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dzookeeper.preAllocSize=4096${jaas}`,
    },
    files: [
      { path: "zoo.cfg", content: `${lines.join("\n")}\n` },
      { path: "{data}/myid", content: `${index + 1}\n` },
    ],
    ports: members.length === 1 ? { client: ports.zookeeper.client } : ports.zookeeper,
    data: true,
    ready: { tcp: `{address}:${ports.zookeeper.client}`, timeoutSeconds: 60 },
    stop: { signal: "SIGTERM", graceSeconds: 10 },
  };
}

/** Hierarchical quorums of one group: the majority of the weights decides, and a server without weight is not elected. */
function weightLines(servers: number, voters: number): string[] {
  const ids = Array.from({ length: servers }, (_, index) => index + 1);
  return [`group.1=${ids.join(":")}`, ...ids.map((id) => `weight.${id}=${id <= voters ? 1 : 0}`)];
}

/** ZooKeeper's connection string, `host:port,host:port`. */
export function connectionString(members: readonly Address[]): string {
  return members.map((m) => `${m.host}:${ports.zookeeper.client}`).join(",");
}
