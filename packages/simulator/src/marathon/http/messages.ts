// SPDX-License-Identifier: Apache-2.0
import { ApiError } from "../api-error";
import { timestamp } from "../clock";

/** A request as the API's functions see it. */
export interface ApiRequest {
  readonly method: string;
  /** Decoded, without a slash at the end. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Buffer | undefined;
  readonly accept: string;
  readonly clientIp: string;
  /** Scheme, host and port as the client named them, for absolute Locations. */
  readonly origin: string;
  /** As the client sent it, for events. */
  readonly uri: string;
}

export interface ApiResponse {
  readonly status: number;
  /** Sent as JSON; absent = no body. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The body as JSON, or the 400 that Marathon answers (marathon.md §2.8). */
export function jsonBody(request: ApiRequest): unknown {
  const text = request.body?.toString("utf8").trim() ?? "";
  if (text === "") {
    throw new ApiError(400, {
      message: "Please specify data in JSON format",
      details: "No content to map due to end-of-input",
    });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ApiError(400, {
      message: "Invalid JSON",
      details: error instanceof Error ? error.message : String(error),
    });
  }
}

/** `?name=true`; Marathon reads anything else as false. */
export function flagOf(request: ApiRequest, name: string, fallback = false): boolean {
  const value = request.query.get(name);
  return value === null ? fallback : value.toLowerCase() === "true";
}

/** A version in a path or document as Marathon writes them; 422 for what is no time. */
export function timestampOf(text: string): string {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new ApiError(422, { message: `Invalid format: "${text}"` });
  return timestamp(ms);
}
