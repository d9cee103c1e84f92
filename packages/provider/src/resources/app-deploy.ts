// SPDX-License-Identifier: Apache-2.0
import type { MarathonApp } from "@pulumi-mesos/client";
import type { AppResourceInputs } from "@pulumi-mesos/model";
import { type Begun, type Deployable, deploy } from "../marathon/deploy";
import { appReasons } from "../marathon/explain";
import { factsOf } from "../marathon/server-facts";
import type { Context, Properties } from "../resource";
import { deployedApp } from "./app-deployed";
import { type AppOutputs, type AppState, inputsIn, outputsOf } from "./app-facts";
import { changeOf, withLive } from "./app-inputs";
import type { Marathon } from "./marathon-in";

/** What a write left behind, before it is known how the deployment ends. */
export type Started = Begun<AppOutputs>;

/** What {@link deployApp} is about. */
export interface Deployment {
  readonly marathon: Marathon;
  /** The app's absolute path. */
  readonly path: string;
  readonly inputs: AppResourceInputs;
  readonly context: Context;
  /** What the state says was there before; undefined for a create. */
  readonly before?: AppState;
}

/** Watches, starts the deployment of an app and waits for it. */
export function deployApp(about: Deployment, start: () => Promise<Started>): Promise<AppOutputs> {
  const { marathon, path, inputs, context } = about;
  const app: Deployable<MarathonApp, AppOutputs> = {
    marathon,
    context,
    path,
    onTimeout: inputs.onTimeout,
    concerns: (p) => p === path,
    read: (signal) => marathon.client.getApp(path, signal),
    deployed: (watching) => deployedApp(marathon, path, watching, context),
    reasons: appReasons,
    outputs: (found, deploymentId, signal) => currentOutputs(marathon, found, { deploymentId }, signal),
    restored: (found, signal) => restored(about, found, signal),
  };
  return deploy(app, start);
}

/** The outputs of `app` as it is. */
export async function currentOutputs(
  marathon: Marathon,
  app: MarathonApp,
  { deploymentId }: { readonly deploymentId: string | undefined },
  signal: AbortSignal,
): Promise<AppOutputs> {
  const info = await marathon.info(signal);
  return outputsOf(app, factsOf(info, app), { deploymentId: deploymentId ?? "", uiUrl: marathon.uiUrl });
}

/** The inputs in the state, where `app` is what they ask for. */
async function restored(
  { marathon, before }: Deployment,
  app: MarathonApp,
  signal: AbortSignal,
): Promise<Properties | undefined> {
  if (before === undefined) return undefined;
  const was = inputsIn(before);
  const facts = factsOf(await marathon.info(signal), app);
  return changeOf(app, withLive(was, app, facts, ["instances"]), facts).kind === "none" ? was : undefined;
}
