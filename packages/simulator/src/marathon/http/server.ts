// SPDX-License-Identifier: Apache-2.0
import { createHash, timingSafeEqual } from "node:crypto";
import { messageOf } from "@pulumi-mesos/model";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { createHttpServer, type HttpOptions } from "../../http";
import { ApiError } from "../api-error";
import type { Clock } from "../clock";
import type { Marathon } from "../core/marathon";
import type { Logging } from "../logging";
import { metricsJson } from "../metrics/metrics";
import { metricsText } from "../metrics/prometheus";
import { appsApi } from "./apps-api";
import { deploymentsApi, queueApi } from "./cluster-api";
import { allowOrigins } from "./cors";
import { EventStreams } from "./event-streams";
import { groupsApi } from "./groups-api";
import { sendHtmlError } from "./html-error";
import { isLoop, type ProxyOptions, proxyToLeader, refuse } from "./leader-proxy";
import { measure } from "./measure";
import type { ApiRequest, ApiResponse } from "./messages";
import { pageFile } from "./page";
import { podsApi } from "./pods-api";
import { negotiated } from "./resources";
import { send } from "./send";
import { checkBackupUri, loggingApi, ping, pluginsApi } from "./system-api";
import { tasksApi } from "./tasks-api";
import type { Keystore } from "./tls";

/** What the server asks of the program it belongs to. */
export interface Leadership {
  /** The core, while this one leads and has loaded its state. */
  readonly core: Marathon | undefined;
  /** host:port of whoever leads. */
  readonly leader: string | undefined;
  abdicate(): void;
  /** The body of `/v2/info` but for what the core knows. */
  info(): Record<string, unknown>;
}

export interface ServerOptions extends ProxyOptions {
  readonly names: readonly string[];
  readonly credentials?: string;
  readonly realm: string;
  readonly clock: Clock;
  readonly logging: Logging;
  /** Origins of `--access_control_allow_origin`. */
  readonly origins?: readonly string[];
  /** Whether answers are compressed where the client takes it. */
  readonly compress: boolean;
  /** Requests at a time; without bound where none is given. */
  readonly maxRequests?: number;
  /** Whether `/metrics/prometheus` is served. */
  readonly prometheus: boolean;
  /** @default "marathon" */
  readonly metricsPrefix?: string;
  /** Events that a slow reader may be behind. */
  readonly maxMessages?: number;
  /** Given where this server speaks TLS itself. */
  readonly tls?: Keystore;
  readonly onRequest?: HttpOptions["onRequest"];
  readonly onAnswer?: HttpOptions["onAnswer"];
}

const activeGauge = "http.requests.active.gauge";
const leaderTries = 10;
const leaderWaitMs = 250;
const alwaysSent = {
  "cache-control": "no-cache, no-store, must-revalidate",
  pragma: "no-cache",
  expires: "0",
  "x-frame-options": "DENY",
  "x-xss-protection": "1; mode=block",
};

/** Marathon's HTTP interface: answered here while this one leads, handed on to the leader otherwise. */
export function createMarathonServer(leadership: Leadership, options: ServerOptions): FastifyInstance {
  const server = createHttpServer({
    names: options.names,
    readers: options.origins,
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    onRequest: options.onRequest,
    onAnswer: options.onAnswer,
  });
  let streams: { core: Marathon; streams: EventStreams } | undefined;
  const streamsOf = (core: Marathon) => {
    if (streams?.core !== core)
      streams = {
        core,
        streams: new EventStreams(core.events, options.clock, options.maxMessages, (bytes) =>
          core.metrics.count("http.responses.event-stream.size.counter.bytes", bytes),
        ),
      };
    return streams.streams;
  };
  let active = 0;
  server.addHook("onResponse", async (request, reply) => {
    const metrics = leadership.core?.metrics;
    if (metrics === undefined) return;
    if (!metrics.gauges.has(activeGauge)) metrics.gauge(activeGauge, () => active);
    measure(metrics, request, reply);
  });
  server.register((scope, _options, registered) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    scope.route({
      method: ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
      url: "/*",
      handler: async (request, reply) => {
        if (options.origins !== undefined) allowOrigins(request, reply, options.origins);
        if (options.credentials !== undefined && !authorized(request, options.credentials)) {
          reply.header("www-authenticate", `Basic realm="${options.realm}"`);
          await sendHtmlError(request, reply, 401);
          return;
        }
        const max = options.maxRequests ?? Number.POSITIVE_INFINITY;
        if (active >= max) {
          await sendHtmlError(request, reply, 503, `Too many concurrent requests! Allowed: ${max}.`);
          return;
        }
        active += 1;
        try {
          await respond(request, reply, leadership, options, streamsOf);
        } finally {
          active -= 1;
        }
      },
    });
    registered();
  });
  server.addHook("preClose", async () => streams?.streams.close());
  return server;
}

