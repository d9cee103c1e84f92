// SPDX-License-Identifier: Apache-2.0

/** What the place where a member runs has said about its end. */
export interface Notice {
  /**
   * `interruption`: it is taken away at a certain time, drained or not. `termination`: somebody ends it, and its end waits
   * until it is drained. `rebalance`: it may be interrupted soon, so that another one had better take its place.
   */
  readonly kind: "interruption" | "termination" | "rebalance";
  /** Of an interruption: when, in ms since the epoch. */
  readonly until?: number;
}

/** As long as AWS gives between its notice and the interruption of a spot instance. */
export const noticeMs = 120_000;

/**
 * Reads a notice: its kind and, of an interruption, when that is (`interruption 2026-01-31T09:30:00Z`), otherwise two minutes
 * after it was written. Whatever else stands there is an interruption, too: to drain is always safe.
 */
export function readNotice(text: string, writtenAt: number): Notice {
  const [kind = "", time = ""] = text.trim().split(/\s+/);
  if (kind === "termination" || kind === "rebalance") return { kind };
  const at = Date.parse(time);
  return { kind: "interruption", until: Number.isNaN(at) ? writtenAt + noticeMs : at };
}
