// SPDX-License-Identifier: Apache-2.0
import { cpus, freemem, loadavg, totalmem } from "node:os";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { duration } from "./flags";

/** What every program of Mesos tells of its machine. */
export function systemMetrics(): Record<string, number> {
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  return {
    "system/cpus_total": cpus().length,
    "system/load_1min": one,
    "system/load_5min": five,
    "system/load_15min": fifteen,
    "system/mem_free_bytes": freemem(),
    "system/mem_total_bytes": totalmem(),
  };
}

/** `GET /system/stats.json` of libprocess, which older tools ask (3rdparty/libprocess/include/process/system.hpp). */
function addSystemRoute(server: FastifyInstance): void {
  server.get("/system/stats.json", async () => {
    const [avg_load_1min, avg_load_5min, avg_load_15min] = loadavg();
    return {
      avg_load_1min,
      avg_load_5min,
      avg_load_15min,
      cpus_total: cpus().length,
      mem_total_bytes: totalmem(),
      mem_free_bytes: freemem(),
    };
  });
}

/**
 * `GET /metrics/snapshot`; with `timeout` a real one leaves out what it does not know by then, and here all is known at once.
 * @param refuse answers whom it is not for
 */
export function addMetricsRoute(
  server: FastifyInstance,
  metrics: () => Record<string, number>,
  refuse: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined>,
): void {
  addSystemRoute(server);
  server.get("/metrics/snapshot", async (request, reply) => {
    const refused = await refuse(request, reply);
    if (refused !== undefined) return refused;
    const { timeout } = request.query as { timeout?: string };
    if (timeout !== undefined && !isDuration(timeout)) {
      const message = `Invalid timeout '${timeout}': Invalid duration '${timeout}'.\n`;
      return await reply.code(400).type("text/plain").send(message);
    }
    return metrics();
  });
}

function isDuration(text: string): boolean {
  try {
    duration(text);
    return true;
  } catch {
    return false;
  }
}
