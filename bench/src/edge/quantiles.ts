// SPDX-License-Identifier: Apache-2.0
import type { LoadResult } from "./load-program";

/** The value below which `share` of `values` lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Joins what was measured in several stretches of time. */
export function joined(results: readonly LoadResult[]): LoadResult {
  const length = Math.max(0, ...results.map((r) => r.histogram.length));
  return {
    sent: results.reduce((sum, r) => sum + r.sent, 0),
    failed: results.reduce((sum, r) => sum + r.failed, 0),
    moved: results.reduce((sum, r) => sum + r.moved, 0),
    failures: results.flatMap((r) => r.failures),
    histogram: Array.from({ length }, (_, i) => results.reduce((sum, r) => sum + (r.histogram[i] ?? 0), 0)),
  };
}

/** Milliseconds within which `share` of the requests were answered. */
export function latency({ histogram }: LoadResult, share: number): number {
  const total = histogram.reduce((sum, n) => sum + n, 0);
  let below = 0;
  for (const [tenths, count] of histogram.entries()) {
    below += count;
    if (below >= total * share) return (tenths + 1) / 10;
  }
  return Number.NaN;
}
