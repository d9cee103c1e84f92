// SPDX-License-Identifier: Apache-2.0
import { Readable } from "node:stream";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Authorizer } from "../authorizer";
import type { FilesView } from "../files";
import { principalOf } from "../http";
import type { LoggingLevel } from "../logging-level";
import { addMetricsRoute } from "../metrics-route";
import { type MasterInfo, versionInfo } from "../protocol/types";
import type { Context } from "./context";
import { jsonChunks } from "./json-chunks";
import type { Leader } from "./leader";
import { frameworkJson, slavesJson, stateJson, summaryJson, type TasksQuery, tasksJson } from "./legacy-json";
import { addPage } from "./page";
import { forbidden, visible } from "./permissions";
import type { Framework } from "./state";

/** What the routes see of the program. */
export interface MasterView {
  /** Set while this master leads and has recovered. */
  readonly leader: Leader | undefined;
  /** Who leads, as ZooKeeper says. */
  readonly leaderInfo: MasterInfo | undefined;
  /** This master leads, recovered or not. */
  readonly elected: boolean;
  readonly texts: Readonly<Record<string, string>>;
  readonly startedAt: number;
  readonly masters: readonly { readonly address: string; readonly leading: boolean }[];
  readonly authorizer: Authorizer;
  readonly logging: LoggingLevel;
  readonly files: FilesView;
  metrics(): Record<string, number>;
}

type Answer = (context: Context, request: FastifyRequest) => unknown;

/** Answers 307 or 503 as a standby does, otherwise gives the leader. */
export async function leaderOrRedirect(
  view: MasterView,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Leader | undefined> {
  if (view.leader !== undefined) return view.leader;
  if (view.elected) {
    await reply.code(503).type("text/plain").send("Master has not finished recovery");
  } else if (view.leaderInfo === undefined) {
    await reply.code(503).type("text/plain").send("No leader elected");
  } else {
    const { hostname, port } = view.leaderInfo;
    await reply.code(307).header("location", `//${hostname}:${port}${request.url}`).send();
  }
  return undefined;
}

/** The endpoints for people and tools (mesos.md 2.1 and 2.2), each with and without `/master`. */
export function addRoutes(server: FastifyInstance, view: MasterView): void {
  const both = (path: string, add: (path: string) => void): void => {
    add(path);
    add(`/master${path}`);
  };
  /** Older tools ask for `.json`, and some post. */
  const leading = (path: string, answer: Answer): void => {
    for (const alias of [path, `${path}.json`]) {
      both(alias, (url) =>
        server.route({
          method: ["GET", "POST"],
          url,
          handler: async (request, reply) => {
            const leader = await leaderOrRedirect(view, request, reply);
            if (leader === undefined) return reply;
            const document = answer(visible(leader.context, principalOf(request)), request);
            const chunks = Readable.from(jsonChunks(document));
            return await reply.header("content-type", "application/json").send(chunks);
          },
        }),
      );
    }
  };
  leading("/state", (context, request) => {
    const flags = context.authorizer.allows("view_flags", principalOf(request));
    return stateJson(context, flags ? view.texts : undefined, view.startedAt);
  });
  leading("/state-summary", (context) => summaryJson(context));
  leading("/slaves", (context, request) =>
    slavesJson(context, (request.query as { slave_id?: string }).slave_id),
  );
  leading("/slaves/:id", (context, request) => slavesJson(context, (request.params as { id?: string }).id));
  leading("/frameworks", ({ state }, request) => {
    const only = (request.query as { framework_id?: string }).framework_id;
    const some = (all: ReadonlyMap<string, Framework>): unknown[] =>
      [...all.values()].filter((f) => only === undefined || f.id === only).map(frameworkJson);
    return {
      frameworks: some(state.frameworks),
      completed_frameworks: some(state.completedFrameworks),
      unregistered_frameworks: [],
    };
  });
  leading("/tasks", (context, request) => tasksJson(context, request.query as TasksQuery));
  addOpenRoutes(server, view, both);
  server.setNotFoundHandler(async (_request, reply) => {
    await reply.code(404).send();
  });
}

/** What every master answers, leading or not. */
function addOpenRoutes(
  server: FastifyInstance,
  view: MasterView,
  both: (path: string, add: (path: string) => void) => void,
): void {
  both("/health", (p) => server.get(p, async (_request, reply) => reply.code(200).send()));
  both("/redirect", (p) =>
    server.get(p, async (_request, reply) => {
      const info = view.leaderInfo;
      if (info === undefined) return await reply.code(503).type("text/plain").send("No leader elected");
      return await reply.code(307).header("location", `//${info.hostname}:${info.port}`).send();
    }),
  );
  for (const path of ["/flags", "/flags.json"]) {
    both(path, (p) =>
      server.get(p, async (request, reply) => {
        const allowed = view.authorizer.allows("view_flags", principalOf(request));
        return allowed ? { flags: view.texts } : await refuse(reply);
      }),
    );
  }
  server.get("/version", async () => versionInfo);
  addMetricsRoute(
    server,
    () => view.metrics(),
    async (request, reply) => {
      const allowed = view.authorizer.allows("get_endpoints", principalOf(request), "/metrics/snapshot");
      return allowed ? undefined : await refuse(reply);
    },
  );
  server.get("/simulator/masters", async () => ({ masters: view.masters }));
  addPage(server, view);
}

async function refuse(reply: FastifyReply): Promise<FastifyReply> {
  return await reply.code(forbidden.status).type("text/plain").send(forbidden.message);
}
