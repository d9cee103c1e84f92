// SPDX-License-Identifier: Apache-2.0
import { ConflictError, StatusError } from "./errors";
import type { HttpResponse } from "./http";

/** Whether this is Marathon's own word that something does not exist, and not a 404 of a proxy or of another program. */
export function isOwnNotFound(response: HttpResponse): boolean {
  if (response.status !== 404) return false;
  const message = jsonObject(response.body)["message"];
  if (typeof message !== "string") return false;
  // Only of the leader itself: at any other path a Marathon without a leader cannot know what exists.
  const noLeader =
    new URL(response.url).pathname.endsWith("/v2/leader") && /there is no leader/i.test(message);
  return noLeader || /does not exist/i.test(message);
}

/** The error for an answer that is no success. */
export function marathonError(response: HttpResponse): StatusError {
  if (response.status !== 409) return new StatusError(response);
  const listed = jsonObject(response.body)["deployments"];
  const ids = (Array.isArray(listed) ? listed : [])
    .map((d: unknown) => (typeof d === "object" && d !== null && "id" in d ? d.id : undefined))
    .filter((id) => typeof id === "string");
  return new ConflictError(response, ids);
}

/** A JSON object, an empty one where the body is anything else: HTML of a proxy, for example. */
function jsonObject(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : {};
  } catch {
    return {};
  }
}
