// SPDX-License-Identifier: Apache-2.0
import type { ConnectionOption, ConnectionOptions } from "@pulumi-mesos/model";
import { delay, nowMs } from "./clock";
import { Connection } from "./connection";
import {
  ClientAbortedError,
  isAborted,
  isHopeless,
  StatusError,
  TlsError,
  UnreachableError,
  wasNotSent,
} from "./errors";
import { type HttpMethod, type HttpResponse, openStream, type ResponseStream, send } from "./http";
import { secretsIn, withoutSecrets } from "./secrets";
import { Slots } from "./slots";
import { tlsError } from "./tls-faults";
import type { Reach } from "./way/way";

export interface EndpointsOptions extends ConnectionOptions, Reach {
  readonly urls: readonly string[];
  /** What the user calls an option, for errors. @default its name here */
  readonly optionName?: (option: ConnectionOption) => string;
  /** Bounds one request to one address. @default 15000 */
  readonly timeoutMs?: number;
  /** How long 502 and 503 (an election is going on) are waited out. @default 20000 */
  readonly electionMs?: number;
}

export interface EndpointRequest {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the request may be repeated although it may have been carried out. @default all but POST and PATCH */
  readonly repeatable?: boolean;
  /** Bounds each attempt. @default that of the endpoints */
  readonly timeoutMs?: number;
}

/** An answer, and whether it is to a repetition: an earlier attempt whose answer was lost may have been carried out. */
export type EndpointResponse = HttpResponse & { readonly repeated: boolean };

const redirects = new Set([301, 302, 303, 307, 308]);
const hops = 3;
const rounds = 4;
/**
 * Requests of one client at the same time. A standby Marathon keeps at most 64 connections to its leader, for all
 * clients together (`--leader_proxy_max_open_connections`), and 16 are enough for thousands of requests a second.
 */
const parallel = 16;
/** A standby's words when it has passed nothing on to a leader (LeaderProxyFilter.scala). */
const notPassedOn =
  /Connection to leader refused|Could not determine the current leader|Detected proxying loop/;

/** Several addresses of one service: asks them in the order of the last success, and again where that is safe. */
export class Endpoints {
  readonly #urls: string[];
  readonly #options: EndpointsOptions;
  readonly #name: (option: ConnectionOption) => string;
  readonly #connection: Connection;
  readonly #slots = new Slots(parallel);

  /** Fails with `MESOS_CLIENT_OPTIONS` when credentials or certificates cannot be used. */
  constructor(o: EndpointsOptions) {
    this.#urls = o.urls.map((url) => url.replace(/\/+$/, ""));
    this.#options = o;
    this.#name = o.optionName ?? ((option) => option);
    this.#connection = new Connection(this.#urls, o, this.#name);
  }

  /** The addresses, the one that answered last first, those that failed last. */
  get urls(): readonly string[] {
    return this.#urls;
  }

  /**
   * The first answer below 500 (any but those of {@link isPassing} counts as one). Connection errors are tried at the
   * next address and in {@link rounds} rounds, 502 to 504 and 429 until `electionMs` are over; what may have been
   * carried out is repeated only when `repeatable`.
   */
  async request(
    method: HttpMethod,
    path: string,
    signal: AbortSignal,
    o: EndpointRequest = {},
  ): Promise<EndpointResponse> {
    const met: unknown[] = [];
    try {
      return await this.#attempt(method, path, signal, o, met);
    } catch (error) {
      throw isAborted(error) ? new ClientAbortedError(signal, met) : error;
    }
  }

