// SPDX-License-Identifier: Apache-2.0
import { ApiError, invalid, unreadable } from "../api-error";
import { integer, object, readShape, text, word } from "../app/reader";
import { badUri } from "../app/validate-features";
import { type Logging, type LogLevel, logLevels } from "../logging";
import { type ApiRequest, type ApiResponse, jsonBody } from "./messages";

const change = object(
  {
    level: word(...logLevels, ...logLevels.map((l) => l.toUpperCase())),
    logger: text(),
    durationSeconds: integer(1),
  },
  "level",
  "logger",
);

/** `/logging`: the levels of the loggers; POST sets one, for good or for a time. */
export function loggingApi(request: ApiRequest, logging: Logging): ApiResponse {
  if (request.method === "GET") return { status: 200, body: logging.list() };
  const { value, violations } = readShape(change, jsonBody(request));
  if (violations.length > 0) throw unreadable(violations);
  const { level, logger, durationSeconds } = value as {
    level: string;
    logger: string;
    durationSeconds?: number;
  };
  if (logger === "") throw invalid([{ path: "/logger", errors: ["must not be empty"] }]);
  logging.change(logger, level.toLowerCase() as LogLevel, durationSeconds);
  return { status: 200, body: value };
}

/** `/v2/plugins` and what would be below a plugin: none can be loaded here. */
export function pluginsApi(path: string): ApiResponse {
  const id = path.split("/")[3];
  if (id === undefined) return { status: 200, body: { plugins: [] } };
  throw new ApiError(404, { message: `No plugin with this pluginId: ${id}` });
}

/** `/ping`: text where the client takes it, JSON where it takes only that, 204 for other media types. */
export function ping(accept: string): ApiResponse {
  const types = accept.split(",").map((t) => (t.split(";")[0] ?? "").trim());
  if (types.some((t) => t === "text/plain" || t === "text/*" || t === "*/*" || t === "")) {
    return { status: 200, body: "pong", headers: { "content-type": "text/plain" } };
  }
  if (types.includes("application/json")) {
    return { status: 200, body: '"pong"', headers: { "content-type": "application/json" } };
  }
  return { status: 204 };
}

/** What `DELETE /v2/leader` takes as `backup` and `restore`; nothing is written or read there. */
export function checkBackupUri(text: string | null): void {
  if (text === null) return;
  const errors: string[] = [];
  if (badUri.test(text)) errors.push("URI has invalid syntax.");
  else if (!/^(file:(\/\/[^/]*\/[^?#]|\/[^/?#])|s3:\/\/[^/?#]+\/)/.test(text)) {
    errors.push(`Invalid URI or unsupported scheme: ${text}`);
  }
  if (errors.length > 0) throw invalid([{ path: "/", errors }]);
}
