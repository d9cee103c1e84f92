// SPDX-License-Identifier: Apache-2.0
import type {
  MarathonApp,
  MarathonDeployment,
  MarathonQueueItem,
  MarathonTaskFailure,
} from "@pulumi-mesos/client";
import type { Deployed } from "../marathon/deployment-wait";
import type { Watching } from "../marathon/deployment-watch";
import { countsOf, lastFailureOf } from "../marathon/explain";
import type { TaskEnd } from "../marathon/marathon-events";
import { type Look, StuckJudge } from "../marathon/stuck";
import type { Context } from "../resource";
import type { Marathon } from "./marathon-in";

/** An app, as the wait for its deployment sees it. */
export function deployedApp(
  marathon: Marathon,
  appId: string,
  watching: Watching,
  { timeoutSeconds }: Pick<Context, "timeoutSeconds">,
): Deployed<MarathonApp> {
  const stuck = new StuckJudge(appId, timeoutSeconds);
  return {
    path: appId,
    concerns: (p) => p === appId,
    read: (signal) => marathon.reader.apps.current(appId, signal),
    isSettled,
    judge: async (app, deployment) => {
      stuck.judge(lookAt(app, deployment, watching.ends, await marathon.watch.queue()));
    },
    describe: describeApp,
  };
}

/** `1 of 2 healthy`, with the last failure where it is not done. */
export function describeApp(app: MarathonApp): string {
  const { serving, instances, word } = countsOf(app);
  const failure = serving < instances ? lastFailureOf(app) : undefined;
  return `${serving} of ${instances} ${word}${failure === undefined ? "" : `; ${failure}`}`;
}

/** What is to be judged of an app, from what was seen of it and others. */
export function lookAt(
  app: MarathonApp,
  deployment: MarathonDeployment | undefined,
  allEnds: readonly TaskEnd[],
  wholeQueue: readonly MarathonQueueItem[],
): Look {
  const queue = wholeQueue.filter((item) => item.app?.id === app.id);
  const seen = allEnds.filter((end) => end.path === app.id);
  const newest = newestOf(app);
  const isNew = (version: string | undefined) => version === undefined || Date.parse(version) >= newest;
  const runs = (app.tasks ?? []).filter((t) => t.state === "TASK_RUNNING" && isNew(t.version));
  const last = app.lastTaskFailure;
  const known = last === undefined || seen.some((end) => end.taskId === last.taskId);
  const ends = known ? seen : [...seen, endOf(app.id, last)];
  const began = Date.parse(app.version ?? "");
  return {
    mark: markOf(app, deployment, queue),
    runs: runs.map((t) => t.id),
    ends: ends.filter((end) => isNew(end.version) && end.at >= began),
    queue,
  };
}

function endOf(path: string, failure: MarathonTaskFailure): TaskEnd {
  return {
    path,
    taskId: failure.taskId ?? "",
    state: failure.state ?? "a failure",
    message: failure.message ?? "",
    host: failure.host,
    version: failure.version,
    at: Date.parse(failure.timestamp ?? ""),
  };
}

/** What moves when the deployment moves. */
function markOf(
  app: MarathonApp,
  deployment: MarathonDeployment | undefined,
  queue: readonly MarathonQueueItem[],
): string {
  const waiting = queue.reduce((sum, item) => sum + (item.count ?? 1), 0);
  return `${deployment?.currentStep}/${app.tasksStaged}/${app.tasksRunning}/${app.tasksHealthy}/${waiting}`;
}

/** Tasks of an older version than this are those that a restart replaces. */
function newestOf(app: MarathonApp): number {
  return Date.parse(app.versionInfo?.lastConfigChangeAt ?? app.version ?? "");
}

/** All instances of the newest version run, are healthy where that is checked, and no older task is left. */
export function isServing(app: MarathonApp): boolean {
  const { serving, instances } = countsOf(app);
  const newest = newestOf(app);
  const old = (app.tasks ?? []).some((t) => t.version !== undefined && Date.parse(t.version) < newest);
  return serving === instances && (app.tasksRunning ?? 0) === instances && !old;
}

/** {@link isServing}, and nothing deploys it any more. */
export function isSettled(app: MarathonApp): boolean {
  return (app.deployments ?? []).length === 0 && isServing(app);
}
