// SPDX-License-Identifier: Apache-2.0
import { type MarathonStep, StatusError } from "@pulumi-mesos/client";
import { type GroupResourceInputs, isMesosError, messageOf } from "@pulumi-mesos/model";
import { listed } from "../marathon/listed";
import type { Context } from "../resource";
import type { GroupDeployment } from "./group-deploy";
import type { GroupState } from "./group-facts";
import { type BeforeGroup, refuseToOverwrite } from "./group-guard";
import { compared, find } from "./group-write";
import { marathonIn } from "./marathon-in";

/**
 * The steps that Marathon itself would take (`dryRun`), or why the change would be refused, or that it goes beyond what
 * the state says because somebody deleted the group.
 */
export async function foreseeGroup(
  path: string,
  state: GroupState,
  inputs: GroupResourceInputs,
  context: Context,
): Promise<string | undefined> {
  const marathon = marathonIn(context);
  const about: GroupDeployment = { marathon, path, inputs, context, before: state };
  const before = compared(about, await find(about));
  if (before === undefined) return `${path} was deleted by somebody else, so it would be made again`;
  if (before.change.kind === "none") return undefined;
  const refusal = inputs.force ? undefined : refusalOf(before, state);
  if (refusal !== undefined) return `will be refused as things stand: ${refusal}`;
  // Its PATCH comes first and changes what the PUT does then.
  if (before.change.paths.some((p) => p.path === "enforceRole")) return undefined;
  const { enforceRole: _, ...document } = before.target;
  const force = { force: inputs.force ?? false };
  try {
    const steps = await marathon.client.planGroup(path, { ...document, id: path }, context.signal, force);
    return describeSteps(steps);
  } catch (error) {
    if (!(error instanceof StatusError) || error.status !== 422) throw error;
    return `will be refused by Marathon: ${messageOf(error)}`;
  }
}

function refusalOf(before: BeforeGroup, state: GroupState): string | undefined {
  try {
    refuseToOverwrite(before, state);
    return undefined;
  } catch (error) {
    if (!isMesosError(error)) throw error;
    return error.message;
  }
}

const shown = 5;
const words: Readonly<Record<string, string>> = {
  StartApplication: "start",
  StopApplication: "stop",
  ScaleApplication: "scale",
  RestartApplication: "restart",
  StopPod: "stop pod",
};

/** `2 steps of Marathon: stop /shop/old, then restart /shop/db, then restart /shop/web`. */
function describeSteps(steps: readonly MarathonStep[]): string {
  if (steps.length === 0) return "no step of Marathon";
  const lines = steps.map(({ actions }) => listed(actions.map(describeAction), shown));
  return `${steps.length} ${steps.length === 1 ? "step" : "steps"} of Marathon: ${lines.join(", then ")}`;
}

function describeAction({ action = "change", app, pod }: MarathonStep["actions"][number]): string {
  return `${words[action] ?? action} ${app ?? pod ?? ""}`;
}
