// SPDX-License-Identifier: Apache-2.0
import { type AgentPoolDeclaration, digestOf, memberName } from "@pulumi-mesos/model";
import type { Agent, Agents, Applied, Leaving, Member, PoolState } from "./observed";

/** Everything that a decision about one pool depends on. */
export interface PoolView {
  readonly declaration: AgentPoolDeclaration;
  /** Version of the declaration's node. */
  readonly version: number;
  readonly state: PoolState;
  readonly members: readonly Member[];
  /** Nothing while no master leads. */
  readonly agents: Agents | undefined;
  /** Marathon's tasks by agent; nothing while Marathon cannot be asked. */
  readonly movable: ReadonlyMap<string, number> | undefined;
  /** Why Marathon cannot be asked. */
  readonly unmovable?: string;
  /** Members that something is being done to. */
  readonly busy: ReadonlySet<string>;
  /** Members whose last start or end failed, and why. */
  readonly failures: ReadonlyMap<string, string>;
  readonly addressOf: (index: number) => string;
  /** How many members the backend has room for. */
  readonly capacity: number;
  readonly now: number;
}

/** One thing to do; doing it twice does no harm. */
export type Action =
  | { readonly kind: "start"; readonly index: number; readonly applied: Applied }
  | { readonly kind: "deactivate"; readonly agentId: string }
  | { readonly kind: "reactivate"; readonly agentId: string }
  | { readonly kind: "drain"; readonly agentId: string; readonly graceSeconds: number }
  | { readonly kind: "terminate"; readonly name: string };

/** A decision: write `state`, then do `actions` and vacate agents. */
export interface PoolPlan {
  readonly state: PoolState;
  readonly actions: readonly Action[];
  /** Agents that Marathon's tasks are to move away from. */
  readonly vacate: readonly string[];
  /** Why the declaration cannot be followed without a change of it; the members stay as they are. */
  readonly refusal: string | undefined;
  readonly staying: readonly Member[];
  /** Indices of members that are to be made. */
  readonly missing: readonly number[];
  readonly leavers: readonly Leaver[];
}

/** The next step of a member that leaves. */
export interface Leaver {
  readonly name: string;
  readonly entry: Leaving;
  readonly actions: readonly Action[];
  readonly vacate?: string;
  readonly tasks: number;
  readonly agentId?: string;
  /** It takes longer than the declaration allows. */
  readonly overdue: boolean;
}

/** Digest of what cannot change while members live. */
export function templateDigest(applied: Applied): string {
  return digestOf([applied.template, applied.backend]);
}

