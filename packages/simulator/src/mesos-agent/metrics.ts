// SPDX-License-Identifier: Apache-2.0
import { systemMetrics } from "../metrics-route";
import { amount, noResources } from "../protocol/resources";
import { isTerminal } from "../protocol/types";
import type { Agent } from "./agent";
import { allocatedOn, keptBy } from "./kept-executors";

/** Names that this agent never counts; dashboards break when they are missing. */
const unused = [
  "containerizer/mesos/container_destroy_errors",
  "slave/container_launch_errors",
  "slave/cpus_revocable_percent",
  "slave/cpus_revocable_total",
  "slave/cpus_revocable_used",
  "slave/disk_revocable_percent",
  "slave/disk_revocable_total",
  "slave/disk_revocable_used",
  "slave/executor_directory_max_allowed_age_secs",
  "slave/executors_preempted",
  "slave/executors_registering",
  "slave/executors_terminating",
  "slave/gpus_revocable_percent",
  "slave/gpus_revocable_total",
  "slave/gpus_revocable_used",
  "slave/invalid_framework_messages",
  "slave/invalid_status_updates",
  "slave/mem_revocable_percent",
  "slave/mem_revocable_total",
  "slave/mem_revocable_used",
  "slave/recovery_errors",
  "slave/recovery_time_secs",
  "slave/valid_framework_messages",
  "slave/valid_status_updates",
] as const;

const states = [
  "STAGING",
  "STARTING",
  "RUNNING",
  "KILLING",
  "FINISHED",
  "FAILED",
  "KILLED",
  "LOST",
  "GONE",
] as const;

/** The flat object of an agent's /metrics/snapshot: `slave/…` as Mesos names them. */
export function agentMetrics(agent: Agent | undefined, now: number): Record<string, number> {
  const tasks = agent?.tasks ?? [];
  const live = tasks.filter((t) => !isTerminal(t.state));
  const total = agent?.total ?? noResources;
  const used = allocatedOn(keptBy(agent).live);
  const commands = live.filter((t) => t.record.executor === undefined && t.state !== "TASK_STAGING").length;
  const out: Record<string, number> = {
    ...Object.fromEntries(unused.map((name) => [name, 0])),
    "slave/uptime_secs": agent === undefined ? 0 : (now - agent.startedAt) / 1000,
    "slave/registered": agent?.registered ? 1 : 0,
    "slave/frameworks_active": new Set(live.map((t) => t.frameworkId)).size,
    "slave/executors_running": commands + (agent?.executors.all.length ?? 0),
    "slave/executors_terminated": [...(agent?.ended.values() ?? [])].reduce((a, b) => a + b, 0),
    ...systemMetrics(),
  };
  for (const name of ["cpus", "gpus", "mem", "disk"]) {
    const all = amount(total, name);
    out[`slave/${name}_total`] = all;
    out[`slave/${name}_used`] = amount(used, name);
    out[`slave/${name}_percent`] = all === 0 ? 0 : amount(used, name) / all;
  }
  for (const state of states) {
    const here = tasks.filter((t) => t.state === `TASK_${state}`).length;
    out[`slave/tasks_${state.toLowerCase()}`] = here + (agent?.ended.get(`TASK_${state}`) ?? 0);
  }
  return out;
}
