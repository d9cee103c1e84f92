// SPDX-License-Identifier: Apache-2.0
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Leader } from "./leader";
import { leaderOrRedirect, type MasterView } from "./routes";
import type { CallRefusal } from "./scheduler-call";

const methods = ["GET", "POST", "PUT", "DELETE"] as const;
type Method = (typeof methods)[number];

/** What a leading master does with a request; what it returns is sent, with 200 unless it says otherwise. */
export type LeaderHandler = (leader: Leader, request: FastifyRequest, reply: FastifyReply) => unknown;

/** A path with and without `/master`; other masters send it to the leader, other methods than these get 405. */
export function leaderRoute(
  server: FastifyInstance,
  view: MasterView,
  path: string,
  handlers: Readonly<Partial<Record<Method, LeaderHandler>>>,
): void {
  for (const url of [path, `/master${path}`]) {
    server.route({
      method: [...methods],
      url,
      handler: async (request, reply) => {
        const leader = await leaderOrRedirect(view, request, reply);
        if (leader === undefined) return reply;
        const handler = handlers[request.method === "HEAD" ? "GET" : (request.method as Method)];
        if (handler === undefined) return await notAllowed(request, reply, Object.keys(handlers));
        return await handler(leader, request, reply);
      },
    });
  }
}

/** 405 as libprocess words it. */
export async function notAllowed(
  request: FastifyRequest,
  reply: FastifyReply,
  allowed: readonly string[],
): Promise<FastifyReply> {
  return await reply
    .code(405)
    .header("allow", allowed.join(", "))
    .type("text/plain")
    .send(`Expecting one of { '${allowed.join("', '")}' }, but received '${request.method}'`);
}

/** An empty answer, or the refusal. */
export async function answer(
  reply: FastifyReply,
  refused: CallRefusal | undefined,
  status = 200,
): Promise<FastifyReply> {
  if (refused === undefined) return await reply.code(status).send();
  return await reply.code(refused.status).type("text/plain").send(refused.message);
}

/** A body as JSON, whatever its media type says: the older endpoints do not look at that. */
export function jsonBody(request: FastifyRequest): unknown {
  if (!Buffer.isBuffer(request.body)) return request.body;
  try {
    return JSON.parse(request.body.toString("utf8"));
  } catch {
    return undefined;
  }
}
