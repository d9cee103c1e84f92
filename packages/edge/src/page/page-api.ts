// SPDX-License-Identifier: Apache-2.0
import path from "node:path";
import { MesosError } from "@pulumi-mesos/model";
import { type StaticFile, sharedFiles, staticFolder } from "@pulumi-mesos/pages";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Question, readQuestion } from "../explain/asked";
import type { PageSource } from "./page-source";

/** What {@link addPage} needs of {@link PageSource}. */
export type PageBackend = Pick<PageSource, "overview" | "explain" | "configuration" | "listen">;

const own = staticFolder(path.join(__dirname, "..", "..", "static"));

/** The page's own file at a path, which tells nothing of what the edge knows; Bamboo has its page at `/`, too. */
export function pageFile(url: string): StaticFile | undefined {
  const pathname = url.replace(/\?.*$/s, "");
  if (pathname === "/") return own.get("index.html");
  const [, folder, name = ""] = /^\/(ui|pages)\/([^/]+)$/.exec(pathname) ?? [];
  if (folder === "pages") return sharedFiles().get(name);
  return folder === "ui" && name !== "index.html" ? own.get(name) : undefined;
}

/** The page at `/`, and what it asks beside Bamboo's API. */
export function addPage(app: FastifyInstance, backend: PageBackend): void {
  for (const url of ["/", "/ui/:name", "/pages/:name"]) {
    app.get(url, (request, reply) => {
      const file = pageFile(request.url);
      return file ? reply.headers(file.headers).send(file.body) : reply.callNotFound();
    });
  }
  app.get("/api/overview", async (_request, reply) => reply.send(await backend.overview()));
  app.get("/api/haproxy", (_request, reply) =>
    reply.type("text/plain; charset=utf-8").send(known(backend.configuration())),
  );
  app.get("/api/route", (request, reply) => {
    const asked = readQuestion(questionIn(request));
    if (!asked.ok) return reply.code(400).type("text/plain; charset=utf-8").send(`${asked.message}\n`);
    return reply.send({
      request: { ...asked.request, headers: undefined },
      ...known(backend.explain(asked.request)),
    });
  });
  // Without HEAD: a stream has no end to wait for.
  app.get("/api/changes", { exposeHeadRoute: false }, (_request, reply) => stream(reply, backend));
}

function known<T>(value: T | undefined): T {
  if (value === undefined)
    throw new MesosError("MESOS_EDGE_NO_STATE", "haproxy does not run yet", { retryable: true });
  return value;
}

/** `url`, `host`, `method`, `client`, and `header` as often as needed. */
function questionIn(request: FastifyRequest): Question {
  const query = request.query as Readonly<Record<string, string | string[] | undefined>>;
  const one = (name: string): string | undefined => [query[name] ?? []].flat().at(-1) || undefined;
  const [host, method, client] = ["host", "method", "client"].map(one);
  return {
    url: one("url") ?? "",
    ...(host !== undefined && { host }),
    ...(method !== undefined && { method }),
    ...(client !== undefined && { client }),
    headers: [query["header"] ?? []].flat().filter((line) => line !== ""),
  };
}

/** Server-sent events until the page goes. */
function stream(reply: FastifyReply, backend: PageBackend): FastifyReply {
  const { raw } = reply;
  const stop = backend.listen((told) => {
    if (!raw.headersSent)
      raw.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    // A page that does not read gets the next news instead of all of them.
    if (raw.writableLength < maxUnread) raw.write(`data: ${JSON.stringify(told)}\n\n`);
  });
  if (!stop) return reply.code(503).type("text/plain; charset=utf-8").send("too many pages are open\n");
  reply.hijack();
  raw.on("close", stop);
  return reply;
}

const maxUnread = 1 << 20;
