// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from "node:util";
import type { Bag } from "./resource-type";

/**
 * What AWS has, written as the program declared it where both mean the same: lists in another order, numbers as texts, and
 * properties that the program leaves to AWS. Tags are all the program's.
 */
export function asDeclared(declared: unknown, seen: unknown, key = ""): unknown {
  if (Array.isArray(declared) && Array.isArray(seen)) {
    const left = [...seen];
    const same = declared.map((one) => {
      const at = left.findIndex((other) => isDeepStrictEqual(asDeclared(one, other), one));
      return at < 0 ? undefined : left.splice(at, 1);
    });
    return left.length === 0 && !same.includes(undefined) ? declared : seen;
  }
  if (isBag(declared) && isBag(seen)) {
    const keys = key === "tags" ? Object.keys(seen) : Object.keys(declared);
    return Object.fromEntries(keys.map((one) => [one, asDeclared(declared[one], seen[one], one)]));
  }
  return String(declared) === String(seen) ? declared : seen;
}

/** The declared properties as they are, and all that AWS computes. */
export function seenAs(declared: Bag, seen: Bag): { readonly inputs: Bag; readonly computed: Bag } {
  const known = Object.keys(seen).filter((key) => key in declared);
  const inputs = Object.fromEntries(known.map((key) => [key, asDeclared(declared[key], seen[key], key)]));
  return { inputs: { ...declared, ...inputs }, computed: seen };
}

function isBag(value: unknown): value is Bag {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
