// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { Fixture, getJson, http, TestScheduler, until } from "./test-cluster.test";
import { Timings } from "./timings";

/** By hand, from mesos.md 2.1 (docs/monitoring.md): what dashboards ask for. */
const summary = (name: string): string[] => [
  name,
  ...["count", "max", "min", "p50", "p90", "p95", "p99", "p999", "p9999"].map((part) => `${name}/${part}`),
];
const resources = ["cpus", "gpus", "mem", "disk"];
const amounts = (prefix: string): string[] =>
  resources.flatMap((r) =>
    ["", "revocable_"].flatMap((kind) =>
      ["total", "used", "percent"].map((part) => `${prefix}/${r}_${kind}${part}`),
    ),
  );
const system = [
  "system/cpus_total",
  "system/load_1min",
  "system/load_5min",
  "system/load_15min",
  "system/mem_total_bytes",
  "system/mem_free_bytes",
];
const masterNames = [
  "master/uptime_secs",
  "master/elected",
  ...amounts("master"),
  "master/slaves_connected",
  "master/slaves_disconnected",
  "master/slaves_active",
  "master/slaves_inactive",
  "master/slaves_unreachable",
  "master/frameworks_connected",
  "master/frameworks_disconnected",
  "master/frameworks_active",
  "master/frameworks_inactive",
  "master/outstanding_offers",
  "master/tasks_staging",
  "master/tasks_starting",
  "master/tasks_running",
  "master/tasks_killing",
  "master/tasks_finished",
  "master/tasks_failed",
  "master/tasks_killed",
  "master/tasks_error",
  "master/tasks_lost",
  "master/tasks_dropped",
  "master/tasks_gone",
  "master/tasks_gone_by_operator",
  "master/tasks_unreachable",
  "master/slave_registrations",
  "master/slave_reregistrations",
  "master/slave_removals",
  "master/slave_removals/reason_unhealthy",
  "master/slave_removals/reason_unregistered",
  "master/slave_removals/reason_registered",
  "master/slave_unreachable_scheduled",
  "master/slave_unreachable_completed",
  "master/slave_unreachable_canceled",
  "master/recovery_slave_removals",
  "master/event_queue_messages",
  "master/event_queue_dispatches",
  "master/event_queue_http_requests",
  "master/dropped_messages",
  "master/messages_authenticate",
  "master/messages_deactivate_framework",
  "master/messages_decline_offers",
  "master/messages_executor_to_framework",
  "master/messages_exited_executor",
  "master/messages_framework_to_executor",
  "master/messages_kill_task",
  "master/messages_launch_tasks",
  "master/messages_operation_status_update",
  "master/messages_operation_status_update_acknowledgement",
  "master/messages_reconcile_operations",
  "master/messages_reconcile_tasks",
  "master/messages_register_framework",
  "master/messages_register_slave",
  "master/messages_reregister_framework",
  "master/messages_reregister_slave",
  "master/messages_resource_request",
  "master/messages_revive_offers",
  "master/messages_status_update",
  "master/messages_status_update_acknowledgement",
  "master/messages_suppress_offers",
  "master/messages_unregister_framework",
  "master/messages_unregister_slave",
  "master/messages_update_slave",
  "master/valid_status_updates",
  "master/invalid_status_updates",
  "registrar/queued_operations",
  "registrar/registry_size_bytes",
  "registrar/state_fetch_ms",
  ...summary("registrar/state_store_ms"),
  "registrar/log/ensemble_size",
  "registrar/log/recovered",
  ...resources.flatMap((r) => [
    `allocator/mesos/resources/${r}/total`,
    `allocator/mesos/resources/${r}/offered_or_allocated`,
  ]),
  "allocator/mesos/allocation_runs",
  ...summary("allocator/mesos/allocation_run_ms"),
  ...system,
];
const agentNames = [
  ...amounts("slave"),
  "slave/uptime_secs",
  "slave/registered",
  "slave/frameworks_active",
  "slave/executors_registering",
  "slave/executors_running",
  "slave/executors_terminating",
  "slave/executors_terminated",
  "slave/executors_preempted",
  "slave/tasks_staging",
  "slave/tasks_starting",
  "slave/tasks_running",
  "slave/tasks_killing",
  "slave/tasks_finished",
  "slave/tasks_failed",
  "slave/tasks_killed",
  "slave/tasks_lost",
  "slave/recovery_errors",
  "slave/recovery_time_secs",
  "slave/container_launch_errors",
  ...system,
];

