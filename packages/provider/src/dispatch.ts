// SPDX-License-Identifier: Apache-2.0
import { functionTokens, resourceTokens } from "@pulumi-mesos/model";
import type { ProviderFunction, Resource } from "./resource";

/**
 * Every resource of the plugin by its type token, loaded at its first use so that the plugin starts fast.
 * To add one: a file in `resources/` that exports a `Resource`, its token in the model, and a line here.
 */
export const resources: Readonly<Record<string, () => Promise<Resource>>> = {
  [resourceTokens.process]: async () => (await import("./resources/process.js")).process,
  [resourceTokens.volume]: async () => (await import("./resources/volume.js")).volume,
  [resourceTokens.ready]: async () => (await import("./resources/ready.js")).ready,
  [resourceTokens.leave]: async () => (await import("./resources/leave.js")).leave,
  [resourceTokens.ensemble]: async () => (await import("./resources/ensemble.js")).ensemble,
  [resourceTokens.app]: async () => (await import("./resources/app.js")).app,
  [resourceTokens.group]: async () => (await import("./resources/group.js")).group,
  [resourceTokens.pod]: async () => (await import("./resources/pod.js")).pod,
  [resourceTokens.release]: async () => (await import("./resources/release.js")).release,
  [resourceTokens.bambooService]: async () => (await import("./resources/bamboo-service.js")).bambooService,
  [resourceTokens.quota]: async () => (await import("./resources/quota.js")).quota,
  [resourceTokens.agentPool]: async () => (await import("./resources/agent-pool.js")).agentPool,
};

/** Every function of the plugin by its token. */
export const functions: Readonly<Record<string, () => Promise<ProviderFunction>>> = {
  [functionTokens.getEnsemble]: async () => (await import("./functions/get-ensemble.js")).getEnsemble,
  [functionTokens.getApp]: async () => (await import("./functions/get-app.js")).getApp,
  [functionTokens.getApps]: async () => (await import("./functions/get-apps.js")).getApps,
  [functionTokens.getGroup]: async () => (await import("./functions/get-group.js")).getGroup,
  [functionTokens.getInfo]: async () => (await import("./functions/get-info.js")).getInfo,
  [functionTokens.getPod]: async () => (await import("./functions/get-pod.js")).getPod,
};
