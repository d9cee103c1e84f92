// SPDX-License-Identifier: Apache-2.0
import { isConflict, isUnreachable } from "@pulumi-mesos/client";
import {
  AppAutoscale,
  type AppResourceInputs,
  AppScaleStates,
  appScalePath,
  appScaleStatesPath,
  canonicalJson,
  decoder,
  describeAppAutoscale,
  hasComputed,
  isMesosError,
  MesosError,
  messageOf,
} from "@pulumi-mesos/model";
import type { ControllerPlace } from "../config";
import type { Context, Properties } from "../resource";
import { parsed } from "./agent-pool-wait";
import { inZooKeeper } from "./in-zookeeper";

const policies = decoder(AppAutoscale);
const states = decoder(AppScaleStates);
/** How long a delete waits for a ZooKeeper that may have gone with its cluster. */
const deadMs = 10_000;

type Declared = Pick<AppResourceInputs, "autoscale">;
type Around = Pick<Context, "config" | "signal">;

/**
 * Tells the controller how an app follows its traffic, or that it does so no more. It stands in ZooKeeper and not in a label
 * of the app, because Marathon restarts all tasks when a label changes.
 */
export async function declareAutoscale(
  path: string,
  { autoscale }: Declared,
  before: Declared | undefined,
  context: Around,
): Promise<void> {
  if (autoscale === undefined && before?.autoscale === undefined) return;
  const place = controllerIn(context);
  const node = appScalePath(place.cluster, path);
  await inZooKeeper(place, context, (session) =>
    autoscale === undefined ? session.remove(node) : session.put(node, Buffer.from(canonicalJson(autoscale))),
  );
}

/** Refuses an app that nobody would size, before anything of it is made. */
export function needController({ autoscale }: Declared, context: Pick<Context, "config">): void {
  if (autoscale !== undefined) controllerIn(context);
}

/** The inputs with what the controller really follows. */
export async function withDeclared(
  path: string,
  inputs: AppResourceInputs,
  context: Around,
): Promise<AppResourceInputs> {
  if (inputs.autoscale === undefined) return inputs;
  const place = controllerIn(context);
  const node = await inZooKeeper(place, context, (session) => session.get(appScalePath(place.cluster, path)));
  const { autoscale, ...rest } = inputs;
  if (node === undefined) return rest;
  const decoded = policies.decode(parsed(node.data));
  if (!decoded.ok || canonicalJson(decoded.value) === canonicalJson(autoscale)) return inputs;
  return { ...inputs, autoscale: decoded.value };
}

/** Ends the declaration with its app; where no ZooKeeper is left it went with the cluster, or is said to stay. */
export async function endAutoscale(path: string, state: Declared, context: Context): Promise<void> {
  if (state.autoscale === undefined) return;
  const place = controllerIn(context);
  const node = appScalePath(place.cluster, path);
  try {
    await inZooKeeper(place, context, (session) => session.remove(node), deadMs);
  } catch (error) {
    if (!isUnreachable(error) && !(isMesosError(error) && error.code === "MESOS_ZOOKEEPER_EXPIRED"))
      throw error;
    context.warn(
      `${path}: its autoscale stays at ${node} of ZooKeeper, which does not answer (${messageOf(error)})`,
    );
  }
}

/** The controller's own deployment that keeps a write of this app from being done, if that is the one. */
export async function scalingDeployment(
  path: string,
  declared: readonly (Declared | undefined)[],
  refusal: unknown,
  context: Around,
): Promise<string | undefined> {
  if (!isConflict(refusal) || declared.every((one) => one?.autoscale === undefined)) return undefined;
  const place = controllerIn(context);
  const node = await inZooKeeper(place, context, (session) => session.get(appScaleStatesPath(place.cluster)));
  const decoded = node && states.decode(parsed(node.data));
  return decoded?.ok ? decoded.value[path]?.deployment : undefined;
}

/** What a change does to who says how many instances there are, for the preview. */
export function describeAutoscaleChange(before: Properties, after: Properties): string | undefined {
  const [old, now] = [before["autoscale"], after["autoscale"]];
  if (now === undefined) {
    if (old === undefined) return undefined;
    return `instances are the program's again: ${typeof after["instances"] === "number" ? after["instances"] : 1}`;
  }
  if (hasComputed(now) || (old !== undefined && canonicalJson(old) === canonicalJson(now))) return undefined;
  return describeAppAutoscale(now as AppAutoscale);
}

function controllerIn({ config }: Pick<Context, "config">): ControllerPlace {
  if (config.controller !== undefined) return config.controller;
  throw new MesosError(
    "MESOS_APP_NO_CONTROLLER",
    "autoscale: the resource's provider names no controller that would follow it; give the resource { provider: cluster.provider } or set mesos:zookeeper and mesos:clusterName",
  );
}
