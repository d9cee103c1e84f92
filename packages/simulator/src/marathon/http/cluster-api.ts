// SPDX-License-Identifier: Apache-2.0
import { ApiError } from "../api-error";
import { absolute } from "../app/path-id";
import { renderApp } from "../app/render-app";
import type { Marathon } from "../core/marathon";
import { renderPod } from "../pod/render-pod";
import { isPod } from "../run-spec/run-spec";
import { deploying } from "./apps-api";
import { type ApiRequest, type ApiResponse, flagOf } from "./messages";

/** `/v2/deployments` and `/v2/deployments/{id}`. */
export async function deploymentsApi(core: Marathon, request: ApiRequest): Promise<ApiResponse | undefined> {
  const id = request.path.slice("/v2/deployments".length).replace(/^\//, "");
  if (id === "") return request.method === "GET" ? { status: 200, body: core.deployments.list() } : undefined;
  if (request.method !== "DELETE") return undefined;
  if (flagOf(request, "force")) {
    if (await core.cancelDeployment(id)) return { status: 202 };
  } else {
    const change = await core.changes.rollBack(id);
    if (change !== undefined) return deploying(change);
  }
  throw new ApiError(404, { message: `DeploymentPlan ${id} does not exist` });
}

/** `/v2/queue` and `/v2/queue/{id}/delay`. */
export function queueApi(core: Marathon, request: ApiRequest): ApiResponse | undefined {
  if (request.path === "/v2/queue" && request.method === "GET") {
    const withOffers = request.query.getAll("embed").includes("lastUnusedOffers");
    const queue = core.launcher.queue(withOffers).map(({ spec, ...entry }) => ({
      ...(isPod(spec) ? { pod: renderPod(spec) } : { app: renderApp(spec) }),
      ...entry,
    }));
    return { status: 200, body: { queue } };
  }
  const match = /^\/v2\/queue(\/.+)\/delay$/.exec(request.path);
  if (match === null || request.method !== "DELETE") return undefined;
  const id = absolute(match[1] ?? "/");
  const queued = core.launcher.queue(false).some(({ spec }) => spec.id === id);
  if (!queued) throw new ApiError(404, { message: `Application ${id} not found in tasks queue.` });
  core.launcher.delays.reset(id);
  core.launcher.refresh();
  return { status: 204 };
}
