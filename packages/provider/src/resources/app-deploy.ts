// SPDX-License-Identifier: Apache-2.0
import type { MarathonApp } from "@pulumi-mesos/client";
import { type AppResourceInputs, isMesosError, MesosError, messageOf } from "@pulumi-mesos/model";
import { InitFailedError } from "../init-failed";
import { awaitDeployment } from "../marathon/deployment-wait";
import { appReasons, explain } from "../marathon/explain";
import { giveUp } from "../marathon/give-up";
import { factsOf } from "../marathon/server-facts";
import { isStuck } from "../marathon/stuck";
import { isTimeOver } from "../operation";
import type { Context } from "../resource";
import { deployedApp } from "./app-deployed";
import { type AppOutputs, type AppState, inputsIn, outputsOf } from "./app-facts";
import { changeOf, withLive } from "./app-inputs";
import type { Marathon } from "./marathon-in";

const boundMs = 2_000;

/** What a write left behind, before it is known how the deployment ends. */
export interface Started {
  /** Undefined when nothing is being deployed: then the app itself is waited for. */
  readonly deploymentId: string | undefined;
  /** What to keep in the state when Marathon cannot be asked any more. */
  readonly kept: AppOutputs;
}

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

/**
 * Watches, starts the deployment and waits for it. When the wait fails, the error says why and keeps what is there.
 */
export async function deployApp(about: Deployment, start: () => Promise<Started>): Promise<AppOutputs> {
  const { marathon, path, context } = about;
  const watching = await marathon.watch.join((p) => p === path, context.signal);
  try {
    const started = await start();
    try {
      const what = deployedApp(marathon, path, watching, context);
      const done = await awaitDeployment(watching, started.deploymentId, what, context);
      return await currentOutputs(marathon, done, started, context.signal);
    } catch (error) {
      throw await unfinished(about, started, error);
    }
  } finally {
    watching.leave();
  }
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

/**
 * Says why the deployment is not done, then does with it what the program chose, and answers the error with the state
 * as Marathon tells it after that, as far as it answers.
 */
async function unfinished(about: Deployment, started: Started, error: unknown): Promise<MesosError> {
  const { marathon, path, inputs, context } = about;
  const { deploymentId } = started;
  const found = new LastSeen(marathon, path);
  const why = await explain(marathon.client, {
    concerns: (p) => p === path,
    deploymentId,
    read: async (signal) => {
      const app = await found.read(signal);
      return app === undefined ? [] : appReasons(app);
    },
  });
  const reasons = [messageOf(context.signal.aborted ? context.signal.reason : error), ...why];
  if (isStuck(error) || isTimeOver(context.signal)) {
    reasons.push(await giveUp(marathon, deploymentId, inputs.onTimeout, context));
    if (inputs.onTimeout === "rollback" || inputs.onTimeout === "cancel") await found.again();
  }
  if (found.isGone) {
    const code = inputs.onTimeout === "rollback" ? "MESOS_APP_ROLLED_BACK" : "MESOS_APP_GONE";
    return new MesosError(code, reasons.join("; "), { cause: error });
  }
  const { app } = found;
  if (app === undefined) {
    return new InitFailedError({ id: path, outputs: started.kept, reasons, cause: error });
  }
  const signal = AbortSignal.timeout(1_000);
  const facts = factsOf(await marathon.info(signal), app);
  const was = about.before && inputsIn(about.before);
  const isBack =
    was !== undefined &&
    inputs.onTimeout === "rollback" &&
    changeOf(app, withLive(was, app, facts, ["instances"]), facts).kind === "none";
  const outputs = await currentOutputs(marathon, app, started, signal);
  return new InitFailedError({
    id: path,
    outputs,
    reasons,
    cause: error,
    ...(isBack ? { inputs: was } : {}),
  });
}

/** The app as it was seen last; a Marathon that does not answer leaves that as it is. */
class LastSeen {
  app: MarathonApp | undefined;
  isGone = false;
  readonly #marathon: Marathon;
  readonly #path: string;

  constructor(marathon: Marathon, path: string) {
    this.#marathon = marathon;
    this.#path = path;
  }

  async read(signal: AbortSignal): Promise<MarathonApp | undefined> {
    this.app = await this.#marathon.client.getApp(this.#path, signal);
    this.isGone = this.app === undefined;
    return this.app;
  }

  async again(): Promise<void> {
    try {
      await this.read(AbortSignal.timeout(boundMs));
    } catch (error) {
      if (!isMesosError(error)) throw error;
    }
  }
}
