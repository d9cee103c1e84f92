// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { MarathonClient, MesosClient, UnreachableError } from "@pulumi-mesos/client";
import { type AgentPoolStatus, digestOf } from "@pulumi-mesos/model";
import { GroupsController } from "./controller";
import { FakeCluster, MemoryStore } from "./fake-cluster.test.support";
import { movesPath, PoolStore } from "./pool-store";
import { declarationOf } from "./small-world.test.support";
import type { Marathon } from "./world";

const pool = "/pulumi-mesos/c/pools/web";
const signal = new AbortController().signal;
const log = { info() {}, warn() {} };

describe("the controller", () => {
  let cluster: FakeCluster;
  let store: MemoryStore;
  let address: string;
  /** How often Marathon was asked; while `silent` it does not answer. */
  let asked: number;
  let silent: boolean;
  const controllerOf = (): GroupsController =>
    new GroupsController({
      store: new PoolStore(store, "c"),
      mesos: new MesosClient({ masters: [address] }),
      marathon: marathon(),
      marathonName: "marathon",
      backend: cluster.backend(),
      clock: { now: () => 1_000_000, wall: () => 0, pause: async () => {} },
      log,
    });
  const marathon = (): Marathon => {
    const client = new MarathonClient({ urls: [`http://${address}`] });
    const getApps = client.getApps.bind(client);
    return Object.assign(client, {
      getApps: async (bound: AbortSignal) => {
        asked++;
        if (silent) throw new UnreachableError("GET /v2/apps", [new Error("connection refused")]);
        return getApps(bound);
      },
    });
  };
  const declare = async (size: number, more: object = {}): Promise<void> => {
    const data = Buffer.from(JSON.stringify({ ...declarationOf(size), ...more }));
    if (store.nodes.has(pool)) await store.set(pool, data);
    else await store.create(pool, data);
  };
  const status = (): AgentPoolStatus =>
    JSON.parse(store.nodes.get(`${pool}/status`)?.data.toString() ?? "{}") as AgentPoolStatus;
  const settle = async (controller: () => GroupsController): Promise<void> => {
    for (let n = 0; n < 50; n++) if (await controller().reconcile(signal)) return;
    assert.fail(status().message);
  };
  beforeEach(async () => {
    cluster = new FakeCluster();
    store = new MemoryStore();
    address = await cluster.listen();
    [asked, silent] = [0, false];
  });
  afterEach(() => cluster.close());

  it("makes members and reports the declaration that they settle", async () => {
    await declare(2);
    const controller = controllerOf();
    await settle(() => controller);
    assert.deepEqual(cluster.members, ["web-1", "web-2"]);
    assert.deepEqual(
      { ...status(), members: status().members.map((member) => member.state) },
      {
        generation: digestOf(declarationOf(2)),
        settled: true,
        failed: false,
        message: "web: 2 of 2 agents active",
        members: ["active", "active"],
      },
    );
  });

  it("moves a task with what a partial update would drop, then drains and ends the member", async () => {
    await declare(2);
    await settle(controllerOf);
    const app = { id: "/a", instances: 1, resourceLimits: { mem: 64 }, tasks: [] };
    cluster.apps = [app];
    cluster.place(app, "S1");
    const other = { id: "/b", instances: 2, tasks: [] };
    cluster.apps.push(other);
    for (const agent of ["S2", "S2"]) cluster.place(other, agent);
    cluster.locks = 1;
    await declare(1);
    // A new controller each round: as if it were killed after every one.
    await settle(controllerOf);
    assert.deepEqual(cluster.calls, [
      '{"type":"DEACTIVATE_AGENT","deactivate_agent":{"agent_id":{"value":"S1"}}}',
      'patch /a {"instances":2,"resourceLimits":{"mem":64}}',
      "kill 1 with scale",
      '{"type":"DRAIN_AGENT","drain_agent":{"agent_id":{"value":"S1"},"max_grace_period":{"seconds":5},"mark_gone":false}}',
      "terminate web-1",
    ]);
    assert.equal(app.instances, 1);
    assert.equal(store.nodes.get(movesPath("c"))?.data.toString(), "{}");
  });

  it("goes on with a task on its way after rounds in which no master knew its agent", async () => {
    await declare(2);
    await settle(controllerOf);
    const app = { id: "/a", instances: 1, tasks: [] };
    const other = { id: "/b", instances: 2, tasks: [] };
    cluster.apps = [app, other];
    cluster.place(app, "S1");
    for (const agent of ["S2", "S2"]) cluster.place(other, agent);
    await declare(1);
    for (let n = 0; n < 10 && app.instances === 1; n++) await controllerOf().reconcile(signal);
    // No leading master, then one that has just been elected.
    for (const [type, recovering] of [["GET_AGENTS", false] as const, ["", true] as const]) {
      cluster.broken.clear();
      cluster.broken.add(type);
      cluster.recovering = recovering;
      for (let n = 0; n < 3; n++) assert.equal(await controllerOf().reconcile(signal), false);
      assert.equal(app.instances, 2);
    }
    cluster.recovering = false;
    await settle(controllerOf);
    assert.deepEqual(
      cluster.calls.filter((call) => /^(patch|kill)/.test(call)),
      ['patch /a {"instances":2}', "kill 1 with scale"],
    );
    assert.equal(app.instances, 1);
  });

  it("does not ask a Marathon that has nothing on the pool: agents stand and go without one", async () => {
    silent = true;
    await declare(2);
    await settle(controllerOf);
    const cron = { id: "cron", instances: 1, framework: "F-cron", tasks: [] };
    cluster.apps = [cron];
    for (const agent of ["S1", "S2"]) cluster.place(cron, agent);
    await declare(0);
    await settle(controllerOf);
    assert.deepEqual(cluster.members, []);
    assert.equal(asked, 0);
  });

  it("leaves tasks of a silent Marathon, and of whoever nobody can name, where they are, and says why", async () => {
    await declare(2);
    await settle(controllerOf);
    const app = { id: "/a", instances: 1, tasks: [] };
    const stranger = { id: "x", instances: 1, framework: "F-nobody", tasks: [] };
    cluster.apps = [app, stranger];
    cluster.place(app, "S1");
    cluster.place(stranger, "S2");
    silent = true;
    await declare(0);
    for (let n = 0; n < 5; n++) assert.equal(await controllerOf().reconcile(signal), false);
    assert.match(
      status().message,
      /draining web-1: 1 task left \(1 of Marathon, which must move them and does not answer: GET \/v2\/apps.*connection refused/,
    );
    assert.deepEqual(cluster.members, ["web-1", "web-2"]);
    assert.equal(cluster.calls.filter((call) => /DRAIN|kill|patch/.test(call)).length, 0);
  });

  it("fails when a declaration does not fit, without touching the members", async () => {
    await declare(1);
    await settle(controllerOf);
    await declare(1, { size: "three" });
    await controllerOf().reconcile(signal);
    assert.equal(status().failed, true);
    assert.match(status().message, /^web: the declaration does not fit: size: /);
    assert.deepEqual(cluster.members, ["web-1"]);
  });

  it("waits while no master answers", async () => {
    await declare(1);
    await cluster.close();
    await controllerOf().reconcile(AbortSignal.any([signal]));
    assert.match(
      status().message,
      /^web: 0 of 1 agents active, waiting for a leading master, starting web-1$/,
    );
    assert.equal(status().settled, false);
  });

  it("has nothing to do for a pool whose node is gone, and never brings it back", async () => {
    await declare(1);
    const controller = controllerOf();
    await settle(() => controller);
    store.nodes.clear();
    assert.equal(await controller.reconcile(signal), true);
    assert.deepEqual(
      [...store.nodes.keys()].filter((path) => path.startsWith(pool)),
      [],
    );
  });
});
