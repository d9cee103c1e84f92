// SPDX-License-Identifier: Apache-2.0
import { type LegacyTask, userOf } from "./legacy-task";

/** A task in the v1 APIs of masters and agents, made of what was launched (createTask in src/common/protobuf_utils.cpp). */
export function v1Task(
  task: Pick<LegacyTask, "info" | "frameworkId" | "agentId" | "state" | "statuses">,
): Record<string, unknown> {
  const { info } = task;
  const { name, task_id, resources, limits, labels, discovery, container, health_check, kill_policy } = info;
  const known = { limits, labels, discovery, container, health_check, kill_policy, user: userOf(info) };
  return {
    name,
    task_id,
    framework_id: { value: task.frameworkId },
    agent_id: { value: task.agentId },
    ...(info.executor === undefined ? {} : { executor_id: info.executor.executor_id }),
    state: task.state,
    resources,
    statuses: task.statuses,
    ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)),
  };
}
