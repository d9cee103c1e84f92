// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { PluginDriver } from "./support/plugin";
import { repository } from "./support/repository";
import { variedApps } from "./support/varied-apps";

const type = "mesos:marathon:App";

/** What Marathon's other tools have or lack and this one has, each by how the titles of its tests begin or name it. */
const rows: readonly string[] = [
  "typed app schema, all fields of 1.10",
  "unknown key / bound errors before sending",
  "groups as one resource",
  "a pod is made, read, changed and deleted",
  "create-or-update idempotent",
  "preview that equals the server's (normalised, no false drift)",
  "says in preview whether tasks restart or only scale",
  "immutable change planned as replace",
  "unset a field",
  "leave a field to others",
  "import / adopt, export to code",
  "drift on refresh",
  "wait until deployed",
  "progress lines",
  "timeout, configurable, per operation",
  "on timeout: cancel, roll back or keep, chosen",
  "explain a stuck deployment",
  "fail early on crash loop / unmatched resources",
  "locked app: wait and retry / force, chosen",
  "wait for delete",
  "history and rollback to version",
  "restart without change",
  "blue/green, canary via LB labels",
  "several leaders: follow leader, survive failover mid-wait",
  "auth: basic, ACS token, TLS CA, insecure",
  "concurrency guard on foreign change",
  "ordering with other infra in one graph",
  "prune what left the group",
  "outputs: servicePorts, tasks host:port, deploymentId, version",
  "secrets kept out of logs and state",
  "works without a cluster (embedded simulator)",
];

/** Fields of an app that Marathon 1.10 takes, but for old spellings and what it sets itself. */
const fields =
  "acceptedResourceRoles args backoffFactor backoffSeconds check cmd constraints container cpus dependencies disk env executor executorResources fetch gpus healthChecks instances killSelection labels maxLaunchDelaySeconds mem networks portDefinitions readinessChecks requirePorts residency resourceLimits role secrets taskKillGracePeriodSeconds tty unreachableStrategy upgradeStrategy user".split(
    " ",
  );

/** Titles of all tests, as their sources have them. */
function titles(): string[] {
  const here = path.join(repository, "test/src");
  const files = readdirSync(here).filter((file) => file.endsWith(".test.ts"));
  return files.flatMap((file) => {
    const source = readFileSync(path.join(here, file), "utf8");
    return [...source.matchAll(/\b(?:it|describe)\(\s*(["'`])(.*?)\1,/gs)].map(([, , title]) => title ?? "");
  });
}

describe("the feature table", function () {
  this.timeout(300_000);

  it("has a test for each of its rows, whose title names it", () => {
    const all = titles();
    assert.ok(all.length > 100, "the sources are read");
    assert.deepEqual(
      rows.filter((row) => !all.some((title) => title.includes(row))),
      [],
    );
  });

  it("typed app schema, all fields of 1.10: each has a type of its own in the package's schema", () => {
    const file = path.join(repository, "packages/provider/schema.json");
    const schema = JSON.parse(readFileSync(file, "utf8")) as {
      resources: Record<
        string,
        { inputProperties: Record<string, { type?: string; $ref?: string; oneOf?: unknown }> }
      >;
    };
    const properties = schema.resources[type]?.inputProperties ?? {};
    assert.deepEqual(
      fields.filter((field) => {
        const { type: plain, $ref, oneOf } = properties[field] ?? {};
        return plain === undefined && $ref === undefined && oneOf === undefined;
      }),
      [],
    );
  });

  it("unknown key / bound errors before sending: all at once, with no Marathon to ask", async () => {
    const plugin = await PluginDriver.start({});
    try {
      const wrong = {
        appId: "/x",
        cmd: "sleep 1",
        cpu: 1,
        mem: -1,
        upgradeStrategy: { minimumHealthCapacity: 2 },
      };
      await assert.rejects(plugin.check(type, wrong), (error: Error) => {
        assert.match(error.message, /cpu: unknown field.*did you mean "cpus"/);
        assert.match(error.message, /mem: /);
        assert.match(error.message, /upgradeStrategy\.minimumHealthCapacity: /);
        return true;
      });
    } finally {
      plugin.close();
    }
  });

  describe("works without a cluster (embedded simulator)", () => {
    let cluster: Cluster;
    let plugin: PluginDriver;

    before(async () => {
      const marathon = { enable_features: "secrets,external_volumes", mesos_role: "services" };
      cluster = await startCluster({ network: "127.130.7", agents: 3, flags: { marathon } });
      plugin = await PluginDriver.start({ marathonUrls: [cluster.marathon.url] });
    });
    after(async () => {
      plugin?.close();
      await cluster?.close();
    });

    it("preview that equals the server's (normalised, no false drift): apps of every shape", async () => {
      for (const { id, ...document } of variedApps) {
        const answer = await fetch(`${cluster.marathon.url}/v2/apps`, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ id, ...document }),
        });
        assert.equal(answer.status, 201, `${id}: ${await answer.text()}`);
      }
      await cluster.waitForApp("/plain");
      for (const { id, ...document } of variedApps) {
        const found = await plugin.import(type, id);
        assert.ok(found, id);
        assert.deepEqual(await plugin.diff(found, { appId: id, ...document }), [], id);
        assert.deepEqual((await plugin.read(found))?.inputs, found.inputs, id);
      }
    });

    it("fail early on crash loop / unmatched resources: tasks that are killed as unhealthy, with the cause", async () => {
      cluster.tasks.script("/sick", { healthy: false });
      const check = {
        protocol: "HTTP",
        path: "/",
        intervalSeconds: 1,
        timeoutSeconds: 1,
        maxConsecutiveFailures: 1,
      };
      const sick = {
        appId: "/sick",
        cmd: "sleep 1000",
        cpus: 0.1,
        mem: 16,
        backoffSeconds: 0,
        healthChecks: [{ ...check, gracePeriodSeconds: 0 }],
      };
      await assert.rejects(plugin.create(type, sick, 60), (error: Error) => {
        assert.match(
          error.message,
          /^given up early: crash loop, \d+ tasks of \/sick ended .*killed as unhealthy/,
        );
        return true;
      });
    });
  });
});
