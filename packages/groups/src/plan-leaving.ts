// SPDX-License-Identifier: Apache-2.0
import type { Leaving } from "./observed";
import type { Action } from "./plan";
import { runningTemplate } from "./plan-roll";
import { agentOf, indexIn, inTurn, type PoolView, tasksToMove } from "./pool-view";

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

type LeavingByName = Readonly<Record<string, Leaving>>;

/** Those who leave, with their time counted anew where somebody has asked again. */
export function refreshed(view: PoolView): LeavingByName {
  return Object.fromEntries(
    Object.entries(view.state.leaving).map(([name, entry]) => [
      name,
      entry.version === view.version ? entry : { ...entry, since: view.now, version: view.version },
    ]),
  );
}

/**
 * Who leaves: whoever did already, unless they are wanted again and there is a way back; then as many as there are more than
 * `allowed`, first those on another template than `target`.
 */
export function chooseLeaving(view: PoolView, target: string, allowed: number): LeavingByName {
  const { declaration, members } = view;
  const leaving = { ...refreshed(view) };
  const staying = members.filter((member) => leaving[member.name] === undefined);
  const isFresh = (member: (typeof members)[number]): boolean => runningTemplate(view, member) === target;
  let short = declaration.size - staying.length;
  for (const [name, entry] of Object.entries(leaving)) {
    if (short <= 0) break;
    const member = members.find((m) => m.name === name);
    if (entry.drained !== undefined || member === undefined || view.busy.has(name) || !isFresh(member))
      continue;
    delete leaving[name];
    short--;
  }
  if (view.agents === undefined) return leaving;
  const order = [
    ...inTurn(
      view,
      staying.filter((m) => !isFresh(m)),
    ),
    ...inTurn(view, staying.filter(isFresh)),
  ];
  for (const { name } of order.slice(0, Math.max(0, staying.length - allowed))) {
    leaving[name] = begun(view);
  }
  return leaving;
}

/** The entry of a member that begins to leave now. */
export function begun({ now, version }: PoolView): Leaving {
  return { since: now, version };
}

/** The next step of a member that leaves: deactivate, let Marathon's tasks move, drain what is left, terminate. */
export function planLeaving(view: PoolView, name: string, entry: Leaving): Leaver {
  const { declaration, agents } = view;
  const index = indexIn(view, name);
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
  if (tasksToMove(view, agent) > 0 || !agent.deactivated) {
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
