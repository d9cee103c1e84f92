// SPDX-License-Identifier: Apache-2.0
import { isConflict, isUncertain, type MarathonApp } from "@pulumi-mesos/client";
import { type AppResourceInputs, MesosError, messageOf, toDocument } from "@pulumi-mesos/model";
import { InitFailedError } from "../init-failed";
import { writeUnlocked } from "../marathon/locked-write";
import { factsOf } from "../marathon/server-facts";
import type { Context } from "../resource";
import { declareAutoscale, needController } from "./app-autoscale";
import { currentOutputs, type Deployment, deployApp, type Started } from "./app-deploy";
import type { AppOutputs } from "./app-facts";
import { changeOf, pathOf, withinBounds, withLive } from "./app-inputs";
import { marathonIn } from "./marathon-in";

/** Makes the app, or adopts the one that an earlier create made, and waits until it is deployed. */
export async function createApp(
  inputs: AppResourceInputs,
  context: Context,
): Promise<{ id: string; outputs: AppOutputs }> {
  const marathon = marathonIn(context);
  const path = pathOf(inputs.appId);
  const about: Deployment = { marathon, path, inputs, context };
  needController(inputs, context);
  await marathon.info(context.signal);
  const post = async (): Promise<Started> => {
    const { app, deploymentId } = await marathon.client.createApp(toDocument(inputs), context.signal);
    const kept = await currentOutputs(marathon, app, { deploymentId }, context.signal);
    return { deploymentId, kept };
  };
  const outputs = await deployApp(about, () =>
    writeUnlocked(marathon.watch, path, context, post, (error) => adopted(error, about)),
  );
  // Not before: of an app that was never made nobody would take the declaration away.
  await keeping({ id: path, outputs }, declareAutoscale(path, inputs, undefined, context));
  return { id: path, outputs };
}

/** Waits for what comes after an app was made, and keeps the app also when that fails. */
async function keeping(made: { id: string; outputs: AppOutputs }, after: Promise<void>): Promise<void> {
  try {
    await after;
  } catch (error) {
    const reasons = [`the app runs, but does not follow its traffic: ${messageOf(error)}`];
    throw new InitFailedError({ ...made, reasons, cause: error });
  }
}

/** After a refusal or a lost answer: the app that runs, when it is the one asked for. */
async function adopted(
  error: unknown,
  { marathon, path, inputs, context }: Deployment,
): Promise<Started | undefined> {
  if (!isConflict(error) && !isUncertain(error)) return undefined;
  const running = await marathon.client.getApp(path, context.signal);
  // Gone between the refusal and the look, or never made: the caller writes again where that is right.
  if (running === undefined) return undefined;
  const facts = factsOf(await marathon.info(context.signal), running);
  // An earlier run was cut after the controller had begun to size it.
  const { autoscale } = inputs;
  const wanted = autoscale === undefined ? inputs : withinBounds(withLive(inputs, running, facts, []));
  const { paths } = changeOf(running, wanted, facts);
  if (paths.length > 0) {
    throw existsError(
      path,
      context.urn.name,
      running,
      paths.map((p) => p.path),
    );
  }
  const deploymentId = running.deployments?.[0]?.id;
  return { deploymentId, kept: await currentOutputs(marathon, running, { deploymentId }, context.signal) };
}

/** The error for an app that exists and is not what the inputs ask for. */
function existsError(path: string, name: string, running: MarathonApp, paths: readonly string[]): MesosError {
  const differs = paths.slice(0, 5).join(", ");
  return new MesosError(
    "MESOS_APP_EXISTS",
    `${path} exists already (version ${running.version ?? "unknown"}) and differs in ${differs}; to take it over run \`pulumi import mesos:marathon:App ${name} ${path}\`, or choose another id`,
  );
}
