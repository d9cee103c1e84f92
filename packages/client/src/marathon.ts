// SPDX-License-Identifier: Apache-2.0
import type { EndpointResponse, EndpointsOptions } from "./endpoints";
import { DecodeError } from "./errors";
import { decoded, MarathonCalls } from "./marathon-calls";
import {
  decoders,
  type MarathonApp,
  type MarathonDeployment,
  type MarathonGroup,
  type MarathonInfo,
  type MarathonPod,
  type MarathonPodStatus,
  type MarathonQueueItem,
  type MarathonStep,
  type MarathonTask,
} from "./marathon-documents";
import { type EventsOptions, type MarathonEvent, marathonEvents } from "./marathon-events";

export type MarathonOptions = EndpointsOptions;

/** The deployment that a write started. */
export interface MarathonDeploying {
  readonly deploymentId: string;
  /**
   * Whether the write was sent again because an answer was lost. The first one may have been carried out: then its
   * deployment runs under an id that nobody knows, and this one has nothing to do and ends at once.
   */
  readonly repeated: boolean;
}

/** What a change of an app or a group answers. */
export interface MarathonChange extends MarathonDeploying {
  /** The version that Marathon gave the change; an app that stays as it is keeps its own. */
  readonly version: string;
}

export interface ForceOption {
  /** Cancels deployments that lock what is changed. @default false */
  readonly force?: boolean;
}

const parts = ["tasks", "counts", "deployments", "lastTaskFailure", "readiness"];
const appQuery = parts.map((part) => `embed=app.${part}`).join("&");
const appsQuery = parts.map((part) => `embed=apps.${part}`).join("&");
const groupQuery = ["groups", "apps", "pods", ...parts.map((part) => `apps.${part}`)]
  .map((part) => `embed=group.${part}`)
  .join("&");
/** For answers of a few KB: to pack and unpack one takes both sides longer than to send it. */
const unpacked = { headers: { "Accept-Encoding": "identity" } };
/** Lists of everything take their time where there are thousands of apps. */
const listMs = 60_000;

/**
 * Marathon 1.5 to 1.11 over HTTP, at any of its addresses: a standby hands on to the leader by itself.
 *
 * Reads, replacements and deletes are repeated over lost connections, cut off answers and elections. A POST whose
 * answer was lost fails with `MESOS_CLIENT_UNREACHABLE`: whether the app exists now, {@link getApp} says.
 */
export class MarathonClient {
  readonly #calls: MarathonCalls;

  constructor(o: MarathonOptions) {
    this.#calls = new MarathonCalls(o);
  }

  /** Changes whenever a write of this client begins or ends. */
  get writes(): number {
    return this.#calls.writes;
  }

  /** One app with its tasks, deployments, counts and last failure; undefined only when Marathon itself says so. */
  async getApp(id: string, signal: AbortSignal): Promise<MarathonApp | undefined> {
    const path = `${pathOf("apps", id)}?${appQuery}`;
    const found = await this.#calls.find(path, decoders.appAnswer, signal, unpacked);
    return found?.app as MarathonApp | undefined;
  }

  /** All apps that the user may see, or those with `ids`, in one request. */
  async getApps(signal: AbortSignal, o: { ids?: readonly string[] } = {}): Promise<MarathonApp[]> {
    const one = o.ids?.length === 1 ? `&id=${encodeURIComponent(o.ids[0] ?? "")}` : "";
    const path = `/v2/apps?${appsQuery}${one}`;
    const { apps } = await this.#calls.read(path, decoders.appsAnswer, signal, { timeoutMs: listMs });
    const wanted = o.ids && new Set(o.ids);
    return (apps as MarathonApp[]).filter((app) => wanted?.has(app.id) ?? true);
  }

