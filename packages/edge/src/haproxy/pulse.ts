// SPDX-License-Identifier: Apache-2.0
import type { Clock } from "../clock";
import type { Runtime } from "./runtime";

/** How often a worker of which nothing is wanted is asked how it is. */
const askEveryMs = 2_000;

/**
 * Notices that a worker has fallen silent, also while nothing changes: it is asked now and then how it is.
 *
 * A worker that owes an answer gets no other command. What became of the one that it owes is known when it answers.
 */
export class Pulse {
  readonly #runtime: Runtime;
  readonly #clock: Clock;
  readonly #hungMs: number;
  #asked = Number.NEGATIVE_INFINITY;
  #silent: { readonly generation: number; readonly since: number } | undefined;

  /** A worker is hung that owes an answer `hungMs` after its command's own time was up. */
  constructor(runtime: Runtime, clock: Clock, hungMs: number) {
    this.#runtime = runtime;
    this.#clock = clock;
    this.#hungMs = hungMs;
  }

  /** How a worker is as of the last {@link look}. */
  of(generation: number | undefined): "well" | "silent" | "hung" {
    if (this.#silent === undefined || this.#silent.generation !== generation) return "well";
    return this.#clock.now() - this.#silent.since < this.#hungMs ? "silent" : "hung";
  }

  /** Looks at the worker of `generation`; whether there is something to do about it. */
  look(generation: number): boolean {
    const before = this.of(generation);
    this.#note(generation);
    if (this.#runtime.owes(generation)) return before !== "silent";
    if (this.#clock.now() - this.#asked >= askEveryMs) {
      this.#asked = this.#clock.now();
      void this.#runtime.info(generation).then(() => this.#note(generation));
    }
    return before !== "well";
  }

  #note(generation: number): void {
    if (!this.#runtime.owes(generation)) this.#silent = undefined;
    else if (this.of(generation) === "well") this.#silent = { generation, since: this.#clock.now() };
  }
}
