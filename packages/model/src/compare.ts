// SPDX-License-Identifier: Apache-2.0
import { fieldOf, type Segments } from "./property-path";
import { isRecord } from "./schema-view";
import { setKey } from "./set-key";

/** One difference, at a path of the resource's inputs. */
export interface ChangePath {
  /** A Pulumi property path; of a deleted set element the old index, otherwise the new one. */
  readonly path: string;
  readonly kind: "add" | "delete" | "update";
  /** Whether Marathon refuses this change of what runs, so that it takes a new one. */
  readonly replace: boolean;
}

/** What a change does: nothing, start or end tasks, restart all tasks, or make another one. */
export type ChangeKind = "none" | "scale" | "restart" | "replace";

/** A difference as found, before anything is known of what it takes. */
export interface Difference {
  readonly at: Segments;
  readonly kind: ChangePath["kind"];
  readonly before: unknown;
  readonly after: unknown;
}

/** How to compare two documents of a kind; fields are named without list indices. */
export interface Comparison {
  /** Lists whose order means nothing. */
  readonly sets: ReadonlySet<string>;
  /** Ports that Marathon assigns for 0 and keeps. */
  readonly assigned: ReadonlySet<string>;
}

/** Every difference between two documents in normal form. */
export function differencesOf(before: unknown, after: unknown, by: Comparison): Difference[] {
  const found: Difference[] = [];
  compare(before, after, [], by, found);
  return found;
}

/** The kind of a change with these paths; a change at `scaling` alone starts or ends tasks. */
export function kindOfChange(paths: readonly ChangePath[], scaling: string): ChangeKind {
  if (paths.length === 0) return "none";
  if (paths.some((p) => p.replace)) return "replace";
  return paths.every((p) => p.path === scaling) ? "scale" : "restart";
}

function compare(before: unknown, after: unknown, at: Segments, by: Comparison, found: Difference[]): void {
  if (before === after) return;
  const field = fieldOf(at);
  if (by.assigned.has(field) && (after === 0 || after === undefined)) return;
  if (before === undefined || after === undefined) {
    found.push({ at, kind: before === undefined ? "add" : "delete", before, after });
  } else if (Array.isArray(before) && Array.isArray(after)) {
    const [gone, come] = by.sets.has(field)
      ? [left(before, after), left(after, before)]
      : [before.map(indexed), after.map(indexed)];
    for (let i = 0; i < Math.max(gone.length, come.length); i++) {
      const index = come[i]?.index ?? gone[i]?.index ?? 0;
      compare(gone[i]?.item, come[i]?.item, [...at, index], by, found);
    }
  } else if (isRecord(before) && isRecord(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(before[key], after[key], [...at, key], by, found);
    }
  } else {
    found.push({ at, kind: "update", before, after });
  }
}

const indexed = (item: unknown, index: number) => ({ item, index });

/** The elements of a set that `other` has not; what is left over on both sides is compared in its order. */
function left(list: readonly unknown[], other: readonly unknown[]) {
  const known = new Set(other.map(setKey));
  return list.map(indexed).filter(({ item }) => !known.has(setKey(item)));
}
