// SPDX-License-Identifier: Apache-2.0
import { isConflict, isUncertain, type MarathonPod } from "@pulumi-mesos/client";
import {
  absolutePath,
  keptFacts,
  MesosError,
  type PodResourceInputs,
  type ServerFacts,
  toPodDocument,
} from "@pulumi-mesos/model";
import { type Begun, deploy } from "../marathon/deploy";
import { cancelOwn, writeUnlocked } from "../marathon/locked-write";
import { remove } from "../marathon/removal";
import { factsOf } from "../marathon/server-facts";
import type { Context } from "../resource";
import { type Marathon, marathonIn } from "./marathon-in";
import { type PodDeployment, podDeployment } from "./pod-deploy";
import { type PodOutputs, type PodState, podChangeOf, podInputsIn, withLiveInstances } from "./pod-facts";

type Started = Begun<PodOutputs>;

/** Makes the pod, or adopts the one that an earlier create made, and waits until all its instances are stable. */
export async function createPod(
  inputs: PodResourceInputs,
  context: Context,
): Promise<{ id: string; outputs: PodOutputs }> {
  const marathon = marathonIn(context);
  const path = absolutePath(inputs.podId);
  const about = await podDeployment(marathon, path, inputs, context);
  const post = async (): Promise<Started> => {
    const document = { ...toPodDocument(inputs), id: path };
    const { pod, deploymentId } = await marathon.client.createPod(document, context.signal);
    return begun(about, pod, deploymentId, true);
  };
  const outputs = await deploy(about, () =>
    writeUnlocked(marathon.watch, path, context, post, (error) => adopted(error, about)),
  );
  return { id: path, outputs };
}

/**
 * Makes the pod what the inputs say and waits until it is deployed: writes only what differs from what runs, and refuses
 * to overwrite what others changed.
 */
export async function updatePod(
  id: string,
  state: PodState,
  inputs: PodResourceInputs,
  context: Context,
): Promise<PodOutputs> {
  const marathon = marathonIn(context);
  const about = await podDeployment(marathon, id, inputs, context, state);
  return deploy(about, () =>
    writeUnlocked(
      marathon.watch,
      id,
      context,
      async () => {
        const before = await look(about);
        if (before === undefined) {
          context.warn(`${id} was deleted by somebody else, so it is made again`);
          return replace(about, inputs, true);
        }
        if (before.change.kind === "none") return asItIs(about, before.running);
        if (!inputs.force) guard(before, state);
        return replace(about, before.target, before.change.kind !== "scale");
      },
      async (error) => {
        if (!isConflict(error) && !isUncertain(error)) return undefined;
        const before = await look(about);
        if (before?.change.kind === "none") return asItIs(about, before.running);
        await cancelOwn(marathon.client, state.deploymentId, error, context);
        return undefined;
      },
    ),
  );
}

/** Deletes the pod and waits until none of its instances is left; what is gone already is only waited for. */
export async function deletePod(
  id: string,
  { force, deploymentId }: PodState,
  context: Context,
): Promise<void> {
  const marathon = marathonIn(context);
  const { client } = marathon;
  const { signal } = context;
  const pod = {
    path: id,
    concerns: (p: string) => p === id,
    word: "pod",
    deploymentId,
    delete: () => client.deletePod(id, signal, { force: force ?? false }),
    isThere: async () => (await client.getPod(id, signal)) !== undefined,
    // No list of Marathon shows instances of a pod whose definition is gone: its deployment is all there is.
    left: async () => undefined,
  };
  await remove(pod, marathon, context);
}

/** What stands in Marathon before a write, and what it takes to get from there to the inputs. */
async function look({ marathon, path, inputs, context }: PodDeployment) {
  const running = await marathon.client.getPod(path, context.signal);
  if (running === undefined) return undefined;
  const facts = factsOf(await marathon.info(context.signal), running);
  const leave = inputs.manageInstances === false || context.ignoreChanges.includes("scaling.instances");
  const target = leave ? withLiveInstances(inputs, running) : inputs;
  return { running, target, facts, change: podChangeOf(running, target, facts) };
}

/** Refuses a write that would undo somebody else's change of anything but the number of instances. */
function guard({ running, facts }: { running: MarathonPod; facts: ServerFacts }, state: PodState): void {
  if (running.version === state.version) return;
  const foreign = podChangeOf(running, withLiveInstances(podInputsIn(state), running), facts);
  if (foreign.kind === "none") return;
  const differs = foreign.paths.map((p) => p.path).slice(0, 5);
  throw new MesosError(
    "MESOS_APP_CHANGED",
    `${running.id} was changed by somebody else: Marathon has its version ${running.version ?? "unknown"}, the state has ${state.version}, and they differ in ${differs.join(", ")}; run \`pulumi refresh\` to see the change and keep or undo it in the program, or set force: true to overwrite it`,
  );
}

/** PUT of the whole document. */
async function replace(about: PodDeployment, target: PodResourceInputs, allNew: boolean): Promise<Started> {
  const { marathon, path, inputs, context } = about;
  const document = { ...toPodDocument(target), id: path };
  const force = inputs.force ?? false;
  const answer = await marathon.client.replacePod(path, document, context.signal, { force });
  return begun(about, answer.pod, answer.deploymentId, allNew);
}

/** What runs is what was asked for; it may still be on its way. */
async function asItIs(about: PodDeployment, running: MarathonPod): Promise<Started> {
  const deploymentId = await deploymentOf(about.marathon, about.path, about.context.signal);
  return begun(about, running, deploymentId, false);
}

async function begun(
  about: PodDeployment,
  pod: MarathonPod,
  deploymentId: string | undefined,
  allNew: boolean,
): Promise<Started> {
  about.written = { version: pod.version ?? "", allNew };
  const facts = factsOf(await about.marathon.info(about.context.signal), pod);
  const kept = { version: pod.version ?? "", instances: [], serverFacts: keptFacts(facts) };
  return { deploymentId, kept: { ...kept, deploymentId: deploymentId ?? "" } };
}

/** After a refusal or a lost answer: the pod that runs, when it is the one asked for. */
async function adopted(error: unknown, about: PodDeployment): Promise<Started | undefined> {
  if (!isConflict(error) && !isUncertain(error)) return undefined;
  const { marathon, path, inputs, context } = about;
  const running = await marathon.client.getPod(path, context.signal);
  // Gone between the refusal and the look, or never made: the caller writes again where that is right.
  if (running === undefined) return undefined;
  const { paths } = podChangeOf(running, inputs, factsOf(await marathon.info(context.signal), running));
  if (paths.length === 0) return asItIs(about, running);
  const differs = paths.map((p) => p.path).slice(0, 5);
  throw new MesosError(
    "MESOS_POD_EXISTS",
    `${path} exists already (version ${running.version ?? "unknown"}) and differs in ${differs.join(", ")}; to take it over run \`pulumi import mesos:marathon:Pod ${context.urn.name} ${path}\`, or choose another id`,
  );
}

async function deploymentOf({ client }: Pick<Marathon, "client">, path: string, signal: AbortSignal) {
  return (await client.getDeployments(signal)).find((d) => d.affectedPods?.includes(path))?.id;
}
