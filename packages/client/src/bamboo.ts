// SPDX-License-Identifier: Apache-2.0
import { BambooService, bambooId, decoder, type Static, Type } from "@pulumi-mesos/model";
import { type EndpointRequest, Endpoints, type EndpointsOptions } from "./endpoints";
import { StatusError } from "./errors";
import { decodeBody, type HttpMethod, type HttpResponse } from "./http";

export interface BambooRule {
  readonly id: string;
  readonly acl: string;
  readonly config?: Readonly<Record<string, string>>;
}

const AppTraffic = Type.Object({
  requests: Type.Number(),
  errors: Type.Number(),
  connectionFailures: Type.Number(),
  requestsPerSecond: Type.Number(),
  openRequests: Type.Optional(Type.Number()),
});
/** An app's requests as an edge counts them; those that ended with a 5xx are errors. Edges of before tell of no open ones. */
export type AppTraffic = Readonly<Static<typeof AppTraffic>>;

const traffic = decoder(Type.Record(Type.String(), AppTraffic));
const services = decoder(Type.Record(Type.String(), BambooService));
const state = decoder(
  Type.Union([
    Type.Null(),
    Type.Object({ Apps: Type.Optional(Type.Array(Type.Unknown())), Services: Type.Optional(Type.Unknown()) }),
  ]),
);

/** Bamboo's HTTP API, served by Bamboo itself or by our edge. Every request may be repeated. */
export class BambooClient {
  readonly #endpoints: Endpoints;

  /** A token is sent as `Authorization: Bearer <token>` unless it names another scheme. */
  constructor({ token, ...o }: EndpointsOptions) {
    this.#endpoints = new Endpoints({ ...o, ...(token !== undefined && { token: bearer(token) }) });
  }

  /** All rules by id. */
  async services(signal: AbortSignal): Promise<Record<string, BambooService>> {
    return decodeBody(await this.#request("GET", "/api/services", signal), services);
  }

  /** Makes or replaces a rule. */
  async putService(rule: BambooRule, signal: AbortSignal): Promise<void> {
    await this.#request("PUT", servicePath(rule.id), signal, { body: { ...rule, id: bambooId(rule.id) } });
  }

  /** Removes a rule; one that is unknown counts as removed. */
  async deleteService(id: string, signal: AbortSignal): Promise<void> {
    const response = await this.#endpoints.request("DELETE", servicePath(id), signal);
    const unknown =
      response.status === 404 || (response.status === 400 && /node does not exist/.test(response.body));
    if (!unknown) succeeded(response);
  }

  /** What the edge knows of apps and rules; undefined when it cannot reach Marathon or ZooKeeper (Bamboo answers `null`). */
  async state(signal: AbortSignal): Promise<Readonly<Record<string, unknown>> | undefined> {
    return decodeBody(await this.#request("GET", "/api/state", signal), state) ?? undefined;
  }

  /** What an edge has counted of requests, by app; undefined from a Bamboo, which counts none. */
  async traffic(signal: AbortSignal): Promise<Record<string, AppTraffic> | undefined> {
    const response = await this.#endpoints.request("GET", "/api/traffic", signal);
    return response.status === 404 ? undefined : decodeBody(succeeded(response), traffic);
  }

  async #request(
    method: HttpMethod,
    path: string,
    signal: AbortSignal,
    o: EndpointRequest = {},
  ): Promise<HttpResponse> {
    return succeeded(await this.#endpoints.request(method, path, signal, o));
  }
}

function succeeded(response: HttpResponse): HttpResponse {
  if (response.status < 200 || response.status > 299) throw new StatusError(response);
  return response;
}

/** Without the slash that begins an id: Bamboo puts it back, and proxies like to merge double ones. */
function servicePath(id: string): string {
  return `/api/services/${bambooId(id).split("/").filter(Boolean).map(encodeURIComponent).join("/")}`;
}

function bearer(token: string): string {
  return /^\S+ \S/.test(token) ? token : `Bearer ${token}`;
}
