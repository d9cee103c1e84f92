// SPDX-License-Identifier: Apache-2.0
import { type DrainConfig, isTerminal } from "../protocol/types";
import type { RunningTask } from "./running-task";

/** Kills every task; the grace is the smaller of what the operator and the task allow (mesos.md 3.1). */
export function drainTasks(tasks: readonly RunningTask[], config: DrainConfig): void {
  const nanoseconds = config.max_grace_period?.nanoseconds;
  const most = nanoseconds === undefined ? undefined : Number(nanoseconds) / 1e6;
  for (const task of tasks) {
    if (isTerminal(task.state)) continue;
    const own = task.killPolicyMs;
    const grace = most === undefined ? own : own === undefined ? most : Math.min(own, most);
    const aware = task.record.framework.capabilities?.some((c) => c.type === "PARTITION_AWARE");
    const state = config.mark_gone && aware ? "TASK_GONE_BY_OPERATOR" : "TASK_KILLED";
    task.kill(grace, { state, reason: "REASON_AGENT_DRAINING" });
  }
}
