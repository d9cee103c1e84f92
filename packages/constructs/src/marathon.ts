// SPDX-License-Identifier: Apache-2.0
export type { DeployedApp } from "@pulumi-mesos/model";
export { BlueGreen, type BlueGreenArgs } from "./blue-green";
export { Canary, type CanaryArgs } from "./canary";
export { App, type AppArgs, type AppTask } from "./resources/marathon-app";
export {
  type GetAppArgs,
  type GetAppsArgs,
  type GetGroupArgs,
  type GetPodArgs,
  getApp,
  getAppOutput,
  getApps,
  getAppsOutput,
  getGroup,
  getGroupOutput,
  getInfo,
  getInfoOutput,
  getPod,
  getPodOutput,
} from "./resources/marathon-functions";
export { Group, type GroupArgs } from "./resources/marathon-group";
export { Pod, type PodArgs } from "./resources/marathon-pod";
export { Release, type ReleaseArgs, type ReleasedApp } from "./resources/marathon-release";
