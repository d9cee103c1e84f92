// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import { groupsService, ports } from "@pulumi-mesos/model";
import type { MarathonEndpoints, MasterEndpoints, ZooKeeperEndpoints } from "./endpoints";
import { validate } from "./invalid-args-error";
import { makeMembers } from "./members";
import type { Platform, Timeouts } from "./platform";

/** Arguments of {@link AgentController}. */
export interface AgentControllerArgs {
  readonly platform: Platform;
  readonly zookeeper: ZooKeeperEndpoints;
  readonly masters: MasterEndpoints;
  readonly marathon: MarathonEndpoints;
  /** Name of the cluster whose groups it keeps. @default the resource's name */
  readonly clusterName?: string;
  readonly timeouts?: Timeouts;
}

/** The program that keeps agent groups at their declared size: it starts, drains and stops agents. */
export class AgentController extends pulumi.ComponentResource {
  readonly clusterName: string;
  readonly platform: Platform;
  readonly zookeeper: ZooKeeperEndpoints;
  readonly masters: MasterEndpoints;
  readonly ready: readonly pulumi.Resource[];
  readonly #groups = new Set<string>();

  constructor(name: string, args: AgentControllerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mesos:index:AgentController", name, {}, opts);
    const { platform, zookeeper, masters, marathon, clusterName = name, timeouts } = args;
    const service = groupsService({
      cluster: clusterName,
      zookeeper: zookeeper.connectionString,
      masters: masters.addresses.map((a) => `${a.host}:${ports.master.http}`),
      marathonUrls: marathon.urls,
    });
    const ready = makeMembers(this, name, {
      kind: "groups",
      platform,
      addresses: platform.addresses(name, 1),
      port: ports.groups.http,
      service: () => service,
      dependsOn: [...zookeeper.ready, ...masters.ready, ...marathon.ready],
      timeouts,
    });
    this.clusterName = clusterName;
    this.platform = platform;
    this.zookeeper = zookeeper;
    this.masters = masters;
    this.ready = [ready];
    this.registerOutputs({});
  }

  /** Takes a group's name; a second group of the same name in one cluster is refused. */
  claim(group: pulumi.Resource, name: string): void {
    validate(group, [
      {
        path: "groupName",
        when: this.#groups.has(name),
        message: `must be unique in cluster ${JSON.stringify(this.clusterName)}, got a second ${JSON.stringify(name)}; give one of them another name`,
      },
    ]);
    this.#groups.add(name);
  }
}
