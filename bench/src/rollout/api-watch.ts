// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from "node:timers/promises";
import type { ClusterKeys } from "../../../test/dist/support/cluster-keys";
import { request } from "../../../test/dist/support/http";

const everyMs = 100;

/** Asks the masters' operator API every 100 ms, and adds up for how long no leader answered it. */
export class ApiWatch {
  unavailableMs = 0;
  readonly #hosts: readonly string[];
  readonly #keys: ClusterKeys | undefined;
  readonly #abort = new AbortController();
  readonly #done: Promise<void>;

  constructor(hosts: readonly string[], keys: ClusterKeys | undefined) {
    this.#hosts = hosts;
    this.#keys = keys;
    this.#done = this.#run();
  }

  /** Ends once the API answers again. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    let answeredAt = performance.now();
    let failed = false;
    do {
      const answers = await this.#answers();
      const now = performance.now();
      if (answers && failed) this.unavailableMs += now - answeredAt;
      if (answers) answeredAt = now;
      failed = !answers;
      await delay(everyMs);
    } while (failed || !this.#abort.signal.aborted);
  }

  /** Whether one of them leads and knows the registry: a standby answers 307, a leader that recovers 503. */
  async #answers(): Promise<boolean> {
    const keys = this.#keys;
    const scheme = keys === undefined ? "http" : "https";
    const headers: Record<string, string> =
      keys === undefined ? {} : { Authorization: keys.basic("mesos", "operator") };
    const asked = this.#hosts.map(async (host) => {
      const { status } = await request(`${scheme}://${host}:5050/api/v1`, {
        method: "POST",
        headers,
        json: { type: "GET_AGENTS" },
        ca: keys?.ca,
        timeoutMs: 1_000,
      });
      if (status !== 200) throw new Error(`${host} answered ${status}`);
    });
    return Promise.any(asked).then(
      () => true,
      (error: unknown) => {
        if (error instanceof AggregateError) return false;
        throw error;
      },
    );
  }
}
