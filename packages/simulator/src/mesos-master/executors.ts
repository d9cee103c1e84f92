// SPDX-License-Identifier: Apache-2.0
import { legacyCommand } from "../protocol/legacy-task";
import { add, fromJson, noResources, type Resources, subtract, toLegacy } from "../protocol/resources";
import type { ExecutorInfo, Value } from "../protocol/types";
import type { Context } from "./context";
import { type Agent, adjust, type ClusterState, type Framework, roleOfTask } from "./state";

/** An executor that a framework named: it holds resources as long as it lives, besides those of its tasks. */
export interface ExecutorRecord {
  readonly info: ExecutorInfo;
  readonly frameworkId: string;
  readonly agentId: string;
  readonly resources: Resources;
}

export function executorKey(frameworkId: string, executorId: string): string {
  return `${frameworkId}/${executorId}`;
}

/** The executor of this id that lives on the agent. */
export function executorOn(
  agent: Agent,
  frameworkId: string,
  executorId: string,
): ExecutorRecord | undefined {
  return agent.executors.get(executorKey(frameworkId, executorId));
}

/** Accounts for an executor, unless the agent has it already. */
export function addExecutor(
  state: ClusterState,
  frameworkId: string,
  agentId: string,
  info: ExecutorInfo,
): void {
  const agent = state.agents.get(agentId);
  const framework = state.frameworks.get(frameworkId);
  const key = executorKey(frameworkId, info.executor_id.value);
  if (agent === undefined || framework === undefined || agent.executors.has(key)) return;
  const resources = fromJson(info.resources ?? []);
  const executor = { info, frameworkId, agentId, resources };
  agent.executors.set(key, executor);
  framework.executors.add(executor);
  agent.used = add(agent.used, resources);
  framework.used = add(framework.used, resources);
  adjust(framework.usedBy, roleOfTask(info), add, resources);
  agent.frameworks.set(frameworkId, add(agent.frameworks.get(frameworkId) ?? noResources, resources));
}

/** Frees what an executor held; false when nobody knew it. */
export function removeExecutor(state: ClusterState, executor: ExecutorRecord): boolean {
  const { frameworkId, agentId, resources, info } = executor;
  const agent = state.agents.get(agentId);
  if (agent?.executors.delete(executorKey(frameworkId, info.executor_id.value)) !== true) return false;
  agent.used = subtract(agent.used, resources);
  const rest = subtract(agent.frameworks.get(frameworkId) ?? noResources, resources);
  agent.frameworks.set(frameworkId, rest);
  const framework = state.frameworks.get(frameworkId);
  if (framework?.executors.delete(executor)) {
    framework.used = subtract(framework.used, resources);
    adjust(framework.usedBy, roleOfTask(info), subtract, resources);
  }
  return true;
}

/** As the older endpoints show it. */
export function executorJson(executor: ExecutorRecord): Record<string, unknown> {
  const { info, frameworkId, agentId, resources } = executor;
  return {
    executor_id: info.executor_id.value,
    name: info.name ?? "",
    framework_id: frameworkId,
    command: legacyCommand(info.command),
    resources: toLegacy(resources),
    ...((info.resources ?? []).length === 0 ? {} : { role: roleOfTask(info) }),
    slave_id: agentId,
    ...(info.type === undefined ? {} : { type: info.type }),
    ...(info.labels === undefined ? {} : { labels: info.labels.labels }),
  };
}

/** The answer of GET_EXECUTORS. */
export function getExecutors(state: ClusterState): Record<string, unknown> {
  const all = [...state.agents.values()].flatMap((agent) => [...agent.executors.values()]);
  return {
    executors: all.map(({ agentId, info }) => ({ agent_id: { value: agentId }, executor_info: info })),
  };
}

/** What a re-registering agent runs is true: others that were believed to live there are gone. */
export function takeExecutors(context: Context, agent: Agent, reported: readonly ExecutorInfo[]): void {
  const { state } = context;
  const seen = new Set<string>();
  for (const info of reported) {
    const frameworkId = info.framework_id?.value ?? "";
    seen.add(executorKey(frameworkId, info.executor_id.value));
    addExecutor(state, frameworkId, agent.id, info);
  }
  for (const [key, executor] of agent.executors) {
    if (!seen.has(key)) removeExecutor(state, executor);
  }
}

/** The arguments of the scheduler's calls MESSAGE and SHUTDOWN. */
export interface ExecutorArgs {
  readonly agent_id?: Value;
  readonly executor_id?: Value;
  readonly data?: string;
}

/** MESSAGE and SHUTDOWN: handed to the agent, where they may get lost; why they cannot be, when something is missing. */
export function tellExecutor(
  context: Context,
  framework: Framework,
  type: "MESSAGE" | "SHUTDOWN",
  args: ExecutorArgs | undefined,
): string | undefined {
  if (args === undefined) return `Expecting '${type.toLowerCase()}' to be present`;
  const { agent_id, executor_id, data = "" } = args;
  if (agent_id === undefined || executor_id === undefined) {
    return `Expecting '${type.toLowerCase()}' with agent_id and executor_id`;
  }
  const link = context.state.agents.get(agent_id.value)?.link;
  if (link === undefined) {
    context.log(
      `${type} for executor '${executor_id.value}' is lost: agent ${agent_id.value} is not connected`,
    );
    return undefined;
  }
  const to = { framework_id: { value: framework.id }, executor_id };
  if (type === "MESSAGE") link.send({ type: "FrameworkToExecutorMessage", ...to, data });
  else link.send({ type: "ShutdownExecutorMessage", ...to });
  return undefined;
}

/** An executor's own words for its scheduler. */
export function executorSaid(
  context: Context,
  agent: Agent,
  frameworkId: string,
  executorId: string,
  data: string,
): void {
  context.state.frameworks.get(frameworkId)?.link?.send({
    type: "MESSAGE",
    message: { agent_id: { value: agent.id }, executor_id: { value: executorId }, data },
  });
}

/** The agent says that an executor has ended; its framework hears it as FAILURE. */
export function executorExited(
  context: Context,
  agent: Agent,
  frameworkId: string,
  executorId: string,
  status: number,
): void {
  const executor = executorOn(agent, frameworkId, executorId);
  if (executor === undefined) {
    context.log(
      `unknown executor '${executorId}' of framework ${frameworkId} on agent ${agent.id} has exited`,
    );
    return;
  }
  context.log(
    `executor '${executorId}' of framework ${frameworkId} on agent ${agent.id}: exited with status ${status}`,
  );
  removeExecutor(context.state, executor);
  context.state.frameworks.get(frameworkId)?.link?.send({
    type: "FAILURE",
    failure: { agent_id: { value: agent.id }, executor_id: { value: executorId }, status },
  });
  context.allocate([agent]);
}
