// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { Fixture, getJson, TestScheduler, until } from "../test-cluster.test";

interface Sample {
  readonly executor_id: string;
  readonly framework_id: string;
  readonly statistics: Readonly<Record<string, number>>;
}

describe("/monitor/statistics (docs/endpoints/slave/monitor/statistics.md)", function () {
  this.timeout(60_000);

  it("tells time and memory of running processes, beside what they asked for", async () => {
    const fixture = new Fixture();
    let scheduler: TestScheduler | undefined;
    try {
      const master = await fixture.master("m", [], "127.115.1.3");
      await until("a leader", () => master.program.leader);
      const agent = await fixture.agent("a", [`--master=${master.address}`, "--ip=127.115.2.3"]);
      scheduler = new TestScheduler(master.url);
      await scheduler.subscribe();
      const busy = { task_id: { value: "t" }, command: { value: "while :; do :; done" } };
      await scheduler.launch(await scheduler.offer(), busy);
      await scheduler.state("t", "TASK_RUNNING");
      const base = `http://${agent.pid.split("@")[1]}/slave(1)`;
      const sample = await until("time spent", async () => {
        const [one] = await getJson<Sample[]>(`${base}/monitor/statistics`);
        return (one?.statistics["cpus_user_time_secs"] ?? 0) > 0 ? one : undefined;
      });
      const fields = ["executor_id", "executor_name", "framework_id", "source", "statistics"];
      assert.deepEqual(Object.keys(sample).sort(), fields);
      assert.deepEqual([sample.executor_id, sample.framework_id], ["t", scheduler.frameworkId]);
      const { mem_rss_bytes = 0, processes = 0, ...limits } = sample.statistics;
      // Mesos grants a command's executor 0.1 cpus and 32 MB beside; without CFS cpus are no hard limit.
      assert.deepEqual(
        ["cpus_soft_limit", "cpus_limit", "mem_soft_limit_bytes", "mem_limit_bytes"].map((n) => limits[n]),
        [0.2, undefined, 67_108_864, 67_108_864],
      );
      assert.ok(mem_rss_bytes > 0 && processes >= 1);
      await scheduler.call("KILL", { task_id: { value: "t" } });
      await scheduler.state("t", "TASK_KILLED");
      assert.deepEqual(await getJson<Sample[]>(`${base}/monitor/statistics.json`), []);
    } finally {
      scheduler?.disconnect();
      await fixture.end();
    }
  });
});
