// SPDX-License-Identifier: Apache-2.0
import type { Address, Service } from "../service";
import { ports } from "./ports";

/** What distinguishes one ZooKeeper server of an ensemble. */
export interface ZooKeeperServer {
  /** All servers of the ensemble; the position gives `myid`, which begins with 1. */
  readonly members: readonly Address[];
  readonly index: number;
  /** Heap of the JVM in MiB. */
  readonly heapMiB: number;
  /** ZooKeeper's unit of time; a session lasts 2 to 20 ticks. */
  readonly tickTimeMs: number;
}

/**
 * A ZooKeeper server (3.6 or later) as a service.
 *
 * Sources: ZooKeeper administrator's guide (zoo.cfg, `4lw.commands.whitelist`, `admin.enableServer`, autopurge). The admin
 * server is off because its port 8080 is Marathon's; `quorumListenOnAllIPs` stays off so that peers meet on their address.
 */
export function zookeeperService(server: ZooKeeperServer): Service {
  const { members, index } = server;
  const lines = [
    `tickTime=${server.tickTimeMs}`,
    "initLimit=10",
    "syncLimit=5",
    "dataDir={data}",
    "clientPortAddress={address}",
    `clientPort=${ports.zookeeper.client}`,
    "maxClientCnxns=0",
    "4lw.commands.whitelist=srvr,mntr,ruok",
    "admin.enableServer=false",
    "autopurge.purgeInterval=1",
    "autopurge.snapRetainCount=3",
    ...(members.length === 1
      ? []
      : members.map(
          (m, i) => `server.${i + 1}=${m.host}:${ports.zookeeper.peer}:${ports.zookeeper.election}`,
        )),
  ];
  return {
    software: "zookeeper",
    args: ["{conf}/zoo.cfg"],
    env: {
      JVMFLAGS: `-Xmx${server.heapMiB}m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dzookeeper.preAllocSize=4096`,
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

/** ZooKeeper's connection string, `host:port,host:port`. */
export function connectionString(members: readonly Address[]): string {
  return members.map((m) => `${m.host}:${ports.zookeeper.client}`).join(",");
}
