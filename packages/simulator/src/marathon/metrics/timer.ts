// SPDX-License-Identifier: Apache-2.0
import type { Clock } from "../clock";
import { Meter } from "./meter";

const kept = 1024;
export const quantiles = { p50: 0.5, p75: 0.75, p95: 0.95, p98: 0.98, p99: 0.99, p999: 0.999 } as const;

/** How long something took: rates of its occurrence, and the distribution of the last 1024 durations, in seconds. */
export class Timer {
  readonly #meter: Meter;
  readonly #samples: number[] = [];
  #next = 0;

  constructor(clock: Clock) {
    this.#meter = new Meter(clock);
  }

  update(seconds: number): void {
    this.#meter.mark();
    this.#samples[this.#next] = seconds;
    this.#next = (this.#next + 1) % kept;
  }

  rates(): ReturnType<Meter["rates"]> {
    return this.#meter.rates();
  }

  distribution(): Record<"max" | "mean" | "min" | "stddev" | keyof typeof quantiles, number> {
    const sorted = [...this.#samples].sort((a, b) => a - b);
    const n = Math.max(1, sorted.length);
    const mean = sorted.reduce((sum, s) => sum + s, 0) / n;
    const variance = sorted.reduce((sum, s) => sum + (s - mean) ** 2, 0) / n;
    const at = (q: number) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
    return {
      max: sorted.at(-1) ?? 0,
      mean,
      min: sorted[0] ?? 0,
      p50: at(quantiles.p50),
      p75: at(quantiles.p75),
      p95: at(quantiles.p95),
      p98: at(quantiles.p98),
      p99: at(quantiles.p99),
      p999: at(quantiles.p999),
      stddev: Math.sqrt(variance),
    };
  }
}
