// SPDX-License-Identifier: Apache-2.0
import { defaultMinRequests, type ReleaseInputs } from "@pulumi-mesos/model";

/** Requests of the new version since its step began. */
export interface Observed {
  readonly requests: number;
  /** Those that ended with a 5xx. */
  readonly errors: number;
}

/** What the requests say of the new version: too few of them say neither the one nor the other. */
export type Verdict = "good" | "bad" | "unknown";

export type Limits = Pick<ReleaseInputs, "maxErrorRate" | "minRequests">;

export function verdictOf({ requests, errors }: Observed, { maxErrorRate, minRequests }: Limits): Verdict {
  if (maxErrorRate === undefined) return "good";
  if (requests < (minRequests ?? defaultMinRequests)) return "unknown";
  // Divided, not multiplied: 29 of 100 are 0.29, but 0.29 times 100 is less than 29.
  return requests > 0 && errors / requests > maxErrorRate ? "bad" : "good";
}

/** `3 of 40 requests (7.5 %) ended with a 5xx`. */
export function describeErrors({ requests, errors }: Observed): string {
  const share = requests === 0 ? "" : ` (${percent(errors / requests)})`;
  return `${errors} of ${requests} requests${share} ended with a 5xx`;
}

/** A fraction for people. */
export function percent(fraction: number): string {
  return `${Number((fraction * 100).toPrecision(3))} %`;
}
