// SPDX-License-Identifier: Apache-2.0
import { GetInfoInputs, GetInfoResult } from "@pulumi-mesos/model";
import type { ProviderFunction } from "../resource";
import { marathonIn } from "../resources/marathon-in";

/** What Marathon says of itself. */
export const getInfo: ProviderFunction<GetInfoInputs, GetInfoResult> = {
  description: "What Marathon says of itself: its version, its leader, and what defaults of apps depend on.",
  inputs: GetInfoInputs,
  outputs: GetInfoResult,
  timeoutSeconds: 60,
  async call(_args, context) {
    const info = await marathonIn(context).client.getInfo(context.signal);
    const config = info.marathon_config;
    return {
      version: info.version,
      elected: info.elected ?? info.leader !== undefined,
      ...(info.leader === undefined ? {} : { leader: info.leader }),
      ...(info.frameworkId === undefined ? {} : { frameworkId: info.frameworkId }),
      role: config?.mesos_role ?? "*",
      ...(config?.default_network_name === undefined ? {} : { defaultNetwork: config.default_network_name }),
      enforcesRoleOfNewGroups: config?.new_group_enforce_role === "top",
    };
  },
};
