// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import { groupsService, groupsVariables, ports, userAndPassword } from "@pulumi-mesos/model";
import type { Certificates } from "./certificates";
import { type Credentials, type ServiceSecrets, withSecrets } from "./credentials";
import type { EdgePlaces, MarathonPlaces, MasterEndpoints, ZooKeeperEndpoints } from "./endpoints";
import { type Rule, sizeRule, validate } from "./invalid-args-error";
import { makeMembers } from "./members";
import type { Platform, Timeouts } from "./platform";
import { namesOf } from "./reach";

/** Arguments of {@link AgentController}. */
export interface AgentControllerArgs {
  readonly platform: Platform;
  readonly zookeeper: ZooKeeperEndpoints;
  readonly masters: MasterEndpoints;
  /**
   * Whose tasks it moves away before an agent is drained. It does not wait for it: agents come first, and change first.
   * {@link marathonPlaces} tells them of a Marathon that is made later.
   */
  readonly marathon: MarathonPlaces;
  /**
   * Whose counts of requests apps with `autoscale` follow; {@link edgePlaces} tells of edges that are made later.
   *
   * @default none: such apps keep the instances that they have
   */
  readonly edges?: EdgePlaces;
  /**
   * How many run. One works; when it dies another goes on where it was, as soon as ZooKeeper has missed it (six seconds).
   *
   * @default 1: it is started again where it died
   */
  readonly size?: number;
  /** Name of the cluster whose groups it keeps. @default the resource's name */
  readonly clusterName?: string;
  /** Refuses whoever has none of these; its groups' agents do, too. @default everybody may do everything */
  readonly credentials?: Credentials;
  /** Whether each principal may do at its groups' agents only what it is for; with `credentials`. @default true with them */
  readonly authorization?: boolean;
  /** Speaks TLS by these, as masters and Marathon do; its groups' agents do, too. @default plain HTTP */
  readonly tls?: Certificates;
  readonly timeouts?: Timeouts;
}

const defaultSize = 1;

/** What a controller of agent groups is refused for. */
export function agentControllerRules({ size = defaultSize }: Pick<AgentControllerArgs, "size">): Rule[] {
  return [sizeRule("agentController.size", size, 9)];
}

/** The program that keeps agent groups at their declared size: it starts, drains and stops agents. */
export class AgentController extends pulumi.ComponentResource {
  readonly clusterName: string;
  readonly platform: Platform;
  readonly zookeeper: ZooKeeperEndpoints;
  readonly masters: MasterEndpoints;
  readonly credentials: Credentials | undefined;
  readonly authorization: boolean;
  readonly tls: Certificates | undefined;
  readonly ready: readonly pulumi.Resource[];
  readonly #groups = new Set<string>();

  constructor(name: string, args: AgentControllerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mesos:index:AgentController", name, args.size === undefined ? {} : { size: args.size }, opts);
    validate(this, agentControllerRules(args));
    const {
      size = defaultSize,
      platform,
      zookeeper,
      masters,
      marathon,
      edges,
      clusterName = name,
      timeouts,
    } = args;
    const { credentials, tls } = args;
    const plain = groupsService({
      cluster: clusterName,
      zookeeper: zookeeper.connectionString,
      masters: masters.addresses.map((a) => `${a.host}:${ports.master.http}`),
      marathonUrls: marathon.urls,
      marathonName: marathon.frameworkName,
      edgeUrls: edges?.apiUrls,
      tls: tls !== undefined,
    });
    const secrets = controllerSecrets(credentials, edges?.apiToken);
    const ready = makeMembers(this, name, {
      kind: "groups",
      platform,
      addresses: platform.addresses(name, size),
      port: ports.groups.http,
      service: (_, member) => withSecrets(plain, secrets, tls?.pair(member.name, namesOf(platform, member))),
      tls,
      credentials,
      authorization: credentials?.authorization("groups"),
      dependsOn: [...zookeeper.ready, ...masters.ready],
      timeouts,
    });
    this.clusterName = clusterName;
    this.platform = platform;
    this.zookeeper = zookeeper;
    this.masters = masters;
    this.credentials = credentials;
    this.authorization = credentials !== undefined && args.authorization !== false;
    this.tls = tls;
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

function controllerSecrets(
  credentials: Credentials | undefined,
  edgeToken: pulumi.Input<string> | undefined,
): ServiceSecrets {
  return {
    env: {
      ...(credentials && ownSecrets(credentials)),
      ...(edgeToken !== undefined && { [groupsVariables.edge]: pulumi.secret(edgeToken) }),
    },
  };
}

function ownSecrets(credentials: Credentials): Record<string, pulumi.Output<string>> {
  return {
    [groupsVariables.zookeeper]: credentials.pair("zookeeper", "groups").apply(userAndPassword),
    [groupsVariables.masters]: credentials.pair("mesos", "groups").apply(userAndPassword),
    [groupsVariables.marathon]: credentials.pair("marathon", "operator").apply(userAndPassword),
    [groupsVariables.apiToken]: credentials.password("groups", "operator"),
  };
}
