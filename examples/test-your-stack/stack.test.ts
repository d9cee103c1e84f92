// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { deploy } from "./deploy";

describe("the shop", function () {
  this.timeout(60_000);
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster({ masters: 3, agents: 3 });
  });
  afterEach(async () => {
    assert.deepEqual(cluster.unknownRequests, [], "a request that Mesos and Marathon do not know");
    await cluster.reset();
  });
  after(async () => {
    await cluster.close();
  });

  async function running(): Promise<string[]> {
    await cluster.waitForApp("/shop/web");
    const tasks = (await cluster.tasks.list()).filter((task) => task.appId === "/shop/web");
    return tasks.map((task) => task.id).sort();
  }

  it("starts the database before the web servers", async () => {
    cluster.tasks.script("/shop/db", { startMs: 200 });
    await deploy(cluster.marathon.url, "1");
    assert.deepEqual(
      (await cluster.tasks.list()).map((task) => task.appId).filter((id) => id === "/shop/web"),
      [],
    );
    assert.equal((await running()).length, 3);
  });

  it("replaces every web server by a new release", async () => {
    await deploy(cluster.marathon.url, "1");
    const before = await running();
    await deploy(cluster.marathon.url, "2");
    await cluster.waitForDeployments();
    const now = await running();
    assert.equal(now.filter((id) => before.includes(id)).length, 0);
  });

  it("keeps its web servers while another master takes over", async () => {
    await deploy(cluster.marathon.url, "1");
    const before = await running();
    const leader = await cluster.leader();
    await cluster.kill(leader);
    assert.notEqual((await cluster.leader()).name, leader.name);
    await cluster.waitUntilUp();
    assert.deepEqual(await running(), before);
    await cluster.restart(leader);
  });

  it("deploys in spite of one failed request", async () => {
    cluster.failNext("PUT /v2/groups/shop", { status: 503, body: { message: "busy" } });
    await deploy(cluster.marathon.url, "1");
    assert.equal((await running()).length, 3);
  });
});
