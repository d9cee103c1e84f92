// SPDX-License-Identifier: Apache-2.0
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { MesosError, messageOf } from "@pulumi-mesos/model";
import { pageFile } from "./page-files";

/** What the controller tells over HTTP. */
export interface StatusSource {
  health(): object;
  status(): object;
  /** Prometheus' text. */
  metrics(): Promise<string>;
  /** What `/status` and `/metrics` ask for. @default nobody is asked */
  readonly token?: string;
  /** Key and certificates as PEM. @default plain HTTP */
  readonly certificate?: string;
}

/** A page at `/`, `GET /health` and `GET /status`, in JSON, and `GET /metrics`. */
export function createStatusServer(source: StatusSource): {
  listen(host: string, port: number): Promise<number>;
  close(): Promise<void>;
} {
  const server = serverOf(source.certificate, (request, response) => {
    request.resume();
    const path = (request.url ?? "").split("?")[0] ?? "";
    const page = pageFile(path);
    if (request.method !== "GET" && request.method !== "HEAD") answer(response, 405, { message: "only GET" });
    else if (page !== undefined) {
      response.writeHead(200, page.headers);
      response.end(request.method === "HEAD" ? undefined : page.body);
    } else if (path === "/health") answer(response, 200, source.health());
    else if (
      (path === "/status" || path === "/metrics") &&
      !isKnown(request.headers.authorization, source.token)
    ) {
      response.setHeader("WWW-Authenticate", "Bearer");
      answer(response, 401, { message: "give the controller's token: Authorization: Bearer <token>" });
    } else if (path === "/status") answer(response, 200, source.status());
    else if (path === "/metrics") answerMetrics(response, source);
    else answer(response, 404, { message: "not found: try /health, /status or /metrics" });
  });
  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once("error", (error) =>
          reject(
            new MesosError("MESOS_GROUPS_BIND", `cannot listen on ${host}:${port}: ${messageOf(error)}`, {
              cause: error,
            }),
          ),
        );
        server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function serverOf(certificate: string | undefined, listener: RequestListener): Server {
  const bounds = { maxHeaderSize: 8192, requestTimeout: 5000 };
  return certificate === undefined
    ? createServer(bounds, listener)
    : createSecureServer({ ...bounds, key: certificate, cert: certificate }, listener);
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(`${JSON.stringify(body)}\n`);
}

function answerMetrics(response: ServerResponse, source: StatusSource): void {
  source.metrics().then(
    (text) => {
      response.writeHead(200, { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" });
      response.end(text);
    },
    (error: unknown) => answer(response, 500, { message: messageOf(error) }),
  );
}

/** Without telling by its time how much of a wrong token is right. */
function isKnown(authorization: string | undefined, token: string | undefined): boolean {
  if (token === undefined) return true;
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return given !== undefined && timingSafeEqual(digest(given), digest(token));
}
