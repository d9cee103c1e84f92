// SPDX-License-Identifier: Apache-2.0
import { unlessAborted } from "./clock";

/** Lets at most so many work at the same time; the others wait in the order in which they came. */
export class Slots {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  /** What `work` gives, once it is its turn; whoever stops waiting before that gives its turn away. */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#take(signal);
    try {
      return await work();
    } finally {
      this.#give();
    }
  }

  async #take(signal: AbortSignal): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    const turn = new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      await unlessAborted(turn, signal);
    } catch (error) {
      void turn.then(() => this.#give());
      throw error;
    }
  }

  #give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
