// SPDX-License-Identifier: Apache-2.0
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ApiResponse } from "./messages";

const zipped = promisify(gzip);
/** Shorter bodies are sent as they are, as Jetty's handler does. */
const minCompressed = 16;

/**
 * Sends what the API answers. As Jetty's GzipHandler: only a GET that succeeds is compressed, where the client takes
 * gzip; that it could be is said to all.
 */
export async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  answer: ApiResponse,
  compress: boolean,
): Promise<void> {
  reply.code(answer.status);
  if (answer.headers !== undefined) reply.headers(answer.headers);
  if (answer.body === undefined) {
    await reply.send();
    return;
  }
  // A Buffer goes out as it is: for a string fastify would add a charset that Marathon does not send.
  const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
  if (typeof answer.body !== "string") reply.header("content-type", "application/json");
  const body = Buffer.from(text);
  if (!compress || request.method !== "GET" || answer.status >= 300) {
    await reply.send(body);
    return;
  }
  const before = reply.getHeader("vary");
  reply.header("vary", before === undefined ? "Accept-Encoding" : `${String(before)}, Accept-Encoding`);
  if (body.length < minCompressed || !takesGzip(request)) {
    await reply.send(body);
    return;
  }
  await reply.header("content-encoding", "gzip").send(await zipped(body));
}

function takesGzip(request: FastifyRequest): boolean {
  const accepted = String(request.headers["accept-encoding"] ?? "");
  return accepted.split(",").some((part) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(part));
}
