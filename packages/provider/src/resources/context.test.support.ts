// SPDX-License-Identifier: Apache-2.0
import type { ProviderConfig } from "../config";
import type { Context } from "../resource";
import { parseUrn } from "../urn";

/** A {@link Context} that keeps what is shown. */
export interface TestContext extends Context {
  readonly lines: string[];
  readonly warnings: string[];
}

/** Surroundings of one call, ending after `ms`. */
export function testContext(
  type: string,
  o: { config?: Partial<ProviderConfig>; environment?: NodeJS.ProcessEnv; signal?: AbortSignal } = {},
): TestContext {
  const lines: string[] = [];
  const warnings: string[] = [];
  return {
    lines,
    warnings,
    signal: o.signal ?? AbortSignal.timeout(120_000),
    urn: parseUrn(`urn:pulumi:stack::project::${type}::web`),
    config: { marathonUrls: [], bambooUrls: [], mesosUrls: [], ...o.config },
    timeoutSeconds: 30,
    ignoreChanges: [],
    environment: o.environment ?? {},
    windUp: (seconds) => AbortSignal.timeout(seconds * 1000),
    progress: (line) => void lines.push(line),
    warn: (line) => void warnings.push(line),
  };
}
