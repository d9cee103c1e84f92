// SPDX-License-Identifier: Apache-2.0
import {
  type AgentChange,
  type AgentPoolDeclaration,
  type AgentPoolInputs,
  type AgentPoolStatus,
  agentChange,
  describeAgentChange,
  hasComputed,
} from "@pulumi-mesos/model";
import { compareInputs } from "../differences";
import type { DiffRequest, DiffResult } from "../resource";

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
  if (kind === "none" || old.size === 0 || now.size === 0 || status === undefined) return undefined;
  const count = status.members.reduce((sum, { tasks = 0 }) => sum + tasks, 0);
  const tasks = `${count} ${count === 1 ? "task" : "tasks"}`;
  return kind === "replace" ? `${tasks} to move` : `${tasks} to stay`;
}

function describeChange(old: AgentPoolDeclaration, now: AgentPoolDeclaration): string | undefined {
  const { name, size } = now;
  const change = changeOf(old, now);
  const runs = Math.min(old.size, size);
  const parts = [
    ...(change.kind === "none" || runs === 0 ? [] : [describeAgentChange(name, runs, change)]),
    ...(size > old.size ? [`${name}: makes ${size - old.size} more`] : []),
    ...(size < old.size ? [`${name}: drains and removes the ${old.size - size} emptiest`] : []),
  ];
  return parts.length === 0 ? undefined : parts.join("; ");
}

function changeOf(old: AgentPoolDeclaration, now: AgentPoolDeclaration): AgentChange {
  return agentChange(old.template, now.template, now.backend);
}
