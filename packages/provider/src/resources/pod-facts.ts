// SPDX-License-Identifier: Apache-2.0
import type { MarathonPodStatus } from "@pulumi-mesos/client";
import {
  diffPod,
  type KeptFacts,
  keptFacts,
  normalisePod,
  type Pod,
  type PodChange,
  PodInstanceInfo,
  PodResourceInputs,
  type ServerFacts,
  toPodDocument,
} from "@pulumi-mesos/model";
import { instancesOf } from "../functions/pod-info";
import { serverFactsOutput } from "../marathon/server-facts";
import type { OutputSchema } from "../resource";
import { picking } from "./state-inputs";

/** What the state holds of a pod besides its inputs. */
export type PodOutputs = {
  readonly version: string;
  /** The deployment of the last write. */
  readonly deploymentId: string;
  readonly instances: readonly PodInstanceInfo[];
  readonly serverFacts?: KeptFacts;
};

export type PodState = PodResourceInputs & PodOutputs;

/** {@link PodOutputs} for the package schema. */
export const podOutputs: Readonly<Record<keyof PodOutputs, OutputSchema>> = {
  version: { type: "string", description: "Marathon's version of the pod: the time of its last change." },
  deploymentId: { type: "string", description: "The deployment of the last write." },
  instances: {
    type: "array",
    items: PodInstanceInfo,
    description:
      "The instances after the last change or refresh; they change by themselves, so compare nothing with them.",
  },
  serverFacts: serverFactsOutput("pod"),
};

/** The inputs that a state is of. */
export const podInputsIn = picking<PodResourceInputs>(PodResourceInputs);

export function podOutputsOf(
  status: MarathonPodStatus,
  facts: ServerFacts,
  deploymentId: string | undefined,
): PodOutputs {
  return {
    version: status.spec.version ?? "",
    deploymentId: deploymentId ?? "",
    instances: instancesOf(status).sort((a, b) => (a.id < b.id ? -1 : 1)),
    serverFacts: keptFacts(facts),
  };
}

/** The normal form of inputs, which may hold values that are not known yet. */
export function normalPod(inputs: Readonly<Record<string, unknown>>, facts: ServerFacts): Pod {
  return normalisePod(toPodDocument(inputs as PodResourceInputs), facts);
}

/** What it takes to turn the pod that runs into what `inputs` ask for. */
export function podChangeOf(running: object, inputs: PodResourceInputs, facts: ServerFacts): PodChange {
  return diffPod(normalisePod(running, facts), normalPod(inputs, facts));
}

/** The inputs with the running number of instances. */
export function withLiveInstances(inputs: PodResourceInputs, running: object): PodResourceInputs {
  const { scaling } = running as Pod;
  return { ...inputs, scaling: { kind: "fixed", instances: scaling?.instances ?? 1 } };
}
