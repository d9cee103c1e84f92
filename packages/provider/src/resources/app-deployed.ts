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
    read: (signal) => marathon.reader.apps.current(appId, signal),
    isSettled,
    judge: async (app, deployment) => {
      const queue = (await marathon.watch.queue()).filter((item) => item.app?.id === appId);
      stuck.judge({ ...lookAt(app, watching.ends), queue, mark: markOf(app, deployment, queue) });
    },
    describe: (app) => {
      const { serving, instances, word } = countsOf(app);
      const failure = serving < instances ? lastFailureOf(app) : undefined;
      return `${serving} of ${instances} ${word}${failure === undefined ? "" : `; ${failure}`}`;
    },
  };
}

function lookAt(app: MarathonApp, seen: readonly TaskEnd[]): Pick<Look, "runs" | "ends"> {
  const newest = newestOf(app);
  const isNew = (version: string | undefined) => version === undefined || Date.parse(version) >= newest;
  const runs = (app.tasks ?? []).filter((t) => t.state === "TASK_RUNNING" && isNew(t.version));
  const last = app.lastTaskFailure;
  const known = last === undefined || seen.some((end) => end.taskId === last.taskId);
  const ends = known ? seen : [...seen, endOf(last)];
  const began = Date.parse(app.version ?? "");
  return { runs: runs.map((t) => t.id), ends: ends.filter((end) => isNew(end.version) && end.at >= began) };
}

function endOf(failure: MarathonTaskFailure): TaskEnd {
  return {
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
export function isSettled(app: MarathonApp): boolean {
  const { serving, instances } = countsOf(app);
  const newest = newestOf(app);
  const old = (app.tasks ?? []).some((t) => t.version !== undefined && Date.parse(t.version) < newest);
  const running = (app.deployments ?? []).length > 0;
  return !running && serving === instances && (app.tasksRunning ?? 0) === instances && !old;
}
