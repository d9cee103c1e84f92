// SPDX-License-Identifier: Apache-2.0

/** A program that makes ZooKeeper and masters, whose flags and executable come from the config. */
export const mastersProgram = `
const pulumi = require("@pulumi/pulumi");
const mesos = require("pulumi-mesos");
const config = new pulumi.Config();
const master = config.get("master") ?? "mesos-master";
const platform = new mesos.LocalPlatform({
  network: config.require("network"),
  distribution: { ...mesos.simulator, "mesos-master": [master] },
});
const zookeeper = new mesos.ZooKeeper("demo-zookeeper", {
  platform,
  ...(config.getObject("zookeeper") ?? { size: 1 }),
});
new mesos.Masters("demo-masters", {
  platform,
  zookeeper,
  size: config.requireNumber("masters"),
  quorumOf: config.getNumber("quorumOf"),
  flags: config.getObject("masterFlags"),
  timeouts: { create: config.get("timeout") ?? "60s", update: config.get("timeout") ?? "60s" },
});
`;

/** The smallest whole cluster with one app and one rule. */
export const smallCluster = `
const pulumi = require("@pulumi/pulumi");
const mesos = require("pulumi-mesos");
const config = new pulumi.Config();
const cluster = new mesos.Cluster("demo", {
  platform: new mesos.LocalPlatform({ network: config.require("network") }),
  secret: config.requireSecret("clusterSecret"),
  zookeeper: { size: 1 },
  masters: { size: 3, flags: config.getObject("masterFlags") },
  agents: { web: { size: config.getNumber("agents") ?? 1, resources: { cpus: 2, mem: 1024 } } },
  marathon: { size: 1 },
  edge: { size: 1 },
});
const app = new mesos.marathon.App("web", {
  cmd: "exec sleep 100000",
  cpus: 0.1,
  mem: 32,
  instances: config.getNumber("instances") ?? 1,
}, { provider: cluster.provider });
new mesos.bamboo.Service("web", { appId: app.appId, acl: config.get("acl") ?? "path_beg /web" }, { provider: cluster.provider });
`;

/**
 * The part of a program that has nginx run on its `cluster`, behind the edge; with `traffic` in the config it follows its
 * requests by that policy.
 */
export function nginxBehindEdge(instances: number): string {
  return `const traffic = new pulumi.Config().getObject("traffic");
const nginx = new mesos.marathon.App("nginx", {
  cpus: 0.1,
  mem: 32,
  ...(traffic === undefined ? { instances: ${instances} } : { autoscale: traffic }),
  container: {
    type: "DOCKER",
    docker: { image: "nginx:latest" },
    portMappings: [{ containerPort: 80, hostPort: 0, protocol: "tcp" }],
  },
  networks: [{ mode: "container/bridge" }],
  healthChecks: [{ protocol: "HTTP", path: "/", portIndex: 0, gracePeriodSeconds: 5, intervalSeconds: 1, maxConsecutiveFailures: 3 }],
}, { provider: cluster.provider });
new mesos.bamboo.Service("nginx", { appId: nginx.appId, acl: "path_beg /" }, { provider: cluster.provider });
`;
}

/** A small cluster with a resource of every type of the plugin, each of which the config changes. */
export const everyVerb = `
const pulumi = require("@pulumi/pulumi");
const mesos = require("pulumi-mesos");
const config = new pulumi.Config();
const cluster = new mesos.Cluster("demo", {
  platform: new mesos.LocalPlatform({ network: config.require("network") }),
  secret: config.requireSecret("clusterSecret"),
  zookeeper: config.getObject("zookeeper") ?? { size: 1 },
  masters: {
    size: config.getNumber("masters") ?? 3,
    quorumOf: config.getNumber("quorumOf"),
    flags: config.getObject("masterFlags"),
  },
  agents: {
    web: {
      size: config.getNumber("agents") ?? 1,
      resources: { cpus: 2, mem: 1024 },
      attributes: { rack: config.get("rack") ?? "a" },
      flags: config.getObject("agentFlags"),
    },
  },
  marathon: { size: 1 },
  edge: { size: 1 },
});
const { provider } = cluster;
const version = config.get("version") ?? "1";
const instances = config.getNumber("instances") ?? 1;
const app = { cmd: "exec sleep 100000", cpus: 0.1, mem: 32, env: { VERSION: version } };
const web = new mesos.marathon.App("web", { ...app, instances }, { provider });
new mesos.marathon.Pod("pod", {
  containers: [{ name: "one", resources: { cpus: 0.1, mem: 32 }, exec: { command: { shell: "exec sleep 100000" } } }],
  environment: { VERSION: version },
  scaling: { kind: "fixed", instances: 1 },
}, { provider });
new mesos.marathon.Group("shop", { apps: [{ id: "front", ...app }] }, { provider });
new mesos.marathon.Release("stable", { app, acl: "path_beg /stable", intervalSeconds: 1 }, { provider });
new mesos.bamboo.Service("web", { appId: web.appId, acl: config.get("acl") ?? "path_beg /web" }, { provider });
new mesos.Quota("web", { role: "web", limits: { cpus: instances } }, { provider });
`;

/** A cluster whose flags, and attributes of agents, come from the config, with nginx behind the edge. */
export const agentsProgram = `
const pulumi = require("@pulumi/pulumi");
const mesos = require("pulumi-mesos");
const config = new pulumi.Config();
const autoscale = config.getObject("autoscale");
const cluster = new mesos.Cluster("demo", {
  platform: new mesos.LocalPlatform({ network: config.require("network") }),
  secret: config.requireSecret("clusterSecret"),
  zookeeper: { size: 1 },
  masters: { size: 3, flags: config.getObject("masterFlags") },
  agents: {
    web: {
      ...(autoscale === undefined ? { size: 2 } : { autoscale }),
      resources: { cpus: 2, mem: 1024 },
      attributes: { rack: config.get("rack") ?? "a" },
      flags: config.getObject("agentFlags"),
    },
  },
  marathon: { size: 1, flags: config.getObject("marathonFlags") },
  edge: { size: 1 },
});
${nginxBehindEdge(4)}`;
