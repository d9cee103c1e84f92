// SPDX-License-Identifier: Apache-2.0
import type { IncomingHttpHeaders } from "node:http";
import { isMesosError } from "@pulumi-mesos/model";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { encodeRecord } from "../recordio";
import { decode, encode, type V1Format } from "./codec";
import type { Json } from "./json";
import type { V1Type } from "./schema";

const formats: readonly V1Format[] = ["application/json", "application/x-protobuf"];

/** An answer of status and text, in Mesos's words. */
export interface V1Refusal {
  readonly status: number;
  readonly message: string;
}

/** The media type of a header without parameters, in lower case. */
export function mediaType(header: string | undefined): string | undefined {
  return header?.split(";")[0]?.trim().toLowerCase();
}

/** Whether an Accept header allows a media type, as libprocess reads it: no header allows all, `q=0` forbids. */
export function acceptsMediaType(header: string | undefined, media: string): boolean {
  if (header === undefined) return true;
  const offered = header
    .toLowerCase()
    .replace(/[ \t\n]/g, "")
    .split(",");
  for (const candidate of [media, `${media.split("/")[0]}/*`, "*/*"]) {
    const parts = offered.find((o) => o.split(";")[0] === candidate)?.split(";");
    if (parts === undefined) continue;
    const q = parts.find((p) => p.startsWith("q="));
    return q === undefined || Number(q.slice(2)) > 0;
  }
  return false;
}

/** The format of the answer; JSON where both are welcome. */
export function answerFormat(headers: IncomingHttpHeaders): V1Format | V1Refusal {
  return (
    formats.find((format) => acceptsMediaType(headers.accept, format)) ?? {
      status: 406,
      message: "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'",
    }
  );
}

/** Reads the call that a request's body is. */
export function readCall(type: V1Type, headers: IncomingHttpHeaders, body: unknown): Json | V1Refusal {
  if (headers["content-type"] === undefined) {
    return { status: 400, message: "Expecting 'Content-Type' to be present" };
  }
  const media = mediaType(headers["content-type"]);
  const format = formats.find((f) => f === media);
  if (format === undefined) {
    return {
      status: 415,
      message: "Expecting 'Content-Type' of application/json or application/x-protobuf",
    };
  }
  try {
    return decode(type, format, Buffer.isBuffer(body) ? body : Buffer.alloc(0));
  } catch (error) {
    if (isMesosError(error) && error.code === "MESOS_SIMULATOR_BODY") {
      return { status: 400, message: error.message };
    }
    throw error;
  }
}

/** Whether what came back is a refusal; no message of the protocol has a `status` beside a `message`. */
export function isRefusal(value: unknown): value is V1Refusal {
  return typeof value === "object" && value !== null && "status" in value && "message" in value;
}

export async function sendRefusal(
  reply: FastifyReply,
  { status, message }: V1Refusal,
): Promise<FastifyReply> {
  if (message === "") return await reply.code(status).send();
  return await reply.code(status).type("text/plain").send(message);
}

/** One RecordIO record of a stream. */
export function record(type: V1Type, format: V1Format, message: object): Buffer {
  return encodeRecord(encode(type, format, message));
}

/**
 * Adds a v1 endpoint: `answer` is asked for every method and gets the body as bytes, whatever its media type. Longer paths lead
 * to it too, as libprocess routes them: pymesos posts to `/api/v1/operator`.
 */
export function addV1Endpoint(
  server: FastifyInstance,
  paths: readonly string[],
  answer: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
): void {
  void server.register((scope, _options, registered) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    for (const url of paths.flatMap((path) => [path, `${path}/*`])) {
      scope.route({ method: ["GET", "POST", "PUT", "PATCH", "DELETE"], url, handler: answer });
    }
    registered();
  });
}

/** The answer to a method other than POST; undefined for POST. */
export async function refuseMethod(
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  if (request.method === "POST") return undefined;
  return await sendRefusal(reply.header("allow", "POST"), {
    status: 405,
    message: `Expecting one of { 'POST' }, but received '${request.method}'`,
  });
}
