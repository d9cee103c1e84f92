// SPDX-License-Identifier: Apache-2.0
import { type AgentPoolStatus, boundsOf, digestOf, memberName, type PoolMember } from "@pulumi-mesos/model";
import type { Member } from "./observed";
import type { PoolPlan } from "./plan";
import type { Leaver } from "./plan-leaving";
import { agentOf, isActive, type PoolView } from "./pool-view";

/** A pool in words, for whoever waits for it; `stuck`: why tasks of an agent do not move, by agent. */
export function poolStatus(
  view: PoolView,
  parts: PoolPlan,
  stuck: ReadonlyMap<string, string>,
): AgentPoolStatus {
  const { declaration } = view;
  const members = [
    ...parts.staying.map((member) => describe(view, parts, member)),
    ...view.members.filter((m) => !parts.staying.includes(m)).map((m) => describe(view, parts, m)),
  ];
  const active = members.filter((member) => member.state === "active").length;
  const reason = failureOf(view, parts, stuck);
  const changing = parts.leavers.some(({ entry }) => entry.for !== "load") || parts.roll.stale.length > 0;
  const settled = reason === undefined && isEnough(view, parts, active) && !changing;
  return {
    generation: digestOf(declaration),
    settled,
    failed: reason !== undefined,
    message: `${declaration.name}: ${reason ?? progress(view, parts, members, active, stuck)}`,
    members,
  };
}

/** As many as declared; of a group that sizes itself at least as many as it must have. */
function isEnough({ declaration, size }: PoolView, { staying }: PoolPlan, active: number): boolean {
  const { min, max } = boundsOf(declaration);
  return declaration.autoscale === undefined ? active === size : active >= min && staying.length <= max;
}

/** Why it cannot go on without a change. What is to be replaced anyway may fail as it likes. */
function failureOf(view: PoolView, parts: PoolPlan, stuck: ReadonlyMap<string, string>): string | undefined {
  const { declaration, failures } = view;
  const { refusal, roll, leavers } = parts;
  const outdated = refusal === undefined ? roll.stale.map(({ name }) => name) : [];
  const failure = [...failures].find(([name]) => !outdated.includes(name))?.[1];
  const overdue = leavers.find((plan) => plan.overdue);
  const late =
    overdue &&
    `${overdue.name} was not drained within ${declaration.drain.timeoutSeconds} s: ${leavingText(view, overdue, stuck)}; free the way or raise the timeout, then try again`;
  return refusal ?? roll.failure ?? failure ?? late;
}

function progress(
  view: PoolView,
  parts: PoolPlan,
  members: readonly PoolMember[],
  active: number,
  stuck: ReadonlyMap<string, string>,
): string {
  const { name, autoscale } = view.declaration;
  const { size } = view;
  const { stale } = parts.roll;
  const holding = stale.length > 0 && active > 0 && parts.roll.trial?.passed !== true;
  const count =
    stale.length === 0 ? `${active} of ${size} agents active` : `${active} of ${size} on the new template`;
  const starting = [
    ...members.filter((m) => m.state === "starting" || m.state === "broken").map((m) => m.name),
    ...parts.missing.map((index) => memberName(name, index)),
  ];
  return [
    count,
    ...(autoscale === undefined ? [] : [`${autoscale.min} to ${autoscale.max} by load`]),
    ...(holding ? ["seeing whether it holds"] : []),
    ...(view.agents === undefined ? ["waiting for a leading master"] : []),
    ...(starting.length === 0 ? [] : [`starting ${starting.join(", ")}`]),
    ...parts.leavers.map((plan) => `draining ${plan.name}: ${leavingText(view, plan, stuck)}`),
  ].join(", ");
}

function leavingText(view: PoolView, leaver: Leaver, stuck: ReadonlyMap<string, string>): string {
  const why = stuck.get(leaver.agentId ?? "") ?? waitsForMarathon(view, leaver);
  const reasons = [takenAway(leaver), inMaintenance(view, leaver), why].filter(
    (reason) => reason !== undefined,
  );
  const left = `${leaver.tasks} ${leaver.tasks === 1 ? "task" : "tasks"} left`;
  return reasons.length === 0 ? left : `${left} (${reasons.join("; ")})`;
}

function inMaintenance({ agents }: PoolView, { agentId }: Leaver): string | undefined {
  const isIn = agents?.registered.find(({ id }) => id === agentId)?.maintained ?? false;
  return isIn ? "its machine is in the maintenance schedule, and Mesos drains nobody there" : undefined;
}

/** What a notice says about the machine of a member. */
function takenAway({ entry, forced }: Leaver): string | undefined {
  if (entry.until === undefined) return entry.for === "notice" ? "its machine goes" : undefined;
  const at = new Date(entry.until).toISOString();
  return forced ? `its machine goes at ${at}, too soon to move them first` : `its machine goes at ${at}`;
}

/** Why tasks of Marathon stay where they are, when it is silent. */
function waitsForMarathon({ unmovable, agents }: PoolView, { agentId }: Leaver): string | undefined {
  const count = agents?.registered.find(({ id }) => id === agentId)?.ofMarathon ?? 0;
  if (unmovable === undefined || count === 0) return undefined;
  return `${count} of Marathon, which must move them and does not answer: ${unmovable}`;
}

function describe(view: PoolView, { staying, roll }: PoolPlan, member: Member): PoolMember {
  const agent = agentOf(view, member.index);
  return {
    name: member.name,
    address: view.addressOf(member.index),
    ...(agent === undefined ? {} : { agentId: agent.id, tasks: agent.tasks }),
    state: stateOf(),
  };

  function stateOf(): PoolMember["state"] {
    if (!staying.includes(member)) return "draining";
    if (!member.running) return "broken";
    if (roll.stale.includes(member)) return view.busy.has(member.name) ? "starting" : "outdated";
    return isActive(view, member) ? "active" : "starting";
  }
}
