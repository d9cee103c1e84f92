// SPDX-License-Identifier: Apache-2.0
import type { FastifyInstance } from "fastify";
import { addPageFiles, pageOf, sendFile } from "../http";

/**
 * `GET /` and its files: the agent's tasks, and with `?framework=…&task=…` a task's sandbox and live output. Masters link
 * here: an agent takes no requests from the pages of others, so its files are shown at its own origin.
 */
export function addPage(server: FastifyInstance): void {
  const own = pageOf("agent");
  addPageFiles(server, own);
  server.get("/", async (_request, reply) => await sendFile(reply, own.get("index.html")));
}
