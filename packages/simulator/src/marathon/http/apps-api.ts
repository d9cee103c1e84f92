// SPDX-License-Identifier: Apache-2.0
import { ApiError, invalid, unknownApp, unknownGroup, unreadable } from "../api-error";
import { mergeUpdate, replacement } from "../app/change-app";
import { completeApp } from "../app/complete-app";
import { absolute, isBelow } from "../app/path-id";
import { type AppDocument, readApp } from "../app/read-app";
import { renderApp } from "../app/render-app";
import type { App } from "../app/types";
import { validateApp } from "../app/validate-app";
import type { Change } from "../core/changes";
import type { Marathon } from "../core/marathon";
import { type Embed, embedsOf, renderAppInfo } from "../core/render";
import { roleDefaults } from "../group/roles";
import type { RootDraft } from "../group/root";
import { asApp } from "../run-spec/run-spec";
import { appTasks } from "./app-tasks-api";
import { labelSelector } from "./label-selector";
import { type ApiRequest, type ApiResponse, flagOf, jsonBody, timestampOf } from "./messages";

const prefixes = ["app.", "apps.", "group.apps.", ""];

/** What a deploying call answers: id and version of the plan. */
export function deploying(change: Change, status = 200, more: Record<string, string> = {}): ApiResponse {
  return {
    status,
    body: { version: change.version, deploymentId: change.deploymentId },
    headers: { "marathon-deployment-id": change.deploymentId, ...more },
  };
}

/** `/v2/apps` and everything below it. */
export async function appsApi(core: Marathon, request: ApiRequest): Promise<ApiResponse | undefined> {
  const rest = request.path.slice("/v2/apps".length);
  if (rest === "" || rest === "/") return await collection(core, request);
  const match = /^(\/.*?)(?:\/(restart|tasks|versions)(?:\/([^/]+))?)?$/.exec(rest);
  const id = absolute(match?.[1] ?? rest);
  const leaf = match?.[3];
  switch (match?.[2]) {
    case "restart":
      if (request.method === "DELETE") return await single(core, request, `${id}/restart`);
      return request.method === "POST" ? await restart(core, request, id) : undefined;
    case "tasks":
      return await appTasks(core, request, id, leaf);
    case "versions":
      return request.method === "GET" ? versions(core, id, leaf) : undefined;
    default:
      return await single(core, request, id);
  }
}

async function collection(core: Marathon, request: ApiRequest): Promise<ApiResponse | undefined> {
  switch (request.method) {
    case "GET":
      return list(core, request);
    case "POST":
      return await create(core, request);
    case "PUT":
    case "PATCH":
      return await updateMany(core, request);
    default:
      return undefined;
  }
}

function list(core: Marathon, request: ApiRequest): ApiResponse {
  const embeds = embedsOf(request.query.getAll("embed"), prefixes);
  for (const always of ["counts", "deployments"] as const) embeds.add(always);
  const id = request.query.get("id");
  const cmd = request.query.get("cmd");
  const label = request.query.get("label");
  const selects = label === null ? () => true : labelSelector(label);
  const apps = [...core.root.apps.values()].filter(
    (app) =>
      (id === null || app.id.toLowerCase().includes(id.toLowerCase())) &&
      (cmd === null || app.cmd?.toLowerCase().includes(cmd.toLowerCase()) === true) &&
      selects(app.labels),
  );
  return { status: 200, body: { apps: apps.map((app) => renderAppInfo(core, app, embeds)) } };
}

/** Completes and checks a document that shall become an app of the draft. */
function checked(core: Marathon, document: AppDocument, draft: RootDraft): App {
  const defaults = { ...core.options, ...roleDefaults(draft, document.id ?? "/", core.options) };
  const app = completeApp(document, defaults, draft.version);
  const violations = validateApp(app, defaults);
  if (violations.length > 0) throw invalid(violations);
  return app;
}

function postEvent(core: Marathon, request: ApiRequest, app: App): void {
  core.events.emit("api_post_event", {
    clientIp: request.clientIp,
    uri: request.uri,
    appDefinition: renderApp(app),
  });
}

async function create(core: Marathon, request: ApiRequest): Promise<ApiResponse> {
  const document = readApp(jsonBody(request), { update: false });
  let made: App | undefined;
  const change = await core.changes.change(
    (draft) => {
      const app = checked(core, document, draft);
      if (draft.apps.has(app.id)) {
        throw new ApiError(409, { message: `An app with id [${app.id}] already exists.` });
      }
      draft.putApp(app);
      made = app;
    },
    { force: flagOf(request, "force"), groupId: "/" },
  );
  const app = made as unknown as App;
  postEvent(core, request, app);
  const body = {
    ...renderApp(app),
    tasksStaged: 0,
    tasksRunning: 0,
    tasksHealthy: 0,
    tasksUnhealthy: 0,
    deployments: [{ id: change.deploymentId }],
  };
  return {
    status: 201,
    body,
    headers: { "marathon-deployment-id": change.deploymentId, location: `${request.origin}${app.id}` },
  };
}

