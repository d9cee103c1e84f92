// SPDX-License-Identifier: Apache-2.0
import {
  AppResourceInputs,
  checkAppRules,
  isComputed,
  secretPropertyPaths,
  shortestInputs,
} from "@pulumi-mesos/model";
import { factsOf } from "../marathon/server-facts";
import type { CheckRequest, CheckResult, Context, ReadRequest, ReadResult, Resource } from "../resource";
import { describeAutoscaleChange, withDeclared } from "./app-autoscale";
import { planApp, previewApp } from "./app-change";
import { createApp } from "./app-create";
import { deleteApp } from "./app-delete";
import { currentOutputs } from "./app-deploy";
import { type AppOutputs, type AppState, appOutputs } from "./app-facts";
import { pathOf, refreshedInputs } from "./app-inputs";
import { updateApp } from "./app-update";
import { marathonIn } from "./marathon-in";

/** An app of Marathon: written as a whole, waited for until all instances are healthy, compared by normal forms. */
export const app: Resource<AppResourceInputs, AppOutputs> = {
  description: "An app of Marathon, waited for until all its instances run and are healthy.",
  inputs: AppResourceInputs,
  outputs: appOutputs,
  timeouts: { create: 600, read: 60, update: 900, delete: 600 },
  check,
  diff: planApp,
  preview: previewApp,
  announce: (inputs) => describeAutoscaleChange({}, inputs),
  create: createApp,
  read,
  update: updateApp,
  delete: deleteApp,
};

function check({ inputs, isSecret }: CheckRequest): CheckResult {
  return { inputs, failures: checkAppRules(inputs, { isUnknown: isComputed, isSecret }) };
}

async function read(
  { id, known }: ReadRequest<AppResourceInputs, AppState>,
  context: Context,
): Promise<ReadResult<AppResourceInputs, AppOutputs> | undefined> {
  const marathon = marathonIn(context);
  const running = await marathon.reader.apps.recent(pathOf(id), context.signal);
  if (running === undefined) return undefined;
  const facts = factsOf(await marathon.info(context.signal), running);
  const inputs = known
    ? await withDeclared(pathOf(id), refreshedInputs(known.inputs, running, facts), context)
    : shortestInputs(running, facts);
  const last = { deploymentId: known?.state.deploymentId };
  const outputs = await currentOutputs(marathon, running, last, context.signal);
  // What an import brings into the state is as secret as in the program that `pulumi-mesos import` writes.
  return { id, inputs, outputs, ...(known ? {} : { secrets: secretPropertyPaths(inputs) }) };
}
