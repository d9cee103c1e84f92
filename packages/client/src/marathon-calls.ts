// SPDX-License-Identifier: Apache-2.0
import type { Decoder } from "@pulumi-mesos/model";
import { delay } from "./clock";
import { type EndpointRequest, type EndpointResponse, Endpoints, type EndpointsOptions } from "./endpoints";
import { DecodeError } from "./errors";
import { decodeBody, type HttpMethod, type HttpResponse } from "./http";
import { isOwnNotFound, marathonError } from "./marathon-errors";

/** How often a read whose answer was cut off is asked for. */
const readings = 3;

/** Reads and writes of one Marathon with its own meaning of 404 and 409. */
export class MarathonCalls {
  readonly endpoints: Endpoints;
  #writes = 0;

  constructor(o: EndpointsOptions) {
    this.endpoints = new Endpoints(o);
  }

  /** Changes whenever a write of this process begins or ends: what was read before it may be outdated. */
  get writes(): number {
    return this.#writes;
  }

  /** What a GET answers. */
  async read<T>(path: string, decoder: Decoder<T>, signal: AbortSignal, o?: EndpointRequest): Promise<T> {
    return this.#reading(path, signal, o, (response) => decoded(response, decoder));
  }

  /** What a GET answers; undefined only when Marathon itself says that it does not exist. */
  async find<T>(
    path: string,
    decoder: Decoder<T>,
    signal: AbortSignal,
    o?: EndpointRequest,
  ): Promise<T | undefined> {
    return this.#reading(path, signal, o, (response) =>
      isOwnNotFound(response) ? undefined : decoded(response, decoder),
    );
  }

  /** A write that succeeded. */
  async write(
    method: HttpMethod,
    path: string,
    signal: AbortSignal,
    o: EndpointRequest = {},
  ): Promise<EndpointResponse> {
    const response = await this.#written(method, path, signal, o);
    succeeded(response);
    return response;
  }

  /** A write that succeeded, or found that Marathon does not know what it is about: then undefined. */
  async writeFound(
    method: HttpMethod,
    path: string,
    signal: AbortSignal,
    o: EndpointRequest = {},
  ): Promise<EndpointResponse | undefined> {
    const response = await this.#written(method, path, signal, o);
    if (isOwnNotFound(response)) return undefined;
    succeeded(response);
    return response;
  }

  async #written(
    method: HttpMethod,
    path: string,
    signal: AbortSignal,
    o: EndpointRequest,
  ): Promise<EndpointResponse> {
    this.#writes += 1;
    try {
      return await this.endpoints.request(method, path, signal, o);
    } finally {
      this.#writes += 1;
    }
  }

  async #reading<T>(
    path: string,
    signal: AbortSignal,
    o: EndpointRequest | undefined,
    decode: (response: HttpResponse) => T,
  ): Promise<T> {
    for (let reading = 1; ; reading++) {
      const response = await this.endpoints.request("GET", path, signal, o);
      try {
        return decode(response);
      } catch (error) {
        if (!(error instanceof DecodeError) || reading === readings) throw error;
        await delay((0.5 + Math.random()) * 100 * reading, signal);
      }
    }
  }
}

/** The value in an answer that must be a success. */
export function decoded<T>(response: HttpResponse, decoder: Decoder<T>): T {
  succeeded(response);
  return decodeBody(response, decoder);
}

function succeeded(response: HttpResponse): void {
  if (response.status < 200 || response.status > 299) throw marathonError(response);
}
