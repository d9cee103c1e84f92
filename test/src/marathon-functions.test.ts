// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { PluginDriver } from "./support/plugin";

type App = Record<string, unknown> & {
  definition: Record<string, unknown>;
  tasks: Record<string, unknown>[];
};

describe("functions of mesos:marathon", function () {
  this.timeout(120_000);
  let cluster: Cluster;
  let plugin: PluginDriver;

  before(async () => {
    cluster = await startCluster({ network: "127.121.1", agents: 1, tasks: "process" });
    plugin = await PluginDriver.start({ marathonUrls: [cluster.marathon.url] });
    for (const app of [
      { id: "/shop/web", cmd: "sleep 1000", cpus: 0.1, mem: 16, labels: { tier: "web" }, env: { A: "b" } },
      { id: "/shop/db/one", cmd: "sleep 1000", cpus: 0.1, mem: 16, labels: { tier: "db" } },
      { id: "/shopping", cmd: "sleep 1000", cpus: 0.1, mem: 16, labels: { tier: "web" } },
    ]) {
      const response = await fetch(`${cluster.marathon.url}/v2/apps`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(app),
      });
      assert.equal(response.status, 201, await response.text());
    }
    const pod = { id: "/shop/pod", containers: [{ name: "c", resources: { cpus: 0.1, mem: 16 } }] };
    const made = await fetch(`${cluster.marathon.url}/v2/pods`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        ...pod,
        containers: [{ ...pod.containers[0], exec: { command: { shell: "sleep 1000" } } }],
      }),
    });
    assert.equal(made.status, 201, await made.text());
    await cluster.waitForDeployments();
  });
  after(async () => {
    plugin.close();
    await cluster.close();
  });

  it("getApp answers the definition, the tasks and the counts of an app", async () => {
    const app = (await plugin.invoke("mesos:marathon:getApp", { appId: "/shop/web" })) as App;
    assert.deepEqual(
      [app["appId"], app["instances"], app["tasksRunning"], app["servicePorts"], app["deployments"]],
      ["/shop/web", 1, 1, [10_000], []],
    );
    assert.equal(app.tasks.length, 1);
    assert.equal(app.tasks[0]?.["state"], "TASK_RUNNING");
    assert.match(String(app.tasks[0]?.["id"]), /^shop_web\.instance-/);
    assert.deepEqual(app.definition["env"], { A: "b" });
    assert.equal(app.definition["backoffFactor"], 1.15);
    assert.equal(app["url"], `${cluster.marathon.url}/ui/#/apps/%2Fshop%2Fweb`);
  });

  it("getApp fails when there is no such app, and when the path is none", async () => {
    await assert.rejects(plugin.invoke("mesos:marathon:getApp", { appId: "/none" }), {
      details: 'appId: Marathon has no app "/none"',
    });
    await assert.rejects(
      plugin.invoke("mesos:marathon:getApp", { appId: "/Nope" }),
      /^Error: appId: must be a path such as \/shop\/web/,
    );
  });

  it("getApps answers all, those below a group, and those with labels", async () => {
    const idsOf = async (args: Record<string, unknown>) => {
      const { apps } = (await plugin.invoke("mesos:marathon:getApps", args)) as { apps: App[] };
      return apps.map((app) => app["appId"]);
    };
    assert.deepEqual(await idsOf({}), ["/shop/db/one", "/shop/web", "/shopping"]);
    assert.deepEqual(await idsOf({ groupId: "shop" }), ["/shop/db/one", "/shop/web"]);
    assert.deepEqual(await idsOf({ labels: { tier: "web" } }), ["/shop/web", "/shopping"]);
    assert.deepEqual(await idsOf({ groupId: "/shop", labels: { tier: "db", none: "" } }), []);
  });

  it("getGroup answers all apps, pods and groups below", async () => {
    const group = (await plugin.invoke("mesos:marathon:getGroup", { groupId: "/shop" })) as {
      apps: App[];
      pods: Record<string, unknown>[];
      groups: string[];
    };
    assert.deepEqual(group.groups, ["/shop/db"]);
    assert.deepEqual(group.apps.map((app) => app["appId"]).sort(), ["/shop/db/one", "/shop/web"]);
    assert.deepEqual(
      group.pods.map((pod) => [pod["podId"], pod["status"]]),
      [["/shop/pod", "STABLE"]],
    );
    const root = await plugin.invoke("mesos:marathon:getGroup", { groupId: "/" });
    assert.equal((root["apps"] as App[]).length, 3);
    await assert.rejects(plugin.invoke("mesos:marathon:getGroup", { groupId: "/none" }), {
      details: 'groupId: Marathon has no group "/none"',
    });
  });

  it("getPod answers the definition and the instances of a pod", async () => {
    const pod = (await plugin.invoke("mesos:marathon:getPod", { podId: "/shop/pod" })) as {
      instances: { status: string; containers: { name: string; status: string }[] }[];
      definition: Record<string, unknown>;
    };
    assert.deepEqual(
      pod.instances.map((i) => [i.status, i.containers.map((c) => [c.name, c.status])]),
      [["STABLE", [["c", "TASK_RUNNING"]]]],
    );
    assert.deepEqual(pod.definition["scaling"], { kind: "fixed", instances: 1 });
    await assert.rejects(plugin.invoke("mesos:marathon:getPod", { podId: "/none" }), {
      details: 'podId: Marathon has no pod "/none"',
    });
  });

  it("getInfo answers version, leader and what defaults depend on", async () => {
    const info = await plugin.invoke("mesos:marathon:getInfo", {});
    assert.match(String(info["version"]), /^1\.\d+\.\d+/);
    assert.equal(info["elected"], true);
    assert.equal(`http://${String(info["leader"])}`, cluster.marathon.url);
    assert.deepEqual([info["role"], info["enforcesRoleOfNewGroups"]], ["*", false]);
  });
});
