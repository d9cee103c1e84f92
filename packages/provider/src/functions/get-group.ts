// SPDX-License-Identifier: Apache-2.0
import { groupsIn } from "@pulumi-mesos/client";
import { GetGroupInputs, GetGroupResult, MesosError } from "@pulumi-mesos/model";
import { factsOf } from "../marathon/server-facts";
import type { ProviderFunction } from "../resource";
import { appsOf, podsOf } from "../resources/group-facts";
import { marathonIn } from "../resources/marathon-in";
import { appInfo } from "./app-info";
import { podInfo } from "./pod-info";

/** A group with all that is below it; fails when there is none. */
export const getGroup: ProviderFunction<GetGroupInputs, GetGroupResult> = {
  description:
    "A group of Marathon as it is now, with all apps, pods and groups below it. Fails when there is none.",
  inputs: GetGroupInputs,
  outputs: GetGroupResult,
  timeoutSeconds: 60,
  async call({ groupId }, context) {
    const marathon = marathonIn(context);
    const [info, group] = await Promise.all([
      marathon.info(context.signal),
      marathon.client.getGroup(groupId, context.signal),
    ]);
    if (group === undefined) {
      throw new MesosError(
        "MESOS_GROUP_NOT_FOUND",
        `groupId: Marathon has no group ${JSON.stringify(groupId)}`,
      );
    }
    const base = context.config.marathonUrls[0] ?? "";
    return {
      groupId: group.id,
      version: group.version ?? "",
      enforceRole: group.enforceRole ?? false,
      dependencies: [...(group.dependencies ?? [])],
      groups: groupsIn(group)
        .slice(1)
        .map(({ id }) => id),
      apps: appsOf(group).map((app) => appInfo(app, factsOf(info, app), base)),
      pods: podsOf(group).map(podInfo),
    };
  },
};
