// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type AppTraffic, MarathonClient, UnreachableError } from "@pulumi-mesos/client";
import { type AppAutoscale, appScalePath, appScaleStatesPath } from "@pulumi-mesos/model";
import { FakeCluster, MemoryStore } from "../fake-cluster.test.support";
import { movesPath, PoolStore } from "../pool-store";
import { AppMetrics } from "./app-metrics";
import { AppScaler } from "./app-scaler";

const signal = new AbortController().signal;
const policy: AppAutoscale = { min: 1, max: 8, targetRps: 50, scaleDown: { stabilizationSeconds: 20 } };
const node = appScalePath("c", "/web");

describe("apps that follow their traffic", function () {
  this.timeout(20_000);
  let cluster: FakeCluster;
  let store: MemoryStore;
  let address: string;
  let now: number;
  /** Requests a second at each of two edges; nothing: it does not answer. */
  let rates: (number | undefined)[];
  let counted: number[];
  /** Requests that have no answer yet, at each edge. */
  let openRequests: number;
  let scaler: AppScaler;

  const made = (): AppScaler =>
    new AppScaler({
      store: new PoolStore(store, "c"),
      marathon: new MarathonClient({ urls: [`http://${address}`], electionMs: 0 }),
      edges: rates.map((_, i) => ({ name: `edge-${i + 1}`, client: { traffic: async () => traffic(i) } })),
      clock: { now: () => now, pause: async () => {} },
      log: { info() {}, warn() {} },
    });
  const traffic = (edge: number): Record<string, AppTraffic> => {
    if (rates[edge] === undefined) throw new UnreachableError("GET /api/traffic", [new Error("refused")]);
    const requests = counted[edge] ?? 0;
    return { "/web": { requests, errors: 0, connectionFailures: 0, requestsPerSecond: 0, openRequests } };
  };
  const declare = async (autoscale: AppAutoscale): Promise<void> => {
    const data = Buffer.from(JSON.stringify(autoscale));
    if (store.nodes.has(node)) await store.set(node, data);
    else await store.create(node, data);
  };
  const pass = async (seconds: number): Promise<void> => {
    for (let n = 0; n < seconds; n++) {
      now += 1_000;
      counted = counted.map((before, i) => before + (rates[i] ?? 0));
      await scaler.round(signal);
    }
  };
  const instances = (): number => cluster.apps[0]?.instances ?? Number.NaN;
  const told = () => scaler.report["/web"]?.decisions[0] ?? assert.fail("nothing told");

  beforeEach(async () => {
    cluster = new FakeCluster();
    address = await cluster.listen();
    cluster.apps = [{ id: "/web", instances: 1, cpus: 0.1, mem: 64, tasks: [], resourceLimits: { cpus: 2 } }];
    store = new MemoryStore();
    now = 1_000_000;
    rates = [0, 0];
    counted = [0, 0];
    openRequests = 0;
    scaler = made();
  });
  afterEach(() => cluster.close());

  it("grow with what all edges count, say why, and go back when it is gone", async () => {
    await declare(policy);
    rates = [150, 100];
    await pass(12);
    assert.equal(instances(), 5);
    assert.deepEqual(cluster.calls, ['patch /web {"instances":5,"resourceLimits":{"cpus":2}}']);
    const change = scaler.report["/web"]?.decisions.find((one) => one.change !== undefined);
    assert.equal(change?.change, "1 to 5 instances");
    assert.deepEqual(change?.reasons, ["250 requests/s on 1 instance, 50 each: 5 needed"]);
    rates = [0, 0];
    await pass(17);
    assert.equal(instances(), 5);
    assert.match(told().reasons.join(), /needed within the last 20 s/);
    await pass(20);
    assert.equal(instances(), 1);
    const text = await new AppMetrics().text(scaler.report);
    assert.match(text, /^mesos_groups_app_instances{app="\/web"} 1$/m);
    assert.match(text, /^mesos_groups_app_load{app="\/web"} 0$/m);
    assert.match(text, /^mesos_groups_app_max_instances{app="\/web"} 8$/m);
  });

  it("follow how many requests are at work at a time, however few come", async () => {
    await declare({ min: 1, max: 8, targetConcurrency: 4, scaleDown: { stabilizationSeconds: 20 } });
    [rates, openRequests] = [[1, 1], 10];
    await pass(12);
    assert.equal(instances(), 5);
    const change = scaler.report["/web"]?.decisions.find((one) => one.change !== undefined);
    assert.deepEqual(change?.reasons, ["20 requests at a time on 1 instance, 4 each: 5 needed"]);
    openRequests = 0;
    await pass(40);
    assert.equal(instances(), 1);
  });

  it("lose nobody while an edge does not answer", async () => {
    await declare(policy);
    rates = [150, 100];
    await pass(12);
    rates = [0, undefined];
    await pass(60);
    assert.equal(instances(), 5);
    assert.match(told().frozen ?? "", /^edge-2 does not answer/);
    rates = [0, 0];
    await pass(30);
    assert.equal(instances(), 1);
  });

  it("hold to new bounds at once, and are left alone when they are declared no more", async () => {
    await declare(policy);
    await pass(3);
    await declare({ ...policy, min: 4 });
    await pass(1);
    assert.equal(instances(), 4);
    await store.remove(node);
    rates = [500, 500];
    await pass(20);
    assert.equal(instances(), 4);
    assert.deepEqual(scaler.report, {});
  });

  it("wait for a deployment of somebody else, and take back their own when the load has gone on", async () => {
    await declare(policy);
    rates = [100, 100];
    const [app] = cluster.apps;
    assert.ok(app);
    app.deployments = [{ id: "theirs" }];
    await pass(15);
    assert.equal(instances(), 1);
    assert.equal(told().held, "waits for the deployment of somebody else: theirs");
    app.deployments = [];
    await pass(6);
    assert.equal(instances(), 4);
    const kept = JSON.parse(store.nodes.get(appScaleStatesPath("c"))?.data.toString() ?? "{}");
    app.deployments = [{ id: kept["/web"].deployment }];
    rates = [200, 200];
    // Another controller knows the deployment from ZooKeeper.
    scaler = made();
    await pass(20);
    assert.equal(instances(), 8);
    assert.match(cluster.calls.at(-1) ?? "", /"instances":8.* by force$/);
  });

  it("wait for their task that is on its way to another agent, and let no other set out before", async () => {
    await declare(policy);
    await store.create(
      movesPath("c"),
      Buffer.from(JSON.stringify({ "/web": { taskId: "t1", instances: 1 } })),
    );
    const [app] = cluster.apps;
    assert.ok(app);
    app.instances = 2;
    rates = [100, 100];
    await pass(12);
    assert.equal(instances(), 2);
    assert.equal(told().from, 1);
    assert.match(told().held ?? "", /its task that is on its way/);
    assert.deepEqual([...scaler.held], ["/web"]);
    await store.set(movesPath("c"), Buffer.from("{}"));
    app.instances = 1;
    await pass(6);
    assert.equal(instances(), 4);
    assert.deepEqual([...scaler.held], []);
  });

  it("stay as they are while Marathon is away, or has no such app", async () => {
    await declare(policy);
    rates = [100, 100];
    cluster.broken.add("/v2/apps");
    await pass(12);
    assert.match(told().reasons.join(), /^Marathon does not answer/);
    cluster.broken.clear();
    await pass(6);
    assert.equal(instances(), 4);
    cluster.apps = [];
    await pass(6);
    assert.deepEqual(told().reasons, ["Marathon has no such app"]);
  });
});
