// SPDX-License-Identifier: Apache-2.0
import type { Attributes, Constraint } from "./world";

/** At most so many tasks of one work where `field` has one value. */
export interface Limit {
  readonly field: string;
  readonly most: number;
}

/** The constraints that count tasks by value; the others say yes or no to an agent. */
export function limitsOf(constraints: readonly Constraint[]): Limit[] {
  return constraints.flatMap(([field, operator, value]): Limit[] => {
    if (operator === "UNIQUE") return [{ field, most: 1 }];
    return operator === "MAX_PER" ? [{ field, most: Number(value) }] : [];
  });
}

export function isHostField(field: string): boolean {
  return field === "hostname" || field === "@hostname";
}

/** What an agent has in a field of a constraint; the name of a new agent is not known. */
export function attributeOf(
  field: string,
  attributes: Attributes,
  host: string | undefined,
): string | undefined {
  return isHostField(field) ? host : attributes[field];
}

/** CLUSTER without a value: all tasks go where the first one is, and that may be anywhere. */
export function isGathering([, operator, value = ""]: Constraint): boolean {
  return operator === "CLUSTER" && value === "";
}

/** Whether constraints name an agent by its hostname, so that no agent to come can be meant. */
export function namesHosts(constraints: readonly Constraint[]): boolean {
  return constraints.some(
    (one) => isHostField(one[0]) && !["UNIQUE", "MAX_PER", "GROUP_BY"].includes(one[1]) && !isGathering(one),
  );
}

/**
 * Whether an agent satisfies every constraint that does not count. GROUP_BY, which spreads, only asks for the attribute: how
 * even tasks are spread does not change how many agents they need.
 */
export function satisfies(
  constraints: readonly Constraint[],
  attributes: Attributes,
  host: string | undefined,
): boolean {
  return constraints.every((one) => {
    const [field, operator, wanted = ""] = one;
    const value = attributeOf(field, attributes, host);
    if (["UNIQUE", "MAX_PER", "GROUP_BY"].includes(operator) || isGathering(one))
      return isHostField(field) || value !== undefined;
    if (value === undefined) return operator === "UNLIKE";
    if (operator === "CLUSTER") return value === wanted;
    if (operator === "LIKE") return pattern(wanted).test(value);
    if (operator === "UNLIKE") return !pattern(wanted).test(value);
    return operator === "IS" && value === wanted;
  });
}

const patterns = new Map<string, RegExp>();

/** Marathon's patterns match whole values; each is compiled once, because decisions come every few seconds. */
function pattern(text: string): RegExp {
  const known = patterns.get(text) ?? new RegExp(`^(?:${text})$`);
  patterns.set(text, known);
  return known;
}
