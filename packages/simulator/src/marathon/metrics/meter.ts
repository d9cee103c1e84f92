// SPDX-License-Identifier: Apache-2.0
import type { Clock } from "../clock";

const tickMs = 5_000;
const windows = [1, 5, 15] as const;

/** Rates over all time and, exponentially weighted every 5 s, over 1, 5 and 15 minutes, as Dropwizard counts them. */
export class Meter {
  readonly #clock: Clock;
  readonly #since: number;
  #lastTick: number;
  #count = 0;
  #uncounted = 0;
  #rates: number[] | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
    this.#lastTick = this.#since;
  }

  mark(n = 1): void {
    this.#tick();
    this.#count += n;
    this.#uncounted += n;
  }

  rates(): { count: number; m15_rate: number; m1_rate: number; m5_rate: number; mean_rate: number } {
    this.#tick();
    const seconds = (this.#clock.now() - this.#since) / 1000;
    const [m1 = 0, m5 = 0, m15 = 0] = this.#rates ?? [];
    const mean = seconds > 0 ? this.#count / seconds : 0;
    return { count: this.#count, m15_rate: m15, m1_rate: m1, m5_rate: m5, mean_rate: mean };
  }

  #tick(): void {
    const ticks = Math.floor((this.#clock.now() - this.#lastTick) / tickMs);
    if (ticks <= 0) return;
    this.#lastTick += ticks * tickMs;
    const instant = this.#uncounted / (tickMs / 1000);
    this.#uncounted = 0;
    const before = this.#rates;
    this.#rates = windows.map((minutes, i) => {
      const keep = Math.exp(-tickMs / 60_000 / minutes);
      const first = before === undefined ? instant : instant + ((before[i] ?? 0) - instant) * keep;
      return first * keep ** (ticks - 1);
    });
  }
}
