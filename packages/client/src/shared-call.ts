// SPDX-License-Identifier: Apache-2.0
import { unlessAborted } from "./clock";

/** One call whose result many wait for; aborted when nobody waits for it any more. */
export class SharedCall<T> {
  readonly #stop = new AbortController();
  readonly #result: Promise<T>;
  #joined = 0;
  #over = false;

  constructor(run: (signal: AbortSignal) => Promise<T>) {
    this.#result = run(this.#stop.signal).finally(() => {
      this.#over = true;
    });
    this.#result.catch(() => undefined); // those who joined hear of it
  }

  /** Whether it was aborted, so that nobody can join any more. */
  get abandoned(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Resolves to whether the call succeeded. */
  get ended(): Promise<boolean> {
    return this.#result.then(
      () => true,
      () => false,
    );
  }

  /** The result, unless `signal` aborts first. */
  async join(signal: AbortSignal): Promise<T> {
    this.#joined += 1;
    try {
      return await unlessAborted(this.#result, signal);
    } finally {
      this.#joined -= 1;
      if (this.#joined === 0 && !this.#over) this.#stop.abort();
    }
  }
}
