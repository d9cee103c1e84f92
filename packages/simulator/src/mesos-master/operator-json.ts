// SPDX-License-Identifier: Apache-2.0

import { toJson } from "../protocol/resources";
import type { AgentInfo } from "../protocol/types";
import { v1Task } from "../protocol/v1-task";
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
    offer_constraints: framework.constraints.json,
  };
}

export function taskJson(task: TaskRecord): Json {
  const { pending } = task;
  return {
    ...v1Task(task),
    ...(pending === undefined
      ? {}
      : { status_update_state: pending.state, status_update_uuid: pending.uuid }),
  };
}
