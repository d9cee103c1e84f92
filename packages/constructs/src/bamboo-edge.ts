// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import {
  type Address,
  bearerAuthorization,
  edgeService,
  edgeVariables,
  ports,
  userAndPassword,
} from "@pulumi-mesos/model";
import { type Credentials, withSecrets } from "./credentials";
import type { MarathonEndpoints, ZooKeeperEndpoints } from "./endpoints";
import { describeValue, type Rule, validate } from "./invalid-args-error";
import { makeMembers } from "./members";
import type { Platform, Timeouts } from "./platform";

/** Arguments of {@link BambooEdge}. */
export interface BambooEdgeArgs {
  readonly platform: Platform;
  readonly zookeeper: ZooKeeperEndpoints;
  readonly marathon: MarathonEndpoints;
  /** Edges; each has a HAProxy of its own, and all share their rules. @default 2 */
  readonly size?: number;
  /** Password of user `admin` for HAProxy's statistics at `/haproxy_stats`. @default no such page */
  readonly statsPassword?: pulumi.Input<string>;
  /**
   * Token that the edges' API asks for; a `Cluster` gives it to its provider, so that rules go on being written.
   *
   * @default that of `credentials`; without them whoever reaches the API may write rules
   */
  readonly apiToken?: pulumi.Input<string>;
  /** Refuses whoever has none of these. @default everybody may do everything */
  readonly credentials?: Credentials;
  readonly timeouts?: Timeouts;
}

/**
 * The edge: HAProxy pointed at whatever Marathon runs, with Bamboo's API for its rules.
 *
 * @example
 * const edge = new mesos.BambooEdge("edge", { platform, zookeeper, marathon });
 */
export class BambooEdge extends pulumi.ComponentResource {
  readonly addresses: readonly Address[];
  /** `http://host:port` of every edge's API. */
  readonly apiUrls: readonly string[];
  readonly ready: readonly pulumi.Resource[];
  /** What the API asks for, as a secret; undefined when it asks for nothing. */
  readonly apiToken: pulumi.Output<string> | undefined;
  /** Where traffic enters. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: BambooEdgeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("mesos:index:BambooEdge", name, { size: args.size }, opts);
    const { platform, zookeeper, marathon, size = 2, statsPassword, credentials, timeouts } = args;
    const { trafficPort } = platform;
    validate(this, edgeRules(args));
    this.addresses = platform.addresses(name, size);
    this.apiUrls = this.addresses.map((a) => `http://${a.host}:${ports.edge.api}`);
    const plain = edgeService({
      marathonUrls: marathon.urls,
      zookeeper: zookeeper.connectionString,
      trafficPort,
    });
    const apiToken = args.apiToken ?? credentials?.password("edge", "operator");
    this.apiToken = apiToken === undefined ? undefined : pulumi.secret(apiToken);
    const service = withSecrets(plain, { env: secretEnv(credentials, statsPassword, this.apiToken) });
    const ready = makeMembers(this, name, {
      kind: "edge",
      platform,
      addresses: this.addresses,
      port: ports.edge.api,
      service: () => service,
      credentials,
      authorization: this.apiToken?.apply(bearerAuthorization),
      dependsOn: [...zookeeper.ready, ...marathon.ready],
      timeouts,
    });
    this.ready = [ready];
    this.url = platform.endpoint(name, { addresses: this.addresses, port: trafficPort }, { parent: this });
    this.registerOutputs({ url: this.url });
  }
}

/** Secrets go by the environment. */
function secretEnv(
  credentials: Credentials | undefined,
  statsPassword: pulumi.Input<string> | undefined,
  apiToken: pulumi.Output<string> | undefined,
): Record<string, pulumi.Output<string>> {
  return {
    ...(statsPassword !== undefined && { [edgeVariables.statsPassword]: pulumi.secret(statsPassword) }),
    ...(apiToken !== undefined && { [edgeVariables.apiToken]: apiToken }),
    ...(credentials !== undefined && edgeAccess(credentials)),
  };
}

function edgeAccess(credentials: Credentials): Record<string, pulumi.Output<string>> {
  const marathon = credentials.pair("marathon", "operator");
  return {
    [edgeVariables.marathonUser]: marathon.user,
    [edgeVariables.marathonPassword]: marathon.password,
    [edgeVariables.zookeeper]: credentials.pair("zookeeper", "edge").apply(userAndPassword),
  };
}

/** What edges are refused for. */
export function edgeRules({ size = 2 }: Pick<BambooEdgeArgs, "size">): Rule[] {
  return [
    {
      path: "edge.size",
      when: !(Number.isInteger(size) && size >= 1 && size <= 16),
      message: `must be a whole number from 1 to 16, got ${describeValue(size)}`,
    },
  ];
}
