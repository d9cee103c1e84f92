// SPDX-License-Identifier: Apache-2.0

/** Whether both say the same but for numbers: load and demand stand in reasons, and differ all the time. */
export function isSameSense(a: readonly string[], b: readonly string[]): boolean {
  const sense = (reasons: readonly string[]) => reasons.join("\n").replace(/\d+(\.\d+)?/g, "#");
  return sense(a) === sense(b);
}
