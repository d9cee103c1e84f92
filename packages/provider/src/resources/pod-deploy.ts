// SPDX-License-Identifier: Apache-2.0
import type {
  MarathonDeployment,
  MarathonPodInstance,
  MarathonPodStatus,
  MarathonQueueItem,
} from "@pulumi-mesos/client";
import type { PodResourceInputs } from "@pulumi-mesos/model";
import type { Deployable } from "../marathon/deploy";
import type { TaskEnd } from "../marathon/marathon-events";
import { factsOf } from "../marathon/server-facts";
import { type Look, StuckJudge } from "../marathon/stuck";
import type { Context } from "../resource";
import type { Marathon } from "./marathon-in";
import {
  type PodOutputs,
  type PodState,
  podChangeOf,
  podInputsIn,
  podOutputsOf,
  withLiveInstances,
} from "./pod-facts";

/** A pod that is being made or changed. */
export interface PodDeployment extends Deployable<MarathonPodStatus, PodOutputs> {
  readonly marathon: Marathon;
  readonly inputs: PodResourceInputs;
  /** What the write must have left, once it is known: nothing else counts as done. */
  written: { readonly version: string; readonly allNew: boolean } | undefined;
}

const shown = 3;

/**
 * What deploying a pod is about, given what the state says was there before; `/v2/info` is asked first, because nobody may
 * be able to answer later.
 */
export async function podDeployment(
  marathon: Marathon,
  path: string,
  inputs: PodResourceInputs,
  context: Context,
  before?: PodState,
): Promise<PodDeployment> {
  const { client } = marathon;
  const info = await marathon.info(context.signal);
  const about: PodDeployment = {
    marathon,
    context,
    path,
    inputs,
    written: undefined,
    onTimeout: inputs.onTimeout,
    concerns: (p) => p === path,
    read: (signal) => client.getPodStatus(path, signal),
    deployed: (watching) => {
      const stuck = new StuckJudge(path, context.timeoutSeconds);
      return {
        path,
        concerns: about.concerns,
        read: about.read,
        isSettled: (status) => isSettled(status, about.written),
        describe,
        judge: async (status, deployment) =>
          stuck.judge(podLook(status, deployment, watching.ends, await marathon.watch.queue())),
      };
    },
    reasons: (status) => [describe(status), ...podReasons(status)],
    outputs: async (status, deploymentId) => podOutputsOf(status, factsOf(info, status.spec), deploymentId),
    restored: async ({ spec }) => {
      if (before === undefined) return undefined;
      const was = podInputsIn(before);
      const change = podChangeOf(spec, withLiveInstances(was, spec), factsOf(info, spec));
      return change.kind === "none" ? was : undefined;
    },
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

/** What is to be judged of a pod; of several containers that ended with a launch the first one counts. */
export function podLook(
  status: MarathonPodStatus,
  deployment: MarathonDeployment | undefined,
  ends: readonly TaskEnd[],
  wholeQueue: readonly MarathonQueueItem[],
): Look {
  const newest = Date.parse(status.spec.version ?? "");
  const isNew = (version: string | undefined) => version === undefined || Date.parse(version) >= newest;
  const queue = wholeQueue.filter((item) => item.pod?.id === status.id);
  const states = (status.instances ?? []).map((i) => `${i.id} ${i.status}`).sort();
  const runs = stableOf(status).filter((i) => isNew(versionOf(i) || undefined));
  const mine = ends.filter((end) => isNew(end.version) && end.at >= newest);
  const first = new Map([...mine].reverse().map((end) => [launchOf(end.taskId), end]));
  return {
    mark: [deployment?.currentStep, ...states].join(),
    runs: runs.map((i) => i.id),
    ends: [...first].map(([taskId, end]) => ({ ...end, taskId })),
    queue,
  };
}

/** The launch that a container's task is of: `web.instance-<uuid>.1` of `web.instance-<uuid>.main.1`. */
function launchOf(taskId: string): string {
  return taskId.replace(/(\.instance-[0-9a-f-]+)\..*\.(\d+)$/, "$1.$2");
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
