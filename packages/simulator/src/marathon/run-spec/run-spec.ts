// SPDX-License-Identifier: Apache-2.0
import type { App } from "../app/types";
import type { Pod } from "../pod/types";

/**
 * What Marathon keeps running: an app or a pod. Deployments, instances, launching and versions know only this; where the
 * two differ (documents, resources, tasks, health) the code asks `isPod`.
 */
export type RunSpec = App | Pod;

export function isPod(spec: RunSpec): spec is Pod {
  return "containers" in spec;
}

export function asApp(spec: RunSpec | undefined): App | undefined {
  return spec === undefined || isPod(spec) ? undefined : spec;
}

export function asPod(spec: RunSpec | undefined): Pod | undefined {
  return spec !== undefined && isPod(spec) ? spec : undefined;
}

/** The version of the last change that concerns tasks: an instance that is older runs another configuration. */
export function configVersion(spec: Pick<RunSpec, "version" | "versionInfo">): string {
  return spec.versionInfo?.lastConfigChangeAt ?? spec.version;
}

/** Groups and apps that must stand before this one; pods name none themselves. */
export function dependenciesOf(spec: RunSpec): readonly string[] {
  return isPod(spec) ? [] : spec.dependencies;
}
