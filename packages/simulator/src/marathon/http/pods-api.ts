// SPDX-License-Identifier: Apache-2.0
import { ApiError, badRequest, invalid, unreadable } from "../api-error";
import { absolute, parentOf, pathProblem } from "../app/path-id";
import { list, readShape, text } from "../app/reader";
import { timestamp } from "../clock";
import type { Change } from "../core/changes";
import type { Marathon } from "../core/marathon";
import { roleDefaults } from "../group/roles";
import type { RootDraft } from "../group/root";
import type { Instance } from "../instances/instance";
import { completePod, type PodDocument, readPod } from "../pod/complete-pod";
import { podStatus } from "../pod/pod-status";
import { renderPod } from "../pod/render-pod";
import type { Pod } from "../pod/types";
import { validatePod } from "../pod/validate-pod";
import { asPod } from "../run-spec/run-spec";
import { type ApiRequest, type ApiResponse, flagOf, jsonBody } from "./messages";

const idOfInstance = /^(.+)\.(instance-|marathon-)([^.]+)$/;

function unknownPod(id: string): ApiError {
  return new ApiError(404, { message: `Pod '${id}' does not exist` });
}

/** `/v2/pods` and everything below it (marathon.md §2.1). */
export async function podsApi(core: Marathon, request: ApiRequest): Promise<ApiResponse | undefined> {
  const rest = request.path.slice("/v2/pods".length).replace(/^\/+/, "");
  if (rest === "") return await collection(core, request);
  if (rest === "::status") return allStatuses(core);
  const [, path = rest, part, leaf] = /^(.+?)::(status|versions|instances)(?:\/(.+))?$/.exec(rest) ?? [];
  const id = absolute(path);
  const problem = pathProblem(id);
  if (problem !== undefined) throw invalid([{ path: "/", errors: [problem] }]);
  switch (part) {
    case "status": {
      const pod = core.root.pods.get(id);
      if (pod === undefined) throw unknownPod(id);
      return { status: 200, body: podStatus(core, pod) };
    }
    case "versions":
      return versions(core, id, leaf);
    case "instances":
      return killInstances(core, request, id, leaf);
    default:
      return await single(core, request, id);
  }
}

async function collection(core: Marathon, request: ApiRequest): Promise<ApiResponse | undefined> {
  if (request.method === "GET") return { status: 200, body: [...core.root.pods.values()].map(renderPod) };
  return request.method === "POST" ? await create(core, request) : undefined;
}

function allStatuses(core: Marathon): ApiResponse {
  return { status: 200, body: [...core.root.pods.values()].map((pod) => podStatus(core, pod)) };
}

/** Completes and checks a document that shall become a pod of the draft. */
function checked(core: Marathon, document: PodDocument, version: string): Pod {
  const defaults = { ...core.options, ...roleDefaults(core.root, document.id ?? "/", core.options) };
  const pod = completePod(document, defaults, version);
  const violations = validatePod(pod, defaults);
  if (violations.length > 0) throw invalid(violations);
  return pod;
}

function podEvent(core: Marathon, request: ApiRequest, what: "created" | "updated" | "deleted"): void {
  core.events.emit(`pod_${what}_event`, { clientIp: request.clientIp, uri: request.uri });
}

function deploying(change: Change): Record<string, string> {
  return { "marathon-deployment-id": change.deploymentId };
}

async function put(
  core: Marathon,
  request: ApiRequest,
  document: PodDocument,
  allowed: (draft: RootDraft, pod: Pod) => void,
): Promise<{ pod: Pod; change: Change }> {
  const pod = checked(core, document, timestamp(core.clock.now()));
  const change = await core.changes.change(
    (draft) => {
      allowed(draft, pod);
      draft.putPod({ ...pod, version: draft.version });
    },
    { force: flagOf(request, "force"), groupId: parentOf(pod.id) },
  );
  return { pod: { ...pod, version: change.version }, change };
}

async function create(core: Marathon, request: ApiRequest): Promise<ApiResponse> {
  const { pod, change } = await put(core, request, readPod(jsonBody(request)), (draft, { id }) => {
    if (draft.pods.has(id)) throw new ApiError(409, { message: `A pod with id [${id}] already exists.` });
  });
  podEvent(core, request, "created");
  return {
    status: 201,
    body: renderPod(pod),
    headers: { ...deploying(change), location: `${request.origin}${pod.id}` },
  };
}

