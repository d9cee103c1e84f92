// SPDX-License-Identifier: Apache-2.0
import * as pulumi from "@pulumi/pulumi";
import { AwsPlatform } from "@pulumi-mesos/aws";
import * as mesos from "pulumi-mesos";

const config = new pulumi.Config();

const platform = new AwsPlatform({
  region: config.require("region"),
  image: { ami: config.require("ami"), architecture: "x86_64" },
  registry: config.require("registry"),
  access: config.get("access"),
  administrators: config.requireObject<string[]>("administrators"),
  agents: {
    web: { instanceTypes: ["m6i.large"] },
    batch: { instanceTypes: ["m6i.large", "m7i.large", "c6i.xlarge"], spot: true },
  },
});

const cluster = new mesos.Cluster("demo", {
  platform,
  secret: config.requireSecret("clusterSecret"),
  zookeeper: { size: 3 },
  masters: { size: 3 },
  agents: {
    web: { size: 2, resources: { cpus: 2, mem: config.getNumber("webMemory") ?? 6144 } },
    batch: { size: 2, resources: { cpus: 2, mem: 6144 } },
  },
  marathon: { size: 2 },
  edge: { size: 2 },
});

const nginx = new mesos.marathon.App(
  "demo-nginx",
  {
    cpus: 0.1,
    mem: 64,
    instances: 2,
    constraints: [["group", "LIKE", "web"]],
    container: {
      type: "DOCKER",
      docker: { image: "nginx:latest" },
      portMappings: [{ containerPort: 80, hostPort: 0, protocol: "tcp" }],
    },
    networks: [{ mode: "container/bridge" }],
    healthChecks: [
      {
        protocol: "HTTP",
        path: "/",
        portIndex: 0,
        gracePeriodSeconds: 5,
        intervalSeconds: 20,
        maxConsecutiveFailures: 3,
      },
    ],
  },
  { provider: cluster.provider },
);

new mesos.bamboo.Service(
  "demo-nginx",
  { appId: nginx.appId, acl: "path_beg /" },
  { provider: cluster.provider },
);

export const url = cluster.edge.url;
export const mesosUi = cluster.masters.uiUrl;
export const marathonUrl = cluster.marathon.url;
export const usdAnHour = cluster.hourlyCost?.usd;
