// SPDX-License-Identifier: Apache-2.0
import type { Agent, Leaving, Member } from "./observed";
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
  /** Its machine is taken away before all of its tasks can be moved: those that are left are ended now. */
  readonly forced: boolean;
  /** It waits for nothing that the controller does: tasks that end by themselves, or the end of what is paid. */
  readonly resting: boolean;
}

/** What is kept of the time before a machine is taken away for its last tasks to end and for the master to hear of it. */
const reserveMs = 15_000;
/** The most of that time that tasks get to end by themselves: until then they may still be moved. */
const longestGraceMs = 60_000;

type LeavingByName = Readonly<Record<string, Leaving>>;

/** Those who leave, with their time counted anew where somebody has asked again. */
export function refreshed(view: PoolView, leaving: LeavingByName): LeavingByName {
  return Object.fromEntries(
    Object.entries(leaving).map(([name, told]) => {
      const entry = inOurTime(view, told);
      const isAsked = entry.version !== view.version;
      return [name, isAsked ? { ...entry, since: view.now, version: view.version } : entry];
    }),
  );
}

/**
 * Another controller's clock may have been ahead of ours or behind, and nobody drained since it was there: no time counts from
 * before this one began, and of what was left until its machine is taken no more is left now.
 */
function inOurTime({ now, begun = 0 }: PoolView, entry: Leaving): Leaving {
  const since = Math.max(begun, Math.min(entry.since, now));
  const ahead = Math.max(0, entry.since - now);
  return { ...entry, since, ...(entry.until === undefined ? {} : { until: entry.until - ahead }) };
}

/**
 * Who leaves: whoever did already, unless they are wanted again and there is a way back; then as many as there are more than
 * the size and `surge`, first those that are not needed, then broken ones, then those on another template than `target`.
 */
export function chooseLeaving(
  view: PoolView,
  before: LeavingByName,
  target: string,
  surge: number,
): LeavingByName {
  const { members, size, most } = view;
  const leaving = { ...before };
  const isFresh = (member: Member): boolean => runningTemplate(view, member) === target;
  const unneeded = new Set(view.scale?.leave);
  let short = size - members.filter(({ name }) => leaving[name] === undefined).length;
  for (const [name, entry] of Object.entries(leaving)) {
    if (short <= 0) break;
    const member = members.find((m) => m.name === name);
    const isBound =
      entry.drained !== undefined ||
      entry.for === "notice" ||
      entry.until !== undefined ||
      view.busy.has(name) ||
      unneeded.has(name);
    if (isBound || member === undefined || !isFresh(member)) continue;
    delete leaving[name];
    short--;
  }
  const staying = members.filter(({ name }) => leaving[name] === undefined);
  const chosen = view.agents === undefined ? 0 : Math.max(0, staying.length - size - surge);
  for (const { name } of inOrder(view, staying, unneeded, isFresh).slice(0, chosen)) {
    leaving[name] = begun(view, unneeded.has(name) ? "load" : "size");
  }
  hurry(leaving, members.length - most - surge);
  return leaving;
}

function inOrder(
  view: PoolView,
  staying: readonly Member[],
  unneeded: ReadonlySet<string>,
  isFresh: (member: Member) => boolean,
): Member[] {
  const needed = staying.filter(({ name }) => !unneeded.has(name));
  const rank = (member: Member): number => (!member.running ? 0 : isFresh(member) ? 2 : 1);
  return [
    ...staying.filter(({ name }) => unneeded.has(name)),
    ...inTurn(view, needed).sort((a, b) => rank(a) - rank(b)),
  ];
}

/** Of those that leave when it suits, as many as the declaration does not allow leave now. */
function hurry(leaving: Record<string, Leaving>, tooMany: number): void {
  const entries = Object.entries(leaving);
  let more = tooMany - entries.filter(([, entry]) => entry.for !== "load").length;
  for (const [name, entry] of entries) {
    if (more <= 0) return;
    if (entry.for !== "load") continue;
    leaving[name] = { ...entry, for: "size" };
    more--;
  }
}

/** The entry of a member that begins to leave now. */
export function begun({ now, version }: PoolView, why: NonNullable<Leaving["for"]>): Leaving {
  return { since: now, version, for: why };
}

/**
 * The next step of a member that leaves: deactivate, let Marathon's tasks move, drain what is left, terminate. Where its machine
 * is taken away at a certain time, what has not moved shortly before that is drained, too, and what is left after it given up.
 */
