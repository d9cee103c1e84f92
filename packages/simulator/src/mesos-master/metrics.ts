// SPDX-License-Identifier: Apache-2.0
import { systemMetrics } from "../metrics-route";
import { amount } from "../protocol/resources";
import { Timings } from "../timings";
import type { Context } from "./context";
import { frameworksMetrics } from "./framework-metrics";
import { totals } from "./legacy-json";
import type { Registry } from "./registry";

/** Names that this master never counts; dashboards break when they are missing. */
const unused = [
  "allocator/event_queue_dispatches",
  "allocator/mesos/event_queue_dispatches",
  "master/cpus_revocable_percent",
  "master/cpus_revocable_total",
  "master/cpus_revocable_used",
  "master/disk_revocable_percent",
  "master/disk_revocable_total",
  "master/disk_revocable_used",
  "master/dropped_messages",
  "master/event_queue_dispatches",
  "master/event_queue_http_requests",
  "master/event_queue_messages",
  "master/gpus_revocable_percent",
  "master/gpus_revocable_total",
  "master/gpus_revocable_used",
  "master/http_cache_hits",
  "master/invalid_executor_to_framework_messages",
  "master/invalid_framework_to_executor_messages",
  "master/invalid_operation_status_update_acknowledgements",
  "master/invalid_status_update_acknowledgements",
  "master/mem_revocable_percent",
  "master/mem_revocable_total",
  "master/mem_revocable_used",
  "master/messages_authenticate",
  "master/messages_deactivate_framework",
  "master/messages_update_slave",
  "master/slave_unreachable_canceled",
] as const;

/** By the call or message that is counted; `!` are those that this master refused. */
const calls: Readonly<Record<string, string>> = {
  ACCEPT: "master/messages_launch_tasks",
  ACKNOWLEDGE_OPERATION_STATUS: "master/messages_operation_status_update_acknowledgement",
  ExecutorToFrameworkMessage: "master/messages_executor_to_framework",
  ExitedExecutorMessage: "master/messages_exited_executor",
  MESSAGE: "master/messages_framework_to_executor",
  RECONCILE_OPERATIONS: "master/messages_reconcile_operations",
  REQUEST: "master/messages_resource_request",
  RESUBSCRIBE: "master/messages_reregister_framework",
  SUBSCRIBE: "master/messages_register_framework",
  StatusUpdateMessage: "master/messages_status_update",
  "StatusUpdateMessage!": "master/invalid_status_updates",
  TEARDOWN: "master/messages_unregister_framework",
  UpdateOperationStatusMessage: "master/messages_operation_status_update",
  ACKNOWLEDGE: "master/messages_status_update_acknowledgement",
  DECLINE: "master/messages_decline_offers",
  KILL: "master/messages_kill_task",
  RECONCILE: "master/messages_reconcile_tasks",
  REVIVE: "master/messages_revive_offers",
  SUPPRESS: "master/messages_suppress_offers",
};

const gauges = ["STAGING", "STARTING", "RUNNING", "KILLING", "UNREACHABLE"] as const;
const counted = [
  "FINISHED",
  "FAILED",
  "KILLED",
  "ERROR",
  "LOST",
  "DROPPED",
  "GONE",
  "GONE_BY_OPERATOR",
] as const;

export interface MetricsSource {
  readonly startedAt: number;
  readonly now: number;
  readonly leader: Context | undefined;
  readonly logRecovered: boolean;
  readonly logSize: number;
  /** How long reading the registry took when this master was elected. */
  readonly fetchMs: number;
}

/** The flat object of /metrics/snapshot, with every name that Mesos's dashboards ask for. */
export function metrics(source: MetricsSource): Record<string, number> {
  const out: Record<string, number> = {
    ...Object.fromEntries(unused.map((name) => [name, 0])),
    "master/elected": source.leader === undefined ? 0 : 1,
    "master/uptime_secs": (source.now - source.startedAt) / 1000,
    "registrar/log/ensemble_size": source.logSize,
    "registrar/log/recovered": source.logRecovered ? 1 : 0,
    "registrar/queued_operations": source.leader?.registrar.queued ?? 0,
    "registrar/registry_size_bytes":
      source.leader === undefined ? 0 : sizeOf(source.leader.registrar.registry),
    "registrar/state_fetch_ms": source.fetchMs,
    ...(source.leader?.state.stores ?? none).metrics("registrar/state_store_ms"),
    ...(source.leader?.state.allocations ?? none).metrics("allocator/mesos/allocation_run_ms"),
    "allocator/mesos/allocation_runs": source.leader?.state.allocations.count ?? 0,
    ...systemMetrics(),
  };
  resourcesOf(source.leader, out);
  agentsOf(source.leader, out);
  tasksOf(source.leader, out);
  return source.leader === undefined ? out : { ...out, ...frameworksMetrics(source.leader) };
}