/** Puts an update of `id` into the draft; true when the app is new. */
function applyUpdate(
  core: Marathon,
  draft: RootDraft,
  id: string,
  update: AppDocument,
  options: { partial: boolean; mayCreate: boolean },
): { app: App; created: boolean } {
  const existing = draft.apps.get(id);
  if (existing === undefined) {
    // What is not there yet is read as a whole app, and judged as one before anything else is looked at.
    const app = checked(core, replacement(id, update), draft);
    if (!options.mayCreate) throw unknownApp(id);
    draft.putApp(app);
    return { app, created: true };
  }
  const wanted = update["version"] as string | undefined;
  if (wanted !== undefined && options.partial) {
    if (Object.keys(update).some((key) => key !== "id" && key !== "version")) {
      throw invalid([
        { path: "/", errors: ["The 'version' field may only be combined with the 'id' field."] },
      ]);
    }
    const old = asApp(core.versions.get(id, wanted));
    if (old === undefined) {
      throw new ApiError(404, { message: `App '${id}' does not exist in version ${wanted}` });
    }
    const { versionInfo: _info, ...app } = old;
    draft.putApp({ ...app, version: draft.version });
    return { app, created: false };
  }
  const app = checked(core, options.partial ? mergeUpdate(existing, update) : replacement(id, update), draft);
  draft.putApp(app);
  return { app, created: false };
}

async function updateOne(core: Marathon, request: ApiRequest, id: string): Promise<ApiResponse> {
  const partial = request.method === "PATCH" || flagOf(request, "partialUpdate", true);
  const update = readApp(jsonBody(request), { update: true });
  let made: { app: App; created: boolean } | undefined;
  const change = await core.changes.change(
    (draft) => {
      made = applyUpdate(core, draft, id, update, { partial, mayCreate: request.method === "PUT" });
    },
    { force: flagOf(request, "force"), groupId: "/" },
  );
  const { app, created } = made as unknown as { app: App; created: boolean };
  postEvent(core, request, app);
  return deploying(change, created ? 201 : 200, created ? { location: `${request.origin}${id}` } : {});
}

async function updateMany(core: Marathon, request: ApiRequest): Promise<ApiResponse> {
  const body = jsonBody(request);
  if (!Array.isArray(body)) throw unreadable([{ path: "", errors: ["error.expected.jsarray"] }]);
  const partial = request.method === "PATCH" || flagOf(request, "partialUpdate", true);
  const updates = body.map((raw, i) => {
    const update = readApp(raw, { update: partial, path: `(${i})` });
    if (update.id === undefined)
      throw new ApiError(422, { message: "requirement failed: App Update must have app id set" });
    return { id: update.id, update };
  });
  const change = await core.changes.change(
    (draft) => {
      for (const { id, update } of updates)
        applyUpdate(core, draft, id, update, { partial, mayCreate: request.method === "PUT" });
    },
    { force: flagOf(request, "force"), groupId: "/" },
  );
  return deploying(change);
}

async function single(core: Marathon, request: ApiRequest, id: string): Promise<ApiResponse | undefined> {
  switch (request.method) {
    case "GET": {
      const embeds = embedsOf(request.query.getAll("embed"), prefixes);
      for (const always of ["counts", "tasks", "lastTaskFailure", "deployments"] as Embed[])
        embeds.add(always);
      if (id.endsWith("/*")) {
        const group = id.slice(0, -2) || "/";
        if (!core.root.groups.has(group)) throw unknownGroup(group);
        const below = [...core.root.apps.values()].filter((app) => isBelow(app.id, group));
        return { status: 200, body: { "*": below.map((app) => renderAppInfo(core, app, embeds)) } };
      }
      const app = core.root.apps.get(id);
      if (app === undefined) throw unknownApp(id);
      return { status: 200, body: { app: renderAppInfo(core, app, embeds) } };
    }
    case "PUT":
    case "PATCH":
      return await updateOne(core, request, id);
    case "DELETE": {
      const change = await core.changes.change(
        (draft) => {
          if (!draft.apps.delete(id)) throw unknownApp(id);
        },
        { force: flagOf(request, "force", true), groupId: "/" },
      );
      return deploying(change);
    }
    default:
      return undefined;
  }
}

async function restart(core: Marathon, request: ApiRequest, id: string): Promise<ApiResponse> {
  const change = await core.changes.change(
    (draft) => {
      if (!draft.apps.has(id)) throw unknownApp(id);
      draft.restarted.add(id);
    },
    { force: flagOf(request, "force"), groupId: "/" },
  );
  return deploying(change);
}

function versions(core: Marathon, id: string, version: string | undefined): ApiResponse {
  if (version === undefined) {
    if (!core.root.apps.has(id)) throw unknownApp(id);
    return { status: 200, body: { versions: core.versions.list(id) } };
  }
  const wanted = timestampOf(version);
  const app = asApp(core.versions.get(id, wanted));
  if (app === undefined)
    throw new ApiError(404, { message: `App '${id}' does not exist in version ${wanted}` });
  return { status: 200, body: renderApp(app) };
}
