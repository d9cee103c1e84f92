// SPDX-License-Identifier: Apache-2.0
import type { FastifyReply, FastifyRequest } from "fastify";

/**
 * The headers of `--access_control_allow_origin` on an answer: reading is allowed, changing is not.
 *
 * Marathon names the last origin of the flag to everybody; here a listed origin is named to itself, so that several work.
 */
export function allowOrigins(request: FastifyRequest, reply: FastifyReply, origins: readonly string[]): void {
  const origin = request.headers.origin;
  const last = origins.at(-1);
  if (last === undefined) return;
  const named = origins.find((o) => o.toLowerCase() === origin?.toLowerCase());
  reply.header("access-control-allow-origin", origins.includes("*") ? "*" : (named ?? last));
  const asked = request.headers["access-control-request-headers"];
  reply.header(
    "access-control-allow-headers",
    (asked ?? "")
      .split(",")
      .map((h) => h.trim())
      .join(", "),
  );
  reply.header("access-control-allow-methods", "GET, HEAD, OPTIONS");
  reply.header("access-control-max-age", "86400");
  if (!origins.includes("*")) reply.header("vary", "Origin");
}
