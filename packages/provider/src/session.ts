// SPDX-License-Identifier: Apache-2.0
import type { ProviderConfig } from "./config";
import type { EngineLog } from "./engine-log";
import { InitFailedError } from "./init-failed";
import type { Operations } from "./operation";
import type { Context } from "./resource";
import { hideIn, hidingSecrets } from "./secret-texts";
import { parseUrn } from "./urn";
import type { Bag } from "./wire";

/** What all calls of one plugin process share. */
export interface Session {
  readonly environment: NodeJS.ProcessEnv;
  readonly operations: Operations;
  readonly log: EngineLog;
  /** By URN, what the last diff said that its change does; the preview that follows shows it. */
  readonly summaries: Map<string, string>;
  config: ProviderConfig;
}

/** What surrounds one call of the engine. */
export interface Call {
  readonly urn: string;
  readonly timeoutSeconds: number;
  readonly peer: AbortSignal;
  readonly ignoreChanges?: readonly string[];
  /** What holds secrets that no line may show. */
  readonly bags?: readonly Bag[];
}

/** Runs one change of a resource with its deadline (the program's, otherwise the resource's own) and its progress lines. */
export async function inContext<T>(
  session: Session,
  call: Call,
  work: (context: Context) => Promise<T>,
): Promise<T> {
  const { urn, timeoutSeconds } = call;
  const hide = hidingSecrets(call.bags ?? []);
  try {
    return await session.operations.run(timeoutSeconds, call.peer, (signal, windUp) =>
      work({
        signal,
        urn: parseUrn(urn),
        config: session.config,
        timeoutSeconds,
        ignoreChanges: call.ignoreChanges ?? [],
        environment: session.environment,
        windUp,
        progress: (line) => session.log.write("progress", urn, hide(line)),
        warn: (line) => session.log.write("warning", urn, hide(line)),
      }),
    );
  } catch (error) {
    throw error instanceof InitFailedError
      ? new InitFailedError({ ...error.initFailed, reasons: error.initFailed.reasons.map(hide) })
      : hideIn(error, hide);
  } finally {
    await session.log.flush();
  }
}
