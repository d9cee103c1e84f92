// SPDX-License-Identifier: Apache-2.0
import { GetPodInputs, MesosError, PodInfo } from "@pulumi-mesos/model";
import type { ProviderFunction } from "../resource";
import { marathonIn } from "../resources/marathon-in";
import { podInfo } from "./pod-info";

/** One pod as it is now; fails when there is none. */
export const getPod: ProviderFunction<GetPodInputs, PodInfo> = {
  description: "A pod of Marathon as it is now, with its instances. Fails when there is none.",
  inputs: GetPodInputs,
  outputs: PodInfo,
  timeoutSeconds: 60,
  async call({ podId }, context) {
    const status = await marathonIn(context).client.getPodStatus(podId, context.signal);
    if (status === undefined) {
      throw new MesosError("MESOS_POD_NOT_FOUND", `podId: Marathon has no pod ${JSON.stringify(podId)}`);
    }
    return podInfo(status);
  },
};
