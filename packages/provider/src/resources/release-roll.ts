// SPDX-License-Identifier: Apache-2.0
import { type AppWeights, isMesosError, messageOf, type ReleaseInputs, stepsFrom } from "@pulumi-mesos/model";
import { InitFailedError } from "../init-failed";
import { isTimeOver } from "../operation";
import type { Context } from "../resource";
import { createApp } from "./app-create";
import { deleteApp } from "./app-delete";
import type { AppOutputs } from "./app-facts";
import type { Marathon } from "./marathon-in";
import { kindOfChange } from "./release-app";
import { appInputs, inputsIn, outputsIn, type ReleaseOutputs, type ReleaseState } from "./release-facts";
import type { ReleaseRule } from "./release-rule";
import { watch } from "./release-watch";

/** A release that goes on: from the app that serves to the one beside it. */
export interface Rolling {
  readonly id: string;
  readonly marathon: Marathon;
  readonly rule: ReleaseRule;
  readonly state: ReleaseState;
  readonly inputs: ReleaseInputs;
  readonly live: string;
  readonly next: string;
  /** The rule's weights as they are. */
  readonly shares: AppWeights;
  readonly context: Context;
}

const takeBackSeconds = 30;
/** What an app has for its create. */
const startSeconds = 600;

/**
 * Starts the new version beside the running one, sends it more and more of the requests while it stays healthy, then
 * ends the old one. Where an earlier run was cut it goes on from there. When the new version fails or its requests do, all
 * requests go back to the old one, which was not touched.
 */
export async function roll(about: Rolling): Promise<ReleaseOutputs> {
  const { id, live, next, context } = about;
  const outputs = await shifted(about);
  const done: ReleaseOutputs = { ...outputs, liveAppId: next, weights: { [live]: 0, [next]: 100 } };
  try {
    await removeApp(about, live);
    const weights = { [next]: 100 };
    await about.rule.put(about.inputs, weights, context.signal);
    return { ...done, weights };
  } catch (error) {
    const reasons = [`${next} serves, but ${live} is not gone yet: ${messageOf(error)}`];
    throw new InitFailedError({ id, outputs: done, reasons, cause: error });
  }
}

/** Removes the app of one colour, which nobody else manages, with what may be left of its deployments. */
export async function removeApp(
  { marathon, context }: Pick<Rolling, "marathon" | "context">,
  path: string,
): Promise<void> {
  if ((await marathon.client.getApp(path, context.signal)) === undefined) return;
  context.progress(`ending ${path}`);
  await deleteApp(path, { appId: path, force: true, ...noOutputs }, context);
}

/** What stands for the outputs of an app that is not there. */
export const noOutputs: AppOutputs = {
  version: "",
  lastConfigChangeAt: "",
  servicePorts: [],
  deploymentId: "",
  tasks: [],
  url: "",
};

async function shifted(about: Rolling): Promise<AppOutputs> {
  const { rule, inputs, live, next, context } = about;
  const { signal } = context;
  try {
    const begun = await reusable(about);
    const { outputs } = await createApp(appInputs(inputs, next), starting(context));
    for (const step of stepsFrom(inputs.steps, begun)) {
      await rule.spread(inputs, { [live]: 100 - step, [next]: step }, signal);
      await watch(about, step);
    }
    return outputs;
  } catch (error) {
    throw await takenBack(about, error);
  }
}

/** A start is given up as early as that of an app alone: the steps that follow need most of a release's time. */
function starting(context: Context): Context {
  return { ...context, timeoutSeconds: Math.min(context.timeoutSeconds, startSeconds) };
}

/**
 * The percentage that the new version has from an earlier run. Whatever else has its name serves nobody from now on and
 * goes, so that the new one is made afresh.
 */
async function reusable(about: Rolling): Promise<number> {
  const { marathon, rule, inputs, live, next, shares, context } = about;
  const found = await marathon.client.getApp(next, context.signal);
  if (found !== undefined && (await kindOfChange(marathon, found, inputs, context)) === "none")
    return shares[next] ?? 0;
  await rule.spread(inputs, { [live]: 100, [next]: 0 }, context.signal);
  await removeApp(about, next);
  return 0;
}

/** Sends all requests to the old version again; answers the error, with the state as it was before. */
async function takenBack(about: Rolling, error: unknown): Promise<unknown> {
  const { id, rule, state, live, next, context } = about;
  // After Cancel nothing may be begun; the next run goes on from here or back.
  if (context.signal.aborted && !isTimeOver(context.signal)) return error;
  const signal = context.signal.aborted ? context.windUp(takeBackSeconds) : context.signal;
  const reasons = error instanceof InitFailedError ? [...error.initFailed.reasons] : [messageOf(error)];
  const before = { ...outputsIn(state), liveAppId: live };
  try {
    await rule.put(inputsIn(state), { [live]: 100, [next]: 0 }, signal);
    reasons.push(
      `all requests go to ${live}, which was not touched; ${next} is left without any to be looked at, and goes with the next up`,
    );
  } catch (failure) {
    if (!isMesosError(failure)) throw failure;
    reasons.push(`the requests could not be sent back to ${live}: ${messageOf(failure)}; run up again`);
  }
  const outputs = { ...before, weights: { [live]: 100, [next]: 0 } };
  return new InitFailedError({ id, inputs: inputsIn(state), outputs, reasons, cause: error });
}
