// SPDX-License-Identifier: Apache-2.0
import { isConflict, isUncertain, type MarathonApp } from "@pulumi-mesos/client";
import {
  type AppChange,
  type AppResourceInputs,
  MesosError,
  type ServerFacts,
  toDocument,
} from "@pulumi-mesos/model";
import { cancelOwn, writeUnlocked } from "../marathon/locked-write";
import { factsOf } from "../marathon/server-facts";
import type { Context } from "../resource";
import { declareAutoscale, scalingDeployment } from "./app-autoscale";
import { currentOutputs, type Deployment, deployApp, type Started } from "./app-deploy";
import { type AppOutputs, type AppState, inputsIn } from "./app-facts";
import { changeOf, hasPersistentVolumes, pathOf, restartsBy, withinBounds, withLive } from "./app-inputs";
import { marathonIn } from "./marathon-in";

/** What stands in Marathon before a write, and what it takes to get from there to the inputs. */
interface Before {
  readonly running: MarathonApp;
  readonly target: AppResourceInputs;
  readonly change: AppChange;
  readonly facts: ServerFacts;
}

/** What a write left behind. */
interface Written extends Started {
  /** What was to be written, when `executorResources` of it may be missing now. */
  readonly lost?: AppResourceInputs;
}

/**
 * Makes the app what the inputs say and waits until it is deployed: writes only what differs from what runs, restarts
 * when only the trigger changed, and refuses to overwrite what others changed.
 */
export async function updateApp(
  id: string,
  state: AppState,
  inputs: AppResourceInputs,
  context: Context,
): Promise<AppOutputs> {
  const marathon = marathonIn(context);
  const path = pathOf(id);
  const about: Deployment = { marathon, path, inputs, context, before: state };
  await declareAutoscale(path, inputs, state, context);
  let restarted = false;
  let lost: AppResourceInputs | undefined;
  let outputs = await deployApp(about, async () => {
    const done = await writeUnlocked<Written>(
      marathon.watch,
      path,
      context,
      async () => {
        const before = await look(about);
        if (before === undefined) {
          context.warn(`${path} was deleted by somebody else, so it is made again`);
          restarted = true;
          return replace(about, state, inputs);
        }
        if (!inputs.force) guard(before, state, context);
        restarted ||= before.change.kind === "restart";
        return write(about, state, before);
      },
      (error) => written(error, about, state),
    );
    lost = done.lost;
    return done;
  });
  if (lost?.executorResources !== undefined) outputs = await bringBack(about, lost, outputs);
  if (restarted || !restartsBy(inputsIn(state), inputs)) return outputs;
  return deployApp(about, () => restart(about, outputs));
}

async function look({ marathon, path, inputs, context }: Deployment): Promise<Before | undefined> {
  const running = await marathon.client.getApp(path, context.signal);
  if (running === undefined) return undefined;
  const facts = factsOf(await marathon.info(context.signal), running);
  const target = withinBounds(withLive(inputs, running, facts, context.ignoreChanges));
  return { running, target, change: changeOf(running, target, facts), facts };
}

/** Refuses a write that would undo somebody else's change, and one that Marathon does only when forced. */
function guard({ running, change, facts }: Before, state: AppState, context: Context): void {
  const path = running.id;
  const theirs = running.versionInfo?.lastConfigChangeAt ?? running.version;
  const known = withLive(inputsIn(state), running, facts, ["instances", ...context.ignoreChanges]);
  const foreign = changeOf(running, known, facts);
  // What runs is what is asked for but for the field that a PUT of ours loses: a run was cut before its PATCH.
  const isCut = isExecutorAlone(change) && running["executorResources"] === undefined;
  const isOurs = change.kind === "none" || isCut;
  if (!isOurs && foreign.kind !== "none" && theirs !== state.lastConfigChangeAt) {
    const differs = foreign.paths.map((p) => p.path).slice(0, 5);
    throw new MesosError(
      "MESOS_APP_CHANGED",
      `${path} was changed by somebody else: Marathon has its definition of ${theirs}, the state that of ${state.lastConfigChangeAt}, and they differ in ${differs.join(", ")}; run \`pulumi refresh\` to see the change and keep or undo it in the program, or set force: true to overwrite it`,
    );
  }
  if (change.paths.some((p) => p.path === "role") && hasPersistentVolumes(running)) {
    throw new MesosError(
      "MESOS_APP_ROLE",
      `role: ${path} has persistent volumes, reserved for the role ${String(running["role"])}; its tasks stay in that role and only new ones get another, which Marathon does only with force: true`,
    );
  }
}

