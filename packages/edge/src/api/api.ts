// SPDX-License-Identifier: Apache-2.0
import { type BambooService, bambooId, isMesosError, MesosError, messageOf } from "@pulumi-mesos/model";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import type { PlacedApp } from "../discovery/rotation";
import type { AppTraffic } from "../haproxy/traffic";
import type { EdgeHealth } from "../health";
import { addPage, type PageBackend, pageFile } from "../page/page-api";
import { goJson, sorted } from "./go-json";
import { hasToken, isOpen, isStatus, refusal } from "./guard";
import { readService } from "./service-request";
import { servicesDocument, stateDocument } from "./state-document";

/** What the API shows and changes. */
export interface ApiBackend {
  /** Rules as ZooKeeper has them now. */
  rules(): Promise<ReadonlyMap<string, BambooService>>;
  knownRules(): ReadonlyMap<string, BambooService>;
  putRule(id: string, acl: string, config: Readonly<Record<string, string>> | null): Promise<void>;
  removeRule(id: string): Promise<boolean>;
  /** What HAProxy says against a condition, or nothing. */
  judge(acl: string, signal: AbortSignal): Promise<string | undefined>;
  /** Marathon's apps, or nothing before the first answer. */
  apps(): ReadonlyMap<string, PlacedApp> | undefined;
  marathonAgeMs(): number | undefined;
  resync(): void;
  health(): EdgeHealth;
  /** Prometheus' text. */
  metrics(): Promise<string>;
  /** What has been counted of requests, by app. */
  traffic(): Promise<ReadonlyMap<string, AppTraffic>>;
}

export interface ApiOptions {
  readonly backend: ApiBackend;
  /** No page without. */
  readonly page?: PageBackend;
  /** Names by which this edge may be called beside IP addresses and localhost. */
  readonly advertised: ReadonlySet<string>;
  /** Needed for rules, apps and metrics when it is set. */
  readonly token?: string;
  /** Key and certificates as PEM; plain HTTP without. */
  readonly certificate?: string;
}

const text = "text/plain; charset=utf-8";
const json = "application/json";

/** Bamboo's HTTP API and `/api/health`. */
export function createApi({ backend, page, advertised, token, certificate }: ApiOptions): FastifyInstance {
  const app = makeServer(certificate);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));
  app.addHook("onRequest", async (request, reply) => {
    // What a body is says its path; what a client calls it need not even be a media type, as with Bamboo.
    request.raw.headers["content-type"] = undefined;
    // Whoever asks whether this edge lives may call it by any name.
    if (isStatus(request.url)) return undefined;
    // No foreign page knows the token.
    if (token !== undefined && hasToken(request.headers.authorization, token)) return undefined;
    const isPage = page !== undefined && pageFile(request.url) !== undefined;
    const refused = refusal({ ...guarded(request), isPage }, advertised);
    if (refused !== undefined) return fail(reply, 403, refused);
    if (token !== undefined && !isPage && !isOpen(request.url)) {
      return fail(
        reply.header("www-authenticate", "Bearer"),
        401,
        "give the edge's token: Authorization: Bearer <token>",
      );
    }
    return undefined;
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).type(text).send("404 page not found\n"));
  app.setErrorHandler((error, _request, reply) => {
    if (isMesosError(error) && error.retryable) return fail(reply, 503, error.message);
    const status = (error as { statusCode?: number }).statusCode ?? 500;
    return fail(reply, status, messageOf(error));
  });
  addStatus(app, backend);
  addServices(app, backend);
  if (page) addPage(app, page);
  return app;
}

function makeServer(certificate: string | undefined): FastifyInstance {
  const options = {
    bodyLimit: 1 << 20,
    requestTimeout: 10_000,
    forceCloseConnections: true,
    // Of a URL that cannot be decoded, for which there is no route.
    frameworkErrors: (
      error: Error & { statusCode?: number },
      _request: FastifyRequest,
      reply: FastifyReply,
    ) => void fail(reply, error.statusCode ?? 400, error.message),
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 4096 },
  };
  if (certificate === undefined) return fastify(options);
  // The same server behind TLS; only its type differs.
  return fastify({
    ...options,
    https: { key: certificate, cert: certificate },
  }) as unknown as FastifyInstance;
}

