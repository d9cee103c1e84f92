// SPDX-License-Identifier: Apache-2.0

/**
 * Stands for a value that is not known before something has been made. It is a symbol, so that it is equal to itself
 * alone, fits no type, and no code takes it for a value by mistake. Checks and diffs meet it anywhere in inputs.
 */
export const computed: unique symbol = Symbol.for("pulumi-mesos.computed");

/** Whether `value` is not known yet. */
export function isComputed(value: unknown): value is typeof computed {
  return value === computed;
}

/** Whether `value` or anything inside it is not known yet. */
export function hasComputed(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return isComputed(value);
  return Object.values(value).some(hasComputed);
}
