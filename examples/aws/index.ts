// SPDX-License-Identifier: Apache-2.0
import * as pulumi from "@pulumi/pulumi";
import { AwsPlatform } from "@pulumi-mesos/aws";
import * as mesos from "pulumi-mesos";

const config = new pulumi.Config();

const platform = new AwsPlatform({
  region: config.require("region"),
  image: { ami: config.require("ami"), architecture: "x86_64" },
  registry: config.require("registry"),
  administrators: config.requireObject<string[]>("administrators"),
});

const cluster = new mesos.Cluster("demo", {
  platform,
  secret: config.requireSecret("clusterSecret"),
  zookeeper: { size: 3 },
  masters: { size: 3 },
  marathon: { size: 2 },
  edge: { size: 2 },
});

export const url = cluster.edge.url;
export const mesosUi = cluster.masters.uiUrl;
export const marathonUrl = cluster.marathon.url;
/** For agents of your own: `mesos-agent --master=<masters>` on machines with this security group. */
export const masters = cluster.masters.zk;
export const agentSecurityGroup = platform.agentSecurityGroupId;
export const usdAnHour = platform.hourlyCost().usd;
