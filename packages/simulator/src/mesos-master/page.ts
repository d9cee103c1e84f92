// SPDX-License-Identifier: Apache-2.0
import type { FastifyInstance } from "fastify";
import { addPageFiles, pageOf, sendFile } from "../http";
import type { MasterView } from "./routes";

/** `GET /` and its files: the leading master's page; a standby sends the reader on to the one that leads. */
export function addPage(server: FastifyInstance, view: MasterView): void {
  const own = pageOf("master");
  addPageFiles(server, own);
  server.get("/", async (_request, reply) => {
    if (view.leader === undefined && !view.elected && view.leaderInfo !== undefined) {
      const { hostname, port } = view.leaderInfo;
      return await reply.code(307).header("location", `//${hostname}:${port}/`).send();
    }
    return await sendFile(reply, own.get("index.html"));
  });
}
