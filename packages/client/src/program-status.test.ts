// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { MemberAddress } from "@pulumi-mesos/model";
import { json, type TestServer, testServer } from "./http-server.test.support";
import { edgeHealth, MesosClient, poolStatuses } from "./index";

const signal = new AbortController().signal;
const edge = {
  serving: false,
  marathon: { ageSeconds: null, apps: 0, holding: false, problem: "refused" },
  zookeeper: { connected: true, rules: 0, unreadable: [], problem: null },
  haproxy: { pid: 1, alive: true, reloads: 0, config: null, problem: null },
  leftOut: { "/web": "acl: bad" },
};

describe("what programs say of themselves", function () {
  this.timeout(60_000);
  let server: TestServer;
  let answer: { status: number; body: unknown };
  let member: MemberAddress;

  before(async () => {
    server = await testServer((_, r) => json(r, answer.status, answer.body));
    const [host = "", port] = server.host.split(":");
    member = { name: "m", host, port: Number(port) };
  });
  after(() => server.close());

  it("is an edge's health also while it does not serve, nothing of a real Bamboo, and otherwise an error", async () => {
    answer = { status: 503, body: edge };
    assert.deepEqual((await edgeHealth(member, signal))?.leftOut, { "/web": "acl: bad" });
    answer = { status: 404, body: {} };
    assert.equal(await edgeHealth(member, signal), undefined);
    answer = { status: 500, body: {} };
    await assert.rejects(edgeHealth(member, signal), { code: "MESOS_CLIENT_STATUS" });
    answer = { status: 200, body: { serving: true } };
    await assert.rejects(edgeHealth(member, signal), { code: "MESOS_CLIENT_DECODE" });
  });

  it("is the status of agent groups by name", async () => {
    const web = { generation: "g", settled: true, failed: false, message: "web: all well", members: [] };
    answer = { status: 200, body: { leading: true, cluster: "demo", pools: { web } } };
    assert.equal((await poolStatuses(member, signal))["web"]?.message, "web: all well");
    answer = { status: 200, body: { leading: false, cluster: "demo", pools: {} } };
    assert.deepEqual(await poolStatuses(member, signal), {});
  });

  it("is a master's metrics in numbers", async () => {
    const metrics = [{ name: "master/slaves_unreachable", value: 1 }, { name: "unset" }];
    answer = { status: 200, body: { get_metrics: { metrics } } };
    const client = new MesosClient({ masters: [server.host] });
    assert.deepEqual(await client.getMetrics(signal), { "master/slaves_unreachable": 1, unset: 0 });
  });
});
