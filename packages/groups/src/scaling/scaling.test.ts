// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { MarathonClient, MesosClient } from "@pulumi-mesos/client";
import type { AgentPoolStatus, AutoscalePolicy } from "@pulumi-mesos/model";
import type { Backend } from "../backends/backend";
import { GroupsController } from "../controller";
import { FakeCluster, MemoryStore } from "../fake-cluster.test.support";
import { PoolStore, scaleStatePath } from "../pool-store";
import { declarationOf } from "../small-world.test.support";

const pool = "/pulumi-mesos/c/pools/web";
const signal = new AbortController().signal;
const log = { info() {}, warn() {} };
/** Short windows, so that a test need not live through minutes. */
const policy: AutoscalePolicy = {
  min: 1,
  max: 5,
  targetUtilization: 1,
  headroom: { maxShare: 0 },
  scaleDown: { stabilizationSeconds: 60, maxStabilizationSeconds: 0, cooldownSeconds: 30, maxStep: 5 },
};

describe("a group that sizes itself", function () {
  this.timeout(120_000);
  let cluster: FakeCluster;
  let store: MemoryStore;
  let address: string;
  let now: number;
  let wall: number;

  const controllerOf = (more: Partial<Backend> = {}): GroupsController =>
    new GroupsController({
      store: new PoolStore(store, "c"),
      mesos: new MesosClient({ masters: [address], electionMs: 0 }),
      marathon: new MarathonClient({ urls: [`http://${address}`], electionMs: 0 }),
      marathonName: "marathon",
      backend: { ...cluster.backend(), ...more },
      clock: { now: () => now, wall: () => wall, pause: async () => {} },
      log,
    });
  const declare = async (autoscale: AutoscalePolicy | undefined, size = 0): Promise<void> => {
    const data = Buffer.from(JSON.stringify({ ...declarationOf(size), autoscale }));
    if (store.nodes.has(pool)) await store.set(pool, data);
    else await store.create(pool, data);
  };
  const status = (): AgentPoolStatus =>
    JSON.parse(store.nodes.get(`${pool}/status`)?.data.toString() ?? "{}") as AgentPoolStatus;
  const run = (id: string, instances: number, cpus = 1): void => {
    cluster.apps.push({ id, instances, cpus, mem: 64, tasks: [] });
    cluster.schedule();
  };
  /** Rounds of ten seconds each. */
  const pass = async (controller: () => GroupsController, rounds: number): Promise<void> => {
    for (let n = 0; n < rounds; n++) {
      now += 10_000;
      await controller().reconcile(signal);
    }
  };
  const reasons = (controller: GroupsController): string =>
    controller.scaling.groups["web"]?.decisions.flatMap((told) => told.reasons).join("\n") ?? "";

  beforeEach(async () => {
    cluster = new FakeCluster();
    store = new MemoryStore();
    address = await cluster.listen();
    now = 1_000_000_000;
    wall = Date.parse("2026-01-05T00:00:00Z");
  });
  afterEach(async () => {
    await cluster.close();
    assert.deepEqual(cluster.harm, []);
  });

  it("tells what the agents of each group have by role, and nothing while no master leads", async () => {
    await declare({ ...policy, min: 2 });
    const controller = controllerOf();
    await pass(() => controller, 3);
    const [everybodys] = controller.resources["web"] ?? [];
    assert.deepEqual([everybodys?.role, everybodys?.total.cpus], ["*", 2 * cluster.offer.cpus]);
    cluster.broken.add("GET_AGENTS");
    await pass(() => controller, 1);
    assert.deepEqual(controller.resources, {});
  });

  it("grows from nothing for an app that asks for a zone, by what its backend says of zones, once that says it", async () => {
    await declare({ ...policy, min: 0 });
    let isThrottled = true;
    const controller = controllerOf({
      places: async () => {
        if (isThrottled) throw new Error("Rate exceeded");
        return [{ region: "eu", zone: "eu-a" }];
      },
    });
    cluster.apps.push({
      id: "/a",
      instances: 1,
      cpus: 1,
      mem: 64,
      tasks: [],
      constraints: [["@zone", "IS", "eu-a"]],
    });
    await pass(() => controller, 2);
    assert.deepEqual(cluster.members, []);
    isThrottled = false;
    await pass(() => controller, 2);
    assert.deepEqual(cluster.members, ["web-1"]);
  });

  it("grows for the tasks that wait and says why, and shrinks after its window by moving them", async () => {
    await declare(policy);
    const controller = controllerOf();
    await pass(() => controller, 2);
    assert.deepEqual(cluster.members, ["web-1"]);
    run("/a", 6);
    await pass(() => controller, 3);
    assert.deepEqual(cluster.members, ["web-1", "web-2", "web-3"]);
    assert.match(reasons(controller), /2 more for 4 tasks of \/a that fit on no agent/);
    assert.equal(status().settled, true);
    assert.equal(status().message, "web: 3 of 3 agents active, 1 to 5 by load");
    const [app] = cluster.apps;
    assert.ok(app !== undefined);
    // One task is left on each of the first two agents, none on the third.
    app.instances = 2;
    app.tasks = app.tasks.filter((_, n) => n === 0 || n === 2);
    await pass(() => controller, 4);
    assert.equal(cluster.members.length, 3, "the window has not passed");
    await pass(() => controller, 20);
    assert.deepEqual(cluster.members.length, 1);
    assert.equal(app.tasks.length, 2);
    assert.equal(app.instances, 2);
  });

  it("goes on where it was, however often the controller is killed", async () => {
    await declare(policy);
    run("/a", 6);
    await pass(controllerOf, 4);
    assert.equal(cluster.members.length, 3);
    const [app] = cluster.apps;
    assert.ok(app !== undefined);
    app.instances = 2;
    app.tasks = app.tasks.slice(0, 2);
    await pass(controllerOf, 10);
    assert.equal(cluster.members.length, 3, "absence does not count towards the window");
    const controller = controllerOf();
    await pass(() => controller, 8);
    await pass(controllerOf, 12);
    assert.equal(cluster.members.length, 1);
  });

  it("takes edited bounds at once, and a size of its own again, and never writes the declaration", async () => {
    await declare(policy);
    const controller = controllerOf();
    await pass(() => controller, 1);
    await declare({ ...policy, min: 3 });
    const version = store.nodes.get(pool)?.version;
    await controller.reconcile(signal);
    await controller.reconcile(signal);
    assert.equal(cluster.members.length, 3);
    await declare({ ...policy, max: 2 });
    for (let n = 0; n < 6; n++) await controller.reconcile(signal);
    assert.equal(cluster.members.length, 2);
    await declare(undefined, 4);
    for (let n = 0; n < 3; n++) await controller.reconcile(signal);
    assert.equal(cluster.members.length, 4);
    assert.equal(store.nodes.has(scaleStatePath("c", "web")), false);
    assert.equal(store.nodes.get(pool)?.version, (version ?? 0) + 2);
  });

  it("begins with the agents that there are when its size becomes a range", async () => {
    await declare(undefined, 4);
    const controller = controllerOf();
    await pass(() => controller, 2);
    await declare(policy);
    await pass(() => controller, 2);
    assert.equal(cluster.members.length, 4);
  });

  it("lets an agent go only when tasks that nobody moves have ended", async () => {
    await declare(policy);
    const controller = controllerOf();
    run("/a", 3);
    await pass(() => controller, 3);
    assert.equal(cluster.members.length, 2);
    const [app] = cluster.apps;
    assert.ok(app !== undefined);
    const [first, second] = cluster.agents;
    app.instances = 1;
    app.tasks = app.tasks.filter(({ slaveId }) => slaveId === first?.id).slice(0, 1);
    cluster.others = [{ id: "job", agentId: second?.id ?? "", cpus: 0.5 }];
    await pass(() => controller, 20);
    assert.deepEqual(cluster.members, ["web-1", "web-2"]);
    assert.equal(second?.deactivated, true);
    assert.equal(status().settled, true, "nobody waits for a job");
    cluster.others = [];
    await pass(() => controller, 3);
    assert.deepEqual(cluster.members, ["web-1"]);
  });

  it("keeps everybody while Marathon does not say what waits, and says so", async () => {
    await declare(policy);
    const controller = controllerOf();
    run("/a", 6);
    await pass(() => controller, 3);
    cluster.apps = [];
    cluster.broken.add("/v2/queue");
    await pass(() => controller, 20);
    assert.equal(cluster.members.length, 3);
    assert.match(reasons(controller), /nobody begins to leave: Marathon does not say which tasks wait/);
  });

  it("keeps everybody while no master answers, and counts nothing of what the next one has not heard of yet", async () => {
    await declare(policy);
    const controller = controllerOf();
    run("/a", 8);
    await pass(() => controller, 3);
    assert.equal(cluster.members.length, 4);
    cluster.broken.add("GET_AGENTS");
    await pass(() => controller, 1);
    assert.match(reasons(controller), /nothing changes: no master says which agents there are/);
    cluster.broken.clear();
    const agents = cluster.agents;
    cluster.apps = [];
    cluster.agents = agents.slice(0, 1);
    await pass(() => controller, 20);
    assert.equal(cluster.members.length, 4);
    assert.match(reasons(controller), /unreachable/);
    cluster.agents = agents;
    await pass(() => controller, 20);
    assert.equal(cluster.members.length, 1);
  });

  it("reports tasks that no agent of any group could take, and does not chase them", async () => {
    await declare(policy);
    const controller = controllerOf();
    run("/huge", 2, 64);
    cluster.rejects = [{ reason: "InsufficientCpus", declined: 3, processed: 3 }];
    await pass(() => controller, 4);
    assert.equal(cluster.members.length, 1);
    const { unplaceable, queued } = controller.scaling;
    assert.match(unplaceable[0]?.reason ?? "", /no agent of any group has cpus 64/);
    assert.deepEqual(queued, [{ work: "/huge", tasks: 2, refused: "InsufficientCpus (3 offers)" }]);
  });

  it("does not count on an agent in maintenance and leaves it alone, until that is over", async () => {
    await declare({ ...policy, min: 2 });
    const controller = controllerOf();
    await pass(() => controller, 2);
    const nanoseconds = (ms: number) => ({ nanoseconds: ms * 1e6 });
    const hour = 3_600_000;
    cluster.maintenance = [
      {
        machine_ids: [{ hostname: "127.81.9.2" }],
        unavailability: { start: nanoseconds(wall + hour), duration: nanoseconds(hour) },
      },
    ];
    await pass(() => controller, 2);
    assert.equal(cluster.members.length, 2, "room until shortly before");
    wall += hour;
    await pass(() => controller, 3);
    assert.equal(cluster.members.length, 2, "no task needs more");
    const [closed] = cluster.agents.filter(({ host }) => host === "127.81.9.2");
    assert.ok(closed);
    cluster.others = [{ id: "filler", agentId: closed.id, cpus: 2 }]; // Marathon refuses what it offers.
    cluster.apps.push({ id: "/a", instances: 3, cpus: 1, mem: 64, tasks: [] });
    cluster.schedule();
    cluster.others = [];
    await pass(() => controller, 1);
    assert.equal(cluster.members.length, 3);
    assert.match(reasons(controller), /1 more for 1 task of \/a that fits on no agent/);
    const before = cluster.calls.length;
    cluster.apps = [];
    await pass(() => controller, 20);
    assert.deepEqual(cluster.members.sort(), ["web-1", "web-2"], "the other one that is free leaves");
    assert.ok(!cluster.calls.slice(before).some((call) => call.includes(closed.id)), "nobody touches it");
    wall += 2 * hour;
    await declare(policy);
    await pass(() => controller, 20);
    assert.deepEqual(cluster.harm, [], "Mesos drains nobody that is in the schedule, also after its time");
    cluster.maintenance = [];
    await pass(() => controller, 20);
    assert.equal(cluster.members.length, 1);
  });

  it("does not chase tasks whose role gets no offers", async () => {
    await declare(policy);
    const controller = controllerOf();
    cluster.rejects = [{ reason: "UnfulfilledRole", declined: 2, processed: 2 }];
    run("/a", 6);
    await pass(() => controller, 4);
    assert.equal(cluster.members.length, 1);
    assert.equal(controller.scaling.queued[0]?.hopeless, "its role gets no offers");
  });

  it("leaves a backend that refuses alone for a while, and takes it up again", async () => {
    await declare(policy);
    const controller = controllerOf();
    await pass(() => controller, 1);
    cluster.refusal = "no room left";
    run("/a", 6);
    await pass(() => controller, 4);
    assert.equal(cluster.members.length, 1);
    assert.match(reasons(controller), /its backend refuses new agents for now/);
    cluster.refusal = undefined;
    await pass(() => controller, 40);
    assert.equal(cluster.members.length, 3);
  });

  it("neither loses nor prolongs its window by a machine whose clock stands elsewhere", async () => {
    for (const jump of [-86_400_000, 86_400_000]) {
      cluster.apps = [];
      await declare(policy);
      run("/a", 6);
      const first = controllerOf();
      await pass(() => first, 12);
      cluster.apps = [];
      await pass(() => first, 2);
      assert.equal(cluster.members.length, 3);
      now += jump;
      const second = controllerOf();
      await pass(() => second, 3);
      assert.equal(cluster.members.length, 3, `within the window, ${jump} ms away`);
      await pass(() => second, 20);
      assert.equal(cluster.members.length, 1, `after the window, ${jump} ms away`);
    }
  });

  it("has other bounds by schedule, by the clock on the wall", async () => {
    await declare({ ...policy, schedule: [{ cron: "0 8 * * *", durationSeconds: 3600, min: 3 }] });
    const controller = controllerOf();
    await pass(() => controller, 2);
    assert.equal(cluster.members.length, 1);
    wall = Date.parse("2026-01-05T08:00:01Z");
    await pass(() => controller, 2);
    assert.equal(cluster.members.length, 3);
    assert.match(reasons(controller), /2 more, so that there are 3 \(by schedule 0 8 \* \* \*\)/);
    wall = Date.parse("2026-01-05T09:00:01Z");
    await pass(() => controller, 20);
    assert.equal(cluster.members.length, 1);
  });

  it("has the agents that a signal asks for within its bounds, and keeps everybody while one says nothing", async () => {
    const url = `http://${address}/signal`;
    await declare({ ...policy, signals: [{ name: "queue", url, perAgent: 100 }] });
    const controller = controllerOf();
    cluster.answers.set("/signal", { value: 50 });
    await pass(() => controller, 2);
    assert.equal(cluster.members.length, 1);
    cluster.answers.set("/signal", { value: 250 });
    await pass(() => controller, 2);
    assert.equal(cluster.members.length, 3);
    assert.match(reasons(controller), /so that there are 3 \(signal queue says 250\)/);
    cluster.answers.set("/signal", { value: 1e9 });
    await pass(() => controller, 2);
    assert.equal(cluster.members.length, 5, "no more than max");
    cluster.answers.delete("/signal");
    await pass(() => controller, 20);
    assert.equal(cluster.members.length, 5);
    assert.match(reasons(controller), /nobody begins to leave: signal queue says nothing: .*404/);
    cluster.answers.set("/signal", 0);
    await pass(() => controller, 20);
    assert.equal(cluster.members.length, 1);
  });

  it("does no more once ZooKeeper does not take its words, and the next controller ends nobody twice and nobody undrained", async () => {
    await declare(policy);
    run("/a", 6);
    await pass(controllerOf, 4);
    const [app] = cluster.apps;
    assert.ok(app !== undefined);
    app.instances = 1;
    app.tasks = app.tasks.slice(0, 1);
    let cuts = 0;
    for (let round = 0; round < 40; round++) {
      now += 10_000;
      const cut = round % 5;
      store.writesLeft = cut;
      const calls = cluster.calls.length;
      await controllerOf()
        .reconcile(signal)
        .catch((error: unknown) => {
          assert.match(String(error), /session is over/);
          cuts++;
          if (cut === 0) assert.equal(cluster.calls.length, calls, "nothing is done that is not written");
        });
      store.writesLeft = Number.POSITIVE_INFINITY;
      const controller = controllerOf();
      await pass(() => controller, 1);
    }
    assert.ok(cuts > 0);
    const last = controllerOf();
    await pass(() => last, 20);
    assert.equal(cluster.members.length, 1);
    assert.equal(cluster.calls.filter((call) => call.startsWith("terminate")).length, 2);
  });
});
