// SPDX-License-Identifier: Apache-2.0
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Readable } from "node:stream";
import { type Decoder, messageOf } from "@pulumi-mesos/model";
import type { AxiosResponse, AxiosStatic } from "axios";
import { bounded } from "./clock";
import { accessFaultIn, ClientAbortedError, DecodeError } from "./errors";

export type HttpMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface HttpRequest {
  readonly method: HttpMethod;
  readonly url: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** How connections are made. @default kept for the next request, with what the machine trusts */
  readonly agents?: Agents;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Makes connections, and keeps those that may be used again. */
export interface Agents {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpsAgent;
}

export interface HttpResponse {
  readonly method: HttpMethod;
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const maxBodyBytes = 256 * 1024 * 1024;
const defaultAgents: Agents = {
  httpAgent: new HttpAgent({ keepAlive: true, maxFreeSockets: 4 }),
  httpsAgent: new HttpsAgent({ keepAlive: true, maxFreeSockets: 4 }),
};

/** axios costs 60 ms to load, so it is loaded at the first request. */
function axios(): AxiosStatic {
  return require("axios") as AxiosStatic;
}

/** One request, redirects not followed, any status a result. Rejects with a plain system-like error or when aborted. */
export async function send(request: HttpRequest): Promise<HttpResponse> {
  const { method, url } = request;
  const bound = bounded(request.signal, request.timeoutMs);
  try {
    const response: AxiosResponse<string> = await axios().request<string>({
      method,
      url,
      ...(request.agents ?? defaultAgents),
      data: request.body === undefined ? undefined : JSON.stringify(request.body),
      headers: {
        Accept: "application/json",
        // Left out it would be a form's, which Marathon refuses with 415 where a POST has no body.
        "Content-Type": request.body === undefined ? false : "application/json",
        ...request.headers,
      },
      signal: bound.signal,
      proxy: false,
      maxRedirects: 0,
      maxContentLength: maxBodyBytes,
      responseType: "text",
      transformResponse: (text: unknown) => text,
      validateStatus: () => true,
    });
    return { method, url, status: response.status, headers: headersOf(response), body: response.data ?? "" };
  } catch (error) {
    if (request.signal.aborted) throw new ClientAbortedError(request.signal);
    throw connectionError(url, error, bound.signal.aborted ? request.timeoutMs : undefined);
  } finally {
    bound.done();
  }
}

export type ResponseStream = NodeJS.ReadableStream & { destroy(): void };

/** A response as a stream, for event streams; the caller destroys it. */
export async function openStream(request: Omit<HttpRequest, "timeoutMs" | "body">): Promise<{
  status: number;
  headers: Record<string, string>;
  stream: ResponseStream;
}> {
  try {
    const response = await axios().request<Readable>({
      method: request.method,
      url: request.url,
      ...(request.agents ?? defaultAgents),
      headers: { ...request.headers },
      signal: request.signal,
      proxy: false,
      maxRedirects: 0,
      responseType: "stream",
      validateStatus: () => true,
    });
    return { status: response.status, headers: headersOf(response), stream: response.data };
  } catch (error) {
    throw connectionError(request.url, error, undefined);
  }
}

/** The JSON value in a response, checked by `decoder`; fails with `MESOS_CLIENT_DECODE`. */
export function decodeBody<T>(response: HttpResponse, decoder: Decoder<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(response.body);
  } catch (error) {
    throw new DecodeError(response.method, response.url, response.body, "no JSON", error);
  }
  const decoded = decoder.decode(value);
  if (decoded.ok) return decoded.value;
  // Older Marathons write null for what later ones leave out.
  const sparse = decoder.decode(withoutNulls(value));
  if (sparse.ok) return sparse.value;
  // Only where: what stands there may be secret.
  const paths = decoded.failures.slice(0, 3).map(({ path }) => path || "the whole");
  throw new DecodeError(response.method, response.url, response.body, `wrong at ${paths.join(", ")}`);
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((v) => v !== null).map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([, v]) => v !== null);
  return Object.fromEntries(kept.map(([key, v]) => [key, withoutNulls(v)]));
}

/** Errors of axios carry the request with its credentials, so only message and code are kept. */
function connectionError(url: string, error: unknown, timedOutAfterMs: number | undefined): Error {
  const noWay = accessFaultIn(error);
  if (noWay !== undefined) return noWay;
  const inner = error instanceof AggregateError ? error.errors[0] : error;
  const code = typeof inner === "object" && inner !== null && "code" in inner ? inner.code : undefined;
  const host = new URL(url).host;
  const text =
    timedOutAfterMs === undefined
      ? messageOf(inner) || String(code)
      : `no answer from ${host} within ${timedOutAfterMs / 1000} s`;
  // What a server that speaks TLS says to whoever does not.
  const hint = code === "ECONNRESET" && url.startsWith("http:") ? "; does it want https://?" : "";
  const message = `${text.includes(host) ? text : `${text} (${host})`}${hint}`;
  return Object.assign(new Error(message), {
    code: timedOutAfterMs === undefined ? code : "ETIMEDOUT",
  });
}

function headersOf(response: AxiosResponse): Record<string, string> {
  return Object.fromEntries(
    Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  );
}
