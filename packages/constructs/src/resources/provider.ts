// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import { packageName } from "@pulumi-mesos/model";
import { pluginOptions } from "./plugin-options";

/** Where the plugin finds what it manages; everything is optional, and a resource that needs a missing one says so. */
export interface ProviderArgs {
  /** `http://host:port` of every Marathon; any that answers is used. */
  readonly marathonUrls?: pulumi.Input<readonly string[]>;
  /** User of Marathon's HTTP basic authentication; with `marathonPassword`, without `marathonToken`. */
  readonly marathonUser?: pulumi.Input<string>;
  /** Kept secret in the state. */
  readonly marathonPassword?: pulumi.Input<string>;
  /**
   * Sent as `Authorization: token=<token>`, as DC/OS wants it; one that names its scheme (`Bearer abc`) is sent as it
   * is. Kept secret in the state.
   */
  readonly marathonToken?: pulumi.Input<string>;
  /**
   * Certificates in PEM, not a path, of the authorities that may sign Marathon's.
   *
   * @default those that the machine trusts
   */
  readonly marathonCa?: pulumi.Input<string>;
  /** Certificate in PEM, not a path, that is shown to Marathon; with `marathonKey`. */
  readonly marathonCert?: pulumi.Input<string>;
  /** Private key in PEM of `marathonCert`. Kept secret in the state. */
  readonly marathonKey?: pulumi.Input<string>;
  /**
   * Takes any certificate of Marathon: then anybody on the way can read and change everything.
   *
   * @default false
   */
  readonly marathonInsecure?: pulumi.Input<boolean>;
  /**
   * Where connections go for addresses that this machine does not reach, as `host:port` by `host:port`: published ports
   * (`cluster.addressMap`) or tunnels. URLs, redirects to a leader and certificates keep their own names.
   *
   * @example
   * addressMap: { "10.0.0.1:8080": "127.0.0.1:18080" }
   * @default to the addresses themselves
   */
  readonly addressMap?: pulumi.Input<Readonly<Record<string, string>>>;
  /**
   * How private addresses are reached: `direct`, `socks5://host:port`, or a tunnel that the plugin opens by `ssh` and opens anew
   * when it ends: `ssh://user@bastion`, or by Session Manager `ssm://user@i-0123456789abcdef0`. Keys, known hosts and machines
   * between are those of `ssh_config`, another one by `?config=/path`.
   *
   * @default directly
   */
  readonly access?: pulumi.Input<string>;
  /**
   * Whether the stack itself makes the cluster behind these addresses: then a delete counts as done, with a warning,
   * when every address refuses connections. Anywhere else that is an error, because it may be a short outage.
   *
   * @default false; a `Cluster` says true of its own
   */
  readonly clusterInStack?: pulumi.Input<boolean>;
  /** `http://host:port` of every edge's API. */
  readonly bambooUrls?: pulumi.Input<readonly string[]>;
  /** User of HTTP basic authentication before the edge's API; with `bambooPassword`, without `bambooToken`. */
  readonly bambooUser?: pulumi.Input<string>;
  /** Kept secret in the state. */
  readonly bambooPassword?: pulumi.Input<string>;
  /** What the edge's API asks for, sent as `Authorization: Bearer <token>`. Kept secret in the state. */
  readonly bambooToken?: pulumi.Input<string>;
  /**
   * Certificates in PEM, not a path, of the authorities that may sign the edge's.
   *
   * @default those that the machine trusts
   */
  readonly bambooCa?: pulumi.Input<string>;
  /** Client certificate in PEM, not a path, for the edge's TLS; with `bambooKey`. */
  readonly bambooCert?: pulumi.Input<string>;
  /** Private key in PEM of `bambooCert`. Kept secret in the state. */
  readonly bambooKey?: pulumi.Input<string>;
  /**
   * Takes any certificate as the edge's: then anybody on the way can read and change everything.
   *
   * @default false
   */
  readonly bambooInsecure?: pulumi.Input<boolean>;
  /**
   * ZooKeeper's connection string, where the controller of `clusterName` looks for apps with `autoscale`; a `Cluster` says
   * its own.
   */
  readonly zookeeper?: pulumi.Input<string>;
  /** `user:password` of the controller at a ZooKeeper that asks for it (digest). Kept secret in the state. */
  readonly zookeeperCredential?: pulumi.Input<string>;
  /** Name of the cluster whose controller sizes apps with `autoscale`; with `zookeeper`. */
  readonly clusterName?: pulumi.Input<string>;
  /** `http://host:port`, or `https://host:port`, of every Mesos master; the leader is found. */
  readonly mesosUrls?: pulumi.Input<readonly string[]>;
  /** Principal at the masters (HTTP basic authentication); with `mesosPassword`. */
  readonly mesosUser?: pulumi.Input<string>;
  /** Kept secret in the state. */
  readonly mesosPassword?: pulumi.Input<string>;
  /**
   * Certificates in PEM, not a path, of the authorities that may sign the masters'.
   *
   * @default those that the machine trusts
   */
  readonly mesosCa?: pulumi.Input<string>;
}

/**
 * An instance of the plugin with its endpoints.
 *
 * @example
 * const provider = new mesos.Provider("mine", { marathonUrls: ["http://marathon.example:8080"] });
 */
export class Provider extends pulumi.ProviderResource {
  constructor(name: string, args: ProviderArgs = {}, opts?: pulumi.ResourceOptions) {
    const secret = (value: pulumi.Input<string> | undefined) => value && pulumi.secret(value);
    const inputs = {
      ...args,
      marathonPassword: secret(args.marathonPassword),
      marathonToken: secret(args.marathonToken),
      marathonKey: secret(args.marathonKey),
      bambooPassword: secret(args.bambooPassword),
      bambooToken: secret(args.bambooToken),
      bambooKey: secret(args.bambooKey),
      mesosPassword: secret(args.mesosPassword),
      zookeeperCredential: secret(args.zookeeperCredential),
    };
    super(packageName, name, inputs, pluginOptions(opts));
  }
}
