// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import {
  type Address,
  closedMasterFlags,
  credentialsFile,
  doors,
  type Flags,
  type Frameworks,
  masterFiles,
  masterService,
  ports,
  reservedMasterFlags,
  zookeeperUrl,
} from "@pulumi-mesos/model";
import type { Certificates } from "./certificates";
import { type Credentials, type ServiceSecrets, withSecrets } from "./credentials";
import type { MasterEndpoints, ZooKeeperEndpoints } from "./endpoints";
import { describeValue, flagRules, type Rule, validate } from "./invalid-args-error";
import { makeMembers } from "./members";
import type { Platform, Timeouts } from "./platform";
import { namesOf } from "./reach";

/** Arguments of {@link Masters}. */
export interface MastersArgs {
  readonly platform: Platform;
  readonly zookeeper: ZooKeeperEndpoints;
  /** Masters: 3 survive the loss of one, 5 of two. The quorum follows from it. */
  readonly size: 3 | 5;
  /**
   * 5 on the way from 5 masters to 3: two leave while the others keep the quorum of five; a second `up` without it gives them that of
   * three. In one step survivors could form a quorum of their own while five live, which corrupts the registry.
   */
  readonly quorumOf?: 5;
  /** More flags of `mesos-master`, by name without dashes. A change rolls through the masters one by one. */
  readonly flags?: Flags;
  /** Name of the cluster in `/state` and the UI. @default the resource's name */
  readonly clusterName?: string;
  /** Refuses whoever has none of these. @default everybody may do everything */
  readonly credentials?: Credentials;
  /** Whether each principal may do only what it is for; with `credentials`. @default true with them */
  readonly authorization?: boolean;
  /** Frameworks of one's own, by principal; with `credentials`, whose {@link Credentials.framework} has their secrets. @default none */
  readonly frameworks?: Frameworks;
  /** Speaks TLS by these. @default plain HTTP */
  readonly tls?: Certificates;
  readonly timeouts?: Timeouts;
}

/**
 * Mesos masters with their replicated registry.
 *
 * @example
 * const masters = new mesos.Masters("masters", { platform, zookeeper, size: 3 });
 */
export class Masters extends pulumi.ComponentResource implements MasterEndpoints {
  readonly zk: string;
  readonly addresses: readonly Address[];
  readonly ready: readonly pulumi.Resource[];
  /** `http://host:port`, with TLS `https://host:port`, of every master, for a {@link Provider}. */
  readonly urls: readonly string[];
  /** One URL of the UI; a standby leads on to the leader. */
  readonly uiUrl: pulumi.Output<string>;

  constructor(name: string, args: MastersArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mesos:index:Masters", name, { size: args.size }, opts);
    const { platform, zookeeper, size, quorumOf = size, flags = {}, clusterName = name, timeouts } = args;
    const { credentials, frameworks = {}, tls } = args;
    const scheme = tls === undefined ? "http" : "https";
    const authentication = credentials !== undefined;
    const { authorization = authentication } = args;
    validate(this, masterRules(args, authentication));
    this.addresses = platform.addresses(name, size);
    this.urls = this.addresses.map((a) => `${scheme}://${a.host}:${ports.master.http}`);
    this.zk = `zk://${zookeeper.connectionString}/mesos`;
    const plain = masterService({
      zk: this.zk,
      size: quorumOf,
      cluster: clusterName,
      flags,
      authentication,
      authorization,
      frameworks,
      tls: tls !== undefined,
    });
    const principals = Object.keys(frameworks);
    const secrets = credentials && masterSecrets(credentials, this.zk, principals);
    const ready = makeMembers(this, name, {
      kind: "mesos-master",
      platform,
      addresses: this.addresses,
      port: ports.master.http,
      quorumOf,
      left: platform.addresses(name, quorumOf).slice(size),
      service: (_, member) => withSecrets(plain, secrets, tls?.files(member.name, namesOf(platform, member))),
      tls,
      credentials,
      authorization: credentials?.authorization("mesos"),
      dependsOn: zookeeper.ready,
      timeouts,
    });
    this.ready = [ready];
    this.uiUrl = platform.endpoint(
      name,
      { addresses: this.addresses, port: ports.master.http, scheme },
      { parent: this },
    );
    this.registerOutputs({ uiUrl: this.uiUrl });
  }
}

function masterSecrets(credentials: Credentials, zk: string, principals: readonly string[]): ServiceSecrets {
  const ours = credentials.pairs("mesos", doors.mesos);
  const theirs = pulumi.all(principals.map((principal) => credentials.framework(principal)));
  return {
    files: {
      [masterFiles.zk]: credentials.pair("zookeeper", "masters").apply((c) => zookeeperUrl(c, zk)),
      [masterFiles.credentials]: pulumi.all([ours, theirs]).apply((all) => credentialsFile(all.flat())),
    },
  };
}

type MasterChoices = Pick<MastersArgs, "size" | "quorumOf" | "flags" | "authorization" | "frameworks">;

/** What masters are refused for. */
export function masterRules(
  { size, quorumOf, flags = {}, authorization, frameworks = {} }: MasterChoices,
  authentication: boolean,
): Rule[] {
  return [
    {
      path: "masters.quorumOf",
      when: quorumOf !== undefined && !(quorumOf === 5 && size === 3),
      message: `must be 5 with a size of 3, on the way from 5 to 3, or left out, got ${describeValue(quorumOf)} with a size of ${describeValue(size)}`,
    },
    ...frameworkRules(frameworks, authentication),
    {
      path: "masters.authorization",
      when: authorization === true && !authentication,
      message: "needs authentication, because masters that ask nobody know no principal; turn it on, too",
    },
    {
      path: "masters.size",
      when: ![3, 5].includes(size),
      message: `must be 3 or 5 so that a majority survives one loss, got ${describeValue(size)}`,
    },
    ...flagRules("masters.flags", flags, [
      ...reservedMasterFlags,
      ...(authentication ? closedMasterFlags : []),
    ]),
  ];
}

/** A principal goes into a header and a file, where a colon ends it. */
const principalName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

function frameworkRules(frameworks: Frameworks, authentication: boolean): Rule[] {
  const ours: readonly string[] = doors.mesos;
  const isTexts = (value: unknown): boolean =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((text) => typeof text === "string" && text !== "");
  return [
    {
      path: "security.frameworks",
      when: Object.keys(frameworks).length > 0 && !authentication,
      message:
        "needs authentication, because masters that ask nobody know no principal; turn it on, or leave it out",
    },
    ...Object.entries(frameworks).flatMap(([principal, { roles, users }]) => {
      const path = `security.frameworks[${JSON.stringify(principal)}]`;
      return [
        {
          path,
          when: !principalName.test(principal) || ours.includes(principal),
          message: `a principal is 1 to 63 letters, digits, dots, dashes and underscores, and none of the cluster's own (${ours.join(", ")})`,
        },
        {
          path: `${path}.roles`,
          when: !isTexts(roles),
          message: `must be a list of one role or more, such as ["batch"], got ${describeValue(roles)}`,
        },
        {
          path: `${path}.users`,
          when: users !== undefined && !isTexts(users),
          message: `must be a list of one user or more, or left out for any, got ${describeValue(users)}`,
        },
      ];
    }),
  ];
}