export function planLeaving(view: PoolView, name: string, entry: Leaving): Leaver {
  const { declaration, agents } = view;
  const index = indexIn(view, name);
  const agent = agentOf(view, index);
  const patient = entry.for === "load";
  const leftMs = (entry.until ?? Number.POSITIVE_INFINITY) - view.now;
  const isLate = view.now - entry.since > declaration.drain.timeoutSeconds * 1000;
  const overdue = !patient && entry.until === undefined && isLate;
  const tasks = agent?.tasks ?? 0;
  const plan = {
    name,
    entry,
    actions: [],
    tasks,
    agentId: agent?.id,
    overdue,
    forced: false,
    resting: false,
  };
  const isBusy = view.busy.has(name);
  // Whose machine goes is drained also while it starts.
  if (agents === undefined || (isBusy && entry.until === undefined)) return plan;

  const drained = agents.registered.find((a) => a.id === entry.drained);
  // One that has come back as another agent may have taken tasks, and is drained, too.
  const here = agent ?? drained;
  const comesBack = agents.recovering.includes(view.addressOf(index));
  const isEmpty = here === undefined ? !comesBack : here.drain === "DRAINED";
  if (isEmpty) return isBusy ? plan : { ...plan, actions: [{ kind: "terminate", name }] };
  if (agent === undefined) return plan;
  // Its tasks are gone: whoever runs them hears of it at once.
  if (leftMs <= 0 && !isRunning(view, name))
    return { ...plan, forced: true, actions: [{ kind: "gone", agentId: agent.id }] };
  // Whoever has it in maintenance ends its tasks, or takes it out again: until then Mesos drains it for nobody.
  if (agent.maintained && agent.drain === undefined) return { ...plan, ...closed(agent, overdue) };
  if (overdue && declaration.drain.onTimeout === "end")
    return { ...plan, overdue: false, ...givenUp(view, name, entry, agent) };
  if (agent.drain !== undefined) return plan;
  const drain = drainAction(view, agent.id, leftMs);
  if (entry.drained === agent.id) return { ...plan, actions: [drain] };
  const toMove = tasksToMove(view, agent);
  const isPressing = leftMs <= reserveMs + Math.min(declaration.drain.graceSeconds * 1000, longestGraceMs);
  if (!isPressing && (toMove > 0 || !agent.deactivated)) return { ...plan, ...closed(agent, overdue) };
  if (patient && (tasks > 0 || !view.scale?.end.includes(name))) {
    return { ...plan, vacate: agent.id, resting: true };
  }
  const forced = toMove > 0;
  return { ...plan, entry: { ...entry, drained: agent.id }, actions: [drain], forced, vacate: agent.id };
}

/** It takes no new tasks, and Marathon's move away, while that does not take too long. */
function closed({ id, deactivated }: Agent, overdue: boolean): Pick<Leaver, "actions" | "vacate"> {
  const actions: Action[] = deactivated ? [] : [{ kind: "deactivate", agentId: id }];
  return { actions, ...(overdue ? {} : { vacate: id }) };
}

/**
 * Its tasks are given up, as somebody has said they may be: they are ended with their grace, and those that do not end by
 * that with the member. Its agent is not told to go: whoever keeps its program running would start it again, and it would
 * register as another one and take tasks.
 */
function givenUp(
  view: PoolView,
  name: string,
  entry: Leaving,
  agent: Agent,
): Pick<Leaver, "entry" | "actions"> {
  const { graceSeconds, timeoutSeconds } = view.declaration.drain;
  if (agent.drain === undefined) {
    const drain = drainAction(view, agent.id, Number.POSITIVE_INFINITY);
    return { entry: { ...entry, drained: agent.id }, actions: [drain] };
  }
  const hasEnded = view.now - entry.since > (timeoutSeconds + graceSeconds) * 1000 + reserveMs;
  return { entry, actions: hasEnded ? [{ kind: "terminate", name }] : [] };
}

function isRunning({ members }: PoolView, name: string): boolean {
  return members.some((member) => member.name === name && member.running);
}

/** With the declared grace, or what there is of it before the machine is taken away. */
function drainAction({ declaration }: PoolView, agentId: string, leftMs: number): Action {
  const most = Math.max(0, Math.floor((leftMs - reserveMs) / 1000));
  return { kind: "drain", agentId, graceSeconds: Math.min(declaration.drain.graceSeconds, most) };
}
