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
  userAndPassword,
  zookeeperUrl,
} from "@pulumi-mesos/model";
import { type Credentials, type ServiceSecrets, withSecrets } from "./credentials";
import type { MarathonEndpoints, MasterEndpoints, ZooKeeperEndpoints } from "./endpoints";
import { describeValue, flagRules, type Rule, validate } from "./invalid-args-error";
import { makeMembers } from "./members";
import type { Platform, Timeouts } from "./platform";

/** Arguments of {@link Marathon}. */
export interface MarathonArgs {
  readonly platform: Platform;
  readonly zookeeper: ZooKeeperEndpoints;
  readonly masters: MasterEndpoints;
  /** Instances, of which one leads. @default 2 */
  readonly size?: number;
  /** More flags of `marathon`, by name without dashes. */
  readonly flags?: Flags;
  /** Refuses whoever has none of these. @default everybody may do everything */
  readonly credentials?: Credentials;
  readonly timeouts?: Timeouts;
}

/**
 * Marathon, the scheduler that keeps apps running on the agents.
 *
 * @example
 * const marathon = new mesos.Marathon("marathon", { platform, zookeeper, masters, size: 2 });
 */
export class Marathon extends pulumi.ComponentResource implements MarathonEndpoints {
  readonly urls: readonly string[];
  readonly addresses: readonly Address[];
  readonly ready: readonly pulumi.Resource[];
  /** One URL of the API; an instance that does not lead passes requests on. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: MarathonArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mesos:index:Marathon", name, { size: args.size }, opts);
    const { platform, zookeeper, masters, size = 2, flags = {}, credentials, timeouts } = args;
    const authentication = credentials !== undefined;
    validate(this, marathonRules(args, authentication));
    this.addresses = platform.addresses(name, size);
    this.urls = this.addresses.map((a) => `http://${a.host}:${ports.marathon.http}`);
    const places = { master: masters.zk, zk: `zk://${zookeeper.connectionString}/marathon` };
    const plain = marathonService({ ...places, flags, authentication });
    const service = withSecrets(plain, credentials && marathonSecrets(credentials, places));
    const ready = makeMembers(this, name, {
      kind: "marathon",
      platform,
      addresses: this.addresses,
      port: ports.marathon.http,
      service: () => service,
      credentials,
      authorization: credentials?.authorization("marathon"),
      dependsOn: [...zookeeper.ready, ...masters.ready],
      timeouts,
    });
    this.ready = [ready];
    this.url = platform.endpoint(
      name,
      { addresses: this.addresses, port: ports.marathon.http },
      { parent: this },
    );
    this.registerOutputs({ url: this.url });
  }
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
  { size = 2, flags = {} }: Pick<MarathonArgs, "size" | "flags">,
  authentication: boolean,
): Rule[] {
  return [
    {
      path: "marathon.size",
      when: !(Number.isInteger(size) && size >= 1 && size <= 9),
      message: `must be a whole number from 1 to 9, got ${describeValue(size)}`,
    },
    ...flagRules("marathon.flags", flags, [
      ...reservedMarathonFlags,
      ...(authentication ? closedMarathonFlags : []),
    ]),
  ];
}
