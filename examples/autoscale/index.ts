// SPDX-License-Identifier: Apache-2.0
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as mesos from "pulumi-mesos";

const config = new pulumi.Config();

const cluster = new mesos.Cluster("demo", {
  platform: new mesos.LocalPlatform({ network: config.get("network") }),
  secret: config.requireSecret("clusterSecret"),
  zookeeper: { size: 1 },
  masters: { size: 3 },
  agents: {
    // As many agents as the tasks need: four of the shop's fit on one.
    web: {
      autoscale: {
        min: 1,
        max: 4,
        targetUtilization: 1,
        headroom: { maxShare: 0 },
        scaleDown: { stabilizationSeconds: 30, cooldownSeconds: 0, maxStep: 4 },
      },
      resources: { cpus: 2, mem: 1024 },
    },
  },
  marathon: { size: 1 },
  edge: { size: 1 },
});

const shop = new mesos.marathon.App(
  "shop",
  {
    cmd: "exec node server.mjs",
    cpus: 0.5,
    mem: 64,
    // As many instances as the requests need. One answers 250 a second at most, and at 100 it has room to spare.
    autoscale: {
      min: 2,
      max: 14,
      targetRps: 100,
      scaleUp: { maxStep: 14, periodSeconds: 5 },
      scaleDown: { stabilizationSeconds: 30 },
    },
    fetch: [{ uri: path.join(__dirname, "server.mjs"), extract: false }],
    portDefinitions: [{ port: 0, name: "http" }],
    healthChecks: [
      { protocol: "HTTP", path: "/health", portIndex: 0, gracePeriodSeconds: 10, intervalSeconds: 1 },
    ],
    taskKillGracePeriodSeconds: 30,
  },
  { provider: cluster.provider },
);

new mesos.bamboo.Service("shop", { appId: shop.appId, acl: "path_beg /" }, { provider: cluster.provider });

export const url = cluster.edge.url;
export const marathonUrl = cluster.marathon.url;
