// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { MemoryStore } from "../store/state-store";
import { agent, FakeMaster } from "../testing/fake-master";
import { TestMarathon } from "../testing/test-marathon";

const volume = { containerPath: "data", mode: "RW", persistent: { size: 100 } };
const db = {
  id: "/db",
  cmd: "sleep 100",
  cpus: 0.1,
  mem: 16,
  container: { type: "MESOS", volumes: [volume] },
};
const options = { role: "web", principal: "marathon", reservationTimeoutMs: 300 };

/** SPEC-marathon.md, "Persistent volumes". */
describe("marathon: apps with persistent volumes (marathon.md §1.3, §1.7.15)", function () {
  this.timeout(60_000);
  let master: FakeMaster;
  let store: MemoryStore;
  let marathon: TestMarathon;

  beforeEach(async () => {
    master = await FakeMaster.start([agent(1), agent(2)]);
    store = new MemoryStore();
    marathon = await TestMarathon.start({ master, store, options });
  });
  afterEach(async () => {
    await marathon.close();
    await master.close();
  });

  const done = (method: string, path: string, body?: unknown) => marathon.done(method, path, body);
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
  const tasks = async (): Promise<any[]> => (await marathon.call("GET", "/v2/apps/db/tasks")).body.tasks;
  const operations = () =>
    master
      .callsOf("ACCEPT")
      .flatMap((call) => (call["accept"] as { operations: { type: string }[] }).operations)
      .map((o) => o.type);
  const reserved = () => master.agents.flatMap((a) => master.reservations(a).all);

  it("answers the defaults that volumes ask for", async () => {
    const { body } = await done("POST", "/v2/apps", db);
    assert.deepEqual(body.container.volumes, [
      { containerPath: "data", mode: "RW", persistent: { type: "root", size: 100, constraints: [] } },
    ]);
    assert.deepEqual(body.residency, {
      relaunchEscalationTimeoutSeconds: 3600,
      taskLostBehavior: "WAIT_FOREVER",
    });
    assert.deepEqual(body.upgradeStrategy, { maximumOverCapacity: 0, minimumHealthCapacity: 0.5 });
    assert.equal(body.unreachableStrategy, "disabled");
  });

  it("reserves and creates with one offer, and launches with a later one", async () => {
    await done("POST", "/v2/apps", db);
    assert.deepEqual(operations(), ["RESERVE", "CREATE", "LAUNCH"]);
    const [task] = await tasks();
    const [kept] = task.localVolumes;
    const instanceId = task.id.replace("._app.1", "");
    assert.deepEqual(kept, {
      runSpecId: "/db",
      containerPath: "data",
      uuid: kept.uuid,
      persistenceId: `db#data#${kept.uuid}`,
    });
    const reservation = {
      type: "DYNAMIC",
      role: "web",
      principal: "marathon",
      labels: {
        labels: [
          { key: "marathon_framework_id", value: master.frameworkId },
          { key: "marathon_task_id", value: instanceId },
        ],
      },
    };
    const disk = reserved().find((r) => r.name === "disk");
    assert.deepEqual(disk?.reservations, [reservation]);
    assert.equal(disk?.role, undefined);
    assert.deepEqual(disk?.disk, {
      persistence: { id: kept.persistenceId, principal: "marathon" },
      volume: { container_path: "data", mode: "RW" },
    });
    assert.deepEqual(
      reserved().map((r) => r.name),
      ["cpus", "mem", "ports", "disk"],
    );
    const [running] = [...master.tasks.values()];
    const used = running?.info["resources"] as { name: string; reservations: unknown }[];
    assert.deepEqual(used.map((r) => r.name).sort(), ["cpus", "disk", "mem", "ports"]);
    for (const r of used) assert.deepEqual(r.reservations, [reservation]);
  });

  it("launches again on the same reservation after the task has ended, and after a restart of its own", async () => {
    await done("POST", "/v2/apps", { ...db, backoffSeconds: 0 });
    const [before] = await tasks();
    await marathon.close();
    marathon = await TestMarathon.start({ master, store, options });
    master.update(before.id, "TASK_FAILED");
    await marathon.until(() => master.tasks.has(before.id.replace("._app.1", "._app.2")), "the next task");
    const [after] = await tasks();
    assert.deepEqual([after.slaveId, after.localVolumes], [before.slaveId, before.localVolumes]);
    assert.deepEqual(operations(), ["RESERVE", "CREATE", "LAUNCH", "LAUNCH"]);
  });

  it("waits for its own reservation while other agents have room, and the queue says so", async () => {
    await done("POST", "/v2/apps", { ...db, backoffSeconds: 0 });
    const [before] = await tasks();
    const home = master.agents.findIndex((a) => a.id === before.slaveId);
    const [away] = master.agents.splice(home, 1);
    assert.ok(away !== undefined);
    master.update(before.id, "TASK_FAILED");
    await marathon.until(async () => {
      const summary = (await marathon.call("GET", "/v2/queue")).body.queue[0]?.processedOffersSummary;
      return summary?.rejectSummaryLastOffers[2].declined > 0;
    }, "NoCorrespondingReservationFound");
    assert.equal(master.tasks.size, 0);
    master.agents.push(away);
    master.offer();
    await marathon.until(() => master.tasks.size === 1, "its return");
    assert.equal((await tasks())[0].slaveId, before.slaveId);
  });

  it("suspends what is scaled away with its volumes, and takes it back first", async () => {
    await done("POST", "/v2/apps", { ...db, instances: 2 });
    const all = (await tasks()).map((t) => t.localVolumes[0].uuid).sort();
    await done("PUT", "/v2/apps/db", { instances: 0 });
    const kept = await tasks();
    assert.deepEqual(
      kept.map((t) => [t.state, "stagedAt" in t, t.ports]),
      [
        ["TASK_KILLED", false, []],
        ["TASK_KILLED", false, []],
      ],
    );
    const { app } = (await marathon.call("GET", "/v2/apps/db")).body;
    assert.deepEqual([app.tasksRunning, app.tasksStaged], [0, 0]);
    assert.equal(reserved().length, 8);
    await done("PUT", "/v2/apps/db", { instances: 2 });
    assert.deepEqual((await tasks()).map((t) => t.localVolumes[0].uuid).sort(), all);
    assert.deepEqual(
      (await tasks()).map((t) => t.id.slice(-2)),
      [".2", ".2"],
    );
  });

  it("wipes: what was reserved is destroyed and given back, and the next instance begins anew", async () => {
    await done("POST", "/v2/apps", db);
    const [before] = await tasks();
    const killed = await marathon.call("DELETE", `/v2/apps/db/tasks/${before.id}?wipe=true`);
    assert.equal(killed.status, 200, killed.text);
    await marathon.until(() => operations().includes("UNRESERVE"), "the release");
    assert.ok(operations().includes("DESTROY"));
    await marathon.until(() => master.tasks.size === 1, "the next instance");
    const [after] = await tasks();
    assert.notEqual(after.localVolumes[0].uuid, before.localVolumes[0].uuid);
    assert.equal(reserved().length, 4);
  });

  it("gives everything back when the app is deleted, suspended instances included", async () => {
    await done("POST", "/v2/apps", { ...db, instances: 2 });
    await done("PUT", "/v2/apps/db", { instances: 1 });
    await done("DELETE", "/v2/apps/db");
    await marathon.until(() => reserved().length === 0, "the release");
    assert.equal(marathon.core.tracker.suspended("/db").length, 0);
  });

  it("rolls over by stopping first: the same instances come back in the new version", async () => {
    await done("POST", "/v2/apps", { ...db, instances: 2 });
    const before = (await tasks()).map((t) => t.localVolumes[0].uuid).sort();
    const { body } = await done("PUT", "/v2/apps/db", { env: { A: "1" } });
    const after = await tasks();
    assert.deepEqual(after.map((t) => t.localVolumes[0].uuid).sort(), before);
    assert.deepEqual(
      after.map((t) => t.version),
      [body.version, body.version],
    );
  });

  it("gives a reservation up that is not offered back in time, and tries again", async () => {
    master.dropReservations = true;
    const answer = await marathon.call("POST", "/v2/apps", db);
    await marathon.until(() => operations().filter((o) => o === "RESERVE").length >= 2, "a second try");
    master.dropReservations = false;
    master.offer();
    await marathon.deployed(answer);
    assert.equal((await tasks()).length, 1);
  });

  it("takes path and mount disks by size, profile and constraints", async () => {
    const source = (type: string, root: string, value: number, profile?: string) => ({
      name: "disk",
      type: "SCALAR",
      scalar: { value },
      disk: {
        source: { type, ...(profile === undefined ? {} : { profile }), [type.toLowerCase()]: { root } },
      },
    });
    master.agents.push(
      agent(3, {
        resources: [
          source("PATH", "/slow", 500),
          source("PATH", "/fast", 500),
          source("MOUNT", "/small", 150),
          source("MOUNT", "/big", 900),
        ],
      }),
    );
    master.offer();
    const path = { type: "path", size: 50, constraints: [["path", "LIKE", "/fa.*"]] };
    const mount = { type: "mount", size: 120, maxSize: 200 };
    const volumes = [
      { containerPath: "a", mode: "RW", persistent: path },
      { containerPath: "b", mode: "RW", persistent: mount },
    ];
    await done("POST", "/v2/apps", { ...db, container: { type: "MESOS", volumes } });
    const disks = reserved().filter((r) => r.disk?.persistence !== undefined);
    assert.deepEqual(
      disks.map((r) => [r.scalar?.value, r.disk?.source?.path?.root ?? r.disk?.source?.mount?.root]),
      [
        [50, "/fast"],
        [150, "/small"],
      ],
    );
  });

  for (const [what, change, path, error] of [
    [
      "volumes change",
      { container: { type: "MESOS", volumes: [{ ...volume, persistent: { size: 200 } }] } },
      "/",
      "Persistent volumes can not be changed!",
    ],
    [
      "volumes go",
      { container: { type: "MESOS" }, residency: null },
      "/",
      "Persistent volumes can not be changed!",
    ],
    ["cpus change", { cpus: 0.2 }, "/cpus", /please create a new service\.$/],
    ["ports change", { portDefinitions: [{ port: 0 }, { port: 0 }] }, "/", /please create a new service\.$/],
  ] as const) {
    it(`fails when ${what}`, async () => {
      await done("POST", "/v2/apps", db);
      const full = { ...db, ...change };
      const answer = await marathon.call("PUT", "/v2/apps/db?partialUpdate=false", full);
      assert.equal(answer.status, 422, answer.text);
      const found = answer.body.details.find((d: { path: string }) => d.path === path);
      const text = found?.errors.join("|") ?? "";
      if (typeof error === "string") assert.equal(text, error);
      else assert.match(text, error);
    });
  }

  for (const [what, more, path, error] of [
    [
      "unreachable tasks may be replaced",
      { unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 } },
      "/",
      "unreachableStrategy must be disabled for resident tasks",
    ],
    [
      "upgrades may go over capacity",
      { upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 1 } },
      "/upgradeStrategy/maximumOverCapacity",
      "got 1.0, expected 0.0",
    ],
    [
      "residency is asked for without volumes",
      { container: { type: "MESOS" }, residency: {} },
      "/",
      "App must contain persistent volumes and define residency",
    ],
    [
      "a path has a slash",
      { container: { type: "MESOS", volumes: [{ ...volume, containerPath: "/a" }] } },
      "/container/volumes(0)/containerPath",
      'value must not contain "/"',
    ],
    [
      "a root volume has constraints",
      {
        container: {
          type: "MESOS",
          volumes: [{ ...volume, persistent: { size: 1, constraints: [["path", "LIKE", "x"]] } }],
        },
      },
      "/container/volumes(0)/persistent",
      "Constraints on root volumes are not supported",
    ],
  ] as const) {
    it(`fails when ${what}`, async () => {
      const answer = await marathon.call("POST", "/v2/apps", { ...db, ...more });
      assert.equal(answer.status, 422, answer.text);
      const found = answer.body.details.find((d: { path: string }) => d.path === path);
      assert.deepEqual(found?.errors, [error]);
    });
  }
});
