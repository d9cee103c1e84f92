// SPDX-License-Identifier: Apache-2.0
import { ZooKeeper } from "@pulumi-mesos/client";
import { messageOf } from "@pulumi-mesos/model";
import type { Clock } from "./clock";
import type { Log } from "./log";

export interface SessionsOptions {
  /** ZooKeeper's connection string. */
  readonly servers: string;
  /** `user:password` at ZooKeeper. @default nobody */
  readonly credential: string | undefined;
  /** @default 10000 */
  readonly sessionMs: number | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** What stays as it is while ZooKeeper is away, for the log. */
  readonly whileAway: string;
  /** Told why ZooKeeper does not answer, and nothing when it does. */
  readonly onProblem: (problem: string | undefined) => void;
  /** A connection stands: anything may have changed before it did. */
  readonly onConnected: (zk: ZooKeeper) => void;
}

/** Does `work` in one session after the other until `signal` aborts; the signal that it gets ends with its session. */
export async function inSessions(
  o: SessionsOptions,
  work: (zk: ZooKeeper, until: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await inSession(o, work, signal);
    } catch (error) {
      if (signal.aborted) return;
      o.onProblem(messageOf(error));
      o.log.warn({ err: error }, `zookeeper is away, ${o.whileAway}`);
    }
    await o.clock.pause(500, signal);
  }
}

async function inSession(
  { servers, credential, sessionMs = 10_000, onProblem, onConnected }: SessionsOptions,
  work: (zk: ZooKeeper, until: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const zk = await ZooKeeper.connect({ servers, credential, sessionTimeoutMs: sessionMs }, signal);
  const over = new AbortController();
  const stop = zk.onStateChange((state) => {
    if (state === "expired") return over.abort();
    onProblem(state === "connected" ? undefined : "the connection is lost");
    if (state === "connected") onConnected(zk);
  });
  try {
    await work(zk, AbortSignal.any([signal, over.signal]));
    if (!signal.aborted) onProblem("the session expired");
  } finally {
    stop();
    await zk.close();
  }
}
