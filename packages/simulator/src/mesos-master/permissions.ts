// SPDX-License-Identifier: Apache-2.0

import type { Action } from "../authorizer";
import { kindOfJson, reservedFor } from "../protocol/kinds";
import type { ResourceJson } from "../protocol/types";
import type { Context } from "./context";
import type { CallRefusal } from "./scheduler-call";
import type { ClusterState, Framework, TaskRecord } from "./state";

type Json = Record<string, unknown>;
type Need = readonly [action: Action, object?: string];

export const forbidden: CallRefusal = { status: 403, message: "403 Forbidden." };

const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);
const roles = (action: Action, items: unknown): Need[] =>
  list(items).map((item) => [action, typeof item["role"] === "string" ? item["role"] : undefined]);

function byRole(action: Action, items: unknown): Need[] {
  return list(items).map((item) => [action, reservedFor(kindOfJson(item as unknown as ResourceJson))]);
}

function byReserver(items: unknown): Need[] {
  return list(items).map((item) => {
    const kind = kindOfJson(item as unknown as ResourceJson);
    return ["unreserve_resources", kind.reservations.at(-1)?.principal];
  });
}

function byCreator(items: unknown): Need[] {
  return list(items).map((item) => [
    "destroy_volumes",
    (item as unknown as ResourceJson).disk?.persistence?.principal,
  ]);
}

/** What a call of the operator API needs to be allowed; other calls are allowed, or show only what may be seen. */
const needs: Readonly<Record<string, (args: Json, context: Context) => readonly Need[]>> = {
  UPDATE_WEIGHTS: (args) => roles("update_weights", args["weight_infos"]),
  UPDATE_QUOTA: (args) => roles("update_quotas", args["quota_configs"]),
  SET_QUOTA: (args) => roles("update_quotas", [args["quota_request"] ?? {}]),
  REMOVE_QUOTA: (args) => roles("update_quotas", [args]),
  DRAIN_AGENT: (args) => [
    ["drain_agents"],
    ...(args["mark_gone"] === true ? [["mark_agents_gone"] as const] : []),
  ],
  DEACTIVATE_AGENT: () => [["deactivate_agents"]],
  REACTIVATE_AGENT: () => [["reactivate_agents"]],
  MARK_AGENT_GONE: () => [["mark_agents_gone"]],
  UPDATE_MAINTENANCE_SCHEDULE: () => [["update_maintenance_schedules"]],
  START_MAINTENANCE: () => [["start_maintenances"]],
  STOP_MAINTENANCE: () => [["stop_maintenances"]],
  RESERVE_RESOURCES: (args) => byRole("reserve_resources", args["resources"]),
  UNRESERVE_RESOURCES: (args) => byReserver(args["resources"]),
  CREATE_VOLUMES: (args) => byRole("create_volumes", args["volumes"]),
  DESTROY_VOLUMES: (args) => byCreator(args["volumes"]),
  GROW_VOLUME: (args) => byRole("resize_volumes", [args["volume"] ?? {}]),
  SHRINK_VOLUME: (args) => byRole("resize_volumes", [args["volume"] ?? {}]),
  TEARDOWN: (args, { state }) => {
    const id = (args["framework_id"] as { value?: string } | undefined)?.value ?? "";
    return [["teardown_frameworks", state.frameworks.get(id)?.info.principal]];
  },
  GET_FLAGS: () => [["view_flags"]],
  SET_LOGGING_LEVEL: () => [["set_log_level"]],
};

/** 403, unless the principal may make this call. */
export function refusedCall(
  context: Context,
  type: string,
  args: Json,
  principal: string | undefined,
): CallRefusal | undefined {
  if (context.authorizer.isOpen) return undefined;
  const all = needs[type]?.(args, context) ?? [];
  return all.every(([action, object]) => context.authorizer.allows(action, principal, object))
    ? undefined
    : forbidden;
}

