// SPDX-License-Identifier: Apache-2.0
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as mesos from "pulumi-mesos";

const config = new pulumi.Config();
const provider = new mesos.Provider("mine", { marathonUrls: config.requireObject<string[]>("marathonUrls") });

const database = new mesos.marathon.App(
  "database",
  {
    cmd: "exec node store.mjs",
    cpus: config.getNumber("cpus") ?? 0.1,
    mem: 64,
    env: { NODE_ENV: config.get("environment") ?? "production" },
    fetch: [{ uri: config.get("store") ?? path.join(__dirname, "store.mjs"), extract: false }],
    container: {
      type: "MESOS",
      volumes: [{ containerPath: "data", mode: "RW", persistent: { size: 64 } }],
    },
    portDefinitions: [{ port: 0, name: "http" }],
    healthChecks: [{ protocol: "HTTP", path: "/", portIndex: 0, gracePeriodSeconds: 30, intervalSeconds: 2 }],
  },
  { provider },
);

export const appId = database.appId;
