// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import {
  Fixture,
  getJson,
  processesWith,
  type TestMaster,
  type TestOffer,
  TestScheduler,
  until,
} from "../test-cluster.test";

const ip = "127.103.2.1";
const scalar = (name: string, value: number) => ({ name, type: "SCALAR", scalar: { value } });
const resources = [scalar("cpus", 0.1), scalar("mem", 32)];
const disk = [...resources, scalar("disk", 8)];

interface State {
  readonly slaves: { used_resources: Record<string, number> }[];
  readonly frameworks: {
    tasks: { id: string; executor_id: string }[];
    executors: Record<string, unknown>[];
    used_resources: Record<string, number>;
  }[];
}

describe("LAUNCH_GROUP (docs/nested-container-and-task-group.md)", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let master: TestMaster;
  let scheduler: TestScheduler;
  let argv: string[];

  beforeEach(async () => {
    fixture = new Fixture();
    master = await fixture.master("m", [], "127.103.1.1");
    await until("a leader", () => master.program.leader);
    argv = await fixture.agentFlags(master, ip);
    scheduler = new TestScheduler(master.url);
    await scheduler.subscribe({ capabilities: [{ type: "MULTI_ROLE" }, { type: "TASK_KILLING_STATE" }] });
  });
  afterEach(async () => {
    scheduler.disconnect();
    await fixture.end();
  });

  const group = async (
    offer: TestOffer,
    tasks: Record<string, Record<string, unknown>>,
    executor: Record<string, unknown> = {},
  ) =>
    await scheduler.call("ACCEPT", {
      offer_ids: [offer.id],
      operations: [
        {
          type: "LAUNCH_GROUP",
          launch_group: {
            executor: {
              type: "DEFAULT",
              executor_id: { value: "pod" },
              framework_id: { value: scheduler.frameworkId },
              resources: disk,
              ...executor,
            },
            task_group: {
              tasks: Object.entries(tasks).map(([id, more]) => ({
                name: id,
                task_id: { value: id },
                agent_id: offer.agent_id,
                resources,
                ...more,
              })),
            },
          },
        },
      ],
      filters: { refuse_seconds: 0 },
    });
  const sleeps = { command: { value: "exec sleep 1000" } };
  const state = () => getJson<State>(`${master.url}/state`);
  const failures = () => scheduler.events.filter((e) => e.type === "FAILURE").map((e) => e["failure"]);

  it("runs all tasks of a group in one executor, which holds resources of its own", async () => {
    await fixture.agent("a", argv);
    const offer = await scheduler.offer();
    assert.equal((await group(offer, { t1: sleeps, t2: sleeps })).status, 202);
    const running = await scheduler.state("t1", "TASK_RUNNING");
    await scheduler.state("t2", "TASK_RUNNING");
    assert.deepEqual(scheduler.states("t1"), ["TASK_STARTING", "TASK_RUNNING"]);
    const status = running as unknown as {
      executor_id: unknown;
      container_status: { container_id: { value: string; parent: { value: string } } };
    };
    assert.deepEqual(status.executor_id, { value: "pod" });
    const { value: own, parent } = status.container_status.container_id;

    const { slaves, frameworks } = await state();
    assert.deepEqual(
      frameworks[0]?.tasks.map((t) => [t.id, t.executor_id]),
      [
        ["t1", "pod"],
        ["t2", "pod"],
      ],
    );
    assert.equal(frameworks[0]?.executors.length, 1);
    assert.deepEqual(slaves[0]?.used_resources["cpus"], 0.3);
    assert.deepEqual(slaves[0]?.used_resources["disk"], 8);
    assert.deepEqual(frameworks[0]?.used_resources["mem"], 96);

    const run = join(
      fixture.directory,
      "a/slaves",
      offer.agent_id.value,
      "frameworks",
      scheduler.frameworkId,
      "executors/pod/runs",
      parent.value,
    );
    assert.equal(realpathSync(join(run, "tasks", "t1")), realpathSync(join(run, "containers", own)));
    assert.ok(existsSync(join(run, "tasks", "t2", "stdout")));

    await scheduler.call("KILL", { task_id: { value: "t1" } });
    await scheduler.state("t2", "TASK_KILLED");
    await until("the executor's end", () => failures().length === 1);
    assert.deepEqual(failures(), [{ agent_id: offer.agent_id, executor_id: { value: "pod" }, status: 0 }]);
    await until("all freed", async () => (await state()).slaves[0]?.used_resources["cpus"] === 0);
    assert.deepEqual(scheduler.states("t2"), [
      "TASK_STARTING",
      "TASK_RUNNING",
      "TASK_KILLING",
      "TASK_KILLED",
    ]);
    assert.equal(
      existsSync(join(fixture.directory, "a/meta", run.slice(`${fixture.directory}/a/`.length))),
      false,
    );
  });

  it("kills the others of a group when one fails, and lets them go on when one finishes", async () => {
    await fixture.agent("a", argv);
    await group(await scheduler.offer(), { good: { command: { value: "true" } }, long: sleeps });
    await scheduler.state("good", "TASK_FINISHED");
    await scheduler.state("long", "TASK_RUNNING");
    await group(await scheduler.offer(), { bad: { command: { value: "exit 4" } }, other: sleeps });
    const failed = await scheduler.state("bad", "TASK_FAILED");
    assert.equal(failed.message, "Command exited with status 4");
    assert.equal(failed.reason, undefined);
    await scheduler.state("other", "TASK_KILLED");
    assert.deepEqual(scheduler.states("long"), ["TASK_STARTING", "TASK_RUNNING"]);
    await scheduler.call("KILL", { task_id: { value: "long" } });
    await until("the executor's end", () => failures().length === 1);
  });

  it("shows tasks their own and their executor's directories as volumes", async () => {
    await fixture.agent("a", argv);
    const volume = (type: string, container_path: string) => ({
      container: {
        type: "MESOS",
        volumes: [
          {
            mode: "RW",
            container_path,
            source: { type: "SANDBOX_PATH", sandbox_path: { type, path: "shared" } },
          },
        ],
      },
    });
    await group(await scheduler.offer(), {
      writer: { command: { value: "echo hello > data/file; exec sleep 1000" }, ...volume("PARENT", "data") },
      reader: {
        command: { value: "until [ -s mine/file ]; do sleep 0.05; done; cat mine/file" },
        ...volume("PARENT", "mine"),
      },
      alone: { command: { value: "ls -A own; [ -d shared ]" }, ...volume("SELF", "own") },
    });
    await scheduler.state("reader", "TASK_FINISHED");
    await scheduler.state("alone", "TASK_FINISHED");
    await scheduler.call("KILL", { task_id: { value: "writer" } });
    await scheduler.state("writer", "TASK_KILLED");
  });

  it("takes groups up again after a restart of the agent, and a new master knows their executors", async () => {
    const child = fixture.agentProcess(argv);
    const agents = () => [...(master.program.leader?.context.state.agents.values() ?? [])];
    await group(await scheduler.offer(), { t1: sleeps, t2: sleeps });
    await scheduler.state("t2", "TASK_RUNNING");
    await scheduler.state("t1", "TASK_RUNNING");
    const before = processesWith(`MESOS_SANDBOX=${fixture.directory}`);
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    await until("disconnected", () => agents().every((a) => a.link === undefined));
    agents()[0]?.executors.clear();
    fixture.agentProcess(argv);
    await until("re-registered", () => agents().some((a) => a.link !== undefined));
    assert.deepEqual(processesWith(`MESOS_SANDBOX=${fixture.directory}`), before);
    assert.deepEqual(
      [...(agents()[0]?.executors.values() ?? [])].map((e) => e.info.executor_id.value),
      ["pod"],
    );
    await scheduler.call("KILL", { task_id: { value: "t2" } });
    await scheduler.state("t1", "TASK_KILLED");
    await until("the executor's end", () => failures().length === 1);
  });

  it("refuses a group as a whole, in Mesos's words", async () => {
    await fixture.agent("a", argv);
    const offer = await scheduler.offer();
    const cases: [Record<string, Record<string, unknown>>, Record<string, unknown>, RegExp][] = [
      [{ a1: sleeps, a2: {} }, { resources }, /^Executor 'pod' uses no disk$/],
      [
        { b1: sleeps },
        { command: { value: "x" } },
        /^'ExecutorInfo.command' must not be set for 'DEFAULT' executor$/,
      ],
      [{ c1: sleeps }, { framework_id: undefined }, /^'ExecutorInfo.framework_id' must be set$/],
      [{ d1: sleeps }, { type: undefined }, /^'ExecutorInfo.type' must be set$/],
      [
        { e1: sleeps, e2: { container: { type: "DOCKER", docker: { image: "x" } } } },
        {},
        /^Task 'e2' is invalid: Docker ContainerInfo is not supported on the task$/,
      ],
      [
        { f1: { resources: [scalar("cpus", 9)] } },
        {},
        /^Total resources cpus\(allocated: \*\):9.1; .* required by task group and its executor are more than available /,
      ],
      [{ g1: { resources: [] } }, {}, /^Task 'g1' is invalid: Task uses no resources$/],
    ];
    let current = offer;
    for (const [tasks, executor, message] of cases) {
      await group(current, tasks, executor);
      for (const id of Object.keys(tasks)) {
        const error = await scheduler.state(id, "TASK_ERROR");
        assert.match(error.message ?? "", message);
        assert.equal(error.reason, "REASON_TASK_GROUP_INVALID");
      }
      current = await scheduler.offer();
    }
    await group(offer, { late: sleeps });
    assert.equal((await scheduler.state("late", "TASK_LOST")).reason, "REASON_INVALID_OFFERS");
  });
});
