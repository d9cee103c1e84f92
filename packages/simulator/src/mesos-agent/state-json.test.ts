// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { Fixture, getJson, http, TestScheduler, until } from "../test-cluster.test";

interface State {
  readonly frameworks: Framework[];
  readonly completed_frameworks: Framework[];
  readonly [key: string]: unknown;
}

interface Framework {
  readonly id: string;
  readonly executors: Executor[];
  readonly completed_executors: Executor[];
}

interface Executor {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  readonly role: string;
  readonly resources: unknown;
  readonly directory: string;
  readonly tasks: Record<string, unknown>[];
  readonly completed_tasks: Record<string, unknown>[];
}

describe("an agent's /state (docs/endpoints/slave/state.md)", function () {
  this.timeout(60_000);

  it("has the fields of the real one, what runs and what has ended, and finds its sandbox", async () => {
    const fixture = new Fixture();
    let scheduler: TestScheduler | undefined;
    try {
      const master = await fixture.master("m", [], "127.105.1.3");
      await until("a leader", () => master.program.leader);
      const agent = await fixture.agent("a", [`--master=${master.address}`, "--ip=127.105.2.3"]);
      scheduler = new TestScheduler(master.url);
      await scheduler.subscribe();
      const base = `http://${agent.pid.split("@")[1]}`;
      const state = async () => await getJson<State>(`${base}/slave(1)/state`);
      await scheduler.launch(await scheduler.offer(), {
        task_id: { value: "t" },
        limits: { cpus: { value: 1 }, mem: { value: "Infinity" } },
        labels: { labels: [{ key: "a", value: "b" }] },
        command: { value: "until [ -e go ]; do sleep 0.1; done" },
      });
      await scheduler.state("t", "TASK_RUNNING");
      const running = await state();
      assert.deepEqual(
        Object.keys(running).sort(),
        `attributes build_date build_time build_user capabilities completed_frameworks flags frameworks hostname id
        master_hostname pid reserved_resources reserved_resources_allocated reserved_resources_full resource_providers resources start_time
        unreserved_resources unreserved_resources_allocated unreserved_resources_full version`
          .split(/\s+/)
          .sort(),
      );
      // The executor of a command has 32 MB of its own (src/slave/constants.hpp).
      assert.deepEqual((running["unreserved_resources_allocated"] as { mem: number }).mem, 64);
      const [framework] = running.frameworks;
      const [executor] = framework?.executors ?? [];
      assert.deepEqual([framework?.id, executor?.id], [scheduler.frameworkId, "t"]);
      const { name, source, role: executorRole, resources } = executor ?? assert.fail();
      assert.deepEqual(
        { name, source, executorRole, resources },
        {
          name: "Command Executor (Task: t) (Command: sh -c 'until [ -e g...')",
          source: "t",
          executorRole: "*",
          resources: { cpus: 0.2, gpus: 0, mem: 64, disk: 0 },
        },
      );
      const [task] = executor?.tasks ?? [];
      const { slave_id, executor_id, role, limits, labels, state: now } = task ?? {};
      assert.deepEqual(
        { executor_id, role, limits, labels, now },
        {
          executor_id: "",
          role: "*",
          limits: { cpus: 1, mem: "infinity" },
          labels: [{ key: "a", value: "b" }],
          now: "TASK_RUNNING",
        },
      );
      assert.equal(slave_id, running["id"]);
      await scheduler.call("KILL", { task_id: { value: "t" } });
      await scheduler.state("t", "TASK_KILLED");
      await until("acknowledged", () => agent.agent?.tasks.length === 0);
      const over = await state();
      assert.deepEqual(over.frameworks, []);
      const [ended] = over.completed_frameworks[0]?.completed_executors ?? [];
      assert.deepEqual(
        [ended?.completed_tasks[0]?.["state"], ended?.directory],
        ["TASK_KILLED", executor?.directory],
      );
      assert.ok(existsSync(ended?.directory ?? ""));
      const drain = { agent_id: { value: running["id"] }, max_grace_period: { seconds: 5 } };
      await http("POST", `${master.url}/api/v1`, { type: "DRAIN_AGENT", drain_agent: drain });
      await until("it is told that it drains", async () => (await state())["drain_config"] !== undefined);
    } finally {
      scheduler?.disconnect();
      await fixture.end();
    }
  });
});
