// SPDX-License-Identifier: Apache-2.0

import * as pulumi from "@pulumi/pulumi";
import {
  type AppInfo,
  functionTokens,
  type GetAppInputs,
  type GetAppsInputs,
  type GetAppsResult,
  type GetGroupInputs,
  type GetGroupResult,
  type GetInfoResult,
  type GetPodInputs,
  type PodInfo,
  packageVersion,
  pluginDownloadURL,
} from "@pulumi-mesos/model";

/** An app by its path. */
export interface GetAppArgs {
  /** Path of the app, such as `/shop/web`. */
  readonly appId: pulumi.Input<string>;
}

/** Which apps are wanted. */
export interface GetAppsArgs {
  /** Only apps below this group, at any depth. @default all */
  readonly groupId?: pulumi.Input<string>;
  /** Only apps that carry all these labels with these values. @default all */
  readonly labels?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>>>;
}

/** A group by its path. */
export interface GetGroupArgs {
  /** Path of the group, such as `/shop`; `/` is the root. */
  readonly groupId: pulumi.Input<string>;
}

/** A pod by its path. */
export interface GetPodArgs {
  /** Path of the pod, such as `/shop/web`. */
  readonly podId: pulumi.Input<string>;
}

/**
 * An app as it is now, with its tasks. Fails when there is none.
 *
 * @example
 * const { tasks } = await mesos.marathon.getApp({ appId: "/web" }, { provider });
 */
export function getApp(args: GetAppInputs, opts?: pulumi.InvokeOptions): Promise<AppInfo> {
  return ask(functionTokens.getApp, args, opts);
}

/** {@link getApp} with Inputs: asked when they are known. */
export function getAppOutput(args: GetAppArgs, opts?: pulumi.InvokeOutputOptions): pulumi.Output<AppInfo> {
  return askWhenKnown(functionTokens.getApp, { ...args }, opts);
}

/** All apps as they are now, or those below a group or with some labels. */
export function getApps(args: GetAppsInputs = {}, opts?: pulumi.InvokeOptions): Promise<GetAppsResult> {
  return ask(functionTokens.getApps, args, opts);
}

/** {@link getApps} with Inputs: asked when they are known. */
export function getAppsOutput(
  args: GetAppsArgs = {},
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetAppsResult> {
  return askWhenKnown(functionTokens.getApps, { ...args }, opts);
}

/** A group as it is now, with all apps, pods and groups below it. Fails when there is none. */
export function getGroup(args: GetGroupInputs, opts?: pulumi.InvokeOptions): Promise<GetGroupResult> {
  return ask(functionTokens.getGroup, args, opts);
}

/** {@link getGroup} with Inputs: asked when they are known. */
export function getGroupOutput(
  args: GetGroupArgs,
  opts?: pulumi.InvokeOutputOptions,
): pulumi.Output<GetGroupResult> {
  return askWhenKnown(functionTokens.getGroup, { ...args }, opts);
}

/** A pod as it is now, with its instances. Fails when there is none. */
export function getPod(args: GetPodInputs, opts?: pulumi.InvokeOptions): Promise<PodInfo> {
  return ask(functionTokens.getPod, args, opts);
}

/** {@link getPod} with Inputs: asked when they are known. */
export function getPodOutput(args: GetPodArgs, opts?: pulumi.InvokeOutputOptions): pulumi.Output<PodInfo> {
  return askWhenKnown(functionTokens.getPod, { ...args }, opts);
}

/** What Marathon says of itself: its version, its leader, and what defaults of apps depend on. */
export function getInfo(opts?: pulumi.InvokeOptions): Promise<GetInfoResult> {
  return ask(functionTokens.getInfo, {}, opts);
}

/** {@link getInfo} as an Output. */
export function getInfoOutput(opts?: pulumi.InvokeOutputOptions): pulumi.Output<GetInfoResult> {
  return askWhenKnown(functionTokens.getInfo, {}, opts);
}

const origin = { version: packageVersion, pluginDownloadURL };

function ask<R>(token: string, args: object, opts: pulumi.InvokeOptions | undefined): Promise<R> {
  return pulumi.runtime.invoke(token, { ...args }, { ...origin, ...opts }) as Promise<R>;
}

function askWhenKnown<R>(
  token: string,
  args: pulumi.Inputs,
  opts: pulumi.InvokeOutputOptions | undefined,
): pulumi.Output<R> {
  return pulumi.runtime.invokeOutput<R>(token, args, { ...origin, ...opts });
}
