// SPDX-License-Identifier: Apache-2.0
import { type Place, valueAt } from "../offers/constraints";
import type { RunSpec } from "../run-spec/run-spec";
import type { Condition, Instance } from "./instance";

/** What runs longest goes last; what is in no group of these goes first. */
const order: readonly (readonly Condition[])[] = [
  ["Unreachable", "UnreachableInactive"],
  ["Staging"],
  ["Starting"],
  ["Running"],
];

function rank(instance: Instance): number {
  return order.findIndex((group) => group.includes(instance.condition));
}

/**
 * `count` instances to stop when an app or pod shrinks (marathon.md §2.4): the outdated first, then those without which
 * GROUP_BY constraints stay even, then by how little they run, ties by its killSelection.
 */
export function selectVictims(
  spec: Pick<RunSpec, "constraints" | "killSelection">,
  instances: readonly Instance[],
  count: number,
  outdated: (instance: Instance) => boolean = () => false,
): Instance[] {
  if (count <= 0) return [];
  const youngestFirst = spec.killSelection === "YOUNGEST_FIRST";
  const started = (i: Instance) => i.task?.startedAt ?? i.task?.stagedAt ?? i.createdAt;
  const sorted = [...instances].sort((a, b) => {
    const byRank = rank(a) - rank(b);
    if (byRank !== 0) return byRank;
    const byAge = started(a) - started(b);
    return (youngestFirst ? -byAge : byAge) || (a.id < b.id ? -1 : 1);
  });
  const old = sorted.filter(outdated).slice(0, count);
  const rest = sorted.filter((i) => !old.includes(i));
  const uneven = keepEven(spec.constraints, rest, count - old.length);
  const others = rest.filter((i) => !uneven.includes(i));
  return [...old, ...uneven, ...others].slice(0, count);
}

type Groups = readonly (readonly Instance[])[];

function difference(groups: Groups, without: ReadonlySet<Instance>): number {
  const sizes = groups.map((group) => group.filter((i) => !without.has(i)).length);
  return Math.max(...sizes) - Math.min(...sizes);
}

/** The members of the largest groups; none where all are equally large. */
function crowded(groups: Groups, without: ReadonlySet<Instance>): Instance[] {
  const left = groups.map((group) => group.filter((i) => !without.has(i)));
  const largest = Math.max(...left.map((group) => group.length));
  return left.every((group) => group.length === largest)
    ? []
    : left.filter((group) => group.length === largest).flat();
}

function groupsBy(field: string, instances: readonly Instance[]): Groups {
  const groups = new Map<string | undefined, Instance[]>();
  for (const instance of instances) {
    const place: Place | undefined = instance.task ?? instance.reservation;
    const value = place === undefined ? undefined : valueAt(place, field);
    groups.set(value, [...(groups.get(value) ?? []), instance]);
  }
  return [...groups.values()];
}

/** Instances whose end leaves every GROUP_BY as even as before, or more so; fewer than `count` where there are no such. */
function keepEven(
  constraints: readonly (readonly string[])[],
  instances: readonly Instance[],
  count: number,
): Instance[] {
  const distributions = constraints
    .filter(([, operator]) => operator === "GROUP_BY")
    .map(([field = ""]) => groupsBy(field, instances));
  if (distributions.length === 0 || count <= 0 || count >= instances.length) return [];
  const chosen = new Set<Instance>();
  const evenWithout = (instance: Instance): boolean => {
    const without = new Set([...chosen, instance]);
    return distributions.every((groups) => {
      const after = difference(groups, without);
      return after <= 1 || after < difference(groups, new Set());
    });
  };
  while (chosen.size < count) {
    const worstFirst = [...distributions].sort((a, b) => difference(b, chosen) - difference(a, chosen));
    const candidates = [
      ...worstFirst.flatMap((groups) => crowded(groups, chosen)),
      ...instances.filter((i) => !chosen.has(i)),
    ];
    const next = candidates.find(evenWithout);
    if (next === undefined) break;
    chosen.add(next);
  }
  return [...chosen];
}
