// SPDX-License-Identifier: Apache-2.0
import type { FastifyInstance } from "fastify";
import type { Clock } from "./clock";
import { duration as parseDuration } from "./flags";
import { principalOf } from "./http";

const mostVerbose = 3;

export interface LevelRefusal {
  readonly status: number;
  readonly message: string;
}

/** How verbose the log is for a while; this program has one level of words, so it is kept and told, not heard. */
export class LoggingLevel {
  readonly #clock: Clock;
  #level = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get level(): number {
    return this.#level;
  }

  /** Until `ms` have gone; why not, in libprocess's words. */
  set(level: number, ms: number): LevelRefusal | undefined {
    if (!Number.isInteger(level) || level > mostVerbose)
      return { status: 400, message: `Invalid level '${level}'.\n` };
    if (level < 0) return { status: 400, message: `'${level}' < original level.\n` };
    this.#clock.clear(this.#timer);
    this.#level = level;
    this.#timer = this.#clock.after(Math.min(Math.max(0, ms), 2_147_483_647), () => {
      this.#level = 0;
    });
    return undefined;
  }

  stop(): void {
    this.#clock.clear(this.#timer);
  }
}

/** `/logging/toggle?level=&duration=` of every master and agent (docs/endpoints/logging/toggle.md). */
export function addLoggingRoutes(
  server: FastifyInstance,
  logging: LoggingLevel,
  allows: (principal: string | undefined) => boolean,
): void {
  server.route({
    method: ["GET", "POST"],
    url: "/logging/toggle",
    handler: async (request, reply) => {
      reply.type("text/plain");
      const { level, duration } = request.query as { level?: string; duration?: string };
      if (!allows(principalOf(request))) return await reply.code(403).send("403 Forbidden.");
      if (level === undefined && duration === undefined) return `${logging.level}\n`;
      if (level === undefined) return await reply.code(400).send("Expecting 'level=value' in query.\n");
      if (duration === undefined) return await reply.code(400).send("Expecting 'duration=value' in query.\n");
      let ms: number;
      try {
        ms = parseDuration(duration);
      } catch {
        return await reply.code(400).send(`Invalid duration '${duration}'.\n`);
      }
      const number = /^\d+$/.test(level) ? Number(level) : Number.NaN;
      const refused = Number.isNaN(number)
        ? { status: 400, message: `Invalid level '${level}'.\n` }
        : logging.set(number, ms);
      if (refused === undefined) return await reply.type("text/plain").send("");
      return await reply.code(refused.status).send(refused.message);
    },
  });
}
