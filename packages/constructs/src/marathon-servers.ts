// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import {
  type Address,
  closedMarathonFlags,
  type Flags,
  marathonFiles,
  marathonService,
  marathonVariables,
  ports,
  reservedMarathonFlags,
  secureMarathonFlags,
  userAndPassword,
  zookeeperUrl,
} from "@pulumi-mesos/model";
import type { Certificates } from "./certificates";
import { type Credentials, type ServiceSecrets, withSecrets } from "./credentials";
import type {
  AgentEndpoints,
  MarathonEndpoints,
  MarathonPlaces,
  MasterEndpoints,
  ZooKeeperEndpoints,
} from "./endpoints";
import { flagRules, type Rule, sizeRule, validate } from "./invalid-args-error";
import { makeMembers } from "./members";
import type { Platform, Timeouts } from "./platform";
import { namesOf } from "./reach";

/** Arguments of {@link Marathon}. */
export interface MarathonArgs {
  readonly platform: Platform;
  readonly zookeeper: ZooKeeperEndpoints;
  readonly masters: MasterEndpoints;
  /** Agents that stand, and are changed, before it: Mesos's order of upgrades. @default none */
  readonly agents?: readonly AgentEndpoints[];
  /** Instances, of which one leads. @default 2 */
  readonly size?: number;
  /** More flags of `marathon`, by name without dashes. */
  readonly flags?: Flags;
  /** Refuses whoever has none of these. @default everybody may do everything */
  readonly credentials?: Credentials;
  /** Speaks TLS by these, as the masters do. @default plain HTTP */
  readonly tls?: Certificates;
  readonly timeouts?: Timeouts;
}

const defaultSize = 2;

/**
 * Marathon, the scheduler that keeps apps running on the agents.
 *
 * @example
 * const marathon = new mesos.Marathon("marathon", { platform, zookeeper, masters, size: 2 });
 */
export class Marathon extends pulumi.ComponentResource implements MarathonEndpoints {
  readonly urls: readonly string[];
  readonly frameworkName: string | undefined;
  readonly addresses: readonly Address[];
  readonly ready: readonly pulumi.Resource[];
  /** One URL of the API; an instance that does not lead passes requests on. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: MarathonArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mesos:index:Marathon", name, { size: args.size }, opts);
    const { platform, zookeeper, masters, agents = [], flags = {}, credentials, tls, timeouts } = args;
    const authentication = credentials !== undefined;
    validate(this, marathonRules(args, authentication, tls !== undefined));
    const { addresses, urls, frameworkName } = marathonPlaces(platform, name, args);
    this.addresses = addresses;
    this.urls = urls;
    this.frameworkName = frameworkName;
    const places = { master: masters.zk, zk: `zk://${zookeeper.connectionString}/marathon` };
    const plain = marathonService({ ...places, flags, authentication, tls: tls !== undefined });
    const secrets = credentials && marathonSecrets(credentials, places);
    const { keystorePassword } = marathonVariables;
    const ready = makeMembers(this, name, {
      kind: "marathon",
      platform,
      addresses: this.addresses,
      port: ports.marathon.http,
      service: (_, member) =>
        withSecrets(plain, secrets, tls?.keystore(member.name, namesOf(platform, member), keystorePassword)),
      tls,
      credentials,
      authorization: credentials?.authorization("marathon"),
      dependsOn: [zookeeper, masters, ...agents].flatMap((part) => [...part.ready]),
      timeouts,
    });
    this.ready = [ready];
    this.url = platform.endpoint(
      name,
      { addresses: this.addresses, port: ports.marathon.http, scheme: tls === undefined ? "http" : "https" },
      { parent: this },
    );
    this.registerOutputs({ url: this.url });
  }
}

/**
 * Where the Marathon of a name will be, before it is made: what an {@link AgentController} is told of it.
 *
 * @example
 * const marathon = mesos.marathonPlaces(platform, "marathon", { size: 2 });
 * const controller = new mesos.AgentController("groups", { platform, zookeeper, masters, marathon });
 * const web = new mesos.AgentGroup("web", { controller, size: 5, resources });
 * new mesos.Marathon("marathon", { platform, zookeeper, masters, agents: [web], size: 2 });
 */
export function marathonPlaces(
  platform: Platform,
  name: string,
  { size = defaultSize, flags = {}, tls }: Pick<MarathonArgs, "size" | "flags" | "tls"> = {},
): MarathonPlaces & { readonly addresses: readonly Address[] } {
  const addresses = platform.addresses(name, size);
  const { framework_name: frameworkName } = flags;
  return {
    addresses,
    urls: addresses.map((a) => `${tls === undefined ? "http" : "https"}://${a.host}:${ports.marathon.http}`),
    ...(frameworkName === undefined ? {} : { frameworkName: String(frameworkName) }),
  };
}

function marathonSecrets(credentials: Credentials, places: { master: string; zk: string }): ServiceSecrets {
  const own = credentials.pair("zookeeper", "marathon");
  return {
    env: {
      [marathonVariables.master]: own.apply((c) => zookeeperUrl(c, places.master)),
      [marathonVariables.zk]: own.apply((c) => zookeeperUrl(c, places.zk)),
      [marathonVariables.httpCredentials]: credentials.pair("marathon", "operator").apply(userAndPassword),
    },
    files: { [marathonFiles.secret]: credentials.password("mesos", "marathon") },
  };
}

/** What Marathons are refused for. */
export function marathonRules(
  { size = defaultSize, flags = {} }: Pick<MarathonArgs, "size" | "flags">,
  authentication: boolean,
  tls: boolean,
): Rule[] {
  return [
    sizeRule("marathon.size", size, 9),
    ...flagRules("marathon.flags", flags, [
      ...reservedMarathonFlags,
      ...(authentication ? closedMarathonFlags : []),
      ...(tls ? secureMarathonFlags : []),
    ]),
  ];
}
