// SPDX-License-Identifier: Apache-2.0
import { setTimeout as delay } from "node:timers/promises";
import { request } from "./http";

/** Requests to `url` at a steady rate until `stop` is called; bounded to ten minutes. */
export class SteadyLoad {
  readonly #abort = new AbortController();
  readonly #done: Promise<void>;
  sent = 0;
  readonly failures: string[] = [];

  constructor(url: string, perSecond: number, headers: Record<string, string> = {}) {
    this.#done = this.#run(url, 1000 / perSecond, headers);
  }

  async #run(url: string, everyMs: number, headers: Record<string, string>): Promise<void> {
    const pending = new Set<Promise<void>>();
    const began = performance.now();
    while (!this.#abort.signal.aborted && performance.now() - began < 600_000) {
      const due = began + this.sent * everyMs - performance.now();
      if (due > 0) await delay(due);
      this.sent += 1;
      const one = request(url, { headers }).then(
        (answer) => {
          if (answer.status !== 200) this.failures.push(`status ${answer.status}`);
        },
        (error: Error) => {
          this.failures.push(error.message);
        },
      );
      pending.add(one);
      void one.finally(() => pending.delete(one));
    }
    await Promise.all(pending);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }
}
