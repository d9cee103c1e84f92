// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { Fixture, getJson, http, TestScheduler, until } from "../test-cluster.test";

interface Executor {
  readonly executor_info: { readonly source: string };
}

describe("an agent's POST /api/v1 and /containers (docs/operator-http-api.md)", function () {
  this.timeout(60_000);

  it("says what it is and what it runs, and refuses what it cannot read or do", async () => {
    const fixture = new Fixture();
    let scheduler: TestScheduler | undefined;
    try {
      const master = await fixture.master("m", [], "127.103.1.6");
      await until("a leader", () => master.program.leader);
      const agent = await fixture.agent("a", [`--master=${master.address}`, "--ip=127.103.6.1"]);
      scheduler = new TestScheduler(master.url);
      await scheduler.subscribe();
      const { agent_id } = await scheduler.offer().then(async (offer) => {
        await scheduler?.launch(offer, { task_id: { value: "t" }, command: { value: "exec sleep 1000" } });
        return offer;
      });
      await scheduler.state("t", "TASK_RUNNING");
      const base = `http://${agent.pid.split("@")[1]}`;
      const ask = async (type: string) => {
        const { status, text } = await http("POST", `${base}/slave(1)/api/v1`, { type });
        assert.equal(status, 200, text);
        return JSON.parse(text)[type.toLowerCase()];
      };
      assert.deepEqual(await ask("GET_HEALTH"), { healthy: true });
      assert.equal((await ask("GET_VERSION")).version_info.version, "1.11.0");
      assert.deepEqual((await ask("GET_AGENT")).agent_info.id, agent_id);
      assert.equal((await ask("GET_TASKS")).launched_tasks[0].state, "TASK_RUNNING");
      assert.equal((await ask("GET_FRAMEWORKS")).frameworks[0].framework_info.name, "test");
      const [executor] = (await ask("GET_EXECUTORS")).executors;
      assert.equal(
        executor.executor_info.name,
        "Command Executor (Task: t) (Command: sh -c 'exec sleep 1000')",
      );
      const [container] = (await ask("GET_CONTAINERS")).containers;
      assert.deepEqual(container.executor_id, { value: "t" });
      const old = await getJson<Record<string, unknown>[]>(`${base}/containers`);
      assert.deepEqual(
        [old[0]?.["executor_id"], old[0]?.["container_id"]],
        ["t", container.container_id.value],
      );
      const running = (await ask("GET_METRICS")).metrics.find(
        (m: { name: string }) => m.name === "slave/tasks_running",
      );
      assert.equal(running.value, 1);
      assert.equal((await ask("GET_STATE")).get_tasks.launched_tasks.length, 1);
      const labels = { labels: [{ key: "team", value: "a" }] };
      const over = { task_id: { value: "over" }, labels, command: { value: "true" } };
      await scheduler.launch(await scheduler.offer(), over);
      const [ended] = await until("what has ended is remembered", async () => {
        const { completed_tasks } = await ask("GET_TASKS");
        return completed_tasks.length > 0 ? completed_tasks : undefined;
      });
      assert.deepEqual(
        [ended.task_id, ended.state, ended.labels, ended.agent_id, ended.executor_id],
        [over.task_id, "TASK_FINISHED", labels, agent_id, undefined],
      );
      const { executors, completed_executors } = await ask("GET_EXECUTORS");
      assert.deepEqual(
        [executors, completed_executors].map((all) => all.map((e: Executor) => e.executor_info.source)),
        [["t"], ["over"]],
      );
      assert.deepEqual((await ask("GET_FRAMEWORKS")).completed_frameworks, []);
      assert.deepEqual(await ask("GET_OPERATIONS"), {});
      assert.deepEqual(await ask("GET_RESOURCE_PROVIDERS"), {});
      const level = { level: 1, duration: { nanoseconds: 60_000_000_000 } };
      const set = await http("POST", `${base}/api/v1`, {
        type: "SET_LOGGING_LEVEL",
        set_logging_level: level,
      });
      assert.deepEqual([set.status, set.text], [200, ""]);
      assert.equal((await ask("GET_LOGGING_LEVEL")).level, 1);
      assert.equal(
        (await http("POST", `${base}/slave(1)/logging/toggle?level=0&duration=1secs`)).status,
        200,
      );
      assert.equal((await http("GET", `${base}/logging/toggle`)).text, "0\n");
      const status = async (body: unknown) => (await http("POST", `${base}/api/v1`, body)).status;
      assert.deepEqual([await status({}), await status({ type: "PRUNE_IMAGES" })], [400, 501]);
      assert.equal(await status({ type: "SET_LOGGING_LEVEL" }), 400);
      assert.equal(
        await status({ type: "SET_LOGGING_LEVEL", set_logging_level: { ...level, level: 9 } }),
        400,
      );
      assert.equal((await http("GET", `${base}/api/v1`)).status, 405);
      for (const task of agent.agent?.tasks ?? []) task.abandon();
    } finally {
      scheduler?.disconnect();
      await fixture.end();
    }
  });
});
