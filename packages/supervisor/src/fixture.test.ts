// SPDX-License-Identifier: Apache-2.0
// What the tests of this package share: a scope of their own, whose processes and files are gone afterwards.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { end } from "./end";
import { type Scope, scopeOf } from "./scope";
import { list } from "./status";

/** The search path of the tests: only what every system has. */
export const testPath = "/usr/bin:/bin";

/** A bound against hanging. */
export const hangMs = 60_000;

/** A new scope below the system's temporary directory. */
export async function makeScope(): Promise<Scope> {
  return scopeOf(await mkdtemp(join(tmpdir(), "supervisor-test-")), "project", "stack");
}

/** Ends everything in the scope and removes it. */
export async function dropScope(scope: Scope): Promise<void> {
  const stop = { signal: "SIGTERM", graceSeconds: 0 } as const;
  for (const { name } of await list(scope)) {
    await end(scope, name, { signal: AbortSignal.timeout(hangMs), stop });
  }
  await rm(join(scope.root, "../.."), { recursive: true, force: true });
}
