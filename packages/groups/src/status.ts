// SPDX-License-Identifier: Apache-2.0
import { type AgentPoolStatus, digestOf, memberName, type PoolMember } from "@pulumi-mesos/model";
import type { Member } from "./observed";
import { agentOf, type Leaver, type PoolPlan, type PoolView } from "./plan";

/** A pool in words, for whoever waits for it; `stuck`: why tasks of an agent do not move, by agent. */
export function poolStatus(
  view: PoolView,
  parts: PoolPlan,
  stuck: ReadonlyMap<string, string>,
): AgentPoolStatus {
  const { declaration, failures } = view;
  const members = [
    ...parts.staying.map((member) => describe(view, member, false)),
    ...view.members.filter((m) => !parts.staying.includes(m)).map((m) => describe(view, m, true)),
  ];
  const active = members.filter((member) => member.state === "active").length;
  const overdue = parts.leavers.find((plan) => plan.overdue);
  const failure = [...failures.values()][0];
  const reason =
    parts.refusal ??
    failure ??
    (overdue === undefined
      ? undefined
      : `${overdue.name} was not drained within ${declaration.drain.timeoutSeconds} s: ${leavingText(view, overdue, stuck)}; free the way or raise the timeout, then try again`);
  const settled = reason === undefined && active === declaration.size && parts.leavers.length === 0;
  return {
    generation: digestOf(declaration),
    settled,
    failed: reason !== undefined,
    message: `${declaration.name}: ${reason ?? progress(view, parts, members, active, stuck)}`,
    members,
  };
}

function progress(
  view: PoolView,
  parts: PoolPlan,
  members: readonly PoolMember[],
  active: number,
  stuck: ReadonlyMap<string, string>,
): string {
  const { name, size } = view.declaration;
  const starting = [
    ...members.filter((m) => m.state === "starting" || m.state === "broken").map((m) => m.name),
    ...parts.missing.map((index) => memberName(name, index)),
  ];
  return [
    `${active} of ${size} agents active`,
    ...(view.agents === undefined ? ["waiting for a leading master"] : []),
    ...(starting.length === 0 ? [] : [`starting ${starting.join(", ")}`]),
    ...parts.leavers.map((plan) => `draining ${plan.name}: ${leavingText(view, plan, stuck)}`),
  ].join(", ");
}

function leavingText(view: PoolView, leaver: Leaver, stuck: ReadonlyMap<string, string>): string {
  const reason =
    view.movable === undefined
      ? (view.unmovable ?? "Marathon does not answer")
      : stuck.get(leaver.agentId ?? "");
  const left = `${leaver.tasks} ${leaver.tasks === 1 ? "task" : "tasks"} left`;
  return reason === undefined ? left : `${left} (${reason})`;
}

function describe(view: PoolView, member: Member, leaves: boolean): PoolMember {
  const agent = agentOf(view, member.index);
  const serves = agent?.active && !agent.deactivated && member.running && !view.busy.has(member.name);
  const state = leaves ? "draining" : !member.running ? "broken" : serves ? "active" : "starting";
  return {
    name: member.name,
    address: view.addressOf(member.index),
    ...(agent === undefined ? {} : { agentId: agent.id }),
    state,
  };
}
