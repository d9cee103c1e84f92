// SPDX-License-Identifier: Apache-2.0
import { isConflict } from "@pulumi-mesos/client";
import type { Move, MoveStep } from "./plan-moves";
import type { Marathon } from "./world";

/** What became of one step of a move. */
export type StepResult =
  | { readonly ok: true; readonly deployment?: string }
  /** A deployment locks the app: the next round looks again. */
  | { readonly ok: false };

/**
 * Does one step of a move.
 *
 * A partial update of Marathon drops `executorResources` and `resourceLimits` that it does not repeat, which would
 * restart the app: they are sent along (Marathon, raml/AppConversion.scala).
 */
export async function applyStep(
  marathon: Marathon,
  step: MoveStep,
  signal: AbortSignal,
): Promise<StepResult> {
  try {
    if (step.kind === "kill") {
      await marathon.killTasks([step.taskId], { scale: step.scale }, signal);
      return { ok: true };
    }
    const app = await marathon.getApp(step.appId, signal);
    if (app === undefined) return { ok: false };
    const { executorResources, resourceLimits } = app;
    const change = { instances: step.instances, executorResources, resourceLimits };
    const { deploymentId } = await marathon.patchApp(step.appId, change, signal, {
      force: step.force ?? false,
    });
    return { ok: true, deployment: deploymentId };
  } catch (error) {
    if (isConflict(error)) return { ok: false };
    throw error;
  }
}

/** The moves with the deployments that their steps have started. */
export function withDeployments(
  moves: Readonly<Record<string, Move>>,
  started: ReadonlyMap<string, string>,
): Readonly<Record<string, Move>> {
  return Object.fromEntries(
    Object.entries(moves).map(([appId, move]) => {
      const deployment = started.get(appId) ?? move.deployment;
      return [appId, deployment === undefined ? move : { ...move, deployment }];
    }),
  );
}
