// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { eventually, hangMs } from "./support/eventually";
import { failed, PluginDriver } from "./support/plugin";

const type = "mesos:marathon:Pod";
const container = (more: object = {}) => ({
  name: "main",
  resources: { cpus: 0.1, mem: 16 },
  exec: { command: { shell: "sleep 1000" } },
  ...more,
});
const pod = (podId: string, more: object = {}) => ({
  podId,
  containers: [container()],
  scaling: { kind: "fixed", instances: 2 },
  ...more,
});

/** A Marathon of the simulator, the plugin over its protocol; tasks are processes. */
describe("mesos:marathon:Pod", function () {
  this.timeout(1_200_000);
  let cluster: Cluster;
  let plugin: PluginDriver;

  before(async () => {
    cluster = await startCluster({ network: "127.121.2", agents: 1, marathons: 2, tasks: "process" });
    plugin = await PluginDriver.start({ marathonUrls: cluster.marathons.map((m) => m.url) });
  });
  after(async () => {
    plugin?.close();
    await cluster?.close();
  });

  async function send(method: string, path: string, body?: unknown): Promise<Response> {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(cluster.marathon.url + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${await response.clone().text()}`);
    return response;
  }
  const running = async (id: string) =>
    (await (await send("GET", `/v2/pods${id}`)).json()) as Record<string, unknown> & {
      scaling: { instances: number };
      version: string;
    };

  it("a pod is made, read, changed and deleted, each waited for", async () => {
    const made = await plugin.create(type, pod("/life"));
    assert.equal(made.id, "/life");
    const instances = made.state["instances"] as { status: string }[];
    assert.deepEqual(
      instances.map((i) => i.status),
      ["STABLE", "STABLE"],
    );
    assert.ok(plugin.lines.some((line) => /\d of 2 stable/.test(line)) || plugin.lines.length === 0);
    const same = await plugin.read(made);
    assert.deepEqual(same?.inputs, made.inputs);

    assert.deepEqual(await plugin.diff(made, pod("/life", { networks: [], labels: {} })), []);
    const more = pod("/life", { scaling: { kind: "fixed", instances: 3 } });
    assert.deepEqual(await plugin.diff(made, more), ["scaling.instances: UPDATE"]);
    const scaled = await plugin.update(made, more);
    assert.equal((scaled.state["instances"] as unknown[]).length, 3);

    const changed = await plugin.update(scaled, pod("/life", { labels: { a: "b" } }));
    assert.notEqual(changed.state["version"], scaled.state["version"]);
    await plugin.delete(changed);
    assert.equal(await plugin.read(changed), undefined);
    await plugin.delete(changed);
  });

  it("another path makes another pod, and what Marathon refuses is named before", async () => {
    const made = await plugin.create(type, pod("/first"));
    assert.deepEqual(await plugin.diff(made, pod("/second")), ["podId: UPDATE_REPLACE"]);
    await assert.rejects(plugin.check(type, { podId: "/x" }), /containers: /);
    await assert.rejects(
      plugin.check(type, pod("/x", { instances: 2 })),
      /instances: unknown field, the number of instances is scaling.instances/,
    );
    await plugin.delete(made);
  });

  it("adopts an equal pod, and fails with the way to import one that differs", async () => {
    await send("POST", "/v2/pods", { ...pod("/x"), podId: undefined, id: "/there" });
    const made = await plugin.create(type, pod("/there"));
    assert.equal(made.state["version"], (await running("/there")).version);
    await assert.rejects(plugin.create(type, pod("/there", { labels: { a: "b" } })), {
      details:
        /^\/there exists already \(version .*\) and differs in labels; .*`pulumi import mesos:marathon:Pod r \/there`/,
    });
    await plugin.delete(made);
  });

  it("a pod is imported by its path and shows no change", async () => {
    await send("POST", "/v2/pods", { ...pod("/x"), podId: undefined, id: "/imported" });
    const found = await plugin.import(type, "/imported");
    assert.equal(found?.id, "/imported");
    assert.ok(found);
    assert.deepEqual(await plugin.diff(found, found.inputs), []);
    assert.deepEqual(await plugin.diff(found, pod("/imported")), []);
    await cluster.waitForDeployments();
    await plugin.delete(found);
    assert.equal(await plugin.import(type, "/imported"), undefined);
  });

  it("a lost answer makes one pod, and an answer of a standby or of an election none twice", async () => {
    cluster.failNext("POST /v2/pods", { status: 503 });
    const made = await plugin.create(type, pod("/lost"));
    assert.equal(made.id, "/lost");
    cluster.failNext("PUT /v2/pods/lost", { status: 500, body: "<html>oops</html>" });
    const changed = await plugin.update(made, pod("/lost", { labels: { a: "b" } }));
    assert.deepEqual((await running("/lost"))["labels"], { a: "b" });
    await plugin.delete(changed);
  });

  it("drift shows on refresh, and others' changes are not overwritten unless forced", async () => {
    const made = await plugin.create(type, pod("/shared"));
    const document = await running("/shared");
    await send("PUT", "/v2/pods/shared", { ...document, labels: { by: "hand" } });
    await cluster.waitForDeployments();
    const drifted = await plugin.read(made);
    assert.deepEqual(drifted?.inputs["labels"], { by: "hand" });
    const news = pod("/shared", { user: "nobody" });
    await assert.rejects(plugin.update(made, news), (error: Error) => {
      assert.match(error.message, /\/shared was changed by somebody else: .* they differ in labels; /);
      return true;
    });
    assert.deepEqual((await running("/shared"))["labels"], { by: "hand" });
    const forced = await plugin.update(made, pod("/shared", { labels: { by: "us" }, force: true }));
    assert.deepEqual((await running("/shared"))["labels"], { by: "us" });
    await plugin.delete(forced);
  });

  it("leaves the number of instances to others when told to", async () => {
    const open = (more: object = {}) => pod("/scaled", { manageInstances: false, ...more });
    const made = await plugin.create(type, open());
    await send("PUT", "/v2/pods/scaled", {
      ...(await running("/scaled")),
      scaling: { kind: "fixed", instances: 3 },
    });
    await cluster.waitForDeployments();
    const read = await plugin.read(made);
    assert.deepEqual(read?.inputs, made.inputs);
    assert.ok(read);
    assert.deepEqual(await plugin.diff(read, open()), []);
    const changed = await plugin.update(read, open({ labels: { a: "b" } }));
    assert.equal((await running("/scaled")).scaling.instances, 3);
    await plugin.delete(changed);
  });

  it("fails with reasons when it does not fit, keeps the state, and goes on at the next update", async () => {
    const big = pod("/big", { containers: [container({ resources: { cpus: 100, mem: 16 } })] });
    const failure = await failed(plugin.create(type, big, 2));
    assert.equal(failure.kept.id, "/big");
    assert.match(failure.reasons.join("\n"), /^not done after 2 s; .*\n.*\n0 of 2 stable/);
    assert.match(failure.reasons.join("\n"), /2 more of \/big wait for an offer; .*InsufficientCpus/);
    const done = await plugin.update(failure.kept, pod("/big", { force: true }));
    assert.equal((done.state["instances"] as unknown[]).length, 2);
    await plugin.delete(done);
  });

  it("wait for delete: a pod whose fetch always fails goes, although the deployment that made it never ends", async () => {
    const artifacts = [{ uri: `file://${cluster.directory}/nowhere` }];
    const failure = await failed(
      plugin.create(type, pod("/unfetched", { containers: [container({ artifacts })] }), 2),
    );
    assert.match(failure.reasons.join("\n"), /Failed to fetch/);
    plugin.lines.length = 0;
    await plugin.delete(failure.kept);
    assert.match(plugin.lines.join("\n"), /cancelling deployment \S+ of an earlier run, which is not done/);
    assert.equal(await plugin.read(failure.kept), undefined);
  });

  it("fail early on crash loop / unmatched resources, long before the timeout", async () => {
    const artifacts = [{ uri: `file://${cluster.directory}/nowhere` }];
    const scheduling = { backoff: { backoff: 0.1, backoffFactor: 1, maxLaunchDelay: 1 } };
    const looping = pod("/loop", { scheduling, containers: [container({ artifacts })] });
    const looped = await failed(plugin.create(type, looping, 60));
    assert.match(
      looped.reasons[0] ?? "",
      /^given up early: crash loop, \d+ tasks of \/loop ended within \d+ s, the last with TASK_FAILED/,
    );
    await plugin.delete(looped.kept);
    const big = pod("/never", { containers: [container({ resources: { cpus: 100, mem: 16 } })] });
    const never = await failed(plugin.create(type, big, 20));
    assert.match(
      never.reasons[0] ?? "",
      /^given up early: unmatched resources, for \d+ s no offer fits \/never/,
    );
    await plugin.delete(never.kept);
  });

  it("rolls back on a timeout when told to, waits for that and keeps the state of before", async () => {
    const made = await plugin.create(type, pod("/back"));
    const big = { containers: [container({ resources: { cpus: 100, mem: 16 } })], onTimeout: "rollback" };
    const failure = await failed(plugin.update(made, pod("/back", big), 2));
    assert.match(failure.reasons.at(-1) ?? "", /^rolled back by deployment .* \(onTimeout: rollback\)$/);
    assert.deepEqual(failure.kept.inputs, made.inputs);
    assert.equal((failure.kept.state["instances"] as unknown[]).length, 2);
    const { containers } = (await running("/back")) as unknown as {
      containers: { resources: { cpus: number } }[];
    };
    assert.equal(containers[0]?.resources.cpus, 0.1);
    await plugin.delete(failure.kept);
  });

  it("goes on when the leader dies in the middle", async () => {
    const slow = pod("/failover", {
      scaling: { kind: "fixed", instances: 4 },
      containers: [container({ exec: { command: { shell: "sleep 1000" } } })],
    });
    const creating = plugin.create(type, slow);
    await eventually(hangMs, async () => {
      await send("GET", "/v2/pods/failover");
    });
    const leader = await leading();
    await cluster.kill(leader);
    const made = await creating;
    assert.equal((made.state["instances"] as unknown[]).length, 4);
    await cluster.restart(leader);
    await plugin.delete(made);
  });

  async function leading(): Promise<string> {
    const { leader } = (await (await send("GET", "/v2/leader")).json()) as { leader: string };
    const member = cluster.marathons.find((m) => m.url === `http://${leader}`);
    assert.ok(member);
    return member.name;
  }
});
