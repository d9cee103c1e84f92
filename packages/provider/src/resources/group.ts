// SPDX-License-Identifier: Apache-2.0
import {
  absolutePath,
  checkGroupRules,
  declaredApps,
  GroupResourceInputs,
  isComputed,
  secretPropertyPaths,
  shortestGroupInputs,
  toGroupDocument,
} from "@pulumi-mesos/model";
import type { CheckRequest, CheckResult, Context, ReadRequest, ReadResult, Resource } from "../resource";
import { planGroup, previewGroup, residentFailures } from "./group-change";
import { deleteGroup } from "./group-delete";
import { findGroup, type GroupOutputs, type GroupState, groupOutputs, groupOutputsOf } from "./group-facts";
import { foreseeGroup } from "./group-foresee";
import { refreshedGroup } from "./group-inputs";
import { createGroup, updateGroup } from "./group-write";
import { marathonIn } from "./marathon-in";

/** A group of Marathon: written as a whole, waited for until all its apps are deployed, compared by normal forms. */
export const group: Resource<GroupResourceInputs, GroupOutputs> = {
  description:
    "A group of Marathon with its apps and groups, deployed as one in the order of their dependencies. Waited for until all its apps run and are healthy.",
  inputs: GroupResourceInputs,
  outputs: groupOutputs,
  timeouts: { create: 600, read: 60, update: 900, delete: 600 },
  check,
  diff: planGroup,
  preview: previewGroup,
  foresee: foreseeGroup,
  create: createGroup,
  read,
  update: updateGroup,
  delete: deleteGroup,
};

function check({ inputs, oldInputs, isSecret }: CheckRequest): CheckResult {
  const rules = checkGroupRules(inputs, { isUnknown: isComputed, isSecret });
  return { inputs, failures: [...rules, ...residentFailures(oldInputs, inputs)] };
}

async function read(
  { id, known, isSecret }: ReadRequest<GroupResourceInputs, GroupState>,
  context: Context,
): Promise<ReadResult<GroupResourceInputs, GroupOutputs> | undefined> {
  const marathon = marathonIn(context);
  const { signal } = context;
  const path = absolutePath(id);
  const { groups } = marathon.reader;
  const { live, facts } = await findGroup(marathon, path, (p) => groups.recent(p, signal), signal);
  if (live === undefined) return undefined;
  if (known === undefined) {
    const inputs = shortestGroupInputs(live, facts);
    const managed = declaredApps(toGroupDocument(inputs));
    const outputs = groupOutputsOf({ live, facts }, inputs, {
      deploymentId: "",
      uiUrl: marathon.uiUrl,
      managed,
    });
    // What an import brings into the state is as secret as in the program that `pulumi-mesos import` writes.
    return { id: path, inputs, outputs, secrets: secretPropertyPaths(inputs) };
  }
  const { inputs, moved } = refreshedGroup(known.inputs, live, facts);
  const { deploymentId, managed } = known.state;
  const outputs = groupOutputsOf({ live, facts }, inputs, { deploymentId, uiUrl: marathon.uiUrl, managed });
  // What was secret in an app stays so where the app stands in another place now.
  const secrets = moved.filter(({ from }) => isSecret?.(from) ?? false).map(({ to }) => to);
  return { id: path, inputs, outputs, secrets };
}
