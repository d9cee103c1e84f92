// SPDX-License-Identifier: Apache-2.0
import { ApiError } from "../api-error";
import type { ApiResponse } from "./messages";

/** One kind of path of the API, with the methods it takes; the first row that matches counts. */
interface ResourceRow {
  readonly path: RegExp;
  readonly methods: readonly string[];
  /** Whether it answers text/plain beside JSON. */
  readonly text?: boolean;
}

/** As Marathon's resource classes declare them; what stands in no row is an unknown URI, or answers for itself. */
const rows: readonly ResourceRow[] = [
  { path: /^\/ping$/, methods: ["GET"], text: true },
  { path: /^\/metrics$/, methods: ["GET"] },
  { path: /^\/metrics\/prometheus$/, methods: ["GET"], text: true },
  { path: /^\/logging$/, methods: ["GET", "POST"] },
  { path: /^\/v2\/info$/, methods: ["GET"] },
  { path: /^\/v2\/leader$/, methods: ["GET", "DELETE"] },
  { path: /^\/v2\/plugins$/, methods: ["GET"] },
  { path: /^\/v2\/plugins\/[^/]+\/.+$/, methods: ["GET", "POST", "PUT", "DELETE"] },
  { path: /^\/v2\/tasks$/, methods: ["GET"], text: true },
  { path: /^\/v2\/tasks\/delete$/, methods: ["POST"] },
  { path: /^\/v2\/deployments$/, methods: ["GET"] },
  { path: /^\/v2\/deployments\/[^/]+$/, methods: ["DELETE"] },
  { path: /^\/v2\/queue$/, methods: ["GET"] },
  { path: /^\/v2\/queue\/.+\/delay$/, methods: ["DELETE"] },
  { path: /^\/v2\/apps\/*$/, methods: ["GET", "POST", "PUT", "PATCH"] },
  { path: /^\/v2\/apps\/.+\/restart$/, methods: ["POST", "DELETE"] },
  { path: /^\/v2\/apps\/.+\/tasks$/, methods: ["GET", "DELETE"], text: true },
  { path: /^\/v2\/apps\/.+\/tasks\/[^/]+$/, methods: ["DELETE"] },
  { path: /^\/v2\/apps\/.+\/versions(\/[^/]+)?$/, methods: ["GET"] },
  { path: /^\/v2\/apps\/.+$/, methods: ["GET", "PUT", "PATCH", "DELETE"] },
  { path: /^\/v2\/pods\/*$/, methods: ["GET", "POST"] },
  { path: /^\/v2\/pods\/(.+)?::status$/, methods: ["GET"] },
  { path: /^\/v2\/pods\/.+::versions(\/[^/]+)?$/, methods: ["GET"] },
  { path: /^\/v2\/pods\/.+::instances(\/[^/]+)?$/, methods: ["DELETE"] },
  { path: /^\/v2\/pods\/.+$/, methods: ["GET", "PUT", "DELETE"] },
  { path: /^\/v2\/groups\/*$/, methods: ["GET", "POST", "PUT", "DELETE"] },
  { path: /^\/v2\/groups\/.+$/, methods: ["GET", "POST", "PUT", "PATCH", "DELETE"] },
];

const withBody = new Set(["POST", "PUT", "PATCH"]);

/**
 * What a request is answered before anybody looks at its body: OPTIONS, 405, 415 and 406, in this order; undefined lets
 * it pass. Bodies are those of Jersey's exceptions in Marathon's mapper: the reason phrase alone.
 */
export function negotiated(
  method: string,
  path: string,
  accept: string,
  contentType: string | undefined,
): ApiResponse | undefined {
  const row = rows.find((r) => r.path.test(path));
  if (row === undefined) return undefined;
  if (method === "OPTIONS") {
    const methods = row.methods.includes("GET") ? ["HEAD", ...row.methods] : row.methods;
    return { status: 200, headers: { allow: [...methods, "OPTIONS"].join(",") } };
  }
  if (!row.methods.includes(method)) throw new ApiError(405, { message: "Method Not Allowed" });
  const media = mediaTypeOf(contentType ?? "");
  if (withBody.has(method) && media !== "" && !["application/json", "application/*", "*/*"].includes(media)) {
    throw new ApiError(415, { message: "Unsupported Media Type" });
  }
  if (
    path !== "/ping" &&
    !accepts(accept, "application/json") &&
    !(row.text && accepts(accept, "text/plain"))
  ) {
    throw new ApiError(406, { message: "Not Acceptable" });
  }
  return undefined;
}

function mediaTypeOf(value: string): string {
  return (value.split(";")[0] ?? "").trim().toLowerCase();
}

/** Whether an Accept header allows `media`; an absent or empty one allows everything. */
export function accepts(accept: string, media: string): boolean {
  if (accept.trim() === "") return true;
  const group = `${media.split("/")[0]}/*`;
  return accept.split(",").some((part) => {
    const refused = /;\s*q=0(\.0*)?\s*$/.test(part);
    return !refused && [media, group, "*/*"].includes(mediaTypeOf(part));
  });
}

/** Whether a client that can have JSON rather wants text: it names text/plain and leaves JSON out. */
export function wantsText(accept: string): boolean {
  return !accepts(accept, "application/json") && accepts(accept, "text/plain");
}
