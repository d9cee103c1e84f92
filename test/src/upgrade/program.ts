// SPDX-License-Identifier: Apache-2.0

/** Settings of the stack whose state is recorded. The addresses are of the loopback, so they are of no machine. */
export const recorded = {
  config: { network: "127.131.0.0/16" },
  secrets: { clusterSecret: "a-secret-of-thirty-two-characters" },
} as const;

/** A program with a resource of every type of the plugin, and the fields whose defaults Marathon fills in. */
export const everyType = `
const pulumi = require("@pulumi/pulumi");
const mesos = require("pulumi-mesos");
const config = new pulumi.Config();
const cluster = new mesos.Cluster("demo", {
  platform: new mesos.LocalPlatform({ network: config.require("network") }),
  secret: config.requireSecret("clusterSecret"),
  zookeeper: { size: 1 },
  masters: { size: 3 },
  agents: { web: { size: 1, resources: { cpus: 2, mem: 1024 } } },
  marathon: { size: 1 },
  edge: { size: 1 },
});
const { provider } = cluster;
const web = new mesos.marathon.App("web", {
  cmd: "exec sleep 100000",
  cpus: 0.1,
  mem: 32,
  instances: 2,
  env: { PASSWORD: pulumi.secret("one of the app's") },
  healthChecks: [{ protocol: "COMMAND", command: { value: "true" }, intervalSeconds: 1 }],
  portDefinitions: [{ port: 0, name: "http" }],
  constraints: [["hostname", "GROUP_BY"]],
  restartTrigger: "1",
}, { provider });
new mesos.marathon.App("docker", {
  cpus: 0.1,
  mem: 32,
  instances: 0,
  container: {
    type: "DOCKER",
    docker: { image: "nginx:latest" },
    portMappings: [{ containerPort: 80, hostPort: 0, protocol: "tcp" }],
  },
  networks: [{ mode: "container/bridge" }],
}, { provider });
new mesos.marathon.Pod("pair", {
  containers: [
    { name: "one", resources: { cpus: 0.1, mem: 32 }, exec: { command: { shell: "exec sleep 100000" } } },
    { name: "two", resources: { cpus: 0.1, mem: 32 }, exec: { command: { shell: "exec sleep 100000" } } },
  ],
  environment: { TOKEN: pulumi.secret("one of the pod's") },
  scaling: { kind: "fixed", instances: 1 },
}, { provider });
new mesos.marathon.Group("shop", {
  apps: [
    { id: "front", cmd: "exec sleep 100000", cpus: 0.1, mem: 32, dependencies: ["back"], portDefinitions: [{ port: 0, name: "http" }] },
  ],
  groups: [
    { id: "back", apps: [
      { id: "queue", cmd: "exec sleep 100000", cpus: 0.1, mem: 32, dependencies: ["db"] },
      { id: "db", cmd: "exec sleep 100000", cpus: 0.1, mem: 32, env: { PASSWORD: pulumi.secret("one of the group's") } },
    ] },
  ],
}, { provider });
new mesos.marathon.Release("stable", {
  app: { cmd: "exec sleep 100000", cpus: 0.1, mem: 32, env: { PASSWORD: pulumi.secret("one of the release's") } },
  acl: "path_beg /stable",
  steps: [50],
  intervalSeconds: 1,
}, { provider });
new mesos.bamboo.Service("web", { appId: web.appId, acl: "path_beg /web" }, { provider });
new mesos.Quota("web", { role: "web", limits: { cpus: 2 } }, { provider });
`;
