// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import {
  type Address,
  connectionString,
  peersFile,
  peersFilePath,
  ports,
  userAndPassword,
  type ZooKeeperRoot,
  zookeeperId,
  zookeeperService,
} from "@pulumi-mesos/model";
import { type Credentials, withSecrets } from "./credentials";
import type { ZooKeeperEndpoints } from "./endpoints";
import { describeValue, type Rule, validate } from "./invalid-args-error";
import { makeMembers } from "./members";
import type { Platform, Timeouts } from "./platform";
import { addressMapOf } from "./reach";

/** Arguments of {@link ZooKeeper}. */
export interface ZooKeeperArgs {
  readonly platform: Platform;
  /** Servers: 3 survive the loss of one, 5 of two, 1 none. */
  readonly size: 1 | 3 | 5;
  /**
   * 3 and 4 with a size of 5, on the way from 3 servers to 5 or back: so many vote, and the others only follow. Majorities of 3 and of
   * 5 could meet apart; those of each step and the next cannot, so that the ensemble serves all the way.
   */
  readonly quorumOf?: 3 | 4;
  /** Heap of each JVM in MiB. @default 128 */
  readonly heapMiB?: number;
  /** ZooKeeper's unit of time in ms; sessions last 2 to 20 of it. @default 2000 */
  readonly tickTimeMs?: number;
  /** Refuses whoever has none of these. @default everybody may do everything */
  readonly credentials?: Credentials;
  readonly timeouts?: Timeouts;
}

/**
 * A ZooKeeper ensemble: the coordination that masters, Marathon and the edge share.
 *
 * @example
 * const zookeeper = new mesos.ZooKeeper("zk", { platform, size: 3 });
 */
export class ZooKeeper extends pulumi.ComponentResource implements ZooKeeperEndpoints {
  readonly connectionString: string;
  readonly via: string | undefined;
  readonly addresses: readonly Address[];
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: ZooKeeperArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mesos:index:ZooKeeper", name, { size: args.size }, opts);
    const { platform, size, quorumOf = size, heapMiB = 128, tickTimeMs = 2000 } = args;
    const { credentials, timeouts } = args;
    validate(this, zookeeperRules(args));
    const members = platform.addresses(name, size);
    const authentication = credentials !== undefined;
    const secrets = credentials && {
      files: { [peersFilePath]: credentials.pair("peers", "zookeeper").apply(peersFile) },
    };
    const ready = makeMembers(this, name, {
      kind: "zookeeper",
      platform,
      addresses: members,
      port: ports.zookeeper.client,
      quorumOf,
      service: (index) => {
        const server = { members, voters: quorumOf, index, heapMiB, tickTimeMs, authentication };
        return withSecrets(zookeeperService(server), secrets);
      },
      credentials,
      root: credentials && rootOf(credentials),
      dependsOn: [],
      timeouts,
    });
    this.addresses = members;
    // On the way clients know those that stay whichever way it goes, so that they change once and not at each step.
    const known = quorumOf < size ? members.slice(0, size - 2) : members;
    this.connectionString = connectionString(known);
    const map = addressMapOf(platform, [{ addresses: known, port: ports.zookeeper.client }]);
    this.via = map && Object.values(map).join(",");
    this.ready = [ready];
    this.registerOutputs({ connectionString: this.connectionString });
  }
}

/** Those who keep something in it may make nodes at its root. */
function rootOf(credentials: Credentials): pulumi.Output<ZooKeeperRoot> {
  const makers = credentials.pairs("zookeeper", ["masters", "marathon", "edge", "groups"]);
  return pulumi.all([credentials.pair("zookeeper", "operator"), makers]).apply(([owner, others]) => ({
    credential: userAndPassword(owner),
    makers: others.map(zookeeperId),
  }));
}

/** What a ZooKeeper is refused for. */
export function zookeeperRules(args: Omit<ZooKeeperArgs, "platform">): Rule[] {
  const { size, quorumOf, heapMiB = 128, tickTimeMs = 2000 } = args;
  return [
    {
      path: "zookeeper.quorumOf",
      when: quorumOf !== undefined && !(size === 5 && [3, 4].includes(quorumOf)),
      message: `must be 3 or 4 with a size of 5, on the way between 3 and 5, or left out, got ${describeValue(quorumOf)} with a size of ${describeValue(size)}`,
    },
    {
      path: "zookeeper.size",
      when: ![1, 3, 5].includes(size),
      message: `must be 1, 3 or 5, because an even number survives no more losses than one server less, got ${describeValue(size)}`,
    },
    {
      path: "zookeeper.heapMiB",
      when: !(Number.isInteger(heapMiB) && heapMiB >= 32),
      message: `must be a whole number, 32 or more, got ${describeValue(heapMiB)}`,
    },
    {
      path: "zookeeper.tickTimeMs",
      when: !(Number.isInteger(tickTimeMs) && tickTimeMs >= 100),
      message: `must be a whole number, 100 or more, got ${describeValue(tickTimeMs)}`,
    },
  ];
}