  /** An app's document that nobody has looked into; undefined only when Marathon itself says so. */
  async getAppDocument(id: string, signal: AbortSignal): Promise<unknown> {
    const path = `${pathOf("apps", id)}?${appQuery}`;
    return (await this.#calls.find(path, decoders.appDocument, signal, unpacked))?.app;
  }

  /** All apps likewise: for whom one app with an odd document must not hide the others. */
  async getAppDocuments(signal: AbortSignal): Promise<readonly unknown[]> {
    const path = `/v2/apps?${appsQuery}`;
    return (await this.#calls.read(path, decoders.appDocuments, signal, { timeoutMs: listMs })).apps;
  }

  /** The versions of an app that Marathon still has, the newest first; undefined when there is no such app. */
  async getAppVersions(id: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
    const path = `${pathOf("apps", id)}/versions`;
    return (await this.#calls.find(path, decoders.versions, signal))?.versions;
  }

  /** An app as it was in a version; undefined when Marathon has forgotten it. */
  async getAppVersion(id: string, version: string, signal: AbortSignal): Promise<MarathonApp | undefined> {
    const path = `${pathOf("apps", id)}/versions/${encodeURIComponent(version)}`;
    return (await this.#calls.find(path, decoders.app, signal)) as MarathonApp | undefined;
  }

  /** POST: fails with `MESOS_CLIENT_CONFLICT` when the app exists or is locked. */
  async createApp(
    document: object,
    signal: AbortSignal,
  ): Promise<{ app: MarathonApp; deploymentId: string }> {
    const response = await this.#calls.write("POST", "/v2/apps", signal, { body: document });
    const app = decoded(response, decoders.app) as MarathonApp;
    return { app, deploymentId: deploymentIdOf(response, app.deployments?.[0]?.id) };
  }

  /** PUT of the whole document: what it does not name goes back to its default. Creates an app that is missing. */
  async replaceApp(
    id: string,
    document: object,
    signal: AbortSignal,
    o: ForceOption = {},
  ): Promise<MarathonChange> {
    const path = `${pathOf("apps", id)}?partialUpdate=false&${forceOf(o)}`;
    return changeOf(await this.#calls.write("PUT", path, signal, { body: document }));
  }

  /** PATCH: changes the fields given and keeps the others. */
  async patchApp(
    id: string,
    partial: object,
    signal: AbortSignal,
    o: ForceOption = {},
  ): Promise<MarathonChange> {
    const path = `${pathOf("apps", id)}?${forceOf(o)}`;
    return changeOf(await this.#calls.write("PATCH", path, signal, { body: partial, repeatable: true }));
  }

  /** Undefined when the app was gone already. */
  async deleteApp(id: string, signal: AbortSignal, o: ForceOption = {}): Promise<MarathonChange | undefined> {
    const response = await this.#calls.writeFound("DELETE", `${pathOf("apps", id)}?${forceOf(o)}`, signal);
    return response && changeOf(response);
  }

  /** Replaces all tasks without a change of the definition; sent once, because each makes a new version. */
  async restartApp(id: string, signal: AbortSignal, o: ForceOption = {}): Promise<MarathonChange> {
    return changeOf(await this.#calls.write("POST", `${pathOf("apps", id)}/restart?${forceOf(o)}`, signal));
  }

  /** Kills tasks; with `scale` the app has that many instances less, otherwise Marathon starts others. Gone is success. */
  async killTasks(
    ids: readonly string[],
    o: { scale: boolean; wipe?: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const path = `/v2/tasks/delete?scale=${o.scale}&wipe=${o.wipe ?? false}`;
    await this.#calls.writeFound("POST", path, signal, { body: { ids } });
  }

  /** All tasks that Marathon knows, also those of apps that are being deleted. */
  async getTasks(signal: AbortSignal): Promise<MarathonTask[]> {
    const answer = await this.#calls.read("/v2/tasks", decoders.tasksAnswer, signal, { timeoutMs: listMs });
    return answer.tasks;
  }

  /** One group with all apps, pods and groups below it; undefined only when Marathon itself says so. `/` is the root. */
  async getGroup(id: string, signal: AbortSignal): Promise<MarathonGroup | undefined> {
    const path = `${pathOf("groups", id)}?${groupQuery}`;
    return (await this.#calls.find(path, decoders.group, signal, { timeoutMs: listMs })) as
      | MarathonGroup
      | undefined;
  }

  /** POST: fails with `MESOS_CLIENT_CONFLICT` when the group exists, or what it holds is locked. */
  async createGroup(document: object, signal: AbortSignal, o: ForceOption = {}): Promise<MarathonChange> {
    return changeOf(await this.#calls.write("POST", `/v2/groups?${forceOf(o)}`, signal, { body: document }));
  }

  /** PUT: `apps` and `groups`, where given, take the place of those that are there. Creates a group that is missing. */
  async putGroup(
    id: string,
    document: object,
    signal: AbortSignal,
    o: ForceOption = {},
  ): Promise<MarathonChange> {
    const path = `${pathOf("groups", id)}?${forceOf(o)}`;
    return changeOf(await this.#calls.write("PUT", path, signal, { body: document }));
  }

  /** The steps that {@link putGroup} would take, without taking them: none when nothing would change. */
  async planGroup(
    id: string,
    document: object,
    signal: AbortSignal,
    o: ForceOption = {},
  ): Promise<MarathonStep[]> {
    const path = `${pathOf("groups", id)}?dryRun=true&${forceOf(o)}`;
    const response = await this.#calls.write("PUT", path, signal, { body: document });
    return decoded(response, decoders.plan).steps;
  }

  /** PATCH of a top-level group: sets `enforceRole` without a deployment. Marathon 1.9+. */
  async patchGroup(id: string, partial: { enforceRole: boolean }, signal: AbortSignal): Promise<void> {
    await this.#calls.write("PATCH", pathOf("groups", id), signal, { body: partial, repeatable: true });
  }

  /** Undefined when the group was gone already. */
  async deleteGroup(
    id: string,
    signal: AbortSignal,
    o: ForceOption = {},
  ): Promise<MarathonChange | undefined> {
    const response = await this.#calls.writeFound("DELETE", `${pathOf("groups", id)}?${forceOf(o)}`, signal);
    return response && changeOf(response);
  }

  /** The definition of one pod; undefined only when Marathon itself says so. */
  async getPod(id: string, signal: AbortSignal): Promise<MarathonPod | undefined> {
    return (await this.#calls.find(pathOf("pods", id), decoders.pod, signal)) as MarathonPod | undefined;
  }

  async getPods(signal: AbortSignal): Promise<MarathonPod[]> {
    const pods = await this.#calls.read("/v2/pods", decoders.pods, signal, { timeoutMs: listMs });
    return pods as MarathonPod[];
  }

  /** One pod with its instances and what ended lately; undefined only when Marathon itself says so. */
  async getPodStatus(id: string, signal: AbortSignal): Promise<MarathonPodStatus | undefined> {
    const found = await this.#calls.find(`${pathOf("pods", id)}::status`, decoders.podStatus, signal);
    return found as MarathonPodStatus | undefined;
  }

  async getPodStatuses(signal: AbortSignal): Promise<MarathonPodStatus[]> {
    const found = await this.#calls.read("/v2/pods/::status", decoders.podStatuses, signal, {
      timeoutMs: listMs,
    });
    return found as MarathonPodStatus[];
  }

  async getPodVersions(id: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
    return await this.#calls.find(`${pathOf("pods", id)}::versions`, decoders.texts, signal);
  }

  /** A pod as it was in a version; undefined when Marathon has forgotten it. */
  async getPodVersion(id: string, version: string, signal: AbortSignal): Promise<MarathonPod | undefined> {
    const path = `${pathOf("pods", id)}::versions/${encodeURIComponent(version)}`;
    return (await this.#calls.find(path, decoders.pod, signal)) as MarathonPod | undefined;
  }

  /** POST: fails with `MESOS_CLIENT_CONFLICT` when the pod exists or is locked. */
  async createPod(
    document: object,
    signal: AbortSignal,
    o: ForceOption = {},
  ): Promise<{ pod: MarathonPod; deploymentId: string }> {
    const response = await this.#calls.write("POST", `/v2/pods?${forceOf(o)}`, signal, { body: document });
    return { pod: decoded(response, decoders.pod) as MarathonPod, deploymentId: deploymentIdOf(response) };
  }

  /** PUT of the whole document, whose `id` must be the same. Creates a pod that is missing. */
  async replacePod(
    id: string,
    document: object,
    signal: AbortSignal,
    o: ForceOption = {},
  ): Promise<MarathonDeploying & { readonly pod: MarathonPod }> {
    const path = `${pathOf("pods", id)}?${forceOf(o)}`;
    const response = await this.#calls.write("PUT", path, signal, { body: document });
    return { pod: decoded(response, decoders.pod) as MarathonPod, ...deployingOf(response) };
  }

  /** Undefined when the pod was gone already. */
  async deletePod(
    id: string,
    signal: AbortSignal,
    o: ForceOption = {},
  ): Promise<MarathonDeploying | undefined> {
    const response = await this.#calls.writeFound("DELETE", `${pathOf("pods", id)}?${forceOf(o)}`, signal);
    return response && deployingOf(response);
  }

  /** Kills one instance of a pod; Marathon starts another. Gone is success. */
  async killPodInstance(
    id: string,
    instanceId: string,
    o: { wipe?: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    // The list in the body of a DELETE would be lost: a standby hands no such body on to the leader.
    const path = `${pathOf("pods", id)}::instances/${encodeURIComponent(instanceId)}?wipe=${o.wipe ?? false}`;
    await this.#calls.writeFound("DELETE", path, signal);
  }

  /** Deployments that are running now; absence says nothing about success. */
  async getDeployments(signal: AbortSignal): Promise<MarathonDeployment[]> {
    return this.#calls.read("/v2/deployments", decoders.deployments, signal);
  }

  /**
   * Cancels a deployment: answers the new one that rolls it back, or with `force` leaves everything as it is now.
   * Undefined with `force`, and when the deployment was over already.
   */
  async deleteDeployment(
    id: string,
    signal: AbortSignal,
    o: ForceOption = {},
  ): Promise<MarathonChange | undefined> {
    const path = `/v2/deployments/${encodeURIComponent(id)}?${forceOf(o)}`;
    const response = await this.#calls.writeFound("DELETE", path, signal);
    return response === undefined || response.status === 202 ? undefined : changeOf(response);
  }

  /** What waits for offers, and why; with `offers` also the last offers that did not fit. */
  async getQueue(signal: AbortSignal, o: { offers?: boolean } = {}): Promise<MarathonQueueItem[]> {
    const path = `/v2/queue${o.offers ? "?embed=lastUnusedOffers" : ""}`;
    return (await this.#calls.read(path, decoders.queueAnswer, signal)).queue;
  }

  async getInfo(signal: AbortSignal): Promise<MarathonInfo> {
    return this.#calls.read("/v2/info", decoders.info, signal);
  }

  /** `host:port` of the leader, undefined while there is none. */
  async leader(signal: AbortSignal): Promise<string | undefined> {
    return (await this.#calls.find("/v2/leader", decoders.leader, signal))?.leader;
  }

  /** The event stream of the leader, reconnected for ever; ends when the signal aborts. */
  events(o: EventsOptions): AsyncGenerator<MarathonEvent, void> {
    return marathonEvents(this.#calls.endpoints, o);
  }
}

function forceOf(o: ForceOption): string {
  return `force=${o.force ?? false}`;
}

function changeOf(response: EndpointResponse): MarathonChange {
  return { ...decoded(response, decoders.deploymentResult), repeated: response.repeated };
}

function deployingOf(response: EndpointResponse): MarathonDeploying {
  return { deploymentId: deploymentIdOf(response), repeated: response.repeated };
}

function deploymentIdOf(response: EndpointResponse, inBody?: string): string {
  const id = response.headers["marathon-deployment-id"] ?? inBody;
  if (id === undefined)
    throw new DecodeError(response.method, response.url, response.body, "no deployment id");
  return id;
}

function pathOf(kind: "apps" | "groups" | "pods", id: string): string {
  return ["/v2", kind, ...id.split("/").filter(Boolean).map(encodeURIComponent)].join("/");
}
