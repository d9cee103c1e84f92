// SPDX-License-Identifier: Apache-2.0
import { appendFileSync, mkdirSync } from "node:fs";
import path from "node:path";

/** One measured figure. */
export interface Figure {
  readonly bench: string;
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** What is asked, in words: `< 25`. */
  readonly target: string;
  readonly ok: boolean;
}

const results = path.resolve(__dirname, "../results");

/** Prints a figure as one JSON line on stdout and keeps it, with the date, in `bench/results/<bench>.jsonl`. */
export function report(figure: Figure, now: Date): void {
  console.log(JSON.stringify(figure));
  mkdirSync(results, { recursive: true });
  appendFileSync(
    path.join(results, `${figure.bench}.jsonl`),
    `${JSON.stringify({ at: now.toISOString(), ...figure })}\n`,
  );
}
