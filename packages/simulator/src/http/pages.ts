// SPDX-License-Identifier: Apache-2.0
import path from "node:path";
import { type StaticFile, type StaticFiles, sharedFiles, staticFolder } from "@pulumi-mesos/pages";
import type { FastifyInstance, FastifyReply } from "fastify";

/** The programs that show a page of their own. */
export type PageName = "master" | "agent" | "marathon";

/** A page's own files; what pages share is beside them under `/pages/`. */
export function pageOf(name: PageName): StaticFiles {
  return staticFolder(path.join(__dirname, "..", "..", "static", name));
}

/** Answers with the file, or with 404. */
export async function sendFile(reply: FastifyReply, file: StaticFile | undefined): Promise<FastifyReply> {
  if (file === undefined) return await reply.code(404).send();
  return await reply.headers(file.headers).send(file.body);
}

/** Serves a page's files below `/assets/` and the shared ones below `/pages/`; the page itself is the caller's to route. */
export function addPageFiles(server: FastifyInstance, own: StaticFiles): void {
  const named = (request: { params: unknown }): string => (request.params as { name: string }).name;
  server.get("/pages/:name", async (request, reply) => sendFile(reply, sharedFiles().get(named(request))));
  server.get("/assets/:name", async (request, reply) => sendFile(reply, own.get(named(request))));
}
