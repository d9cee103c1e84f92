// SPDX-License-Identifier: Apache-2.0
import { fromJson, toLegacy } from "./resources";
import type { TaskInfo, TaskState, TaskStatus } from "./types";

/** A task as whoever keeps it knows it. */
export interface LegacyTask {
  readonly info: TaskInfo;
  readonly frameworkId: string;
  readonly agentId: string;
  /** Empty for a command of its own, as masters say it. */
  readonly executorId: string;
  readonly role: string;
  readonly user?: string;
  readonly state: TaskState;
  readonly statuses: readonly TaskStatus[];
}

/** A task in the older endpoints of masters and agents (src/common/http.cpp). */
export function legacyTask(task: LegacyTask): Record<string, unknown> {
  const { info, user } = task;
  const { labels, discovery, container, health_check } = info;
  return {
    id: info.task_id.value,
    name: info.name,
    framework_id: task.frameworkId,
    executor_id: task.executorId,
    slave_id: task.agentId,
    agent_id: task.agentId,
    state: task.state,
    resources: toLegacy(fromJson(info.resources)),
    ...(info.limits === undefined ? {} : { limits: legacyLimits(info.limits) }),
    role: task.role,
    statuses: task.statuses.map((s) => ({
      state: s.state,
      timestamp: s.timestamp ?? 0,
      ...(s.container_status === undefined ? {} : { container_status: s.container_status }),
      ...(s.healthy === undefined ? {} : { healthy: s.healthy }),
      ...(s.check_status === undefined ? {} : { check_status: s.check_status }),
    })),
    ...(user === undefined ? {} : { user }),
    ...(labels === undefined ? {} : { labels: labels.labels }),
    ...(discovery === undefined ? {} : { discovery }),
    ...(container === undefined ? {} : { container }),
    ...(health_check === undefined ? {} : { health_check }),
  };
}

function legacyLimits(limits: NonNullable<TaskInfo["limits"]>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(limits).map(([name, { value }]) => [
      name,
      typeof value === "number" && Number.isFinite(value) ? value : "infinity",
    ]),
  );
}
