// SPDX-License-Identifier: Apache-2.0
import { Counter, Gauge, Registry, Summary } from "prom-client";
import type { Metrics } from "./metrics";
import { quantiles } from "./timer";

/** `/metrics/prometheus`: the same values, dots and dashes as underscores, one gauge for each rate and extreme. */
export async function metricsText(metrics: Metrics, prefix: string): Promise<string> {
  const registry = new Registry();
  const registers = [registry];
  const nameOf = (name: string) => `${prefix}.${name}`.replace(/[^A-Za-z0-9_]/g, "_");
  const gauge = (name: string, value: number) => {
    new Gauge({ name, help: name, registers }).set(value);
  };
  for (const [name, count] of metrics.counters) {
    new Counter({ name: nameOf(name), help: nameOf(name), registers }).inc(count);
  }
  for (const [name, value] of metrics.gauges) gauge(nameOf(name), value());
  for (const [name, meter] of metrics.meters) {
    for (const [rate, value] of Object.entries(meter.rates())) gauge(`${nameOf(name)}_${rate}`, value);
  }
  for (const [name, timer] of metrics.timers) {
    const { count, ...rates } = timer.rates();
    const { max, mean, min, stddev, ...percentiles } = timer.distribution();
    const values = Object.entries(quantiles).map(([key, quantile]) => ({
      labels: { quantile },
      value: percentiles[key as keyof typeof quantiles],
    }));
    // A Summary that holds these values already: prom-client would compute its own from single durations.
    const summary = new Summary({ name: nameOf(name), help: nameOf(name), registers: [] });
    const shown = await summary.get();
    shown.values = [...values, { metricName: `${nameOf(name)}_count`, labels: {}, value: count }] as never;
    summary.get = async () => shown;
    registry.registerMetric(summary);
    for (const [part, value] of Object.entries({ min, mean, max, stddev, ...rates })) {
      gauge(`${nameOf(name)}_${part}`, value);
    }
  }
  return await registry.metrics();
}
