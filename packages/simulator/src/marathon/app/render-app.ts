// SPDX-License-Identifier: Apache-2.0
import type { App } from "./types";

const absentWhenEmpty = [
  "env",
  "args",
  "constraints",
  "dependencies",
  "fetch",
  "healthChecks",
  "readinessChecks",
  "secrets",
  "acceptedResourceRoles",
] as const;

/** `app` as answers show it: unset keys and the empty lists of marathon.md §1.7 (11) are absent. */
export function renderApp(app: App): Record<string, unknown> {
  const document: Record<string, unknown> = { ...app };
  for (const key of absentWhenEmpty) {
    const value = document[key];
    if (value !== undefined && Object.keys(value as object).length === 0) delete document[key];
  }
  for (const [key, value] of Object.entries(document)) {
    if (value === undefined) delete document[key];
  }
  return document;
}
