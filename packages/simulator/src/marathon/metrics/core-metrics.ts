// SPDX-License-Identifier: Apache-2.0
import { getHeapStatistics } from "node:v8";
import type { Marathon } from "../core/marathon";
import { isStarting } from "../instances/instance";
import type { Operation, SchedulerDriver } from "../mesos/messages";
import type { Metrics } from "./metrics";

const operations: Readonly<Record<string, string>> = {
  LAUNCH: "launch",
  LAUNCH_GROUP: "launch-group",
  RESERVE: "reserve",
};
const methods = ["get", "post", "put", "delete"];

/** Names every metric once, so that it is shown from the start, and binds the gauges to `core`. */
export function bindMetrics(core: Marathon, metrics: Metrics): void {
  const { clock } = core;
  const since = clock.now();
  for (const name of [
    "deployments.counter",
    "deployments.dismissed.counter",
    "tasks.launched.counter",
    "mesos.calls.revive.counter",
    "mesos.calls.suppress.counter",
    ...Object.values(operations).map((o) => `mesos.offer-operations.${o}.counter`),
    "mesos.offers.declined.counter",
    "mesos.offers.incoming.counter",
    "mesos.offers.used.counter",
    "http.requests.size.counter.bytes",
    "http.responses.size.counter.bytes",
    "http.responses.size.gzipped.counter.bytes",
    "http.responses.event-stream.size.counter.bytes",
  ]) {
    metrics.count(name, 0);
  }
  for (const n of [1, 2, 3, 4, 5]) metrics.mark(`http.responses.${n}xx.rate.meter`, 0);
  metrics.time("http.requests.duration.timer.seconds");
  for (const method of methods) metrics.time(`http.requests.${method}.duration.timer.seconds`);
  const instances = () => [...core.tracker.all()];
  metrics.gauge("apps.active.gauge", () => core.root.apps.size);
  metrics.gauge("pods.active.gauge", () => core.root.pods.size);
  metrics.gauge("groups.active.gauge", () => core.root.groups.size);
  metrics.gauge("deployments.active.gauge", () => core.deployments.size);
  metrics.gauge("instances.running.gauge", () => instances().filter((i) => i.condition === "Running").length);
  metrics.gauge("instances.staged.gauge", () => instances().filter(isStarting).length);
  metrics.gauge("instances.inflight-kills.gauge", () => core.tasks.openKills);
  metrics.gauge("leadership.duration.gauge.seconds", () => (clock.now() - since) / 1000);
  metrics.gauge("uptime.gauge.seconds", () => process.uptime());
  bindMemory(metrics);
}

function bindMemory(metrics: Metrics): void {
  const memory = () => process.memoryUsage();
  metrics.gauge("jvm.memory.heap.used.gauge.bytes", () => memory().heapUsed);
  metrics.gauge("jvm.memory.heap.committed.gauge.bytes", () => memory().heapTotal);
  metrics.gauge("jvm.memory.heap.max.gauge.bytes", () => getHeapStatistics().heap_size_limit);
  metrics.gauge("jvm.memory.heap.usage.gauge", () => memory().heapUsed / getHeapStatistics().heap_size_limit);
  metrics.gauge("jvm.memory.non-heap.used.gauge.bytes", () => memory().external);
  metrics.gauge("jvm.memory.total.used.gauge.bytes", () => memory().rss);
}

/** `driver` with its calls counted. */
export function countCalls(driver: SchedulerDriver, metrics: Metrics): SchedulerDriver {
  return {
    accept(offerId: string, accepted: readonly Operation[], refuseSeconds: number) {
      metrics.count("mesos.offers.used.counter");
      for (const operation of accepted) {
        const name = operations[operation.type];
        if (name !== undefined) metrics.count(`mesos.offer-operations.${name}.counter`);
        metrics.count("tasks.launched.counter", tasksOf(operation));
      }
      driver.accept(offerId, accepted, refuseSeconds);
    },
    decline(offerIds: readonly string[], refuseSeconds: number) {
      metrics.count("mesos.offers.declined.counter", offerIds.length);
      driver.decline(offerIds, refuseSeconds);
    },
    roles: (roles) => driver.roles(roles),
    revive(roles) {
      metrics.count("mesos.calls.revive.counter");
      driver.revive(roles);
    },
    suppress(roles) {
      metrics.count("mesos.calls.suppress.counter");
      driver.suppress(roles);
    },
    kill: (...call) => driver.kill(...call),
    acknowledge: (...call) => driver.acknowledge(...call),
    reconcile: (tasks) => driver.reconcile(tasks),
  };
}

function tasksOf(operation: Operation): number {
  const parts = operation as {
    launch?: { task_infos?: readonly unknown[] };
    launch_group?: { task_group?: { tasks?: readonly unknown[] } };
  };
  return (parts.launch?.task_infos?.length ?? 0) + (parts.launch_group?.task_group?.tasks?.length ?? 0);
}
