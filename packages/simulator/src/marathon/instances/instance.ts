// SPDX-License-Identifier: Apache-2.0
import type { UnreachableStrategy } from "../app/types";
import type { InstanceReservation } from "./reservation";

/** Marathon's condition of an instance. */
export type Condition =
  | "Scheduled"
  | "Provisioned"
  | "Staging"
  | "Starting"
  | "Running"
  | "Killing"
  | "Killed"
  | "Finished"
  | "Failed"
  | "Error"
  | "Unreachable"
  | "UnreachableInactive"
  | "Gone"
  | "Dropped"
  | "Unknown";

/** One container of a pod's instance: a Mesos task of its own. */
export interface ContainerTask {
  readonly name: string;
  /** The id of its task. */
  readonly id: string;
  readonly condition: Condition;
  /** When `condition` began. */
  readonly since: number;
  readonly startedAt?: number;
  /** Of its endpoints that have one, in their order. */
  readonly hostPorts: readonly number[];
  readonly networks: readonly { readonly name?: string; readonly addresses: readonly string[] }[];
  /** What the agent's health check found last. */
  readonly healthy?: boolean;
  readonly message?: string;
}

/** The task that an instance runs now; a pod's are in `containers`, and the rest says what they have in common. */
export interface InstanceTask {
  readonly id: string;
  readonly agentId: string;
  readonly host: string;
  readonly ports: readonly number[];
  readonly attributes: Readonly<Record<string, string>>;
  readonly region?: string;
  readonly zone?: string;
  readonly ipAddresses: readonly { readonly ipAddress: string; readonly protocol: string }[];
  /** The state as Mesos says it. */
  readonly state: string;
  readonly stagedAt: number;
  readonly startedAt?: number;
  readonly containers?: readonly ContainerTask[];
  /** What the agent's health check found last; kept, because Mesos tells it only when it changes. */
  readonly healthy?: boolean;
  readonly checkResult?: CheckResult;
}

/** What the agent's `check` found last, as answers show it. */
export interface CheckResult {
  readonly command?: { readonly exitCode: number };
  readonly http?: { readonly statusCode: number };
  readonly tcp?: { readonly succeeded: boolean };
}

/** One instance of an app or a pod, kept in the store; replaced, never altered. */
export interface Instance {
  readonly id: string;
  readonly runSpecId: string;
  /** The version that the task runs, or shall run. */
  readonly version: string;
  readonly role: string;
  readonly condition: Condition;
  /** Whether it shall run; otherwise its task is killed and it is forgotten at the end. */
  readonly wanted: boolean;
  readonly incarnation: number;
  /** When `condition` began. */
  readonly since: number;
  readonly createdAt: number;
  readonly task?: InstanceTask;
  readonly unreachable: UnreachableStrategy;
  readonly killGraceSeconds?: number;
  /** Kept when its task ends, and when it is scaled away. */
  readonly reservation?: InstanceReservation;
  /** Its reservation goes with it. */
  readonly wipe?: true;
}

const terminal: ReadonlySet<Condition> = new Set([
  "Killed",
  "Finished",
  "Failed",
  "Error",
  "Gone",
  "Dropped",
  "Unknown",
]);
const starting: ReadonlySet<Condition> = new Set(["Provisioned", "Staging", "Starting"]);

export function isTerminal(condition: Condition): boolean {
  return terminal.has(condition);
}

/** Launched, but not running yet. */
export function isStarting(instance: Instance): boolean {
  return starting.has(instance.condition);
}

/** Counts towards the number of instances: wanted and not given up as unreachable. */
export function isActive(instance: Instance): boolean {
  return instance.wanted && instance.condition !== "UnreachableInactive";
}

const conditions: Readonly<Record<string, Condition>> = {
  TASK_STAGING: "Staging",
  TASK_STARTING: "Starting",
  TASK_RUNNING: "Running",
  TASK_KILLING: "Killing",
  TASK_KILLED: "Killed",
  TASK_FINISHED: "Finished",
  TASK_FAILED: "Failed",
  TASK_ERROR: "Error",
  TASK_UNREACHABLE: "Unreachable",
  TASK_GONE: "Gone",
  TASK_GONE_BY_OPERATOR: "Gone",
  TASK_DROPPED: "Dropped",
  TASK_UNKNOWN: "Unknown",
};

const lostForNow = new Set([
  "REASON_AGENT_DISCONNECTED",
  "REASON_SLAVE_DISCONNECTED",
  "REASON_AGENT_REMOVED",
  "REASON_SLAVE_REMOVED",
  "REASON_RECONCILIATION",
]);

/** The condition that a Mesos state means; TASK_LOST of an absent agent may come back. */
export function conditionOf(state: string, reason: string | undefined): Condition {
  if (state === "TASK_LOST") return lostForNow.has(reason ?? "") ? "Unreachable" : "Dropped";
  return conditions[state] ?? "Unknown";
}

/** `<a_b>.instance-<uuid>.<container>.<n>` taken apart (`_app`: an app's task); undefined for what is no task of ours. */
export function instanceIdOf(taskId: string): string | undefined {
  return /^(.+\.instance-[0-9a-f-]{36})\.(?:_app|[a-z0-9-]+)\.\d+$/.exec(taskId)?.[1];
}
