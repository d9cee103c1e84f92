// SPDX-License-Identifier: Apache-2.0
import type { AgentPoolDeclaration } from "@pulumi-mesos/model";
import type { Agent, Agents, Member, PoolState, ScaleState } from "./observed";

/** Everything that a decision about one pool depends on. */
export interface PoolView {
  readonly declaration: AgentPoolDeclaration;
  /** Version of the declaration's node. */
  readonly version: number;
  readonly state: PoolState;
  /** How many agents it shall have now, and the most that its declaration allows. */
  readonly size: number;
  readonly most: number;
  /** Of a pool that sizes itself: who is not needed, and who of those may end because it is empty. */
  readonly scale?: Pick<ScaleState, "leave" | "end">;
  readonly members: readonly Member[];
  /** Nothing while no master leads. */
  readonly agents: Agents | undefined;
  /** Tasks of Marathon's apps by agent; nothing while Marathon is silent, or there is no need to ask it. */
  readonly movable: ReadonlyMap<string, number> | undefined;
  /** Why Marathon is silent. */
  readonly unmovable?: string;
  /** Agents with a task of an app that is protected. */
  readonly guarded?: ReadonlySet<string>;
  /** Members that something is being done to. */
  readonly busy: ReadonlySet<string>;
  /** Members whose last start or end failed, and why. */
  readonly failures: ReadonlyMap<string, string>;
  readonly addressOf: (index: number) => string;
  /** How many members the backend has room for. */
  readonly capacity: number;
  readonly now: number;
  /** When this controller began. @default nobody asks */
  readonly begun?: number;
}

/**
 * The agent of a member; of several at one address the one that is active, or that was deactivated: a master calls neither it nor
 * an earlier registration that is disconnected active.
 */
export function agentOf(view: Pick<PoolView, "addressOf" | "agents">, index: number): Agent | undefined {
  const host = view.addressOf(index);
  const here = view.agents?.registered.filter((agent) => agent.host === host) ?? [];
  return here.find((agent) => agent.active) ?? here.find((agent) => agent.deactivated) ?? here[0];
}

/**
 * Tasks that Marathon is to move away from an agent. While it does not say which, all that the master knows as its: they
 * wait for it, and nobody ends them in its place.
 */
export function tasksToMove({ movable }: Pick<PoolView, "movable">, agent: Agent): number {
  return movable === undefined ? agent.ofMarathon : (movable.get(agent.id) ?? 0);
}

/** Whether a member runs and its agent takes offers. */
export function isActive(view: PoolView, member: Member): boolean {
  const agent = agentOf(view, member.index);
  return Boolean(
    member.running && !view.busy.has(member.name) && agent?.active && !agent.deactivated && !agent.drain,
  );
}

/** The index in the name of a pool's member. */
export function indexIn(view: PoolView, name: string): number {
  return Number(name.slice(view.declaration.name.length + 1));
}

/**
 * In this order members leave and are changed: broken ones; those that are not in maintenance; those without a task that is
 * protected; the emptiest; of equally empty ones those with the fewest tasks that nobody moves, then what was paid for least, then
 * the last.
 */
export function inTurn(view: PoolView, members: readonly Member[]): Member[] {
  const ranks = new Map(members.map((member) => [member, rankOf(view, member)]));
  return [...members].sort((a, b) => {
    const [first = [], second = []] = [ranks.get(a), ranks.get(b)];
    const at = first.findIndex((rank, i) => rank !== second[i]);
    return at < 0 ? b.index - a.index : (first[at] ?? 0) - (second[at] ?? 0);
  });
}

function rankOf(view: PoolView, member: Member): readonly number[] {
  if (!member.running) return [0];
  const agent = agentOf(view, member.index);
  if (agent === undefined) return [1];
  const moved = tasksToMove(view, agent);
  const guarded = view.guarded?.has(agent.id) ? 1 : 0;
  return [agent.maintained ? 3 : 2, guarded, agent.tasks, agent.tasks - moved, -(member.paidSince ?? 0)];
}
