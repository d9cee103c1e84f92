// SPDX-License-Identifier: Apache-2.0

/** The role of what is reserved for nobody. */
export const everybody = "*";

/** So much of a resource, and the role that it is reserved for. */
export interface AmountFor {
  readonly name: string;
  readonly amount: number;
  readonly role: string;
}

/** What an agent has for the tasks of one role. */
export interface OfferedTo {
  readonly role: string;
  readonly resources: Readonly<Record<string, number>>;
}

/**
 * Whom an agent's resources are for: everybody where cpus and memory are left that are reserved for nobody, otherwise the
 * role that has the most cpus, whose tasks take what is reserved for nobody, too. What is reserved for others does not count.
 */
export function offeredTo(amounts: readonly AmountFor[]): OfferedTo {
  const names = ["cpus", "mem"].filter((name) => amounts.some((one) => one.name === name && one.amount > 0));
  const isWhole = ({ resources }: OfferedTo): boolean => names.every((name) => (resources[name] ?? 0) > 0);
  const all = [...new Set([everybody, ...amounts.map(({ role }) => role)])].map((role) =>
    partOf(amounts, role),
  );
  const [open = partOf(amounts, everybody), ...closed] = all;
  if (isWhole(open)) return open;
  closed.sort((a, b) => (b.resources["cpus"] ?? 0) - (a.resources["cpus"] ?? 0));
  return closed.find(isWhole) ?? open;
}

function partOf(amounts: readonly AmountFor[], role: string): OfferedTo {
  const resources: Record<string, number> = {};
  for (const { name, amount, role: whose } of amounts)
    if (whose === role || whose === everybody) resources[name] = (resources[name] ?? 0) + amount;
  return { role, resources };
}
