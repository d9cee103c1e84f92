// SPDX-License-Identifier: Apache-2.0
import {
  type AgentChange,
  type AgentPoolDeclaration,
  type AgentPoolInputs,
  type AgentPoolStatus,
  type AutoscalePolicy,
  agentChange,
  boundsOf,
  describeAgentChange,
  describeAutoscalePolicy,
  digestOf,
  hasComputed,
} from "@pulumi-mesos/model";
import { compareInputs } from "../differences";
import type { DiffRequest, DiffResult, Properties } from "../resource";

/** What a change of a pool's declaration does to its agents, in words. */
export function planPoolChange({
  oldInputs,
  inputs,
}: Pick<DiffRequest<AgentPoolInputs, AgentPoolInputs>, "oldInputs" | "inputs">): DiffResult {
  const differences = compareInputs(oldInputs, inputs, ["cluster"]).map((difference) => ({
    ...difference,
    replace: difference.replace || /^declaration\.(name|backend)\b/.test(difference.path),
  }));
  const declaration = hasComputed(inputs) ? undefined : (inputs as AgentPoolInputs).declaration;
  const stays = declaration !== undefined && !differences.some(({ replace }) => replace);
  const summary = stays ? describeChange(oldInputs.declaration, declaration) : undefined;
  return { differences, deleteBeforeReplace: true, ...(summary === undefined ? {} : { summary }) };
}

/** What becomes of the tasks that run now, by what the controller reported last. */
export function foreseeTasks(
  old: AgentPoolDeclaration,
  now: AgentPoolDeclaration,
  status: AgentPoolStatus | undefined,
): string | undefined {
  const { kind } = changeOf(old, now);
  if (kind === "none" || boundsOf(old).max === 0 || boundsOf(now).max === 0 || status === undefined)
    return undefined;
  const count = status.members.reduce((sum, { tasks = 0 }) => sum + tasks, 0);
  const tasks = `${count} ${count === 1 ? "task" : "tasks"}`;
  return kind === "replace" ? `${tasks} to move` : `${tasks} to stay`;
}

function describeChange(old: AgentPoolDeclaration, now: AgentPoolDeclaration): string | undefined {
  const { name, size, autoscale } = now;
  const change = changeOf(old, now);
  const runs = Math.min(boundsOf(old).max, boundsOf(now).max);
  const parts = [
    ...(change.kind === "none" || runs === 0 ? [] : [describeAgentChange(name, runs, change, now.update)]),
    ...(autoscale === undefined ? describeSize(name, size, old) : describeScaling(name, autoscale, old)),
  ];
  return parts.length === 0 ? undefined : parts.join("; ");
}

function describeSize(name: string, size: number, old: AgentPoolDeclaration): string[] {
  if (old.autoscale !== undefined) return [`${name}: has ${size} agents from now on, whatever the load`];
  if (size > old.size) return [`${name}: makes ${size - old.size} more`];
  return size < old.size ? [`${name}: drains and removes the ${old.size - size} emptiest`] : [];
}

/** Bounds and policy, when they change: how many agents there are by then is the controller's. */
function describeScaling(name: string, policy: AutoscalePolicy, old: AgentPoolDeclaration): string[] {
  const isSame = old.autoscale !== undefined && digestOf(old.autoscale) === digestOf(policy);
  return isSame ? [] : [`${name}: ${describeAutoscalePolicy(policy)}`];
}

/** What no size says of a new group that sizes itself. */
export function announcePool(inputs: Properties): string | undefined {
  if (hasComputed(inputs)) return undefined;
  const { name, autoscale } = (inputs as AgentPoolInputs).declaration;
  return autoscale === undefined ? undefined : `${name}: ${describeAutoscalePolicy(autoscale)}`;
}

function changeOf(old: AgentPoolDeclaration, now: AgentPoolDeclaration): AgentChange {
  return agentChange(old.template, now.template, now.backend);
}