const missing = (metrics: Record<string, number>, names: readonly string[]): string[] =>
  names.filter((name) => typeof metrics[name] !== "number" || !Number.isFinite(metrics[name]));

describe("GET /metrics/snapshot of master and agent (mesos.md 2.1, docs/monitoring.md)", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  beforeEach(() => {
    fixture = new Fixture();
  });
  afterEach(async () => {
    await fixture.end();
  });

  it("names everything, counts what happened, and takes a timeout", async () => {
    const master = await fixture.master("m", [], "127.114.1.3");
    await until("a leader", () => master.program.leader);
    const agent = await fixture.agent("a", [`--master=${master.address}`, "--ip=127.114.2.3"]);
    const agentUrl = `http://${agent.pid.split("@")[1]}`;
    const scheduler = new TestScheduler(master.url);
    fixture.onEnd(async () => scheduler.disconnect());
    await scheduler.subscribe();
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "t" },
      command: { value: "exit 0" },
    });
    await scheduler.state("t", "TASK_FINISHED");
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "u" },
      command: { value: "exec sleep 1000" },
    });
    await scheduler.state("u", "TASK_RUNNING");
    await until("both acknowledged", () => agent.agent?.tasks.length === 1);

    const ofMaster = await getJson<Record<string, number>>(`${master.url}/metrics/snapshot?timeout=5secs`);
    assert.deepEqual(missing(ofMaster, masterNames), []);
    assert.ok(Object.values(ofMaster).every((value) => typeof value === "number"));
    const some = (metrics: Record<string, number>, names: string[]) => names.map((name) => metrics[name]);
    assert.deepEqual(
      some(ofMaster, [
        "master/messages_register_framework",
        "master/messages_reregister_framework",
        "master/messages_launch_tasks",
        "master/invalid_status_updates",
        "master/tasks_finished",
        "master/tasks_running",
        "master/slave_registrations",
      ]),
      [1, 0, 2, 0, 1, 1, 1],
    );
    assert.ok((ofMaster["master/messages_status_update"] ?? 0) >= 4);
    assert.equal(ofMaster["master/valid_status_updates"], ofMaster["master/messages_status_update"]);
    assert.ok((ofMaster["allocator/mesos/allocation_run_ms/count"] ?? 0) >= 2);
    assert.ok((ofMaster["registrar/state_store_ms/count"] ?? 0) >= 1);
    assert.ok((ofMaster["registrar/registry_size_bytes"] ?? 0) > 100);

    const ofAgent = await getJson<Record<string, number>>(
      `${agentUrl}/slave(1)/metrics/snapshot?timeout=1mins`,
    );
    assert.deepEqual(missing(ofAgent, agentNames), []);
    assert.deepEqual(
      some(ofAgent, [
        "slave/registered",
        "slave/tasks_finished",
        "slave/tasks_running",
        "slave/executors_running",
        "slave/frameworks_active",
        "slave/cpus_used",
      ]),
      // The executor of a command has 0.1 cpus of its own (src/slave/constants.hpp).
      [1, 1, 1, 1, 1, 0.2],
    );
    for (const url of [master.url, agentUrl]) {
      const machine = await getJson<Record<string, number>>(`${url}/system/stats.json`);
      assert.deepEqual(Object.keys(machine).sort(), [
        "avg_load_15min",
        "avg_load_1min",
        "avg_load_5min",
        "cpus_total",
        "mem_free_bytes",
        "mem_total_bytes",
      ]);
      const { status, text } = await http("GET", `${url}/metrics/snapshot?timeout=soon`);
      assert.deepEqual([status, text], [400, "Invalid timeout 'soon': Invalid duration 'soon'.\n"]);
    }
    await scheduler.call("KILL", { task_id: { value: "u" } });
    await scheduler.state("u", "TASK_KILLED");
  });

  it("names everything on a master that does not lead", async () => {
    const master = await fixture.master("m", ["--zk=zk://127.114.9.9:1/mesos", "--quorum=1"], "127.114.1.3");
    const metrics = await getJson<Record<string, number>>(`${master.url}/metrics/snapshot`);
    assert.deepEqual(missing(metrics, masterNames), []);
    assert.equal(metrics["master/elected"], 0);
  });

  it("sums up how long things took", () => {
    const timings = new Timings();
    assert.deepEqual(
      summary("x").map((name) => timings.metrics("x")[name]),
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    );
    for (let ms = 2000; ms > 0; ms--) timings.record(ms);
    assert.deepEqual(
      summary("x").map((name) => timings.metrics("x")[name]),
      [1, 2000, 1000, 1, 500, 900, 950, 990, 999, 1000],
    );
  });
});