/** Decides what is next for a pool. Pure: the same view gives the same plan. */
export function planPool(view: PoolView): PoolPlan {
  const { declaration, members } = view;
  const refusal = refusalOf(view);
  const applied = appliedOf(view);
  const leaving = refusal === undefined ? chooseLeaving(view) : refreshed(view, view.state.leaving);
  const staying = members.filter((member) => leaving[member.name] === undefined);
  const remaining = Object.entries(leaving).filter(
    ([name]) => view.busy.has(name) || members.some((member) => member.name === name),
  );
  const plans = remaining.map(([name, entry]) => planLeaving(view, name, entry));
  const next = Object.fromEntries(plans.map((plan) => [plan.name, plan.entry]));
  const wanted = refusal === undefined ? declaration.size : staying.length;
  const missing = missingIndices(view, next, wanted - staying.length);
  const starts = [...staying.filter((m) => !m.running).map((m) => m.index), ...missing]
    .filter((index) => !view.busy.has(memberName(declaration.name, index)))
    .map((index): Action => ({ kind: "start", index, applied }));
  const reactivations = staying.flatMap((member): Action[] => {
    const agent = agentOf(view, member.index);
    return agent?.deactivated && agent.drain === undefined ? [{ kind: "reactivate", agentId: agent.id }] : [];
  });
  const alive = members.length > 0 || missing.length > 0 || plans.length > 0;
  return {
    state: { ...(alive ? { applied } : {}), leaving: next },
    actions: [...starts, ...reactivations, ...plans.flatMap((plan) => plan.actions)],
    vacate: plans.flatMap((plan) => (plan.vacate === undefined ? [] : [plan.vacate])),
    refusal,
    staying,
    missing,
    leavers: plans,
  };
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

function indexOf(view: PoolView, name: string): number {
  return Number(name.slice(view.declaration.name.length + 1));
}

/** What the members run: it stays as it was for the first one until the last has gone. */
function appliedOf({ state, declaration, members }: PoolView): Applied {
  const { template, backend } = declaration;
  const nobody = members.length === 0 && Object.keys(state.leaving).length === 0;
  return nobody || state.applied === undefined ? { template, backend } : state.applied;
}

/** Why the declaration cannot be followed without a change of it. */
function refusalOf(view: PoolView): string | undefined {
  const { declaration, capacity } = view;
  if (declaration.size > 0 && templateDigest(appliedOf(view)) !== templateDigest(declaration)) {
    return "the template changed; rolling a running group is not supported yet: set size 0 first, then the new template with the size that you want";
  }
  if (declaration.size > capacity) {
    return `size: must be ${capacity} or less, because the backend's task ports have room for so many, got ${declaration.size}`;
  }
  return undefined;
}

function refreshed(
  view: PoolView,
  leaving: Readonly<Record<string, Leaving>>,
): Readonly<Record<string, Leaving>> {
  return Object.fromEntries(
    Object.entries(leaving).map(([name, entry]) => [
      name,
      entry.version === view.version ? entry : { ...entry, since: view.now, version: view.version },
    ]),
  );
}

/** Who leaves: whoever did already, unless they are wanted again and there is a way back; then the emptiest. */
function chooseLeaving(view: PoolView): Readonly<Record<string, Leaving>> {
  const { declaration, members, now, version } = view;
  const leaving = { ...refreshed(view, view.state.leaving) };
  const staying = members.filter((member) => leaving[member.name] === undefined);
  let surplus = staying.length - declaration.size;
  for (const [name, entry] of Object.entries(leaving)) {
    if (surplus >= 0) break;
    const isThere = members.some((member) => member.name === name) && !view.busy.has(name);
    if (entry.drained !== undefined || !isThere) continue;
    delete leaving[name];
    surplus++;
  }
  if (surplus <= 0 || view.agents === undefined) return leaving;
  const tasks = (member: Member): number => agentOf(view, member.index)?.tasks ?? -1;
  const emptiest = [...staying].sort((a, b) => tasks(a) - tasks(b) || b.index - a.index);
  for (const member of emptiest.slice(0, surplus)) leaving[member.name] = { since: now, version };
  return leaving;
}

/** The lowest indices that nobody has, also nobody who is leaving. */
function missingIndices(view: PoolView, leaving: Readonly<Record<string, Leaving>>, count: number): number[] {
  const taken = new Set([
    ...view.members.map((member) => member.index),
    ...Object.keys(leaving).map((name) => indexOf(view, name)),
  ]);
  const missing: number[] = [];
  for (let index = 1; missing.length < count && index <= view.capacity; index++) {
    if (!taken.has(index)) missing.push(index);
  }
  return missing;
}

/** The next step of a member that leaves: deactivate, let Marathon's tasks move, drain what is left, terminate. */
function planLeaving(view: PoolView, name: string, entry: Leaving): Leaver {
  const { declaration, agents, movable } = view;
  const index = indexOf(view, name);
  const agent = agentOf(view, index);
  const overdue = view.now - entry.since > declaration.drain.timeoutSeconds * 1000;
  const plan = { name, entry, actions: [], tasks: agent?.tasks ?? 0, agentId: agent?.id, overdue };
  if (agents === undefined || view.busy.has(name)) return plan;

  const drained = agents.registered.find((a) => a.id === entry.drained);
  const comesBack = agents.recovering.includes(view.addressOf(index));
  const isGone = entry.drained === undefined ? agent === undefined : drained === undefined;
  if ((isGone && !comesBack) || drained?.drain === "DRAINED") {
    return { ...plan, actions: [{ kind: "terminate", name }] };
  }
  if (agent === undefined || agent.drain !== undefined) return plan;
  if (entry.drained === agent.id) return { ...plan, actions: [drainAction(view, agent.id)] };
  const deactivation: Action[] = agent.deactivated ? [] : [{ kind: "deactivate", agentId: agent.id }];
  const movableHere = movable?.get(agent.id) ?? 0;
  if (movable === undefined || movableHere > 0 || !agent.deactivated) {
    return { ...plan, actions: deactivation, ...(overdue ? {} : { vacate: agent.id }) };
  }
  return {
    ...plan,
    entry: { ...entry, drained: agent.id },
    actions: [drainAction(view, agent.id)],
    vacate: agent.id,
  };
}

function drainAction(view: PoolView, agentId: string): Action {
  return { kind: "drain", agentId, graceSeconds: view.declaration.drain.graceSeconds };
}
