// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import { type AgentPoolInputs, resourceTokens } from "@pulumi-mesos/model";
import { pluginOptions } from "./plugin-options";

type Credentialled<T> = Omit<T, "zookeeperCredential"> & {
  /** `user:password` of the controller at ZooKeeper; secret. */
  readonly zookeeperCredential?: pulumi.Input<string>;
};

/** The declaration of a group of agents, kept in ZooKeeper for its controller and waited for until it is settled. */
export class AgentPool extends pulumi.CustomResource {
  constructor(
    name: string,
    args: pulumi.Inputs & Credentialled<AgentPoolInputs>,
    opts?: pulumi.CustomResourceOptions,
  ) {
    super(resourceTokens.agentPool, name, args, pluginOptions(opts));
  }
}
