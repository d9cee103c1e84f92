// SPDX-License-Identifier: Apache-2.0
import { AppInfo, GetAppInputs, MesosError } from "@pulumi-mesos/model";
import { factsOf } from "../marathon/server-facts";
import type { ProviderFunction } from "../resource";
import { marathonIn } from "../resources/marathon-in";
import { appInfo } from "./app-info";

/** One app as it is now; fails when there is none. */
export const getApp: ProviderFunction<GetAppInputs, AppInfo> = {
  description: "An app of Marathon as it is now, with its tasks. Fails when there is none.",
  inputs: GetAppInputs,
  outputs: AppInfo,
  timeoutSeconds: 60,
  async call({ appId }, context) {
    const marathon = marathonIn(context);
    const [info, app] = await Promise.all([
      marathon.info(context.signal),
      marathon.client.getApp(appId, context.signal),
    ]);
    if (app === undefined) {
      throw new MesosError("MESOS_APP_NOT_FOUND", `appId: Marathon has no app ${JSON.stringify(appId)}`);
    }
    return appInfo(app, factsOf(info, app), context.config.marathonUrls[0] ?? "");
  },
};
