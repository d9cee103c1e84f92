// SPDX-License-Identifier: Apache-2.0
import * as pulumi from "@pulumi/pulumi";
import * as mesos from "pulumi-mesos";

const config = new pulumi.Config();

const cluster = new mesos.Cluster("demo", {
  platform: new mesos.LocalPlatform({ network: config.get("network") }),
  secret: config.requireSecret("clusterSecret"),
  zookeeper: { size: config.requireObject<1 | 3 | 5>("zookeepers") },
  masters: { size: config.requireObject<3 | 5>("masters") },
  agents: { web: { size: config.requireNumber("agents"), resources: { cpus: 2, mem: 1024 } } },
  marathon: { size: 2 },
  edge: { size: 1 },
});

const nginx = new mesos.marathon.App(
  "demo-nginx",
  {
    cpus: 0.1,
    mem: 64,
    instances: 2,
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
