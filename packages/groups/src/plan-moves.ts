// SPDX-License-Identifier: Apache-2.0
import type { App, Task } from "./observed";

/**
 * A task on its way to another agent: one more instance, healthy elsewhere, then this one killed with `scale`, so that
 * `instances` ends as it began. Kept in ZooKeeper from before the first step to after the last.
 */
export interface Move {
  readonly taskId: string;
  /** What `instances` was and will be. */
  readonly instances: number;
  /** The deployment that started the one more; nothing when its answer was lost. */
  readonly deployment?: string;
}

/** One call of Marathon. */
export type MoveStep =
  | {
      readonly kind: "scale";
      readonly appId: string;
      readonly instances: number;
      /** Cancels the deployment that locks the app: only when that is our own. */
      readonly force?: boolean;
    }
  | { readonly kind: "kill"; readonly appId: string; readonly taskId: string; readonly scale: boolean };

/** What is next for the apps that have tasks on agents that are to be vacated. */
export interface MovesPlan {
  /** By app: to be written before the steps are done. */
  readonly moves: Readonly<Record<string, Move>>;
  readonly steps: readonly MoveStep[];
  /** Why tasks of an agent do not move right now, by agent. */
  readonly stuck: ReadonlyMap<string, string>;
}

/** One app's share of the plan; no `move` ends the one that was kept. */
interface AppPlan {
  readonly move?: Move;
  readonly step?: MoveStep;
  readonly stuck?: string;
}

/**
 * Decides the next step of each app; of those that are `held`, because they are about to be scaled, no other task sets out.
 * Pure; whoever was killed between two steps goes on where it was.
 *
 * @param known agents that the leading master has, when there are groups to look for: a move away from another one is neither
 *   carried on nor taken back, because a master that does not answer or has just been elected says nothing of that agent
 */
export function planMoves(
  apps: readonly App[],
  vacate: ReadonlySet<string>,
  before: Readonly<Record<string, Move>>,
  held: ReadonlySet<string> = new Set(),
  known?: ReadonlySet<string>,
): MovesPlan {
  const moves: Record<string, Move> = {};
  const steps: MoveStep[] = [];
  const stuck = new Map<string, string>();
  for (const app of apps) {
    const move = before[app.id];
    const plan = move === undefined ? begin(app, vacate, held) : goOn(app, vacate, move, known);
    if (plan.move !== undefined) moves[app.id] = plan.move;
    if (plan.step !== undefined) steps.push(plan.step);
    if (plan.stuck === undefined) continue;
    for (const task of app.tasks) {
      if (vacate.has(task.agentId)) stuck.set(task.agentId, `${app.id} ${plan.stuck}`);
    }
  }
  return { moves, steps, stuck };
}

function begin(app: App, vacate: ReadonlySet<string>, held: ReadonlySet<string>): AppPlan {
  const task = app.tasks.find((t) => vacate.has(t.agentId) && !t.killing);
  if (task === undefined) return {};
  if (app.resident) return { stuck: "has volumes on this agent: move its data by hand, then stop the app" };
  if (app.guarded) return { stuck: "is protected by its label: take that away, or move its tasks by hand" };
  if (app.deployments.length > 0) return { stuck: "is being deployed" };
  if (held.has(app.id)) return { stuck: "is about to be scaled" };
  const spare = healthyWithout(app, task) >= minimum(app, app.instances);
  if (app.minimumHealthCapacity < 1 && spare) {
    return { step: { kind: "kill", appId: app.id, taskId: task.id, scale: false } };
  }
  const move = { taskId: task.id, instances: app.instances };
  return { move, step: { kind: "scale", appId: app.id, instances: app.instances + 1 } };
}

function goOn(
  app: App,
  vacate: ReadonlySet<string>,
  move: Move,
  known: ReadonlySet<string> | undefined,
): AppPlan {
  const task = app.tasks.find((t) => t.id === move.taskId);
  if (task !== undefined && known?.has(task.agentId) === false) return { move };
  const locked = app.deployments.length > 0;
  const isWanted = task !== undefined && vacate.has(task.agentId);
  if (app.instances === move.instances) {
    if (locked || task?.killing) return { move };
    if (!isWanted) return {};
    return { move, step: { kind: "scale", appId: app.id, instances: move.instances + 1 } };
  }
  if (app.instances !== move.instances + 1) return {}; // Somebody else scaled it: our one more is gone with that.
  if (!isWanted) {
    const force = locked && app.deployments.every((id) => id === move.deployment);
    if (locked && !force) return { move, stuck: "is being deployed" };
    return { move, step: { kind: "scale", appId: app.id, instances: move.instances, force } };
  }
  if (task.killing || locked) return { move, stuck: "waits for a healthy replacement" };
  const lowers = task.healthy && healthyWithout(app, task) < minimum(app, move.instances);
  if (lowers) return { move, stuck: "waits for a healthy replacement" };
  return { move, step: { kind: "kill", appId: app.id, taskId: task.id, scale: true } };
}

/** How many instances must stay healthy. */
function minimum(app: App, instances: number): number {
  return Math.ceil(instances * app.minimumHealthCapacity);
}

function healthyWithout(app: App, task: Task): number {
  return app.tasks.filter((t) => t.healthy && !t.killing && t.id !== task.id).length;
}
