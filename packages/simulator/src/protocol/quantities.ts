// SPDX-License-Identifier: Apache-2.0
import { isPlain, nameOf } from "./kinds";
import type { Resources } from "./resources";
import type { Value } from "./types";

/** How much there is of each name, in thousandths, whatever it is reserved for. */
export type Quantities = ReadonlyMap<string, number>;

/** Resources are replaced, never altered. */
const counted = new WeakMap<Resources, Quantities>();

/** Scalars by their value, ranges by how many they are. */
export function quantitiesOf(r: Resources): Quantities {
  const known = counted.get(r);
  if (known !== undefined) return known;
  const made = countQuantities(r);
  counted.set(r, made);
  return made;
}

function countQuantities(r: Resources): Quantities {
  const out = new Map<string, number>();
  const count = (key: string, value: number): void => {
    const name = nameOf(key);
    out.set(name, (out.get(name) ?? 0) + value);
  };
  for (const [key, value] of r.scalars) count(key, value);
  for (const [key, ranges] of r.ranges) {
    count(
      key,
      ranges.reduce((sum, [begin, end]) => sum + (end - begin + 1) * 1000, 0),
    );
  }
  return out;
}

export function addQuantities(...all: readonly Quantities[]): Quantities {
  const out = new Map<string, number>();
  for (const one of all) for (const [name, value] of one) out.set(name, (out.get(name) ?? 0) + value);
  return out;
}

/** Whether there is at least `part` of every name. */
export function covers(whole: Quantities, part: Quantities): boolean {
  return [...part].every(([name, value]) => (whole.get(name) ?? 0) >= value);
}

/** Whether nothing exceeds a limit; a name without a limit has none. */
export function isWithinLimits(limits: Quantities, used: Quantities): boolean {
  return [...used].every(([name, value]) => value <= (limits.get(name) ?? Number.POSITIVE_INFINITY));
}

/** What `whole` has more than `part`, nothing below zero. */
export function excess(whole: Quantities, part: Quantities): Quantities {
  return new Map([...whole].map(([name, value]) => [name, Math.max(0, value - (part.get(name) ?? 0))]));
}

export function fromValues(values: Readonly<Record<string, Value<number>>> | undefined): Quantities {
  return new Map(Object.entries(values ?? {}).map(([name, { value }]) => [name, Math.round(value * 1000)]));
}

export function toNumbers(quantities: Quantities): Record<string, number> {
  return Object.fromEntries([...quantities].map(([name, value]) => [name, value / 1000]));
}

/** As Mesos prints them in messages: `cpus:1; mem:64`. */
export function printQuantities(quantities: Quantities): string {
  const all = [...quantities].filter(([, value]) => value > 0).sort(([a], [b]) => (a < b ? -1 : 1));
  return all.length === 0 ? "{}" : all.map(([name, value]) => `${name}:${value / 1000}`).join("; ");
}

/** Unreserved scalars cut down to what `most` allows; names that it does not have stay whole. */
export function cutTo(r: Resources, most: Quantities): Resources {
  const scalars = [...r.scalars].flatMap(([key, value]): [string, number][] => {
    const limit = isPlain(key) ? most.get(key) : undefined;
    const left = limit === undefined ? value : Math.min(value, Math.max(0, limit));
    return left > 0 ? [[key, left]] : [];
  });
  return { scalars: new Map(scalars), ranges: r.ranges };
}
