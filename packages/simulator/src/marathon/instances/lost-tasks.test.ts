// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { SteppedClock } from "../clock";
import { agent, FakeMaster } from "../testing/fake-master";
import { TestMarathon } from "../testing/test-marathon";

const app = { id: "/a", cmd: "sleep 100", cpus: 0.1, mem: 16, backoffSeconds: 0 };
const volumes = [{ containerPath: "data", mode: "RW", persistent: { size: 1 } }];

/** SPEC-marathon.md, "Lost tasks" (marathon.md §2.5). */
describe("marathon: tasks that are lost, gone or unreachable", function () {
  this.timeout(60_000);
  let master: FakeMaster;
  let marathon: TestMarathon;

  beforeEach(async () => {
    master = await FakeMaster.start([agent(1), agent(2)]);
    marathon = await TestMarathon.start({ master, options: { role: "web" } });
  });
  afterEach(async () => {
    await marathon.close();
    await master.close();
  });

  async function started(more: object = {}): Promise<string> {
    const answer = await marathon.call("POST", "/v2/apps", { ...app, ...more });
    assert.equal(answer.status, 201, answer.text);
    await marathon.deployed(answer);
    return [...master.tasks.keys()][0] ?? "";
  }
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
  const tasks = async (): Promise<any[]> => (await marathon.call("GET", "/v2/apps/a/tasks")).body.tasks;
  const conditions = () =>
    marathon.events
      .filter((e) => e.eventType === "instance_changed_event")
      .map((e) => e["condition"] as string);

  for (const [state, reason, condition, failure] of [
    ["TASK_LOST", "REASON_EXECUTOR_TERMINATED", "Dropped", "TASK_LOST"],
    ["TASK_LOST", "REASON_INVALID_OFFERS", "Dropped", "TASK_LOST"],
    ["TASK_GONE", undefined, "Gone", "TASK_GONE"],
    ["TASK_GONE_BY_OPERATOR", undefined, "Gone", "TASK_GONE_BY_OPERATOR"],
    ["TASK_DROPPED", undefined, "Dropped", "TASK_DROPPED"],
    ["TASK_ERROR", undefined, "Error", "TASK_ERROR"],
    ["TASK_KILLED", undefined, "Killed", undefined],
    ["TASK_FINISHED", undefined, "Finished", undefined],
  ] as const) {
    it(`starts the same instance again after ${state} (${reason ?? "no reason"})`, async () => {
      const id = await started();
      master.update(id, state, { message: "so it is", ...(reason === undefined ? {} : { reason }) });
      const next = id.replace("._app.1", "._app.2");
      await marathon.until(() => master.tasks.has(next), "the next incarnation");
      assert.ok(conditions().includes(condition), conditions().join());
      const { lastTaskFailure } = (await marathon.call("GET", "/v2/apps/a")).body.app;
      assert.equal(lastTaskFailure?.state, failure);
      assert.equal(lastTaskFailure?.taskId, failure === undefined ? undefined : id);
    });
  }

  for (const [state, more] of [
    ["TASK_UNREACHABLE", {}],
    ["TASK_LOST", { reason: "REASON_SLAVE_DISCONNECTED" }],
    ["TASK_LOST", { reason: "REASON_SLAVE_REMOVED" }],
    ["TASK_LOST", { reason: "REASON_RECONCILIATION" }],
  ] as const) {
    it(`waits for what may come back: ${state} ${JSON.stringify(more)}`, async () => {
      const strategy = { inactiveAfterSeconds: 60, expungeAfterSeconds: 120 };
      const id = await started({ unreachableStrategy: strategy });
      const task = master.tasks.get(id);
      master.update(id, state, more);
      await marathon.until(() => conditions().includes("Unreachable"), "unreachable");
      assert.deepEqual(
        (await tasks()).map((t) => t.id),
        [id],
      );
      if (task !== undefined) master.tasks.set(id, task);
      master.update(id, "TASK_RUNNING");
      await marathon.until(async () => (await tasks())[0].state === "TASK_RUNNING", "its return");
      assert.equal(master.tasks.size, 1);
      assert.deepEqual(master.callsOf("KILL"), []);
    });
  }

  it("keeps the older one when what was replaced comes back before it is forgotten", async () => {
    const id = await started({ unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 60 } });
    const task = master.tasks.get(id);
    master.update(id, "TASK_UNREACHABLE");
    await marathon.until(async () => (await tasks()).length === 2, "the replacement beside it");
    assert.ok(conditions().includes("UnreachableInactive"));
    if (task !== undefined) master.tasks.set(id, task);
    master.update(id, "TASK_RUNNING");
    await marathon.until(() => master.tasks.size === 1, "the kill of the younger one");
    assert.deepEqual([...master.tasks.keys()], [id]);
  });

  it("never replaces where the strategy is disabled", async () => {
    const id = await started({ unreachableStrategy: "disabled" });
    master.update(id, "TASK_UNREACHABLE");
    await marathon.until(() => conditions().includes("Unreachable"), "unreachable");
    assert.equal((await marathon.call("GET", "/v2/queue")).body.queue.length, 0);
    assert.equal(conditions().includes("UnreachableInactive"), false);
  });

  it("holds a resident instance for its agent, and suspends it when it is scaled away meanwhile", async () => {
    const id = await started({ container: { type: "MESOS", volumes } });
    const [before] = await tasks();
    master.update(id, "TASK_UNREACHABLE");
    await marathon.until(() => conditions().includes("Unreachable"), "unreachable");
    await marathon.deployed(await marathon.call("PUT", "/v2/apps/a", { instances: 0 }));
    const [kept] = await tasks();
    assert.deepEqual([kept.state, kept.localVolumes], ["TASK_UNREACHABLE", before.localVolumes]);
    master.update(id, "TASK_RUNNING");
    await marathon.until(() => !master.tasks.has(id), "the kill of what came back");
    await marathon.deployed(await marathon.call("PUT", "/v2/apps/a", { instances: 1 }));
    assert.deepEqual((await tasks())[0].localVolumes, before.localVolumes);
  });
});