  /** Like {@link request}; `met` gets what failed on the way. */
  async #attempt(
    method: HttpMethod,
    path: string,
    signal: AbortSignal,
    o: EndpointRequest,
    met: unknown[],
  ): Promise<EndpointResponse> {
    const repeatable = o.repeatable ?? (method !== "POST" && method !== "PATCH");
    const what = `${method} ${path.replace(/\?.*/, "")}`;
    const deadline = nowMs() + (this.#options.electionMs ?? 20_000);
    let repeated = false;
    for (let round = 1; ; round++) {
      const failures: unknown[] = [];
      let passing: HttpResponse | undefined;
      for (const base of [...this.#urls]) {
        try {
          const response = await this.#follow(method, base + path, signal, o);
          if (!isPassing(response)) {
            this.#move(base, "first");
            return { ...response, repeated };
          }
          passing = response;
          if (notPassedOn.test(response.body)) continue;
          if (!repeatable) throw new StatusError(response);
        } catch (error) {
          if (isAborted(error) || isHopeless(error)) throw error;
          failures.push(error);
          this.#move(base, "last");
          if (wasNotSent(error)) continue;
          if (!repeatable) throw new UnreachableError(what, [error]);
        }
        repeated = true;
      }
      const outlived = passing && passing.status !== 500 ? nowMs() >= deadline : round >= rounds;
      if (passing && outlived) throw new StatusError(passing);
      if (failures.length > 0 && failures.every((e) => e instanceof TlsError)) throw failures[0];
      if (outlived) throw new UnreachableError(what, failures);
      met.push(...failures, ...(passing ? [new StatusError(passing)] : []));
      await delay((0.5 + Math.random()) * 100 * 2 ** Math.min(round, 4), signal);
    }
  }

  /** Opens a stream at one of the addresses, or where it redirects to: a standby names the leader. */
  async open(
    first: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<{ readonly url: string; readonly stream: ResponseStream }> {
    let url = first;
    for (let hop = 0; ; hop++) {
      const all = { ...headers, ...this.#connection.headersFor(url) };
      const request = { method: "GET", url, headers: all, agents: this.#connection.single, signal } as const;
      const { stream, ...answer } = await this.#inWords(url, () => openStream(request));
      if (answer.status === 200) return { url, stream };
      stream.destroy();
      const response = { ...answer, method: "GET", url, body: "" } as const;
      const next = this.#next(response, hop);
      if (next === undefined) throw new StatusError(response);
      url = next;
    }
  }

  /** The answer at `first`, or where it redirects to. */
  async #follow(
    method: HttpMethod,
    first: string,
    signal: AbortSignal,
    o: EndpointRequest,
  ): Promise<HttpResponse> {
    let url = first;
    for (let hop = 0; ; hop++) {
      const response = await this.#answer(method, url, signal, o);
      const next = this.#next(response, hop);
      if (next === undefined) return response;
      url = next;
    }
  }

  async #answer(
    method: HttpMethod,
    url: string,
    signal: AbortSignal,
    o: EndpointRequest,
  ): Promise<HttpResponse> {
    const request = {
      method,
      url,
      body: o.body,
      headers: { ...o.headers, ...this.#connection.headersFor(url) },
      agents: method === "GET" ? this.#connection.kept : this.#connection.single,
      timeoutMs: o.timeoutMs ?? this.#options.timeoutMs ?? 15_000,
      signal,
    };
    const response = await this.#slots.run(signal, () => this.#inWords(url, () => send(request)));
    if (response.status < 400 && /^\s*[[{]/.test(response.body)) return response;
    const secrets = [...this.#connection.secrets, ...secretsIn(o.body)];
    return { ...response, body: withoutSecrets(response.body, secrets) };
  }

  /** Where a redirect leads; undefined when it is none. */
  #next(response: HttpResponse, hop: number): string | undefined {
    const { status, url } = response;
    if (status === 401) {
      const [user, password, token] = (["user", "password", "token"] as const).map(this.#name);
      const hint = this.#connection.hasCredentials
        ? `${user} and ${password}, or ${token}, are not the right ones`
        : `it asks for ${user} and ${password}, or ${token}`;
      throw new StatusError({ ...response, hint });
    }
    const location = response.headers["location"];
    if (!redirects.has(status) || location === undefined) return undefined;
    if (!URL.canParse(location, url)) throw new StatusError({ ...response, hint: "redirects to no URL" });
    const next = new URL(location, url);
    const to = `${next.origin}${next.pathname}`;
    if (hop === hops) throw new StatusError({ ...response, hint: `redirects on and on, lastly to ${to}` });
    if (new URL(url).protocol === "https:" && next.protocol !== "https:") {
      throw new StatusError({ ...response, hint: `redirects to ${to}, which is not secure` });
    }
    return next.toString();
  }

  /** Says what is wrong where TLS is. */
  async #inWords<T>(url: string, connect: () => Promise<T>): Promise<T> {
    try {
      return await connect();
    } catch (error) {
      throw tlsError(url, error, this.#options, this.#name) ?? error;
    }
  }

  #move(url: string, where: "first" | "last"): void {
    const index = this.#urls.indexOf(url);
    if (index < 0 || this.#urls.length === 1) return;
    this.#urls.splice(index, 1);
    if (where === "first") this.#urls.unshift(url);
    else this.#urls.push(url);
  }
}

/** Whether the answer says nothing about the request, but that somebody on the way or an election hinders it for now. */
function isPassing({ status, body }: HttpResponse): boolean {
  if (status === 500) return /^\s*</.test(body);
  return status === 429 || (status >= 502 && status <= 504);
}
