// SPDX-License-Identifier: Apache-2.0
import type { Clock } from "../clock";
import { Meter } from "./meter";
import { Timer } from "./timer";

/** The metrics of one leader, by Marathon's names without the prefix; each is there from its first mention on. */
export class Metrics {
  readonly counters = new Map<string, number>();
  readonly gauges = new Map<string, () => number>();
  readonly meters = new Map<string, Meter>();
  readonly timers = new Map<string, Timer>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  count(name: string, n = 1): void {
    this.counters.set(name, (this.counters.get(name) ?? 0) + n);
  }

  gauge(name: string, value: () => number): void {
    this.gauges.set(name, value);
  }

  mark(name: string, n = 1): void {
    const meter = this.meters.get(name) ?? new Meter(this.#clock);
    this.meters.set(name, meter);
    meter.mark(n);
  }

  time(name: string, seconds?: number): void {
    const timer = this.timers.get(name) ?? new Timer(this.#clock);
    this.timers.set(name, timer);
    if (seconds !== undefined) timer.update(seconds);
  }
}

/** `/metrics`: Dropwizard's JSON. */
export function metricsJson(metrics: Metrics, prefix: string): Record<string, unknown> {
  const named = <T, U>(of: ReadonlyMap<string, T>, show: (value: T) => U): Record<string, U> =>
    Object.fromEntries(
      [...of].sort(([a], [b]) => (a < b ? -1 : 1)).map(([n, v]) => [`${prefix}.${n}`, show(v)]),
    );
  return {
    version: "4.0.0",
    gauges: named(metrics.gauges, (value) => ({ value: value() })),
    counters: named(metrics.counters, (count) => ({ count })),
    histograms: {},
    meters: named(metrics.meters, (meter) => ({ ...meter.rates(), units: "events/second" })),
    timers: named(metrics.timers, (timer) => {
      const { count, ...rates } = timer.rates();
      return {
        count,
        ...timer.distribution(),
        ...rates,
        duration_units: "seconds",
        rate_units: "calls/second",
      };
    }),
  };
}