async function single(core: Marathon, request: ApiRequest, id: string): Promise<ApiResponse | undefined> {
  switch (request.method) {
    case "GET": {
      const pod = core.root.pods.get(id);
      // The real answer wraps this document into the message of another.
      if (pod === undefined) {
        throw new ApiError(404, { message: `{"message": "pod with ${id} does not exist"}` });
      }
      return { status: 200, body: renderPod(pod) };
    }
    case "PUT":
      return await replace(core, request, id);
    case "DELETE": {
      if (!core.root.pods.has(id)) throw unknownPod(id);
      const change = await core.changes.change(
        (draft) => {
          if (!draft.pods.delete(id)) throw unknownPod(id);
        },
        { force: flagOf(request, "force"), groupId: parentOf(id) },
      );
      podEvent(core, request, "deleted");
      return {
        status: 202,
        headers: { ...deploying(change), location: `${request.origin}/${change.deploymentId}` },
      };
    }
    default:
      return undefined;
  }
}

/** The whole definition, which may be a new one. */
async function replace(core: Marathon, request: ApiRequest, id: string): Promise<ApiResponse> {
  const document = readPod(jsonBody(request));
  if (absolute(document.id) !== id) {
    checked(core, document, timestamp(core.clock.now()));
    throw badRequest(`'${id}' does not match definition's id ('${document.id}')`);
  }
  const { pod, change } = await put(core, request, document, () => undefined);
  podEvent(core, request, "updated");
  return { status: 200, body: renderPod(pod), headers: deploying(change) };
}

function versions(core: Marathon, id: string, version: string | undefined): ApiResponse {
  if (!core.root.pods.has(id)) throw unknownPod(id);
  if (version === undefined) return { status: 200, body: core.versions.list(id) };
  const pod = asPod(core.versions.get(id, version));
  if (pod === undefined) throw unknownPod(id);
  return { status: 200, body: renderPod(pod) };
}

/** Kills one instance, or those that the body names; the pod replaces them. */
function killInstances(
  core: Marathon,
  request: ApiRequest,
  id: string,
  named: string | undefined,
): ApiResponse {
  const ids = named === undefined ? instanceIdsIn(request) : new Set([named]);
  const bad = [...ids].filter((i) => !idOfInstance.test(i));
  if (bad.length > 0) {
    throw invalid([
      { path: "/", errors: bad.map(() => `must fully match regular expression '${idOfInstance.source}'`) },
    ]);
  }
  if (!core.root.pods.has(id)) throw new ApiError(404, { message: `Path '${id}' does not exist` });
  const chosen = core.tracker.ofSpec(id).filter((i) => ids.has(i.id));
  const killed = chosen.map(renderInstance);
  if (named !== undefined && killed.length === 0) {
    throw new ApiError(404, { message: `Task '${named}' does not exist` });
  }
  for (const instance of chosen) core.tasks.decommission(instance, flagOf(request, "wipe"));
  return { status: 200, body: named === undefined ? killed : killed[0] };
}

function instanceIdsIn(request: ApiRequest): Set<string> {
  const { value, violations } = readShape(list(text()), jsonBody(request));
  if (violations.length > 0) throw unreadable(violations);
  return new Set(value as string[]);
}

/** An instance as kills answer it (instance.raml), in the state before the kill. */
function renderInstance(instance: Instance): Record<string, unknown> {
  const { task } = instance;
  return {
    instanceId: instance.id,
    state: {
      condition: instance.condition,
      since: timestamp(instance.since),
      ...(task?.startedAt === undefined ? {} : { activeSince: timestamp(task.startedAt) }),
      ...(task?.healthy === undefined ? {} : { healthy: task.healthy }),
      goal: instance.wanted ? "Running" : "Decommissioned",
    },
    ...(task === undefined
      ? {}
      : {
          agentInfo: {
            host: task.host,
            agentId: task.agentId,
            ...(task.region === undefined ? {} : { region: task.region }),
            ...(task.zone === undefined ? {} : { zone: task.zone }),
            attributes: [],
          },
        }),
    runSpecVersion: instance.version,
    unreachableStrategy: instance.unreachable,
  };
}
