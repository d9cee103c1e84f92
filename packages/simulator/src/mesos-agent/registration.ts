// SPDX-License-Identifier: Apache-2.0
import { type AgentInfo, mesosVersion, type TaskStatus } from "../protocol/types";
import type { AgentResources } from "./agent-resources";
import type { Executors } from "./executors";
import type { RunningTask } from "./running-task";

/** Those of an agent 1.11 without resource providers. */
export const capabilities = [
  "MULTI_ROLE",
  "HIERARCHICAL_ROLE",
  "RESERVATION_REFINEMENT",
  "RESIZE_VOLUME",
  "AGENT_OPERATION_FEEDBACK",
  "AGENT_DRAINING",
  "TASK_RESOURCE_LIMITS",
] as const;

export interface RegistrationSource {
  readonly info: AgentInfo;
  readonly pid: string;
  readonly tasks: readonly RunningTask[];
  readonly executors: Executors;
  readonly resources: AgentResources;
}

/** What a master is told when this agent registers, the first time or again. */
export function registrationOf({ info, pid, tasks, executors, resources }: RegistrationSource) {
  const records = [...tasks, ...executors.all].map(({ record }) => record);
  const frameworks = new Map(records.map(({ framework }) => [framework.id?.value, framework]));
  return {
    slave: info,
    pid,
    version: mesosVersion,
    agent_capabilities: capabilities.map((type) => ({ type })),
    checkpointed_resources: resources.checkpointed,
    operations: resources.operations,
    tasks: tasks.map((t) => ({
      info: t.info,
      framework_id: { value: t.frameworkId },
      agent_id: { value: info.id?.value ?? "" },
      state: t.state,
      statuses: lastOfEach(t.statuses),
    })),
    frameworks: [...frameworks.values()],
    executors: executors.infos,
  };
}

/** Of each state the newest status, as masters keep them. */
function lastOfEach(statuses: readonly TaskStatus[]): TaskStatus[] {
  const last = new Map(statuses.map(({ uuid: _uuid, ...status }) => [status.state, status]));
  return [...last.values()];
}