const none = new Timings();

/** Registries are replaced, never altered. */
const sizes = new WeakMap<Registry, number>();

function sizeOf(registry: Registry): number {
  const size = sizes.get(registry) ?? Buffer.byteLength(JSON.stringify(registry));
  sizes.set(registry, size);
  return size;
}

function resourcesOf(leader: Context | undefined, out: Record<string, number>): void {
  const sums = leader === undefined ? undefined : totals(leader);
  for (const name of ["cpus", "gpus", "mem", "disk"]) {
    const total = sums === undefined ? 0 : amount(sums.total, name);
    const used = sums === undefined ? 0 : amount(sums.used, name);
    out[`master/${name}_total`] = total;
    out[`master/${name}_used`] = used;
    out[`master/${name}_percent`] = total === 0 ? 0 : used / total;
    out[`allocator/mesos/resources/${name}/total`] = total;
    out[`allocator/mesos/resources/${name}/offered_or_allocated`] = used;
  }
}

function agentsOf(leader: Context | undefined, out: Record<string, number>): void {
  const agents = [...(leader?.state.agents.values() ?? [])];
  const frameworks = [...(leader?.state.frameworks.values() ?? [])];
  const counters = leader?.state.counters;
  const connected = agents.filter((a) => a.link !== undefined);
  const active = connected.filter((a) => !a.deactivated).length;
  const subscribed = frameworks.filter((f) => f.link !== undefined).length;
  Object.assign(out, {
    "master/slaves_connected": connected.length,
    "master/slaves_disconnected": agents.length - connected.length,
    "master/slaves_active": active,
    "master/slaves_inactive": agents.length - active,
    "master/slaves_unreachable": Object.keys(leader?.registrar.registry.unreachable ?? {}).length,
    "master/frameworks_connected": subscribed,
    "master/frameworks_disconnected": frameworks.length - subscribed,
    "master/frameworks_active": subscribed,
    "master/frameworks_inactive": frameworks.length - subscribed,
    "master/outstanding_offers": leader?.state.offers.size ?? 0,
    "master/slave_registrations": counters?.registrations ?? 0,
    "master/slave_reregistrations": counters?.reregistrations ?? 0,
    "master/recovery_slave_removals": counters?.recoveryRemovals ?? 0,
    "master/slave_removals": counters?.removals ?? 0,
    "master/slave_removals/reason_registered": counters?.removalReasons.get("registered") ?? 0,
    "master/slave_removals/reason_unhealthy": counters?.removalReasons.get("unhealthy") ?? 0,
    "master/slave_removals/reason_unregistered": counters?.removalReasons.get("unregistered") ?? 0,
    "master/slave_unreachable_completed": counters?.unreachableCompleted ?? 0,
    "master/slave_unreachable_scheduled": counters?.unreachableScheduled ?? 0,
    "master/messages_register_slave": counters?.registrations ?? 0,
    "master/messages_reregister_slave": counters?.reregistrations ?? 0,
    "master/messages_unregister_slave": counters?.removalReasons.get("unregistered") ?? 0,
    "master/valid_status_update_acknowledgements": counters?.messages.get("ACKNOWLEDGE") ?? 0,
    "master/valid_framework_to_executor_messages": counters?.messages.get("MESSAGE") ?? 0,
    "master/valid_executor_to_framework_messages": counters?.messages.get("ExecutorToFrameworkMessage") ?? 0,
  });
  const sent = counters?.messages.get("StatusUpdateMessage") ?? 0;
  out["master/valid_status_updates"] = sent - (counters?.messages.get("StatusUpdateMessage!") ?? 0);
  for (const [call, name] of Object.entries(calls)) out[name] = counters?.messages.get(call) ?? 0;
}

function tasksOf(leader: Context | undefined, out: Record<string, number>): void {
  for (const state of gauges) out[`master/tasks_${state.toLowerCase()}`] = 0;
  for (const framework of leader?.state.frameworks.values() ?? []) {
    for (const task of [...framework.tasks.values(), ...framework.unreachableTasks.values()]) {
      const name = `master/${task.state.toLowerCase().replace("task_", "tasks_")}`;
      if (gauges.some((g) => `TASK_${g}` === task.state)) out[name] = (out[name] ?? 0) + 1;
    }
  }
  for (const state of counted) {
    out[`master/tasks_${state.toLowerCase()}`] = leader?.state.counters.tasks.get(`TASK_${state}`) ?? 0;
  }
  for (const [key, count] of leader?.state.counters.sources ?? []) {
    const [state = "", from = "", reason = ""] = key.split("/").map((part) => part.toLowerCase());
    if (reason !== "") out[`master/${state}/${from}/${reason}`] = count;
  }
}
