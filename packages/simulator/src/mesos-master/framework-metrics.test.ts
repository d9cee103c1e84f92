// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { AgentProgram } from "../mesos-agent/program";
import { Fixture, getJson, type TestMaster, TestScheduler, until } from "../test-cluster.test";

describe("metrics of each framework (FrameworkMetrics in src/master/metrics.cpp)", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let agent: AgentProgram | undefined;
  let scheduler: TestScheduler | undefined;
  beforeEach(() => {
    fixture = new Fixture();
  });
  afterEach(async () => {
    for (const task of agent?.agent?.tasks ?? []) task.abandon();
    scheduler?.disconnect();
    await fixture.end();
  });

  async function start(...flags: string[]): Promise<TestMaster> {
    const master = await fixture.master("m", flags, "127.113.10.1");
    await until("a leader", () => master.program.leader);
    agent = await fixture.agent("a", [`--master=${master.address}`, "--ip=127.113.10.2"]);
    scheduler = new TestScheduler(master.url);
    await scheduler.subscribe({ name: "a b/c" });
    return master;
  }

  it("counts its calls, events, offers and tasks under its encoded name and id", async () => {
    const master = await start();
    const mine = scheduler ?? assert.fail();
    await mine.launch(await mine.offer(), { task_id: { value: "t" }, command: { value: "exec sleep 1000" } });
    await mine.state("t", "TASK_RUNNING");
    await mine.launch(await mine.offer(), { task_id: { value: "u" }, command: { value: "true" } });
    await mine.state("u", "TASK_FINISHED");
    const rest = await mine.offer();
    await mine.call("DECLINE", { offer_ids: [rest.id], filters: { refuse_seconds: 1000 } });
    await mine.call("SUPPRESS");
    const prefix = `master/frameworks/a%20b%2Fc/${mine.frameworkId}/`;
    const metrics = await getJson<Record<string, number>>(`${master.url}/metrics/snapshot`);
    const told = (name: string): number | undefined => metrics[`${prefix}${name}`];
    const exact = {
      subscribed: 1,
      "calls/subscribe": 1,
      "calls/accept": 2,
      "calls/decline": 1,
      "calls/kill": 0,
      "calls/update_framework": 0,
      "events/subscribed": 1,
      "events/inverse_offers": 0,
      "offers/accepted": 2,
      "offers/declined": 1,
      "offers/rescinded": 0,
      operations: 2,
      "operations/launch": 2,
      "operations/create_disk": 0,
      "tasks/active/task_running": 1,
      "tasks/active/task_unreachable": 0,
      "tasks/terminal/task_finished": 1,
      "tasks/terminal/task_gone_by_operator": 0,
      "roles/*/suppressed": 1,
    };
    assert.deepEqual(Object.fromEntries(Object.keys(exact).map((name) => [name, told(name)])), exact);
    const heard = mine.events.filter((e) => e.type === "UPDATE").length;
    assert.equal(told("events/update"), heard);
    assert.ok((told("offers/sent") ?? 0) >= 3);
    assert.equal(told("calls/unknown"), undefined);
    await mine.call("TEARDOWN");
    const after = await getJson<Record<string, number>>(`${master.url}/metrics/snapshot`);
    assert.equal(after[`${prefix}subscribed`], undefined);
  });

  it("are left out with --no-publish_per_framework_metrics", async () => {
    const master = await start("--no-publish_per_framework_metrics");
    const metrics = await getJson<Record<string, number>>(`${master.url}/metrics/snapshot`);
    assert.deepEqual(
      Object.keys(metrics).filter((name) => name.startsWith("master/frameworks/")),
      [],
    );
  });
});
