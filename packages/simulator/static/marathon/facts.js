// SPDX-License-Identifier: Apache-2.0
// What Marathon's API says, and how it is put into words here.
import { bar, number } from "/pages/cells.js";
import { askJson } from "/pages/live.js";

/**
 * @typedef {{ alive?: boolean, lastFailureCause?: string, consecutiveFailures?: number }} HealthResult
 * @typedef {{ id: string, appId: string, host: string, ports?: number[], state?: string, stagedAt?: string,
 *   startedAt?: string, version?: string, healthCheckResults?: HealthResult[] }} Task
 * @typedef {{ message?: string, state?: string, host?: string, taskId?: string, timestamp?: string, version?: string }} Failure
 * @typedef {{ id: string, instances: number, cpus: number, mem: number, disk?: number, version?: string, cmd?: string,
 *   versionInfo?: { lastScalingAt?: string, lastConfigChangeAt?: string }, healthChecks?: unknown[],
 *   labels?: Record<string, string>, container?: { docker?: { image?: string } },
 *   tasksStaged?: number, tasksRunning?: number, tasksHealthy?: number, tasksUnhealthy?: number,
 *   deployments?: { id: string }[], tasks?: Task[], lastTaskFailure?: Failure }} App
 * @typedef {{ id: string, instances?: unknown[], status?: string, spec?: { scaling?: { instances?: number } } }} PodStatus
 * @typedef {{ id: string, apps?: App[], groups?: Group[], pods?: { id: string }[] }} Group
 * @typedef {{ action: string, app?: string, pod?: string }} Action
 * @typedef {{ id: string, version: string, affectedApps?: string[], affectedPods?: string[], currentStep: number,
 *   totalSteps: number, steps?: { actions: Action[] }[], currentActions?: Action[] }} Deployment
 * @typedef {{ reason: string, declined: number, processed: number }} Refusals
 * @typedef {{ app?: { id: string }, pod?: { id: string }, count: number, since?: string,
 *   delay?: { timeLeftSeconds: number, overdue: boolean },
 *   processedOffersSummary?: { processedOffersCount: number, unusedOffersCount: number,
 *     rejectSummaryLastOffers?: Refusals[], rejectSummaryLaunchAttempt?: Refusals[] } }} Queued
 * @typedef {{ root: Group, deployments: Deployment[], queue: Queued[], pods: PodStatus[] }} Facts
 */

const embeds = ["group.groups", "group.apps", "group.apps.counts", "group.apps.deployments", "group.pods"];

/** @returns {Promise<Facts>} */
export async function readFacts() {
  const asked = embeds.map((name) => `embed=${name}`).join("&");
  const [root, deployments, queue] = await Promise.all([
    /** @type {Promise<Group>} */ (askJson(`/v2/groups?${asked}`)),
    /** @type {Promise<Deployment[]>} */ (askJson("/v2/deployments")),
    /** @type {Promise<{ queue: Queued[] }>} */ (askJson("/v2/queue")),
  ]);
  /** @type {PodStatus[]} */
  const pods = hasPods(root) ? await askJson("/v2/pods/::status") : [];
  return { root, deployments, queue: queue.queue, pods };
}

/** @param {Group} group @returns {boolean} */
function hasPods(group) {
  return (group.pods ?? []).length > 0 || (group.groups ?? []).some(hasPods);
}

/** @param {string} id @returns {Promise<App>} */
export async function readApp(id) {
  const asked = ["tasks", "counts", "deployments", "lastTaskFailure"]
    .map((name) => `embed=app.${name}`)
    .join("&");
  const { app } = /** @type {{ app: App }} */ (await askJson(`/v2/apps${pathOf(id)}?${asked}`));
  return app;
}

/**
 * An id as a part of a URL: its slashes stay.
 * @param {string} id
 */
export function pathOf(id) {
  return id.split("/").map(encodeURIComponent).join("/");
}

/**
 * @param {App} app
 * @param {Queued | undefined} queued
 * @returns {import("/pages/cells.js").Cell}
 */
export function statusOf(app, queued) {
  if ((app.deployments ?? []).length > 0) return { text: "deploying", kind: "warn" };
  if (queued?.delay?.overdue === false) return { text: "delayed", kind: "bad" };
  if (queued !== undefined) return { text: "waiting", kind: "warn" };
  if (app.instances === 0 && (app.tasksRunning ?? 0) === 0) return { text: "suspended", kind: "quiet" };
  return { text: "running", kind: "good" };
}

/**
 * @typedef {{ wanted: number, staged: number, healthy: number, unhealthy: number, unknown: number }} Counts
 */

/** @param {App} app @returns {Counts} */
export function countsOf(app) {
  const {
    tasksStaged: staged = 0,
    tasksRunning = 0,
    tasksHealthy: healthy = 0,
    tasksUnhealthy: unhealthy = 0,
  } = app;
  return {
    wanted: app.instances,
    staged,
    healthy,
    unhealthy,
    unknown: Math.max(0, tasksRunning - healthy - unhealthy),
  };
}

/** @param {readonly Counts[]} all @returns {Counts} */
export function sumOf(all) {
  const sum = { wanted: 0, staged: 0, healthy: 0, unhealthy: 0, unknown: 0 };
  for (const one of all) {
    sum.wanted += one.wanted;
    sum.staged += one.staged;
    sum.healthy += one.healthy;
    sum.unhealthy += one.unhealthy;
    sum.unknown += one.unknown;
  }
  return sum;
}

/**
 * Healthy, unhealthy, running without a verdict, staged and missing instances as a bar that says the same in words.
 * @param {Counts} counts
 * @returns {import("/pages/cells.js").Cell}
 */
export function healthBar({ wanted, staged, healthy, unhealthy, unknown }) {
  const here = staged + healthy + unhealthy + unknown;
  const missing = Math.max(0, wanted - here);
  /** @type {readonly [number, string][]} */
  const words = [
    [healthy, "healthy"],
    [unhealthy, "unhealthy"],
    [unknown, "running, health unknown"],
    [staged, "staged"],
    [missing, "not started"],
  ];
  const label = words
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${number(count)} ${word}`)
    .join(", ");
  return bar(
    label || "none",
    [
      { part: healthy, fill: "good" },
      { part: unhealthy, fill: "bad" },
      { part: unknown, fill: "accent" },
      { part: staged, fill: "warn" },
    ],
    Math.max(wanted, here),
  );
}

/** @param {Task} task @returns {import("/pages/cells.js").Cell} */
export function healthOf(task) {
  const results = task.healthCheckResults ?? [];
  if (task.state !== undefined && task.state !== "TASK_RUNNING")
    return { text: "not running", kind: "quiet" };
  if (results.length === 0) return { text: "unknown", kind: "quiet" };
  const failed = results.find((result) => result.alive === false);
  if (failed === undefined) return { text: "healthy", kind: "good" };
  return { text: `unhealthy${failed.lastFailureCause ? `: ${failed.lastFailureCause}` : ""}`, kind: "bad" };
}
