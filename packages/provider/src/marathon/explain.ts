// SPDX-License-Identifier: Apache-2.0
import type {
  MarathonApp,
  MarathonClient,
  MarathonDeployment,
  MarathonQueueItem,
} from "@pulumi-mesos/client";
import { messageOf } from "@pulumi-mesos/model";

/** What {@link explain} is asked about. */
export interface Unfinished {
  /** Which apps and pods it is about. */
  concerns(path: string): boolean;
  readonly deploymentId: string | undefined;
  /** What the thing itself tells: counts, failures, health. */
  read(signal: AbortSignal): Promise<readonly string[]>;
}

/** What {@link explain} asks. */
export type Asked = Pick<MarathonClient, "getDeployments" | "getQueue">;

const boundMs = 2_000;
const shownChecks = 3;
const shownWaiting = 5;

/** Why something is not there yet, one line a reason; asks what it can within 2 s, also after the caller's time is over. */
export async function explain(client: Asked, what: Unfinished): Promise<string[]> {
  const signal = AbortSignal.timeout(boundMs);
  const [own, deployments, queue] = await Promise.allSettled([
    what.read(signal),
    client.getDeployments(signal),
    client.getQueue(signal),
  ]);
  const mine =
    deployments.status === "fulfilled"
      ? deployments.value.find((d) => d.id === what.deploymentId || affectedBy(d).some(what.concerns))
      : undefined;
  // What it tells of itself may be read for many at once, and then says less of what is amiss.
  const [failed] = [deployments, own].flatMap((asked) => (asked.status === "rejected" ? [asked.reason] : []));
  return [
    ...(mine === undefined ? [] : [`deployment ${mine.id} is at ${deploymentStep(mine)}`]),
    ...(own.status === "fulfilled" ? own.value : []),
    ...(mine === undefined ? [] : readinessReasons(mine)),
    ...(queue.status === "fulfilled" ? waitingReasons(queue.value, what.concerns) : []),
    ...(own.status === "rejected" ? [`marathon cannot be asked why: ${messageOf(failed)}`] : []),
  ];
}

function waitingReasons(
  queue: readonly MarathonQueueItem[],
  concerns: (path: string) => boolean,
): readonly string[] {
  const all = queue.flatMap((item) => queueReason(item, concerns));
  const more = all.length - shownWaiting;
  return more > 0 ? [...all.slice(0, shownWaiting), `${more} more wait likewise`] : all;
}

/** The paths of all apps and pods that a deployment touches. */
export function affectedBy({ affectedApps, affectedPods }: MarathonDeployment): readonly string[] {
  return [...(affectedApps ?? []), ...(affectedPods ?? [])];
}

/** `step 2 of 3 (ScaleApplication)`, with what readiness checks say so far. */
export function deploymentStep(deployment: MarathonDeployment): string {
  const actions = [...new Set((deployment.currentActions ?? []).map((a) => a.action))].join(", ");
  const ready = readinessOf(deployment);
  const step = `step ${deployment.currentStep ?? 0} of ${deployment.totalSteps ?? "?"}${actions && ` (${actions})`}`;
  return ready.length === 0
    ? step
    : `${step}, ${ready.filter((r) => r.ready).length} of ${ready.length} ready`;
}

/** `2 of 3`: how many tasks serve, healthy where the app has health checks, otherwise running. */
export function countsOf(app: MarathonApp): { serving: number; instances: number; word: string } {
  const checked = Array.isArray(app["healthChecks"]) && app["healthChecks"].length > 0;
  const serving = (checked ? app.tasksHealthy : app.tasksRunning) ?? 0;
  return { serving, instances: app.instances ?? 1, word: checked ? "healthy" : "running" };
}

/** One line about the last task that failed, if one did. */
export function lastFailureOf(app: MarathonApp): string | undefined {
  const failure = app.lastTaskFailure;
  if (failure === undefined) return undefined;
  const where = failure.host === undefined ? "" : ` on ${failure.host}`;
  const why = failure.message ? `: ${failure.message.replace(/\s+/g, " ").trim()}` : "";
  return `last failure: ${failure.state ?? "a task failed"}${where}${why}`;
}

/** What an app tells of itself. */
export function appReasons(app: MarathonApp): string[] {
  const { serving, instances, word } = countsOf(app);
  const reasons = [`${serving} of ${instances} ${word}`];
  const failure = lastFailureOf(app);
  if (failure !== undefined) reasons.push(failure);
  const failing = (app.tasks ?? []).flatMap((task) =>
    (task.healthCheckResults ?? [])
      .filter((result) => !result.alive && result.lastFailureCause)
      .map((result) => `health check of ${task.id} on ${task.host}: ${result.lastFailureCause}`),
  );
  return [...reasons, ...failing.slice(0, shownChecks)];
}

/** Why what waits in the queue is not launched. */
export function queueReason(item: MarathonQueueItem, concerns: (path: string) => boolean): string[] {
  const path = item.app?.id ?? item.pod?.id;
  if (path === undefined || !concerns(path)) return [];
  const more = `${item.count ?? 1} more of ${path}`;
  if (item.delay && !item.delay.overdue && (item.delay.timeLeftSeconds ?? 0) > 0) {
    return [`${more} wait ${item.delay.timeLeftSeconds} s after a failure`];
  }
  const rejected = rejections(item).map((r) => `${r.reason} (${r.declined} of ${r.processed} offers)`);
  const why = rejected.length === 0 ? "no offer has come" : `offers did not fit: ${rejected.join(", ")}`;
  return [`${more} wait for an offer; ${why}`];
}

/** For what reasons the last offers were refused, and how many. */
export function rejections(
  item: MarathonQueueItem,
): readonly { readonly reason: string; readonly declined: number; readonly processed: number }[] {
  const summary = item.processedOffersSummary;
  const all = summary?.rejectSummaryLastOffers ?? summary?.rejectSummaryLaunchAttempt ?? [];
  return all.filter((r) => r.declined > 0);
}

interface Readiness {
  readonly name: string;
  readonly taskId: string;
  readonly ready: boolean;
  readonly status: number | undefined;
}

function readinessReasons(deployment: MarathonDeployment): string[] {
  return readinessOf(deployment)
    .filter((r) => !r.ready)
    .slice(0, shownChecks)
    .map(
      (r) =>
        `readiness check ${r.name} of ${r.taskId}: not ready${r.status === undefined ? "" : `, answered ${r.status}`}`,
    );
}

/** The body of a last response is never shown: it is the app's own and may hold anything. */
function readinessOf(deployment: MarathonDeployment): Readiness[] {
  return (deployment.currentActions ?? [])
    .flatMap((action) => action.readinessCheckResults ?? [])
    .map((result) => {
      const { name, taskId, ready, lastResponse } = result as Readonly<Record<string, unknown>>;
      const status =
        typeof lastResponse === "object" && lastResponse !== null && "status" in lastResponse
          ? lastResponse.status
          : undefined;
      return {
        name: String(name),
        taskId: String(taskId),
        ready: ready === true,
        status: typeof status === "number" ? status : undefined,
      };
    });
}
