// SPDX-License-Identifier: Apache-2.0
import { type AppInfo, GetAppsInputs, GetAppsResult } from "@pulumi-mesos/model";
import { factsOf } from "../marathon/server-facts";
import type { ProviderFunction } from "../resource";
import { marathonIn } from "../resources/marathon-in";
import { appInfo } from "./app-info";

/** All apps, or those of a group or with some labels, in one request. */
export const getApps: ProviderFunction<GetAppsInputs, GetAppsResult> = {
  description: "All apps of Marathon as they are now, or those below a group or with some labels.",
  inputs: GetAppsInputs,
  outputs: GetAppsResult,
  timeoutSeconds: 60,
  async call({ groupId, labels }, context) {
    const marathon = marathonIn(context);
    const [info, all] = await Promise.all([
      marathon.info(context.signal),
      marathon.client.getApps(context.signal),
    ]);
    const below = `/${(groupId ?? "")
      .split("/")
      .filter(Boolean)
      .map((s) => `${s}/`)
      .join("")}`;
    const base = context.config.marathonUrls[0] ?? "";
    const apps = all
      .filter((app) => app.id.startsWith(below))
      .map((app) => appInfo(app, factsOf(info, app), base))
      .filter((app) => carries(app, labels ?? {}))
      .sort((a, b) => (a.appId < b.appId ? -1 : 1));
    return { apps };
  },
};

function carries({ definition }: AppInfo, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([key, value]) => definition.labels?.[key] === value);
}
