// SPDX-License-Identifier: Apache-2.0
import { after } from "../clock";

/**
 * Those whose writes have to wait because Marathon runs as many deployments as it may: each deployment that ends lets
 * one of them try again, in the order in which they came. Where no end is heard of for a while all try again.
 */
export class Room {
  readonly #quietMs: number;
  readonly #waiting = new Set<() => void>();
  #stopTimer = (): void => {};

  constructor(quietMs = 2_000) {
    this.#quietMs = quietMs;
  }

  /** Whether somebody waits: whoever comes now has to wait behind them. */
  get isShort(): boolean {
    return this.#waiting.size > 0;
  }

  /** Resolves when it is this one's turn; rejects with the signal's reason. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        this.#waiting.delete(turn);
        reject(signal.reason);
      };
      const turn = (): void => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(turn);
      if (this.#waiting.size === 1) this.#listen();
    });
  }

  /** A deployment has ended. */
  freed(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    this.#call(first);
    this.#listen();
  }

  #listen(): void {
    this.#stopTimer();
    this.#stopTimer = after(this.#quietMs, () => {
      for (const turn of [...this.#waiting]) this.#call(turn);
    });
  }

  #call(turn: () => void): void {
    this.#waiting.delete(turn);
    turn();
  }
}