function addStatus(app: FastifyInstance, backend: ApiBackend): void {
  both(app, "/status", (_request, reply) => reply.type("text/plain; charset=utf-8").send("OK"));
  both(app, "/api/health", (_request, reply) => {
    const health = backend.health();
    return reply
      .code(health.serving ? 200 : 503)
      .type(json)
      .send(JSON.stringify(health));
  });
  both(app, "/api/state", (_request, reply) => {
    const apps = backend.apps();
    if (!apps)
      throw new MesosError("MESOS_EDGE_NO_STATE", "marathon has not answered yet", { retryable: true });
    reply.header("X-Marathon-Age-Ms", Math.round(backend.marathonAgeMs() ?? 0));
    return sendJson(reply, goJson(stateDocument(apps.values(), backend.knownRules())));
  });
  both(app, "/metrics", async (_request, reply) =>
    reply.type("text/plain; version=0.0.4; charset=utf-8").send(await backend.metrics()),
  );
  both(app, "/api/traffic", async (_request, reply) =>
    sendJson(reply, goJson(sorted(Object.fromEntries(await backend.traffic())))),
  );
  for (const url of ["/api/marathon/event_callback", "/api/marathon/event_callback/"]) {
    app.post(url, (_request, reply) => {
      backend.resync();
      return reply.type(text).send("Got it!");
    });
  }
}

function addServices(app: FastifyInstance, backend: ApiBackend): void {
  both(app, "/api/services", async (_request, reply) =>
    sendJson(reply, goJson(servicesDocument(await backend.rules()))),
  );
  const write = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const sent = readService(
      String(request.body ?? ""),
      request.method === "PUT" ? idInUrl(request) : undefined,
    );
    if (!sent.ok) return fail(reply, 400, sent.message);
    const reason = await backend.judge(sent.acl, AbortSignal.timeout(10_000));
    if (reason !== undefined) return fail(reply, 400, `acl: haproxy refuses it: ${reason}`);
    const { Id, Acl, Config } = sent.service;
    await backend.putRule(Id, Acl, Config);
    return sendJson(reply, goJson({ Id, Acl, Config: Config && sorted(Config) }));
  };
  app.post("/api/services", write);
  app.post("/api/services/", write);
  app.put("/api/services/*", write);
  app.delete("/api/services/*", async (request, reply) => {
    const id = bambooId(idInUrl(request));
    if (id === "") return fail(reply, 400, "can not use empty ID");
    if (!(await backend.removeRule(id))) return fail(reply, 400, "zk: node does not exist");
    return sendJson(reply, "null");
  });
}

/** The id after `/api/services/`, decoded. */
function idInUrl(request: FastifyRequest): string {
  return String((request.params as { "*"?: string })["*"] ?? "");
}

/** A path for GET and HEAD, with and without a slash at the end. */
function both(
  app: FastifyInstance,
  url: string,
  handler: (request: FastifyRequest, reply: FastifyReply) => FastifyReply | Promise<FastifyReply>,
): void {
  app.get(url, handler);
  app.get(`${url}/`, handler);
}

/** As bytes, because fastify adds a charset to texts, which Bamboo does not. */
function sendJson(reply: FastifyReply, body: string): FastifyReply {
  return reply.header("content-type", json).send(Buffer.from(body));
}

function fail(reply: FastifyReply, status: number, message: string): FastifyReply {
  return reply.code(status).type(text).send(`${message}\n`);
}

function guarded({ headers, raw }: FastifyRequest): Parameters<typeof refusal>[0] {
  const fetchSite = headers["sec-fetch-site"];
  return {
    isOld: raw.httpVersion === "1.0",
    host: headers.host,
    origin: headers.origin,
    fetchSite: typeof fetchSite === "string" ? fetchSite : undefined,
  };
}
