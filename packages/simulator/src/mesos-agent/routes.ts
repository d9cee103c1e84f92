// SPDX-License-Identifier: Apache-2.0
import type { FastifyInstance } from "fastify";
import { addFilesRoutes, type FilesView } from "../files";
import { addLoggingRoutes, type LoggingLevel } from "../logging-level";
import { addMetricsRoute } from "../metrics-route";
import { versionInfo } from "../protocol/types";
import type { Agent } from "./agent";
import { agentMetrics } from "./metrics";
import { addPage } from "./page";
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
}

/** What people and tools ask an agent (mesos.md 2.1), with and without `/slave(1)`. */
export function addAgentRoutes(server: FastifyInstance, view: AgentView): void {
  server.get("/health", async (_request, reply) => reply.code(200).send());
  server.get("/version", async () => versionInfo);
  server.get("/flags", async () => ({ flags: view.texts }));
  addMetricsRoute(
    server,
    () => metrics(view),
    async () => undefined,
  );
  server.get("/state", async () => stateJson(view));
  server.get("/state.json", async () => stateJson(view));
  addLoggingRoutes(server, view.logging, () => true);
  addFilesRoutes(server, view.files);
  addPage(server);
  server.setNotFoundHandler(async (_request, reply) => {
    await reply.code(404).send();
  });
}

/** fastify reads parentheses in a path as a pattern, so `/slave(1)` is cut off before routing. */
export function withoutPrefix(url: string): string {
  return url.replace(/^\/slave(?:\(1\)|%281%29)(?=\/|$)/i, "") || "/";
}

/** The answer of /metrics/snapshot and GET_METRICS. */
export function metrics(view: AgentView): Record<string, number> {
  return agentMetrics(view.agent, view.now());
}