/** The operations of ACCEPT, under the names of the operator's calls. */
const operations: Readonly<Record<string, readonly [call: string, field: string]>> = {
  RESERVE: ["RESERVE_RESOURCES", "reserve"],
  UNRESERVE: ["UNRESERVE_RESOURCES", "unreserve"],
  CREATE: ["CREATE_VOLUMES", "create"],
  DESTROY: ["DESTROY_VOLUMES", "destroy"],
  GROW_VOLUME: ["GROW_VOLUME", "grow_volume"],
  SHRINK_VOLUME: ["SHRINK_VOLUME", "shrink_volume"],
};

/** Whether a framework's principal may make this operation on resources. */
export function mayOperate(
  context: Context,
  operation: { readonly type: string },
  principal: string | undefined,
): boolean {
  const [call = "", field = ""] = operations[operation.type] ?? [];
  const args = ((operation as unknown as Json)[field] ?? {}) as Json;
  return refusedCall(context, call, args, principal) === undefined;
}

type Event = Readonly<Record<string, unknown>>;

/** Which events of the operator API are for a principal's ears: by the users of frameworks and tasks. */
export function mayHear(context: Context, principal: string | undefined): (event: Event) => boolean {
  const { authorizer, state } = context;
  if (authorizer.isOpen) return () => true;
  const sees = (action: "view_frameworks" | "view_tasks", user: string | undefined): boolean =>
    authorizer.allows(action, principal, user);
  const mayTask = (
    id: { readonly value: string },
    taskId: { readonly value: string } | undefined,
  ): boolean => {
    const framework = state.frameworks.get(id.value) ?? state.completedFrameworks.get(id.value);
    const task =
      framework?.tasks.get(taskId?.value ?? "") ?? framework?.unreachableTasks.get(taskId?.value ?? "");
    const user = framework?.info.user;
    return sees("view_frameworks", user) && sees("view_tasks", task?.info.command?.user ?? user);
  };
  return (event) => {
    const own = event[String(event["type"]).toLowerCase()] as Record<string, unknown>;
    switch (event["type"]) {
      case "TASK_ADDED": {
        const { framework_id, task_id } = own["task"] as TaskOf;
        return mayTask(framework_id, task_id);
      }
      case "TASK_UPDATED": {
        const { framework_id, status } = own as unknown as UpdateOf;
        return mayTask(framework_id, status.task_id);
      }
      case "FRAMEWORK_ADDED":
      case "FRAMEWORK_UPDATED": {
        const { framework_info } = own["framework"] as {
          readonly framework_info: { readonly user: string };
        };
        return sees("view_frameworks", framework_info.user);
      }
      case "FRAMEWORK_REMOVED":
        return sees("view_frameworks", (own["framework_info"] as { readonly user: string }).user);
      default:
        return true;
    }
  };
}

interface TaskOf {
  readonly framework_id: { readonly value: string };
  readonly task_id: { readonly value: string };
}

interface UpdateOf {
  readonly framework_id: { readonly value: string };
  readonly status: { readonly task_id: { readonly value: string } };
}

/** The state as a principal may see it: without frameworks and tasks of users that are not for its eyes. */
export function visible(context: Context, principal: string | undefined): Context {
  const { authorizer, state } = context;
  if (authorizer.isOpen) return context;
  const mayTask = (task: TaskRecord, framework: Framework): boolean =>
    authorizer.allows("view_tasks", principal, task.info.command?.user ?? framework.info.user);
  const filtered = (all: ReadonlyMap<string, Framework>): Map<string, Framework> =>
    new Map(
      [...all]
        .filter(([, f]) => authorizer.allows("view_frameworks", principal, f.info.user))
        .map(([id, f]): [string, Framework] => {
          const some = (tasks: ReadonlyMap<string, TaskRecord>): Map<string, TaskRecord> =>
            new Map([...tasks].filter(([, task]) => mayTask(task, f)));
          return [
            id,
            {
              ...f,
              tasks: some(f.tasks),
              unreachableTasks: some(f.unreachableTasks),
              completedTasks: f.completedTasks.filter((task) => mayTask(task, f)),
              executors: authorizer.allows("view_executors", principal, f.info.user)
                ? f.executors
                : new Set(),
            },
          ];
        }),
    );
  const seen: ClusterState = Object.create(state, {
    frameworks: { value: filtered(state.frameworks) },
    completedFrameworks: { value: filtered(state.completedFrameworks) },
  });
  return { ...context, state: seen };
}
