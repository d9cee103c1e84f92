// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as mesos from "pulumi-mesos";

const config = new pulumi.Config();

// Where images go: host:port of a registry, which agents reach by the same name. With Amazon's:
//   const repository = new aws.ecr.Repository("own-app");
//   const token = aws.ecr.getAuthorizationTokenOutput({ registryId: repository.registryId });
//   registryAuth: [{ address: token.proxyEndpoint, username: token.userName, password: token.password }]
const registry = config.require("registry");
const username = config.get("registryUser");
const login =
  username === undefined
    ? { authDisabled: true }
    : { username, password: config.requireSecret("registryPassword") };
const host = new docker.Provider("docker", {
  registryAuth: [{ address: config.get("registryAddress") ?? `https://${registry}`, ...login }],
});

// The tag follows from what is built: an edited line is another image, an untouched folder is not.
const folder = path.join(__dirname, "app");
const digest = createHash("sha256");
for (const file of readdirSync(folder).sort())
  digest.update(file).update(readFileSync(path.join(folder, file)));
const tag = digest.digest("hex").slice(0, 12);

const image = new docker.RemoteImage(
  "own-app",
  {
    name: `${registry}/own-app:${tag}`,
    build: { context: folder, buildArgs: { BASE: config.get("base") ?? "node:20-bookworm-slim" } },
    keepLocally: true, // containers of the version before run on while they are replaced
  },
  { provider: host },
);
const pushed = new docker.RegistryImage(
  "own-app",
  { name: image.name, keepRemotely: true },
  { provider: host },
);

const ca = config.get("ca"); // of a cluster that speaks TLS
const cluster = new mesos.Provider("cluster", {
  marathonUrls: config.requireObject<string[]>("marathonUrls"),
  marathonUser: config.get("marathonUser"),
  marathonPassword: config.getSecret("marathonPassword"),
  marathonCa: ca,
  bambooUrls: config.requireObject<string[]>("bambooUrls"),
  bambooToken: config.getSecret("bambooToken"),
  bambooCa: ca,
});

const app = new mesos.marathon.App(
  "own-app",
  {
    cpus: 0.1,
    mem: 64,
    instances: 2,
    container: {
      type: "DOCKER",
      docker: { image: pulumi.interpolate`${registry}/own-app@${pushed.sha256Digest}` },
      portMappings: [{ containerPort: 8080, hostPort: 0, protocol: "tcp" }],
    },
    networks: [{ mode: "container/bridge" }],
    healthChecks: [
      { protocol: "HTTP", path: "/health", portIndex: 0, gracePeriodSeconds: 30, intervalSeconds: 2 },
    ],
    // Edges have a moment to hear of a task's end before it begins.
    upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
  },
  { provider: cluster },
);

new mesos.bamboo.Service(
  "own-app",
  { appId: app.appId, acl: "hdr(host) -i own-app.test" },
  { provider: cluster },
);

export const runs = pushed.sha256Digest;
