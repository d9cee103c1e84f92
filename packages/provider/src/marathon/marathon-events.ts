// SPDX-License-Identifier: Apache-2.0
import type { MarathonEvent } from "@pulumi-mesos/client";

/** How a deployment ended, as an event told. */
export type Verdict = { readonly deploymentId: string } & (
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: string }
);

/** A task that ended by itself, or was killed because it was unhealthy. */
export interface TaskEnd {
  /** The app or pod that the task is of. */
  readonly path: string;
  readonly taskId: string;
  readonly state: string;
  readonly message: string;
  readonly host: string | undefined;
  /** Version of the app or pod that the task is of. */
  readonly version: string | undefined;
  /** When, in milliseconds of Marathon's clock. */
  readonly at: number;
}

/** What one event tells to those who wait. */
export interface EventNews {
  /** Apps and pods that it is about. */
  readonly paths: readonly string[];
  readonly verdict?: Verdict;
  readonly end?: TaskEnd;
}

type Values = Readonly<Record<string, unknown>>;

/** The events that are asked for. */
export const watchedTypes = [
  "deployment_success",
  "deployment_failed",
  "deployment_info",
  "deployment_step_success",
  "status_update_event",
  "instance_changed_event",
  "instance_health_changed_event",
  "unhealthy_instance_kill_event",
  "app_terminated_event",
] as const;

/** States in which a task is over by its own doing; killed ones are over by Marathon's. */
const ownEnds = new Set(["TASK_FAILED", "TASK_FINISHED", "TASK_ERROR", "TASK_DROPPED"]);

/** Takes an event apart; what has another shape than expected tells nothing. */
export function readEvent({ type, data }: Extract<MarathonEvent, { data: Values }>): EventNews {
  const path = text(data["appId"]) ?? text(data["runSpecId"]);
  if (path !== undefined) return { paths: [path], end: endOf(path, type, data) };
  const plan = record(data["plan"]);
  const paths = list(plan["steps"])
    .flatMap((step) => list(record(step)["actions"]))
    .map((action) => text(record(action)["app"]) ?? text(record(action)["pod"]))
    .filter((p) => p !== undefined);
  const deploymentId = text(data["id"]);
  if (deploymentId === undefined) return { paths };
  if (type === "deployment_success") return { paths, verdict: { deploymentId, ok: true } };
  if (type !== "deployment_failed") return { paths };
  return { paths, verdict: { deploymentId, ok: false, reason: text(data["reason"]) ?? "no reason given" } };
}

function endOf(path: string, type: string, data: Values): TaskEnd | undefined {
  const state = type === "unhealthy_instance_kill_event" ? "killed as unhealthy" : text(data["taskStatus"]);
  const taskId = text(data["taskId"]);
  if (taskId === undefined || state === undefined) return undefined;
  if (type === "status_update_event" && !ownEnds.has(state)) return undefined;
  return {
    path,
    taskId,
    state,
    message: text(data["message"]) ?? text(data["reason"]) ?? "",
    host: text(data["host"]),
    version: text(data["version"]),
    at: Date.parse(text(data["timestamp"]) ?? ""),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function record(value: unknown): Values {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Values) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