/** Marathon's ExpungeOverdueLostTasksActor and MarathonSchedulerService. */
describe("marathon: what a leader looks for now and then", function () {
  this.timeout(60_000);
  let clock: SteppedClock;
  let master: FakeMaster;
  let marathon: TestMarathon;

  beforeEach(async () => {
    clock = new SteppedClock();
    master = await FakeMaster.start([agent(1), agent(2)]);
    marathon = await TestMarathon.start({ master, clock });
  });
  afterEach(async () => {
    await marathon.close();
    await master.close();
  });

  const deploy = async (more: object = {}): Promise<string> => {
    await marathon.deployed(await marathon.call("POST", "/v2/apps", { ...app, ...more }));
    return [...master.tasks.keys()][0] ?? "";
  };
  const states = async (): Promise<Record<string, string>> => {
    const { tasks } = (await marathon.call("GET", "/v2/apps/a/tasks")).body;
    return Object.fromEntries(tasks.map((t: { id: string; state: string }) => [t.id, t.state]));
  };
  const advance = async (seconds: number): Promise<void> => {
    clock.advance(seconds * 1000);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const lost = async (id: string): Promise<void> => {
    master.update(id, "TASK_UNREACHABLE");
    await marathon.until(async () => (await states())[id] === "TASK_UNREACHABLE", "unreachable");
  };

  it("replaces after inactiveAfterSeconds, and forgets what is due after --task_lost_expunge_initial_delay and at each --task_lost_expunge_interval", async () => {
    const first = await deploy({
      unreachableStrategy: { inactiveAfterSeconds: 10, expungeAfterSeconds: 20 },
    });
    await lost(first);
    await advance(9);
    assert.equal(Object.keys(await states()).length, 1);
    await advance(1);
    await marathon.until(async () => Object.keys(await states()).length === 2, "the replacement beside it");
    await advance(289);
    assert.equal((await states())[first], "TASK_UNREACHABLE", "due for long, but nobody has looked");
    await advance(1);
    await marathon.until(async () => (await states())[first] === undefined, "its end");
    const last = marathon.events.filter((e) => e["instanceId"] === first.split("._app")[0]).at(-1);
    assert.deepEqual([last?.eventType, last?.["condition"]], ["instance_changed_event", "Killed"]);
    const [second = ""] = Object.keys(await states());
    await lost(second);
    await advance(29);
    assert.equal((await states())[second], "TASK_UNREACHABLE");
    await advance(1);
    await marathon.until(async () => (await states())[second] === undefined, "the next look");
    master.update(first, "TASK_RUNNING");
    await marathon.until(() => master.callsOf("KILL").length > 0, "the kill of what came back late");
  });

  it("asks after all tasks at --reconciliation_initial_delay and at each --reconciliation_interval", async () => {
    await deploy();
    const asked = () => master.callsOf("RECONCILE").length;
    let known = asked();
    for (const [before, after] of [
      [14, 1],
      [599, 1],
    ] as const) {
      await advance(before);
      assert.equal(asked(), known);
      await advance(after);
      await marathon.until(() => asked() > known, "the next reconciliation");
      known = asked();
    }
  });

  it("compares counts after --scale_apps_initial_delay and at each --scale_apps_interval", async () => {
    await deploy();
    const [known] = [...marathon.core.tracker.all()];
    if (known === undefined) assert.fail("no instance");
    const unknown = { ...known, id: "b.instance-1", runSpecId: "/b", task: undefined };
    for (const [before, after] of [
      [14, 1],
      [299, 1],
    ] as const) {
      marathon.core.tracker.restore(unknown); // nobody is told
      await advance(before);
      assert.ok(marathon.core.tracker.get(unknown.id) !== undefined);
      await advance(after);
      assert.equal(marathon.core.tracker.get(unknown.id), undefined);
    }
  });
});
