// SPDX-License-Identifier: Apache-2.0
import {
  absolutePath,
  checkPodRules,
  diffPod,
  isComputed,
  knownFacts,
  normalisePod,
  type Pod,
  PodResourceInputs,
  type ServerFacts,
  secretPropertyPaths,
  toPodInputs,
} from "@pulumi-mesos/model";
import { compareInputs } from "../differences";
import { factsOf } from "../marathon/server-facts";
import type { Context, DiffRequest, DiffResult, ReadRequest, ReadResult, Resource } from "../resource";
import { optionsIn } from "./app-inputs";
import { withDrift } from "./drifted-fields";
import { marathonIn } from "./marathon-in";
import {
  normalPod,
  type PodOutputs,
  type PodState,
  podChangeOf,
  podInputsIn,
  podOutputs,
  podOutputsOf,
  withLiveInstances,
} from "./pod-facts";
import { createPod, deletePod, updatePod } from "./pod-write";

/** A pod of Marathon: written as a whole, waited for until all instances are stable, compared by normal forms. */
export const pod: Resource<PodResourceInputs, PodOutputs> = {
  description:
    "A pod of Marathon: containers that run together. Waited for until all its instances are stable.",
  inputs: PodResourceInputs,
  outputs: podOutputs,
  timeouts: { create: 600, read: 60, update: 900, delete: 600 },
  check: ({ inputs, isSecret }) => ({
    inputs,
    failures: checkPodRules(inputs, { isUnknown: isComputed, isSecret }),
  }),
  diff,
  create: createPod,
  read,
  update: updatePod,
  delete: deletePod,
};

function diff({ state, inputs }: DiffRequest<PodResourceInputs, PodState>): DiffResult {
  const olds = podInputsIn(state);
  const leave = inputs["manageInstances"] === false;
  const wanted = leave ? withLiveInstances(inputs as PodResourceInputs, olds) : inputs;
  const facts = knownFacts(state.serverFacts);
  const { paths } = diffPod(normalPod(olds, facts), normalPod(wanted, facts));
  return {
    differences: [
      ...paths.map((p) => ({ ...p, input: true })),
      ...compareInputs(optionsIn(olds), optionsIn(inputs), []),
    ],
    // The same id cannot exist twice; another id can stand beside the old pod until that is deleted.
    deleteBeforeReplace: !paths.some((p) => p.path === "podId"),
  };
}

async function read(
  { id, known }: ReadRequest<PodResourceInputs, PodState>,
  context: Context,
): Promise<ReadResult<PodResourceInputs, PodOutputs> | undefined> {
  const marathon = marathonIn(context);
  const status = await marathon.reader.pods.recent(absolutePath(id), context.signal);
  if (status === undefined) return undefined;
  const running = status.spec as unknown as Pod;
  const facts = factsOf(await marathon.info(context.signal), running);
  const outputs = podOutputsOf(status, facts, known?.state.deploymentId);
  if (known !== undefined)
    return { id: running.id, inputs: refreshed(known.inputs, running, facts), outputs };
  const inputs = toPodInputs(normalisePod(running, facts));
  return { id: running.id, inputs, outputs, secrets: secretPropertyPaths(inputs) };
}

/** The user's own inputs where they mean what runs, and the running values of those top-level fields that differ. */
function refreshed(known: PodResourceInputs, running: Pod, facts: ServerFacts): PodResourceInputs {
  const leave = known.manageInstances === false;
  const { paths } = podChangeOf(running, leave ? withLiveInstances(known, running) : known, facts);
  return paths.length === 0 ? known : withDrift(known, toPodInputs(normalisePod(running, facts)), paths);
}
