// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { json, type TestServer, testServer } from "./http-server.test.support";
import { isConflict, MarathonClient } from "./index";

const signal = new AbortController().signal;
const deploying = { version: "v2", deploymentId: "d2" };
const change = { ...deploying, repeated: false };

describe("MarathonClient's groups, pods and history", function () {
  this.timeout(60_000);
  let server: TestServer;
  let client: MarathonClient;

  beforeEach(async () => {
    server = await testServer((_, r) => json(r, 200, deploying));
    client = new MarathonClient({ urls: [server.url] });
  });
  afterEach(() => server.close());

  function lastRequest(): string {
    const { method, url } = server.received.at(-1) ?? { method: "", url: "" };
    return `${method} ${url.replace(/\?embed=.*/, "?embed")}`;
  }

  it("reads a group with everything below it, and the root group", async () => {
    const pod = { id: "/shop/p", spec: { id: "/shop/p", containers: [] }, status: "STABLE", instances: [] };
    const group = { id: "/shop", enforceRole: false, apps: [], groups: [], pods: [pod], version: "v" };
    const app = { id: "/shop/web/nginx", instances: 2, cmd: "x" };
    const whole = { ...group, groups: [{ id: "/shop/web", apps: [app], dependencies: ["/shop/db"] }] };
    server.answer = (_, r) => json(r, 200, whole);
    const found = await client.getGroup("/shop", signal);
    assert.deepEqual(found, whole);
    assert.equal(lastRequest(), "GET /v2/groups/shop?embed");
    assert.match(server.received[0]?.url ?? "", /embed=group\.pods&.*embed=group\.apps\.counts/);
    await client.getGroup("/", signal);
    assert.equal(lastRequest(), "GET /v2/groups?embed");
  });

  it("answers nothing for groups, pods and versions that Marathon does not know", async () => {
    server.answer = (_, r) => json(r, 404, { message: '{"message": "pod with /x does not exist"}' });
    const looks = [
      client.getGroup("/x", signal),
      client.getPod("/x", signal),
      client.getPodStatus("/x", signal),
      client.getPodVersions("/x", signal),
      client.getPodVersion("/x", "v", signal),
      client.getAppVersions("/x", signal),
      client.getAppVersion("/x", "v", signal),
      client.deleteGroup("/x", signal),
      client.deletePod("/x", signal),
      client.deleteDeployment("d1", signal),
    ];
    assert.deepEqual([...new Set(await Promise.all(looks))], [undefined]);
  });

  it("fails when a proxy answers 404 for a group or pod, or for a delete", async () => {
    server.answer = (_, r) => json(r, 404, { error: "no route" });
    const proxied = { code: "MESOS_CLIENT_STATUS" };
    await assert.rejects(client.getGroup("/x", signal), proxied);
    await assert.rejects(client.getPodStatus("/x", signal), proxied);
    await assert.rejects(client.deleteGroup("/x", signal), proxied);
  });

  it("writes groups, and plans them without writing", async () => {
    const group = { id: "/shop", apps: [] };
    assert.deepEqual(await client.createGroup(group, signal), change);
    assert.equal(lastRequest(), "POST /v2/groups?force=false");
    assert.deepEqual(await client.putGroup("/shop", group, signal, { force: true }), change);
    assert.equal(lastRequest(), "PUT /v2/groups/shop?force=true");
    assert.deepEqual(await client.deleteGroup("/shop/web", signal), change);
    assert.equal(lastRequest(), "DELETE /v2/groups/shop/web?force=false");
    const steps = [{ actions: [{ action: "StartApplication", app: "/shop/web" }] }];
    server.answer = (_, r) => json(r, 200, { steps });
    assert.deepEqual(await client.planGroup("/shop", group, signal), steps);
    assert.equal(lastRequest(), "PUT /v2/groups/shop?dryRun=true&force=false");
    server.answer = (_, r) => r.writeHead(200).end();
    await client.patchGroup("/shop", { enforceRole: true }, signal);
    assert.deepEqual(
      [lastRequest(), server.received.at(-1)?.body],
      ["PATCH /v2/groups/shop", '{"enforceRole":true}'],
    );
  });

  it("writes pods: their deployment stands in a header", async () => {
    const pod = { id: "/p", containers: [{ name: "c" }] };
    const headers = { "Marathon-Deployment-Id": "d3" };
    server.answer = (q, r) => json(r, q.method === "POST" ? 201 : 200, pod, headers);
    assert.deepEqual(await client.createPod(pod, signal), { pod, deploymentId: "d3" });
    const replaced = await client.replacePod("/p", pod, signal);
    assert.deepEqual(replaced, { pod, deploymentId: "d3", repeated: false });
    server.answer = (_, r) => r.writeHead(202, headers).end();
    assert.deepEqual(await client.deletePod("/p", signal), { deploymentId: "d3", repeated: false });
    assert.equal(lastRequest(), "DELETE /v2/pods/p?force=false");
    server.answer = (_, r) => json(r, 200, []);
    await client.killPodInstance("/p", "p.instance-1", { wipe: true }, signal);
    assert.equal(lastRequest(), "DELETE /v2/pods/p::instances/p.instance-1?wipe=true");
    server.answer = (_, r) => json(r, 409, { message: "A pod with id [/p] already exists." });
    await assert.rejects(client.createPod(pod, signal), (e) => isConflict(e) && e.deployments.length === 0);
  });

  it("fails when the answer to a pod's write names no deployment", async () => {
    server.answer = (_, r) => json(r, 201, { id: "/p" });
    await assert.rejects(client.createPod({ id: "/p" }, signal), { code: "MESOS_CLIENT_DECODE" });
  });

  it("restarts an app, and answers the deployment that rolls another back", async () => {
    assert.deepEqual(await client.restartApp("/shop/web", signal), change);
    assert.equal(lastRequest(), "POST /v2/apps/shop/web/restart?force=false");
    assert.equal(server.received.at(-1)?.headers["content-type"], undefined);
    assert.deepEqual(await client.deleteDeployment("d1", signal), change);
    assert.equal(lastRequest(), "DELETE /v2/deployments/d1?force=false");
    server.answer = (_, r) => r.writeHead(202).end();
    assert.equal(await client.deleteDeployment("d1", signal, { force: true }), undefined);
  });

  it("reads versions of apps and pods", async () => {
    server.answer = (_, r) => json(r, 200, { versions: ["v2", "v1"] });
    assert.deepEqual(await client.getAppVersions("/x", signal), ["v2", "v1"]);
    server.answer = (_, r) => json(r, 200, { id: "/x", cmd: "old" });
    assert.deepEqual(await client.getAppVersion("/x", "2026-01-01T00:00:00.000Z", signal), {
      id: "/x",
      cmd: "old",
    });
    assert.equal(lastRequest(), "GET /v2/apps/x/versions/2026-01-01T00%3A00%3A00.000Z");
    server.answer = (_, r) => json(r, 200, ["v1"]);
    assert.deepEqual(await client.getPodVersions("/p", signal), ["v1"]);
    assert.equal(lastRequest(), "GET /v2/pods/p::versions");
  });

  it("reads why instances wait, with the offers that did not fit", async () => {
    const item = {
      app: { id: "/x" },
      count: 2,
      lastUnusedOffers: [
        {
          offer: { hostname: "a1", resources: [{ name: "cpus", role: "*", scalar: 0.5 }], attributes: [] },
          reason: ["InsufficientCpus"],
          timestamp: "t",
        },
      ],
    };
    server.answer = (_, r) => json(r, 200, { queue: [item] });
    assert.deepEqual(await client.getQueue(signal, { offers: true }), [item]);
    assert.equal(server.received[0]?.url, "/v2/queue?embed=lastUnusedOffers");
  });

  it("asks again for a read whose answer was cut off", async () => {
    server.answer = (_, r) =>
      server.received.length === 1 ? r.writeHead(200).end('[{"id":"d1"') : json(r, 200, [{ id: "d1" }]);
    assert.deepEqual(await client.getDeployments(signal), [{ id: "d1" }]);
  });

  it("tells by `writes` that what was read before may be outdated", async () => {
    const before = client.writes;
    server.answer = (_, r) => json(r, 200, []);
    await client.getDeployments(signal);
    assert.equal(client.writes, before);
    server.answer = (_, r) => json(r, 200, deploying);
    await client.replaceApp("/x", {}, signal);
    assert.notEqual(client.writes, before);
  });
});