async function respond(
  request: FastifyRequest,
  reply: FastifyReply,
  leadership: Leadership,
  options: ServerOptions,
  streamsOf: (core: Marathon) => EventStreams,
): Promise<void> {
  const url = new URL(request.url.startsWith("/") ? `http://marathon${request.url}` : request.url);
  const path = decode(url.pathname).replace(/(.)\/+$/, "$1");
  options.logging.request(`${request.ip} ${request.method} ${url.pathname}`);
  const core = await leadingCore(leadership, options);
  if (core === undefined) {
    await handOn(request, reply, leadership, options, path);
    return;
  }
  reply.headers({ ...alwaysSent, "x-marathon-leader": `${schemeOf(options)}://${options.own}` });
  if (path === "/v2/events") {
    if (await refusedByServlet(request, reply)) return;
    streamsOf(core).attach(reply, request.ip, new Set(url.searchParams.getAll("event_type")));
    return;
  }
  const file = request.method === "GET" || request.method === "HEAD" ? pageFile(url.pathname) : undefined;
  if (file !== undefined) {
    await reply.headers(file.headers).send(file.body);
    return;
  }
  const apiRequest: ApiRequest = {
    method: request.method === "HEAD" ? "GET" : request.method,
    path,
    query: url.searchParams,
    body: Buffer.isBuffer(request.body) ? request.body : undefined,
    accept: request.headers.accept ?? "*/*",
    clientIp: request.ip,
    origin: `${request.protocol}://${request.host}`,
    uri: url.pathname,
  };
  const answered = (answer: ApiResponse) => send(request, reply, answer, options.compress);
  try {
    const early = negotiated(apiRequest.method, path, apiRequest.accept, request.headers["content-type"]);
    const answer = early ?? (await route(core, apiRequest, leadership, options));
    await answered(answer ?? { status: 500, body: { message: "URI not found" } });
  } catch (error) {
    if (error instanceof ApiError) {
      await answered({ status: error.status, body: error.body });
      return;
    }
    options.logging.info(
      `${request.method} ${path}: ${error instanceof Error ? error.stack : messageOf(error)}`,
    );
    await answered({ status: 500, body: { message: messageOf(error) } });
  }
}

/** What no reader of events asks is answered by the servlet alone. */
async function refusedByServlet(request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
  const { method } = request;
  if (method === "OPTIONS") {
    await reply.header("allow", "GET, HEAD, OPTIONS").send();
  } else if (method === "PATCH") {
    const reason = `Method ${method} is not defined in RFC 2068 and is not supported by the Servlet API`;
    await sendHtmlError(request, reply, 501, reason);
  } else if (method !== "GET" || !(request.headers.accept ?? "").includes("text/event-stream")) {
    await sendHtmlError(request, reply, 405, `HTTP method ${method} is not supported by this URL`);
  } else {
    return false;
  }
  return true;
}

async function prometheus(core: Marathon, prefix: string): Promise<ApiResponse> {
  const headers = { "content-type": "text/plain; version=0.0.4; charset=utf-8" };
  return { status: 200, body: await metricsText(core.metrics, prefix), headers };
}

/** How members reach each other. */
function schemeOf(options: ServerOptions): string {
  return options.keystore === undefined ? "http" : "https";
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return path;
    throw error;
  }
}

async function route(
  core: Marathon,
  request: ApiRequest,
  leadership: Leadership,
  options: ServerOptions,
): Promise<ApiResponse | undefined> {
  const { path, method } = request;
  const { metricsPrefix = "marathon" } = options;
  const under = (base: string) => path === base || path.startsWith(`${base}/`);
  if (under("/v2/apps")) return await appsApi(core, request);
  if (under("/v2/pods")) return await podsApi(core, request);
  if (under("/v2/tasks")) return await tasksApi(core, request);
  if (under("/v2/groups")) return await groupsApi(core, request);
  if (under("/v2/deployments")) return await deploymentsApi(core, request);
  if (under("/v2/queue")) return queueApi(core, request);
  if (under("/v2/plugins")) return pluginsApi(path);
  if (path === "/v2/leader") return leaderApi(request, leadership);
  if (path === "/logging") return loggingApi(request, options.logging);
  if (method !== "GET") return undefined;
  switch (path) {
    case "/":
      return { status: 302, headers: { location: "ui/" } };
    case "/ui":
      return { status: 302, headers: { location: "/ui/" } };
    case "/ping":
      return ping(request.accept);
    case "/v2/info":
      return { status: 200, body: { ...leadership.info(), frameworkId: core.frameworkId ?? null } };
    case "/metrics":
      return { status: 200, body: metricsJson(core.metrics, metricsPrefix) };
    case "/metrics/prometheus":
      return options.prometheus ? await prometheus(core, metricsPrefix) : undefined;
    default:
      return undefined;
  }
}

function leaderApi(request: ApiRequest, leadership: Leadership): ApiResponse | undefined {
  if (request.method === "GET") {
    return leadership.leader === undefined
      ? { status: 404, body: { message: "There is no leader" } }
      : { status: 200, body: { leader: leadership.leader } };
  }
  if (request.method !== "DELETE") return undefined;
  for (const name of ["backup", "restore"]) checkBackupUri(request.query.get(name));
  leadership.abdicate();
  return { status: 200, body: { message: "Leadership abdicated" } };
}

/** The core when this one leads; waits a little while nobody is known to. */
async function leadingCore(leadership: Leadership, options: ServerOptions): Promise<Marathon | undefined> {
  for (let i = 0; i < leaderTries; i++) {
    if (leadership.core !== undefined) return leadership.core;
    if (leadership.leader !== undefined && leadership.leader !== options.own) return undefined;
    await new Promise<void>((resolve) => {
      options.clock.after(leaderWaitMs, resolve);
    });
  }
  return leadership.core;
}

async function handOn(
  request: FastifyRequest,
  reply: FastifyReply,
  leadership: Leadership,
  options: ServerOptions,
  path: string,
): Promise<void> {
  const { leader } = leadership;
  if (leader === undefined || leader === options.own) {
    await refuse(request, reply, "Could not determine the current leader");
  } else if (isLoop(request, options.own)) {
    await refuse(request, reply, "Detected proxying loop.");
  } else if (path === "/v2/events") {
    await reply
      .code(302)
      .header("location", `${schemeOf(options)}://${leader}${request.url}`)
      .send();
  } else {
    await proxyToLeader(request, reply, leader, options);
  }
}

function authorized(request: FastifyRequest, credentials: string): boolean {
  const sent = /^Basic\s+(\S+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(Buffer.from(sent, "base64").toString("utf8")), digest(credentials));
}
