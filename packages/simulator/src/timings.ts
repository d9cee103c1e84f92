// SPDX-License-Identifier: Apache-2.0

const kept = 1000;
const percentiles = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, p999: 0.999, p9999: 0.9999 } as const;

/** How long something took, each time: as `/metrics/snapshot` tells of a timer. */
export class Timings {
  #count = 0;
  #last = 0;
  readonly #newest: number[] = [];

  /** How often it happened. */
  get count(): number {
    return this.#count;
  }

  record(ms: number): void {
    this.#newest[this.#count % kept] = ms;
    this.#count++;
    this.#last = ms;
  }

  /** `name` is the last, `name/count` how often, the others are of the last thousand. */
  metrics(name: string): Record<string, number> {
    const sorted = [...this.#newest].sort((a, b) => a - b);
    const at = (part: number): number => sorted[Math.ceil(part * sorted.length) - 1] ?? 0;
    return {
      [name]: this.#last,
      [`${name}/count`]: this.#count,
      [`${name}/max`]: sorted.at(-1) ?? 0,
      [`${name}/min`]: sorted[0] ?? 0,
      ...Object.fromEntries(Object.entries(percentiles).map(([key, part]) => [`${name}/${key}`, at(part)])),
    };
  }
}
