// SPDX-License-Identifier: Apache-2.0

import { userOf } from "../protocol/legacy-task";
import { toJson } from "../protocol/resources";
import type { AgentInfo } from "../protocol/types";
import { offerJson } from "./offer-json";
import {
  type Agent,
  allocatedJson,
  type Framework,
  isActive,
  offeredBy,
  type TaskRecord,
  usedBy,
} from "./state";

type Json = Record<string, unknown>;

const time = (ms: number): Json => ({ nanoseconds: ms * 1e6 });

/** An agent's own words without what only older protocols have. */
export function agentInfoJson({ checkpoint: _checkpoint, ...info }: AgentInfo): Json {
  return info;
}

export function agentJson(agent: Agent): Json {
  return {
    agent_info: agentInfoJson(agent.info),
    active: isActive(agent),
    deactivated: agent.deactivated,
    version: agent.version,
    pid: agent.pid,
    registered_time: time(agent.registeredAt),
    ...(agent.reregisteredAt === undefined ? {} : { reregistered_time: time(agent.reregisteredAt) }),
    total_resources: toJson(agent.total),
    allocated_resources: allocatedJson(usedBy(agent)),
    offered_resources: allocatedJson(offeredBy(agent)),
    capabilities: agent.capabilities,
    ...(agent.drain === undefined
      ? {}
      : {
          drain_info: { state: agent.drain.state, config: agent.drain.config },
          estimated_drain_start_time: time(agent.drain.startedAt),
        }),
  };
}

export function frameworkJson(framework: Framework): Json {
  return {
    framework_info: framework.info,
    active: framework.link !== undefined,
    connected: framework.link !== undefined,
    recovered: framework.recovered,
    registered_time: time(framework.registeredAt),
    ...(framework.reregisteredAt === undefined ? {} : { reregistered_time: time(framework.reregisteredAt) }),
    ...(framework.unregisteredAt === undefined ? {} : { unregistered_time: time(framework.unregisteredAt) }),
    offers: [...framework.offers].map(offerJson),
    allocated_resources: allocatedJson(framework.usedBy),
    offered_resources: allocatedJson(framework.offeredBy),
  };
}

export function taskJson(task: TaskRecord): Json {
  const { info } = task;
  const user = userOf(info);
  return {
    name: info.name,
    task_id: info.task_id,
    framework_id: { value: task.frameworkId },
    agent_id: { value: task.agentId },
    ...(info.executor === undefined ? {} : { executor_id: info.executor.executor_id }),
    state: task.state,
    resources: info.resources,
    ...(info.limits === undefined ? {} : { limits: info.limits }),
    statuses: task.statuses,
    ...(task.pending === undefined
      ? {}
      : { status_update_state: task.pending.state, status_update_uuid: task.pending.uuid }),
    ...(info.labels === undefined ? {} : { labels: info.labels }),
    ...(info.discovery === undefined ? {} : { discovery: info.discovery }),
    ...(info.container === undefined ? {} : { container: info.container }),
    ...(info.health_check === undefined ? {} : { health_check: info.health_check }),
    ...(info.kill_policy === undefined ? {} : { kill_policy: info.kill_policy }),
    ...(user === undefined ? {} : { user }),
  };
}
