// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { MemoryStore } from "../store/state-store";
import { agent, FakeMaster } from "../testing/fake-master";
import { TestMarathon } from "../testing/test-marathon";

type Json = Record<string, unknown>;

const container = {
  name: "c",
  exec: { command: { shell: "sleep 100" } },
  resources: { cpus: 0.1, mem: 32 },
  volumeMounts: [{ name: "data", mountPath: "/var/data" }],
};
const pod = {
  id: "/db",
  containers: [container, { ...container, name: "d" }],
  volumes: [{ name: "data", persistent: { size: 100 } }],
};
const options = { role: "web", principal: "marathon", reservationTimeoutMs: 300 };

/** SPEC-marathon.md, "Pods": persistent volumes. */
describe("marathon: pods with persistent volumes (marathon.md §1.9)", function () {
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
  const instances = async (): Promise<any[]> =>
    (await marathon.call("GET", "/v2/pods/db::status")).body.instances;
  const operations = () =>
    master
      .callsOf("ACCEPT")
      .flatMap((call) => (call["accept"] as { operations: (Json & { type: string })[] }).operations);
  const reserved = () => master.agents.flatMap((a) => master.reservations(a).all);

  it("answers the defaults that volumes ask for", async () => {
    const { body } = await done("POST", "/v2/pods", pod);
    assert.deepEqual(body.volumes, [
      { name: "data", persistent: { type: "root", size: 100, constraints: [] } },
    ]);
    assert.deepEqual(body.scheduling.upgrade, { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 });
    assert.equal(body.scheduling.unreachableStrategy, "disabled");
  });

  it("reserves first, launches with a later offer, and gives the volume to the executor for all containers", async () => {
    await done("POST", "/v2/pods", pod);
    const all = operations();
    assert.deepEqual(
      all.map((o) => o.type),
      ["RESERVE", "CREATE", "LAUNCH_GROUP"],
    );
    const group = all[2]?.["launch_group"] as {
      executor: { resources: { name: string; disk?: { persistence: { id: string }; volume: Json } }[] };
      task_group: { tasks: { container: { volumes: Json[] }; resources: { disk?: unknown }[] }[] };
    };
    const [instance] = await instances();
    const [kept] = instance.localVolumes;
    assert.deepEqual(kept, {
      runSpecId: "/db",
      containerPath: "data",
      uuid: kept.uuid,
      persistenceId: `db#data#${kept.uuid}`,
    });
    const volumes = group.executor.resources.filter((r) => r.disk !== undefined);
    assert.deepEqual(
      volumes.map((r) => [r.disk?.persistence.id, r.disk?.volume]),
      [[kept.persistenceId, { container_path: "data", mode: "RW" }]],
    );
    for (const task of group.task_group.tasks) {
      assert.equal(
        task.resources.some((r) => r.disk !== undefined),
        false,
      );
      assert.deepEqual(task.container.volumes, [
        {
          mode: "RW",
          container_path: "/var/data",
          source: { type: "SANDBOX_PATH", sandbox_path: { type: "PARENT", path: "data" } },
        },
      ]);
    }
  });

  it("comes back to its volume after a failure and after it was scaled away, and gives it back when it is deleted", async () => {
    await done("POST", "/v2/pods", { ...pod, scheduling: { backoff: { backoff: 0 } } });
    const [before] = await instances();
    for (const id of [...master.tasks.keys()]) master.update(id, "TASK_FAILED");
    await marathon.until(() => [...master.tasks.keys()].some((id) => id.endsWith(".2")), "the next tasks");
    const [again] = await instances();
    assert.deepEqual([again.id, again.localVolumes], [before.id, before.localVolumes]);
    const none = {
      ...pod,
      scheduling: { backoff: { backoff: 0 } },
      scaling: { kind: "fixed", instances: 0 },
    };
    await done("PUT", "/v2/pods/db", none);
    assert.equal(master.tasks.size, 0);
    assert.ok(reserved().length > 0);
    await done("PUT", "/v2/pods/db", { ...none, scaling: { kind: "fixed", instances: 1 } });
    assert.deepEqual((await instances())[0].localVolumes, before.localVolumes);
    await done("DELETE", "/v2/pods/db");
    await marathon.until(() => reserved().length === 0, "everything given back");
  });

  it("keeps the volume when an instance is killed, and gives it up with wipe=true", async () => {
    await done("POST", "/v2/pods", pod);
    const [first] = await instances();
    await marathon.call("DELETE", `/v2/pods/db::instances/${first.id}`);
    const running = async () => (await instances()).filter((i) => i.status === "STABLE");
    await marathon.until(async () => (await running()).length === 1 && master.tasks.size === 2, "it again");
    const [second] = await running();
    assert.deepEqual(second.localVolumes, first.localVolumes);
    await marathon.call("DELETE", `/v2/pods/db::instances/${second.id}?wipe=true`);
    await marathon.until(async () => {
      const [third] = await running();
      return third !== undefined && third.localVolumes[0].uuid !== first.localVolumes[0].uuid;
    }, "another volume");
  });

  it("fails with 422 when an update touches volumes, resources or host ports", async () => {
    await done("POST", "/v2/pods", pod);
    for (const [change, message] of [
      [{ volumes: [{ name: "data", persistent: { size: 200 } }] }, /persistent volumes cannot be updated/],
      [
        { containers: [pod.containers[0], { ...container, name: "d", resources: { cpus: 0.2, mem: 32 } }] },
        /cpus cannot be updated if a pod has persistent volumes/,
      ],
      [
        { containers: [pod.containers[0], { ...container, name: "d", endpoints: [{ name: "e" }] }] },
        /host ports cannot be updated/,
      ],
    ] as const) {
      const answer = await marathon.call("PUT", "/v2/pods/db", { ...pod, ...change });
      assert.equal(answer.status, 422, answer.text);
      assert.match(answer.text, message);
    }
  });

  for (const [what, more, path, message] of [
    [
      "more than its capacity while it upgrades",
      { scheduling: { upgrade: { minimumHealthCapacity: 0.5, maximumOverCapacity: 1 } } },
      "/scheduling/upgrade/maximumOverCapacity",
      /^got 1.0, expected 0.0$/,
    ],
    [
      "an unreachable strategy",
      { scheduling: { unreachableStrategy: { inactiveAfterSeconds: 1, expungeAfterSeconds: 1 } } },
      "/",
      /must be disabled for pods with persistent volumes/,
    ],
    [
      "a volume of no size",
      { volumes: [{ name: "data", persistent: { size: 0 } }] },
      "/volumes(0)/persistent/size",
      /more than 0/,
    ],
  ] as const) {
    it(`fails on ${what}`, async () => {
      const answer = await marathon.call("POST", "/v2/pods", { ...pod, ...more });
      assert.equal(answer.status, 422, answer.text);
      assert.equal(answer.body.details[0].path, path);
      assert.match(answer.body.details[0].errors[0], message);
    });
  }

  it("fails when Marathon has no role to reserve for", async () => {
    const plain = await TestMarathon.start({ master });
    try {
      const answer = await plain.call("POST", "/v2/pods", pod);
      assert.match(answer.text, /Resident pods cannot have the role \*/);
    } finally {
      await plain.close();
    }
  });
});
