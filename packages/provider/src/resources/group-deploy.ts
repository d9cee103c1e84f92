// SPDX-License-Identifier: Apache-2.0
import type { MarathonApp, MarathonDeployment, MarathonGroup } from "@pulumi-mesos/client";
import {
  declaredApps,
  diffGroup,
  type GroupResourceInputs,
  normaliseGroup,
  toGroupDocument,
  withInstancesOf,
} from "@pulumi-mesos/model";
import { type Begun, type Deployable, deploy } from "../marathon/deploy";
import type { Watching } from "../marathon/deployment-watch";
import { appReasons } from "../marathon/explain";
import { StuckJudge } from "../marathon/stuck";
import type { Context, Properties } from "../resource";
import { describeApp, isServing, isSettled, lookAt } from "./app-deployed";
import {
  appsOf,
  findGroup,
  type GroupOutputs,
  type GroupState,
  groupInputsIn,
  groupOutputsOf,
} from "./group-facts";
import { endedBy } from "./group-guard";
import type { Marathon } from "./marathon-in";

/** What {@link deployGroup} is about. */
export interface GroupDeployment {
  readonly marathon: Marathon;
  /** The group's absolute path. */
  readonly path: string;
  readonly inputs: GroupResourceInputs;
  readonly context: Context;
  /** What the state says was there before; undefined for a create. */
  readonly before?: GroupState;
}

const shownApps = 3;

/** Watches, starts the deployment of a group and waits until every app that it names is as asked for. */
export function deployGroup(
  about: GroupDeployment,
  start: () => Promise<Begun<GroupOutputs>>,
): Promise<GroupOutputs> {
  const { marathon, path, inputs, context, before } = about;
  const declared = new Set(declaredApps(toGroupDocument(inputs)));
  const touched = new Set([...declared, ...(before?.managed ?? [])]);
  const concerns = (p: string): boolean => touched.has(p);
  const read = (signal: AbortSignal) => marathon.client.getGroup(path, signal);
  const group: Deployable<MarathonGroup, GroupOutputs> = {
    marathon,
    context,
    path,
    onTimeout: inputs.onTimeout,
    concerns,
    read,
    deployed: (watching) => ({
      path,
      concerns,
      read,
      isSettled: (live) => unfinishedApps(live, declared, isSettled).length === 0,
      describe: (live) => describe(live, declared),
      judge: judging(about, declared, watching),
    }),
    reasons: (live) => reasons(live, declared),
    outputs: (live, deploymentId, signal) => currentGroupOutputs(about, live, deploymentId, signal),
    restored: (live, signal) => restored(about, live, signal),
  };
  return deploy(group, start);
}

/** The outputs of the group as it is; what is still to be ended stays the resource's own. */
export async function currentGroupOutputs(
  { marathon, path, inputs, before }: GroupDeployment,
  live: MarathonGroup,
  deploymentId: string | undefined,
  signal: AbortSignal,
): Promise<GroupOutputs> {
  const { facts } = await findGroup(marathon, path, known(marathon, live, signal), signal);
  const document = toGroupDocument(inputs);
  const mine = new Set(before?.managed);
  const left = endedBy(live, document).filter(({ path: p }) => mine.has(p));
  const managed = [...declaredApps(document), ...left.map((one) => one.path)];
  const o = { deploymentId: deploymentId ?? "", uiUrl: marathon.uiUrl, managed };
  return groupOutputsOf({ live, facts }, inputs, o);
}

/** Reads groups of which one was read already. */
function known({ client }: Marathon, live: MarathonGroup, signal: AbortSignal) {
  return async (path: string): Promise<MarathonGroup | undefined> =>
    path === live.id ? live : client.getGroup(path, signal);
}

/** Apps of the document that are not there, or not done, in the order of their paths. */
function unfinishedApps(
  live: MarathonGroup,
  declared: ReadonlySet<string>,
  isDone: (app: MarathonApp) => boolean = isServing,
): { path: string; app: MarathonApp | undefined }[] {
  const apps = new Map(appsOf(live).map((app) => [app.id, app]));
  return [...declared]
    .map((path) => ({ path, app: apps.get(path) }))
    .filter(({ app }) => app === undefined || !isDone(app))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** `2 of 3 apps ready; /shop/web 1 of 2 healthy`. */
function describe(live: MarathonGroup, declared: ReadonlySet<string>): string {
  const unfinished = unfinishedApps(live, declared);
  const line = `${declared.size - unfinished.length} of ${declared.size} apps ready`;
  // One that waits for another to be deployed first says less than one that is under way.
  const [first] = unfinished.filter(({ app }) => (app?.tasks ?? []).length > 0);
  const shown = first ?? unfinished[0];
  return shown?.app === undefined ? line : `${line}; ${shown.path} ${describeApp(shown.app)}`;
}

function reasons(live: MarathonGroup, declared: ReadonlySet<string>): string[] {
  const unfinished = unfinishedApps(live, declared);
  const lines = unfinished.slice(0, shownApps).flatMap(({ path, app }) => {
    return (app === undefined ? ["is not there"] : appReasons(app)).map((reason) => `${path}: ${reason}`);
  });
  const more = unfinished.length - shownApps;
  const count = `${declared.size - unfinished.length} of ${declared.size} apps ready`;
  return [count, ...lines, ...(more > 0 ? [`${more} more apps are not ready`] : [])];
}

/** Each app that is not done is judged by itself: one that can never be done stops the whole deployment. */
function judging(
  { marathon, context }: GroupDeployment,
  declared: ReadonlySet<string>,
  watching: Watching,
): (live: MarathonGroup, deployment: MarathonDeployment | undefined) => Promise<void> {
  const judges = new Map<string, StuckJudge>();
  return async (live, deployment) => {
    const queue = await marathon.watch.queue();
    for (const { path, app } of unfinishedApps(live, declared)) {
      if (app === undefined) continue;
      const judge = judges.get(path) ?? new StuckJudge(path, context.timeoutSeconds);
      judges.set(path, judge);
      judge.judge(lookAt(app, deployment, watching.ends, queue));
    }
  };
}

/** The inputs in the state, where the group is what they ask for. */
async function restored(
  { marathon, path, before }: GroupDeployment,
  live: MarathonGroup,
  signal: AbortSignal,
): Promise<Properties | undefined> {
  if (before === undefined) return undefined;
  const was = groupInputsIn(before);
  const { facts } = await findGroup(marathon, path, known(marathon, live, signal), signal);
  const running = normaliseGroup(live, facts);
  const wanted = normaliseGroup(withInstancesOf(toGroupDocument(was), running), facts);
  return diffGroup(running, wanted).kind === "none" ? was : undefined;
}
