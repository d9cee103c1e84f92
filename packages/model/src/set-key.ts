// SPDX-License-Identifier: Apache-2.0
import { hasComputed } from "./computed";
import { canonicalJson } from "./digest";

/** Text that is equal for equal elements of a set; an element with something unknown in it is equal to itself alone. */
export function setKey(item: unknown): unknown {
  return hasComputed(item) ? item : canonicalJson(item);
}
