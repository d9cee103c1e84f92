// SPDX-License-Identifier: Apache-2.0
import type { AppDocument } from "./read-app";
import type { App } from "./types";

/** What a partial update loses when it does not repeat them (marathon.md §1.7, 12). */
const lostWhenAbsent = ["executorResources", "resourceLimits"] as const;

/** `existing` with the keys of `update` in place: nested objects whole, absent keys kept. */
export function mergeUpdate(existing: App, update: AppDocument): AppDocument {
  const { version: _version, versionInfo: _info, ...kept } = existing;
  const merged: AppDocument = { ...(kept as unknown as AppDocument), id: existing.id };
  for (const key of lostWhenAbsent) delete merged[key];
  for (const [key, value] of Object.entries(update)) {
    if (key !== "id" && key !== "version" && value !== undefined) merged[key] = value;
  }
  if (update["cmd"] !== undefined && update["args"] === undefined) delete merged["args"];
  if (update["args"] !== undefined && update["cmd"] === undefined) delete merged["cmd"];
  return merged;
}

/** What a full replacement (`partialUpdate=false`) keeps of the request: all but `executorResources`. */
export function replacement(id: string, update: AppDocument): AppDocument {
  const { executorResources: _lost, version: _version, ...rest } = update;
  return { ...rest, id };
}
