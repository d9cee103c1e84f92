// SPDX-License-Identifier: Apache-2.0
import { ApiError, invalid, unknownGroup, unreadable } from "../api-error";
import { absolute, isBelow } from "../app/path-id";
import { flag, object, readShape } from "../app/reader";
import type { Marathon } from "../core/marathon";
import { groupEmbedsOf, renderAppInfo, renderGroup } from "../core/render";
import { applyGroup, enforceRoleViolations } from "../group/apply-group";
import { type GroupDocument, readGroup } from "../group/read-group";
import { isTopLevel } from "../group/roles";
import { type RootDraft, specsOf } from "../group/root";
import { deploying } from "./apps-api";
import { type ApiRequest, type ApiResponse, flagOf, jsonBody, timestampOf } from "./messages";

/** `/v2/groups` and `/v2/groups/{id}`. */
export async function groupsApi(core: Marathon, request: ApiRequest): Promise<ApiResponse | undefined> {
  const id = absolute(request.path.slice("/v2/groups".length));
  switch (request.method) {
    case "GET":
      return read(core, request, id);
    case "POST":
      return await create(core, request, id);
    case "PUT":
      return await update(core, request, id);
    case "PATCH":
      return await enforceRole(core, request, id);
    case "DELETE": {
      const change = await core.changes.change(
        (draft) => {
          if (!draft.groups.has(id)) throw unknownGroup(id);
          draft.removeGroup(id);
        },
        { force: flagOf(request, "force"), groupId: id },
      );
      return deploying(change);
    }
    default:
      return undefined;
  }
}

/** GET of a group, of its versions, of one of them, or (`/apps`) of all apps below it. */
function read(core: Marathon, request: ApiRequest, path: string): ApiResponse {
  const match = /^(.*)\/(?:(apps)|versions(?:\/([^/]+))?)$/.exec(path);
  const id = absolute(match?.[1] ?? path);
  const embeds = groupEmbedsOf(request.query.getAll("embed"));
  if (match?.[2] !== undefined) {
    const apps = [...core.root.apps.values()].filter((app) => isBelow(app.id, id));
    return { status: 200, body: apps.map((app) => renderAppInfo(core, app, embeds.app)) };
  }
  if (match === null) {
    if (!core.root.groups.has(id)) throw unknownGroup(id);
    return { status: 200, body: renderGroup(core, id, embeds) };
  }
  const version = match[3];
  if (version === undefined) {
    if (!core.root.groups.has(id)) throw unknownGroup(id);
    return { status: 200, body: core.changes.versionsOf(id) };
  }
  const root = core.changes.rootAt(timestampOf(version));
  if (root?.groups.has(id) !== true) throw unknownGroup(id);
  return { status: 200, body: renderGroup(core, id, { ...embeds, app: new Set() }, root) };
}

function put(core: Marathon, draft: RootDraft, document: GroupDocument): void {
  const violations = enforceRoleViolations(draft, document);
  if (violations.length > 0) throw invalid(violations);
  if (document.version === undefined) applyGroup(draft, document, core.options);
  else rollBack(core, draft, document.id, document.version);
}

/** Puts the group back as it was in `version`: its apps, pods and groups then, none of those since. */
function rollBack(core: Marathon, draft: RootDraft, id: string, version: string): void {
  const old = core.changes.rootAt(timestampOf(version));
  const group = old?.groups.get(id);
  if (old === undefined || group === undefined) {
    throw new ApiError(422, { message: `Group ${id} not available in version ${version}` });
  }
  draft.removeGroup(id);
  draft.groupsFor(id);
  for (const [groupId, { version: _then, ...rest }] of old.groups) {
    const within = groupId === id || isBelow(groupId, id);
    if (within) draft.groups.set(groupId, { ...rest, version: draft.version });
  }
  for (const spec of specsOf(old)) {
    if (!isBelow(spec.id, id)) continue;
    const { versionInfo: _info, ...definition } = spec;
    draft.put({ ...definition, version: draft.version });
  }
}

async function create(core: Marathon, request: ApiRequest, base: string): Promise<ApiResponse> {
  const document = readGroup(jsonBody(request), base);
  const change = await core.changes.change(
    (draft) => {
      const conflict = draft.groups.has(document.id)
        ? `Group ${document.id} is already created. Use PUT to change this group.`
        : draft.apps.has(document.id)
          ? `An app with the path ${document.id} already exists.`
          : undefined;
      // Rules are said before conflicts, as GroupsResource does.
      put(core, draft, document);
      if (conflict !== undefined) throw new ApiError(409, { message: conflict });
    },
    { force: flagOf(request, "force"), groupId: document.id },
  );
  return deploying(change, 201, { location: `${request.origin}${document.id}` });
}

async function update(core: Marathon, request: ApiRequest, base: string): Promise<ApiResponse> {
  const document = readGroup(jsonBody(request), base);
  const { id } = document;
  const make = (draft: RootDraft) => put(core, draft, document);
  if (flagOf(request, "dryRun")) return { status: 200, body: { steps: core.changes.dryRun(make).steps } };
  return deploying(await core.changes.change(make, { force: flagOf(request, "force"), groupId: id }));
}

/** PATCH reads `enforceRole` and nothing else. */
async function enforceRole(
  core: Marathon,
  request: ApiRequest,
  id: string,
): Promise<ApiResponse | undefined> {
  if (id === "/") return undefined;
  const { value, violations } = readShape(object({ enforceRole: flag }), jsonBody(request));
  if (violations.length > 0) throw unreadable(violations);
  const given = (value as { enforceRole?: boolean }).enforceRole;
  if (!isTopLevel(id)) throw invalid([{ path: "/", errors: [`${id} is not a top-level group`] }]);
  const wanted = given ?? core.options.enforceNewGroups === true;
  await core.changes.change(
    (draft) => {
      const group = draft.groups.get(id);
      if (group === undefined) throw unknownGroup(id);
      draft.groups.set(id, { ...group, enforceRole: wanted });
    },
    { force: false, groupId: id, withoutDeployment: true },
  );
  return { status: 200 };
}
