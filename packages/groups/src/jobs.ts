// SPDX-License-Identifier: Apache-2.0
import { messageOf } from "@pulumi-mesos/model";

/** How soon something that failed is tried again. */
const retryMs = 5000;

interface Failure {
  readonly message: string;
  readonly at: number;
}

/** Slow work on members, one at a time for each, a bounded number at once, beside the rounds of the controller. */
export class Jobs {
  readonly #limit: number;
  readonly #now: () => number;
  readonly #running = new Map<string, Promise<void>>();
  readonly #failures = new Map<string, Failure>();

  constructor(o: { readonly limit: number; readonly now: () => number }) {
    this.#limit = o.limit;
    this.#now = o.now;
  }

  get busy(): ReadonlySet<string> {
    return new Set(this.#running.keys());
  }

  /** The members whose last job failed, and why. */
  get failures(): ReadonlyMap<string, string> {
    return new Map([...this.#failures].map(([name, { message }]) => [name, message]));
  }

  /** Begins unless there is no room or it failed a moment ago; `done` is called whatever becomes of it. */
  begin(name: string, work: () => Promise<void>, done: (error?: unknown) => void): void {
    const failure = this.#failures.get(name);
    if (this.#running.has(name) || this.#running.size >= this.#limit) return;
    if (failure !== undefined && this.#now() - failure.at < retryMs) return;
    const job = work().then(
      () => {
        this.#failures.delete(name);
        this.#running.delete(name);
        done();
      },
      (error: unknown) => {
        this.#failures.set(name, { message: messageOf(error), at: this.#now() });
        this.#running.delete(name);
        done(error);
      },
    );
    this.#running.set(name, job);
  }

  /** Forgets failures of members whose name begins with `prefix`: somebody asks to try again. */
  forgive(prefix: string): void {
    for (const name of this.#failures.keys()) {
      if (name.startsWith(prefix)) this.#failures.delete(name);
    }
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    await Promise.all(this.#running.values());
  }
}
