// SPDX-License-Identifier: Apache-2.0
import type { AppTraffic, BambooClient } from "@pulumi-mesos/client";
import { isMesosError, messageOf, within } from "@pulumi-mesos/model";
import type { Context } from "../resource";
import { bambooIn } from "./bamboo-rule";
import type { Observed } from "./release-verdict";

/** How long one edge may keep the others and the health of the new version waiting. */
const answerMs = 5_000;

type Around = Pick<Context, "config" | "progress">;

/** Counts an app's requests at all edges from the first look on. */
export class ReleaseTraffic {
  readonly #app: string;
  readonly #around: Around;
  readonly #clients: readonly (readonly [url: string, client: BambooClient])[];
  readonly #before = new Map<string, AppTraffic>();
  #observed: Observed = { requests: 0, errors: 0 };

  constructor(app: string, around: Around) {
    this.#app = app;
    this.#around = around;
    this.#clients = around.config.bambooUrls.map((url) => [url, bambooIn(around.config, [url])]);
  }

  /** What came since the first look. An edge that does not answer adds what it has counted when it does. */
  async look(signal: AbortSignal): Promise<Observed> {
    const answers = await Promise.all(
      this.#clients.map(async ([url, client]) => [url, await this.#ask(url, client, signal)] as const),
    );
    for (const [url, now] of answers) {
      if (now === undefined) continue;
      const more = since(this.#before.get(url) ?? now, now);
      this.#before.set(url, now);
      const { requests, errors } = this.#observed;
      this.#observed = { requests: requests + more.requests, errors: errors + more.errors };
    }
    return this.#observed;
  }

  async #ask(url: string, client: BambooClient, signal: AbortSignal): Promise<AppTraffic | undefined> {
    const bound = within(signal, answerMs);
    try {
      return (await client.traffic(bound))?.[this.#app];
    } catch (error) {
      signal.throwIfAborted();
      if (!isMesosError(error) || !(error.retryable || bound.aborted)) throw error;
      this.#around.progress(`the edge at ${url} does not tell its requests: ${messageOf(error)}`);
      return undefined;
    }
  }
}

/** What an edge has counted more; one that counts fewer was started again. */
export function since(before: Observed, now: Observed): Observed {
  const from = now.requests < before.requests || now.errors < before.errors ? none : before;
  return { requests: now.requests - from.requests, errors: now.errors - from.errors };
}

const none: Observed = { requests: 0, errors: 0 };
