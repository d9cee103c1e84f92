// SPDX-License-Identifier: Apache-2.0
import type { IncomingHttpHeaders } from "node:http";
import type { V1Format } from "./codec";
import { acceptsMediaType, mediaType, type V1Refusal } from "./http";

const formats: readonly V1Format[] = ["application/json", "application/x-protobuf"];

/** What an agent's API was sent and is to answer: `recordio` streams have the format of their messages beside it. */
export interface AgentMedia {
  readonly content: V1Format | "application/recordio";
  readonly messageContent: V1Format | undefined;
  readonly accept: V1Format | "application/recordio";
  readonly messageAccept: V1Format | undefined;
}

type Half = readonly [V1Format | "application/recordio", V1Format | undefined];

const refuse = (status: number, message: string): V1Refusal => ({ status, message });

/** Reads the media types of a request to the agent's `/api/v1`, the only one that takes and gives `application/recordio`. */
export function agentMedia(headers: IncomingHttpHeaders): AgentMedia | V1Refusal {
  const content = contentHalf(headers);
  if ("status" in content) return content;
  const accept = acceptHalf(headers);
  if ("status" in accept) return accept;
  return {
    content: content[0],
    messageContent: content[1],
    accept: accept[0],
    messageAccept: accept[1],
  };
}

function text(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(",") : header;
}

function contentHalf(headers: IncomingHttpHeaders): Half | V1Refusal {
  const media = mediaType(headers["content-type"]);
  const messages = text(headers["message-content-type"]);
  if (media === undefined) return refuse(400, "Expecting 'Content-Type' to be present");
  if (media === "application/recordio") {
    if (messages === undefined) {
      return refuse(400, "Expecting 'Message-Content-Type' to be set for streaming requests");
    }
    const format = formats.find((f) => f === mediaType(messages));
    return format === undefined
      ? refuse(415, "Expecting 'Message-Content-Type' of application/json or application/x-protobuf")
      : [media, format];
  }
  const format = formats.find((f) => f === media);
  if (format === undefined) {
    return refuse(
      415,
      "Expecting 'Content-Type' of application/json or application/x-protobuf or application/recordio",
    );
  }
  if (messages !== undefined) {
    return refuse(415, "Expecting 'Message-Content-Type' to be not set for non-streaming requests");
  }
  return [format, undefined];
}

function acceptHalf(headers: IncomingHttpHeaders): Half | V1Refusal {
  const messages = text(headers["message-accept"]);
  const format = formats.find((f) => acceptsMediaType(headers.accept, f));
  if (format !== undefined) {
    return messages === undefined
      ? [format, undefined]
      : refuse(406, "Expecting 'Message-Accept' to be not set for non-streaming responses");
  }
  if (!acceptsMediaType(headers.accept, "application/recordio")) {
    return refuse(
      406,
      "Expecting 'Accept' to allow application/json or application/x-protobuf or application/recordio",
    );
  }
  const each = formats.find((f) => acceptsMediaType(messages, f));
  return each === undefined
    ? refuse(406, "Expecting 'Message-Accept' to allow application/json or application/x-protobuf")
    : ["application/recordio", each];
}