async function write(
  about: Deployment,
  state: AppState,
  { running, target, change }: Before,
): Promise<Written> {
  const { marathon, context } = about;
  if (change.kind === "none") {
    const deploymentId = running.deployments?.[0]?.id;
    return { deploymentId, kept: await currentOutputs(marathon, running, { deploymentId }, context.signal) };
  }
  if (isExecutorAlone(change) && target.executorResources !== undefined) {
    await patchExecutor(about, target);
    return { deploymentId: undefined, kept: state };
  }
  return replace(about, state, target);
}

function isExecutorAlone({ paths }: AppChange): boolean {
  return paths.every((p) => p.path.startsWith("executorResources"));
}

/** PUT of the whole document. It loses `executorResources` (reference §1.7, 12). */
async function replace(about: Deployment, state: AppState, target: AppResourceInputs): Promise<Written> {
  const { marathon, path, inputs, context } = about;
  const force = { force: inputs.force ?? false };
  const document = toDocument(target);
  const { deploymentId, version } = await marathon.client.replaceApp(path, document, context.signal, force);
  return { deploymentId, kept: { ...state, version, deploymentId }, lost: target };
}

/** Writes `executorResources` again that a PUT lost; only now, because the PUT's own deployment locked the app. */
async function bringBack(
  about: Deployment,
  target: AppResourceInputs,
  kept: AppOutputs,
): Promise<AppOutputs> {
  const { marathon, path, context } = about;
  const patch = async (): Promise<Started> => {
    await patchExecutor(about, target);
    return { deploymentId: undefined, kept };
  };
  // Written twice it is the same, so a lost answer is asked for again.
  return deployApp(about, () => writeUnlocked(marathon.watch, path, context, patch, async () => undefined));
}

/** A PATCH loses `resourceLimits` unless it repeats them. */
async function patchExecutor(
  { marathon, path, inputs, context }: Deployment,
  { executorResources, resourceLimits }: AppResourceInputs,
): Promise<void> {
  const partial = { executorResources, ...(resourceLimits === undefined ? {} : { resourceLimits }) };
  await marathon.client.patchApp(path, partial, context.signal, { force: inputs.force ?? false });
}

/** After a lock or a lost answer: what runs, when it is what was to be written already. */
async function written(error: unknown, about: Deployment, state: AppState): Promise<Written | undefined> {
  if (!isConflict(error) && !isUncertain(error)) return undefined;
  const before = await look(about);
  if (before === undefined) return undefined;
  if (before.change.kind === "none") return write(about, state, before);
  const scaling = await scalingDeployment(about.path, [about.inputs, state], error, about.context);
  for (const own of [state.deploymentId, scaling])
    if (own !== undefined) await cancelOwn(about.marathon.client, own, error, about.context);
  if (isConflict(error) || !isExecutorAlone(before.change)) return undefined;
  return { deploymentId: before.running.deployments?.[0]?.id, kept: state, lost: before.target };
}

async function restart(about: Deployment, outputs: AppOutputs): Promise<Started> {
  const { marathon, path, inputs, context } = about;
  const { client } = marathon;
  const post = async (): Promise<Started> => {
    const { deploymentId } = await client.restartApp(path, context.signal, { force: inputs.force ?? false });
    return { deploymentId, kept: { ...outputs, deploymentId } };
  };
  return writeUnlocked(marathon.watch, path, context, post, async (error) => {
    if (!isUncertain(error)) return undefined;
    const running = await client.getApp(path, context.signal);
    if (running?.versionInfo?.lastConfigChangeAt === outputs.lastConfigChangeAt) return undefined;
    const deploymentId = running?.deployments?.[0]?.id;
    return { deploymentId, kept: outputs };
  });
}
