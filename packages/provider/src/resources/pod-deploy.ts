// SPDX-License-Identifier: Apache-2.0
import type { MarathonPodInstance, MarathonPodStatus } from "@pulumi-mesos/client";
import type { PodResourceInputs } from "@pulumi-mesos/model";
import type { Deployable } from "../marathon/deploy";
import { factsOf } from "../marathon/server-facts";
import type { Context } from "../resource";
import type { Marathon } from "./marathon-in";
import { type PodOutputs, podOutputsOf } from "./pod-facts";

/** A pod that is being made or changed. */
export interface PodDeployment extends Deployable<MarathonPodStatus, PodOutputs> {
  readonly marathon: Marathon;
  readonly inputs: PodResourceInputs;
  /** What the write must have left, once it is known: nothing else counts as done. */
  written: { readonly version: string; readonly allNew: boolean } | undefined;
}

const shown = 3;

/** What deploying a pod is about; `/v2/info` is asked first, because nobody may be able to answer later. */
export async function podDeployment(
  marathon: Marathon,
  path: string,
  inputs: PodResourceInputs,
  context: Context,
): Promise<PodDeployment> {
  const { client, watch } = marathon;
  const info = await marathon.info(context.signal);
  const about: PodDeployment = {
    marathon,
    client,
    watch,
    context,
    path,
    inputs,
    written: undefined,
    onTimeout: inputs.onTimeout,
    concerns: (p) => p === path,
    read: (signal) => client.getPodStatus(path, signal),
    isSettled: (status) => isSettled(status, about.written),
    describe,
    reasons: (status) => [describe(status), ...podReasons(status)],
    outputs: (status, deploymentId) => podOutputsOf(status, factsOf(info, status.spec), deploymentId),
  };
  return about;
}

/** `2 of 3 stable`. */
function describe(status: MarathonPodStatus): string {
  return `${stableOf(status).length} of ${wantedOf(status)} stable`;
}

/** As many instances as wanted are stable, no other is left, and where all had to be replaced none is older. */
function isSettled(status: MarathonPodStatus, written: PodDeployment["written"]): boolean {
  if (written !== undefined && status.spec.version !== written.version) return false;
  const wanted = wantedOf(status);
  const there = (status.instances ?? []).filter((instance) => instance.status !== "TERMINAL");
  const old = written?.allNew && there.some((i) => Date.parse(versionOf(i)) < Date.parse(written.version));
  return stableOf(status).length === wanted && there.length === wanted && !old;
}

function stableOf(status: MarathonPodStatus): MarathonPodInstance[] {
  return (status.instances ?? []).filter((instance) => instance.status === "STABLE");
}

function wantedOf({ spec }: MarathonPodStatus): number {
  const { scaling } = spec as { scaling?: { instances?: number } };
  return scaling?.instances ?? 1;
}

/** The version that an instance runs: the end of `/v2/pods/shop::versions/<version>`. */
function versionOf({ specReference }: MarathonPodInstance): string {
  return specReference?.split("::versions/")[1] ?? "";
}

/** What the instances that are not stable tell, and how the last one ended. */
function podReasons(status: MarathonPodStatus): string[] {
  const waiting = (status.instances ?? []).filter((i) => i.status !== "STABLE" && i.status !== "TERMINAL");
  const [last] = (status.terminationHistory ?? []).slice(-1);
  return [
    ...waiting.slice(0, shown).map(instanceReason),
    ...(waiting.length > shown ? [`${waiting.length - shown} more instances are not stable`] : []),
    ...(last === undefined ? [] : [endReason(last)]),
  ];
}

function instanceReason(instance: MarathonPodInstance): string {
  const where = instance.agentHostname === undefined ? "" : ` on ${instance.agentHostname}`;
  const containers = (instance.containers ?? []).flatMap((container) => {
    const unhealthy = (container.endpoints ?? []).filter((e) => e.healthy === false).map((e) => e.name);
    const health = unhealthy.length === 0 ? "" : ` (unhealthy: ${unhealthy.join(", ")})`;
    const why = container.message === undefined ? "" : `: ${oneLine(container.message)}`;
    const ran = container.status === "TASK_RUNNING" && health === "" && why === "";
    return ran ? [] : [`${container.name} is ${container.status ?? "not known"}${health}${why}`];
  });
  const why = instance.message === undefined ? "" : `: ${oneLine(instance.message)}`;
  return [`${instance.id} is ${instance.status}${where}${why}`, ...containers].join("; ");
}

type Termination = NonNullable<MarathonPodStatus["terminationHistory"]>[number];

function endReason({ instanceID, message, containers }: Termination): string {
  const ends = (containers ?? []).map(({ lastKnownState, termination }) => {
    const code = termination?.exitCode === undefined ? "" : ` with exit code ${termination.exitCode}`;
    const why = termination?.message === undefined ? "" : `: ${oneLine(termination.message)}`;
    return `${lastKnownState ?? "ended"}${code}${why}`;
  });
  const why = message === undefined ? [] : [oneLine(message)];
  return `last failure: ${[...new Set([...ends, ...why])].join(", ")}${instanceID === undefined ? "" : ` (${instanceID})`}`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
