// SPDX-License-Identifier: Apache-2.0
import { badRequest, unreadable } from "../api-error";
import { list, object, readShape, text } from "../app/reader";
import type { App } from "../app/types";
import type { Marathon } from "../core/marathon";
import { renderTask } from "../core/render";
import { type Instance, instanceIdOf } from "../instances/instance";
import { endpointsText } from "./endpoints-text";
import { type ApiRequest, type ApiResponse, flagOf, jsonBody } from "./messages";
import { wantsText } from "./resources";

/** What `?status=` knows; other words are not looked at. */
const statuses: ReadonlyMap<string, Instance["condition"]> = new Map([
  ["running", "Running"],
  ["staging", "Staging"],
]);

/** `/v2/tasks` and `/v2/tasks/delete`. */
export async function tasksApi(core: Marathon, request: ApiRequest): Promise<ApiResponse | undefined> {
  if (request.path === "/v2/tasks" && request.method === "GET") {
    if (wantsText(request.accept)) return textTasks(core, core.root.apps.values());
    const given = [...request.query.getAll("status"), ...request.query.getAll("status[]")];
    const wanted = new Set(given.flatMap((s) => statuses.get(s.toLowerCase()) ?? []));
    const chosen = [...core.tracker.all()].filter((i) => wanted.size === 0 || wanted.has(i.condition));
    return { status: 200, body: { tasks: chosen.flatMap((i) => renderTask(core, i, true) ?? []) } };
  }
  if (request.path !== "/v2/tasks/delete" || request.method !== "POST") return undefined;
  refuseScaleAndWipe(request);
  const { value, violations } = readShape(object({ ids: list(text()) }, "ids"), jsonBody(request));
  if (violations.length > 0) throw unreadable(violations);
  const chosen = (value as { ids: string[] }).ids.flatMap((id) => {
    if (instanceIdOf(id) === undefined && core.tracker.get(id) === undefined) {
      throw badRequest(`Invalid task id '${id}'. [Error: ${id} (of class java.lang.String)]`);
    }
    const instance = core.tracker.get(instanceIdOf(id) ?? id);
    return instance?.task === undefined ? [] : [instance];
  });
  const tasks = chosen.flatMap((i) => renderTask(core, i, true) ?? []);
  return (await killTasks(core, request, chosen)) ?? { status: 200, body: { tasks } };
}

/** The endpoints of tasks as lines, where `--deprecated_features text_plain_tasks` asks for them still. */
export function textTasks(core: Marathon, apps: Iterable<App>): ApiResponse {
  const headers = { "content-type": "text/plain" };
  if (core.options.textPlainTasks === true) {
    return { status: 200, body: endpointsText(core, apps), headers };
  }
  const body = "The text/plain output is deprecated. It can be enabled via text_plain_tasks.";
  return { status: 406, body, headers };
}

/** Said before anything else of the request is looked at. */
export function refuseScaleAndWipe(request: ApiRequest): void {
  if (flagOf(request, "scale") && flagOf(request, "wipe"))
    throw badRequest("You cannot use scale and wipe at the same time.");
}

/** Kills tasks; with `scale=true` their apps shrink by as many, and the answer is that deployment's. */
export async function killTasks(
  core: Marathon,
  request: ApiRequest,
  instances: readonly Instance[],
): Promise<ApiResponse | undefined> {
  if (!flagOf(request, "scale")) {
    const wipe = flagOf(request, "wipe");
    for (const instance of instances) {
      // What has a reservation comes back on it, as the same instance.
      if (instance.reservation !== undefined && instance.wanted && !wipe) core.tasks.killTask(instance);
      else core.tasks.decommission(instance, wipe);
    }
    return undefined;
  }
  const kill = new Map<string, string[]>();
  const fewer = new Map<string, number>();
  for (const { runSpecId, id, condition } of instances) {
    kill.set(runSpecId, [...(kill.get(runSpecId) ?? []), id]);
    // What is being killed was counted when that was asked for.
    if (condition !== "Killing") fewer.set(runSpecId, (fewer.get(runSpecId) ?? 0) + 1);
  }
  const change = await core.changes.change(
    (draft) => {
      for (const [appId, count] of fewer) {
        const app = draft.apps.get(appId);
        if (app !== undefined)
          draft.apps.set(appId, { ...app, instances: Math.max(0, app.instances - count) });
      }
    },
    { force: flagOf(request, "force"), kill },
  );
  return {
    status: 200,
    body: { version: change.version, deploymentId: change.deploymentId },
    headers: { "marathon-deployment-id": change.deploymentId },
  };
}
