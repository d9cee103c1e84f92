// SPDX-License-Identifier: Apache-2.0

/** Where a task is, or would be: what constraints look at. */
export interface Place {
  readonly host: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly region?: string;
  readonly zone?: string;
}

/** What `place` has for the field of a constraint. */
export function valueAt(place: Place, field: string): string | undefined {
  switch (field) {
    case "hostname":
    case "@hostname":
      return place.host;
    case "@region":
      return place.region;
    case "@zone":
      return place.zone;
    default:
      return place.attributes[field];
  }
}

function matches(value: string, expression: string): boolean {
  return new RegExp(`^(?:${expression})$`).test(value);
}

function groupsOf(placed: readonly Place[], field: string): Map<string | undefined, number> {
  const groups = new Map<string | undefined, number>();
  for (const place of placed) {
    const value = valueAt(place, field);
    groups.set(value, (groups.get(value) ?? 0) + 1);
  }
  return groups;
}

/** Whether a new task may be placed at `offer` while `placed` are where its siblings of the same version are. */
export function fulfils(constraint: readonly string[], offer: Place, placed: readonly Place[]): boolean {
  const [field = "", operator, argument] = constraint;
  const value = valueAt(offer, field);
  if (value === undefined) return operator === "UNLIKE";
  const groups = groupsOf(placed, field);
  const same = groups.get(value) ?? 0;
  switch (operator) {
    case "UNIQUE":
      return same === 0;
    case "CLUSTER":
      return (argument === undefined || argument === "" || value === argument) && same === placed.length;
    case "LIKE":
      return matches(value, argument ?? "");
    case "UNLIKE":
      return !matches(value, argument ?? "");
    case "IS":
      return value === (argument ?? "");
    case "MAX_PER":
      return same < Number(argument);
    case "GROUP_BY":
      // A group that has some already waits until there are as many groups as asked for, and until it is the smallest.
      return same === 0 || (groups.size >= Number(argument ?? 0) && same === Math.min(...groups.values()));
    default:
      return false;
  }
}
