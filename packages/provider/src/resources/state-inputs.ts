// SPDX-License-Identifier: Apache-2.0
import type { Properties } from "../resource";

/**
 * A function that takes out of a property bag what `schema` names: of a state the inputs that it is of, whatever the
 * program asked for last; of inputs the options.
 */
export function picking<T extends object>(schema: {
  readonly properties: Readonly<Record<string, unknown>>;
}): (bag: Properties) => T {
  const names = new Set(Object.keys(schema.properties));
  return (bag) => Object.fromEntries(Object.entries(bag).filter(([key]) => names.has(key))) as T;
}
