// SPDX-License-Identifier: Apache-2.0
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { addFilesRoutes, type FilesView } from "../files";
import { principalOf } from "../http";
import { addLoggingRoutes, type LoggingLevel } from "../logging-level";
import { addMetricsRoute } from "../metrics-route";
import { versionInfo } from "../protocol/types";
import type { Agent } from "./agent";
import { agentMetrics } from "./metrics";
import { addPage } from "./page";
import type { Sight } from "./sight";
import { stateJson } from "./state-json";

export interface AgentView {
  readonly agent: Agent | undefined;
  readonly pid: string;
  /** That it tells others. */
  readonly ip: string;
  readonly texts: Readonly<Record<string, string>>;
  readonly files: FilesView;
  readonly logging: LoggingLevel;
  now(): number;
  /** What whoever asks may see, by --acls. */
  sightOf(principal: string | undefined): Sight;
}

/** What people and tools ask an agent (mesos.md 2.1), with and without `/slave(1)`. */
export function addAgentRoutes(server: FastifyInstance, view: AgentView): void {
  server.get("/health", async (_request, reply) => reply.code(200).send());
  server.get("/version", async () => versionInfo);
  const sight = (request: FastifyRequest): Sight => view.sightOf(principalOf(request));
  server.get("/flags", async (request, reply) =>
    sight(request).allows("view_flags") ? { flags: view.texts } : await refuse(reply),
  );
  addMetricsRoute(
    server,
    () => metrics(view),
    (request, reply) => refuseEndpoint(view, request, reply, "/metrics/snapshot"),
  );
  for (const path of ["/state", "/state.json"])
    server.get(path, async (request) => stateJson(view, sight(request)));
  addLoggingRoutes(server, view.logging, (principal) =>
    view.sightOf(principal).allows("get_endpoints", "/logging/toggle"),
  );
  addFilesRoutes(server, view.files);
  addPage(server);
  server.setNotFoundHandler(async (_request, reply) => {
    await reply.code(404).send();
  });
}

/** Answers whom an endpoint is not for (GET_ENDPOINT_WITH_PATH of Mesos). */
export async function refuseEndpoint(
  view: AgentView,
  request: FastifyRequest,
  reply: FastifyReply,
  path: string,
): Promise<FastifyReply | undefined> {
  return view.sightOf(principalOf(request)).allows("get_endpoints", path) ? undefined : await refuse(reply);
}

async function refuse(reply: FastifyReply): Promise<FastifyReply> {
  return await reply.code(403).type("text/plain").send("403 Forbidden.");
}

/** fastify reads parentheses in a path as a pattern, so `/slave(1)` is cut off before routing. */
export function withoutPrefix(url: string): string {
  return url.replace(/^\/slave(?:\(1\)|%281%29)(?=\/|$)/i, "") || "/";
}

/** The answer of /metrics/snapshot and GET_METRICS. */
export function metrics(view: AgentView): Record<string, number> {
  return agentMetrics(view.agent, view.now());
}
