// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from "node:http";
import type { TlsOptions } from "node:tls";
import { MesosError, messageOf } from "@pulumi-mesos/model";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { refusal } from "./guard";

/** How a program's HTTP server is made. */
export interface HttpOptions {
  /** Names beside IP addresses and localhost that a Host header may carry: the advertised hostname. */
  readonly names?: readonly string[];
  /** Foreign origins whose pages may read here, never change; `*` is all of them. */
  readonly readers?: readonly string[];
  /** Serves TLS with this key and certificate. */
  readonly tls?: TlsOptions;
  /** Where programs may send forms, as the older endpoints of the real ones expect. */
  readonly forms?: (path: string) => boolean;
  /** Paths that nobody may ask. */
  readonly disabled?: ReadonlySet<string>;
  /** @default 16 MiB */
  readonly bodyLimit?: number;
  /** Whether `/a/` is `/a`. @default true */
  readonly ignoreTrailingSlash?: boolean;
  /** The path that is routed instead of the one asked for. */
  readonly rewriteUrl?: (url: string) => string;
  /** Sees every request that the guard lets pass, before its route; it may answer by itself. */
  readonly onRequest?: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
  /** Sees every request once it is answered. */
  readonly onAnswer?: (request: FastifyRequest, status: number) => void;
}

/**
 * A fastify server with the browser guard and bounded bodies, headers and times; it does not listen yet.
 *
 * `application/json` arrives parsed (an empty body as undefined), every other media type as a Buffer.
 */
export function createHttpServer(options: HttpOptions = {}): FastifyInstance {
  const names = new Set((options.names ?? []).map((n) => n.toLowerCase()));
  const readers = new Set((options.readers ?? []).map((o) => o.toLowerCase()));
  const { rewriteUrl } = options;
  const server = fastify({
    // Typed as a server without TLS: routes and hooks are the same for both.
    ...(options.tls === undefined ? {} : ({ https: options.tls } as object)),
    ...(rewriteUrl === undefined
      ? {}
      : { rewriteUrl: (request: IncomingMessage) => rewriteUrl(request.url ?? "/") }),
    bodyLimit: options.bodyLimit ?? 16 * 1024 * 1024,
    requestTimeout: 30_000,
    keepAliveTimeout: 15_000,
    forceCloseConnections: true,
    exposeHeadRoutes: true,
    routerOptions: {
      ignoreTrailingSlash: options.ignoreTrailingSlash ?? true,
      maxParamLength: 2_000,
      querystringParser: (text) => Object.fromEntries(new URLSearchParams(text)),
    },
    http: { maxHeaderSize: 16 * 1024, headersTimeout: 10_000 },
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => {
    if (body === "") return done(null, undefined);
    try {
      return done(null, JSON.parse(body.toString()));
    } catch (error) {
      const message = `Failed to parse body into JSON: ${messageOf(error)}`;
      const failure = new MesosError("MESOS_SIMULATOR_BODY", message, { cause: error });
      return done(Object.assign(failure, { statusCode: 400 }));
    }
  });
  server.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  // Hooks that call back instead of promising: every message of a busy cluster passes here.
  server.addHook("onRequest", (request, reply, done) => {
    const refused = refusal(
      {
        method: request.method,
        host: request.headers.host,
        origin: request.headers.origin,
        contentType: request.headers["content-type"],
        forms: isProgram(request) && (options.forms?.(request.url.split("?")[0] ?? "") ?? false),
      },
      names,
      readers,
    );
    if (refused === undefined) done();
    else void reply.code(refused.status).send({ message: refused.message });
  });
  const { onRequest, onAnswer, disabled } = options;
  if (disabled !== undefined) {
    server.addHook("onRequest", async (request, reply) => {
      const path = request.originalUrl.split("?")[0] ?? "";
      if (disabled.has(path) || disabled.has(request.routeOptions.url ?? "")) {
        await reply.code(403).type("text/plain").send(`Endpoint '${path}' is disabled`);
      }
    });
  }
  if (onRequest !== undefined) server.addHook("onRequest", onRequest);
  if (onAnswer !== undefined) {
    server.addHook("onResponse", (request, reply, done) => {
      onAnswer(request, reply.statusCode);
      done();
    });
  }
  // The real programs name no character set for JSON.
  server.addHook("onSend", async (_request, reply) => {
    if (reply.getHeader("content-type") === "application/json; charset=utf-8") {
      reply.header("content-type", "application/json");
    }
  });
  server.setErrorHandler(async (error: { statusCode?: number; message: string }, _request, reply) => {
    await reply.code(error.statusCode ?? 500).send({ message: error.message });
  });
  return server;
}

/** Every browser that sends a form to another site says so in one of these. */
function isProgram(request: FastifyRequest): boolean {
  return request.headers.origin === undefined && request.headers["sec-fetch-site"] === undefined;
}
