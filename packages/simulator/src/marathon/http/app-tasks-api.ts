// SPDX-License-Identifier: Apache-2.0
import { ApiError, unknownApp, unknownGroup } from "../api-error";
import { isBelow } from "../app/path-id";
import type { Marathon } from "../core/marathon";
import { renderTask } from "../core/render";
import type { Instance } from "../instances/instance";
import { isSuspended } from "../instances/reservation";
import { type ApiRequest, type ApiResponse, flagOf } from "./messages";
import { wantsText } from "./resources";
import { killTasks, refuseScaleAndWipe, textTasks } from "./tasks-api";

/** `/v2/apps/{id}/tasks` and `/v2/apps/{id}/tasks/{task}`. */
export async function appTasks(
  core: Marathon,
  request: ApiRequest,
  id: string,
  taskId: string | undefined,
): Promise<ApiResponse | undefined> {
  if (request.method === "GET" && taskId === undefined) return list(core, request, id);
  return request.method === "DELETE" ? await kill(core, request, id, taskId) : undefined;
}

function list(core: Marathon, request: ApiRequest, id: string): ApiResponse {
  if (wantsText(request.accept)) {
    if (core.options.textPlainTasks !== true) return textTasks(core, []);
    const app = core.root.apps.get(id);
    if (app === undefined) throw unknownApp(id);
    return textTasks(core, [app]);
  }
  const instances = id.endsWith("/*") ? below(core, id.slice(0, -2) || "/") : ofApp(core, id);
  return { status: 200, body: { tasks: instances.flatMap((i) => renderTask(core, i, false) ?? []) } };
}

function below(core: Marathon, group: string): Instance[] {
  if (!core.root.groups.has(group)) throw unknownGroup(group);
  return [...core.tracker.all()].filter(
    ({ runSpecId }) => core.root.apps.has(runSpecId) && isBelow(runSpecId, group),
  );
}

function ofApp(core: Marathon, id: string): Instance[] {
  if (!core.root.apps.has(id)) throw unknownApp(id);
  return tracked(core, id);
}

function tracked(core: Marathon, id: string): Instance[] {
  return [...core.tracker.ofSpec(id), ...core.tracker.suspended(id)];
}

/** `host` is heeded for all tasks of an app, not for one by its id. */
async function kill(
  core: Marathon,
  request: ApiRequest,
  id: string,
  taskId: string | undefined,
): Promise<ApiResponse> {
  refuseScaleAndWipe(request);
  const scale = flagOf(request, "scale");
  const instances = scale ? tracked(core, id) : ofApp(core, id);
  if (scale && instances.length === 0) {
    throw new ApiError(404, { message: `Path '${id}' does not exist` });
  }
  const host = request.query.get("host");
  const chosen = instances.filter((instance) => {
    const { task, reservation } = instance;
    if (task === undefined && (scale || !isSuspended(instance))) return false;
    if (taskId !== undefined) return instance.id === taskId || (task ?? reservation?.lastTask)?.id === taskId;
    return host === null || host === "*" || (task ?? reservation)?.host === host;
  });
  if (taskId !== undefined && chosen.length === 0 && !scale) {
    throw new ApiError(404, { message: `Task '${taskId}' does not exist` });
  }
  const tasks = chosen.flatMap((i) => renderTask(core, i, false) ?? []);
  const scaled = await killTasks(core, request, chosen);
  return scaled ?? { status: 200, body: taskId === undefined ? { tasks } : { task: tasks[0] } };
}
