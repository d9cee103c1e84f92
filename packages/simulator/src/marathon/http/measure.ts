// SPDX-License-Identifier: Apache-2.0
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Metrics } from "../metrics/metrics";

/** Counts an answered request: its duration by method, its status class, and the bytes both ways. */
export function measure(metrics: Metrics, request: FastifyRequest, reply: FastifyReply): void {
  const name = "http.requests.duration.timer.seconds";
  const seconds = reply.elapsedTime / 1000;
  if (!request.url.startsWith("/v2/events")) {
    metrics.time(name, seconds);
    metrics.time(name.replace("duration", `${request.method.toLowerCase()}.duration`), seconds);
  }
  metrics.mark(`http.responses.${Math.floor(reply.statusCode / 100)}xx.rate.meter`);
  metrics.count("http.requests.size.counter.bytes", lengthOf(request.headers["content-length"]));
  const sent = lengthOf(reply.getHeader("content-length"));
  metrics.count("http.responses.size.counter.bytes", sent);
  if (reply.getHeader("content-encoding") === "gzip") {
    metrics.count("http.responses.size.gzipped.counter.bytes", sent);
  }
}

function lengthOf(header: unknown): number {
  const length = Number(header ?? 0);
  return Number.isFinite(length) ? length : 0;
}
