// SPDX-License-Identifier: Apache-2.0

/** Work that goes on beside a loop: one job at a time, whose end wakes the loop. */
export class Background {
  readonly #onEnd: () => void;
  #job: Promise<void> | undefined;
  #error: unknown;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  get isBusy(): boolean {
    return this.#job !== undefined;
  }

  /** Begins `work` unless a job is under way. */
  begin(work: () => Promise<void>): void {
    this.#job ??= work()
      .catch((error: unknown) => {
        this.#error = error;
      })
      .finally(() => {
        this.#job = undefined;
        this.#onEnd();
      });
  }

  /** Fails as the last job did, once. */
  throwError(): void {
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) throw error;
  }

  /** Resolves when no job is under way. */
  async ended(): Promise<void> {
    await this.#job;
  }
}
