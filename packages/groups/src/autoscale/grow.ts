// SPDX-License-Identifier: Apache-2.0
import type { FilledAutoscalePolicy } from "@pulumi-mesos/model";
import { isHostField } from "./constraints";
import {
  allowance,
  count,
  dominantShare,
  epsilon,
  fitsGroup,
  type Shape,
  type Vector,
  vectorOf,
} from "./shapes";
import type { SizedGroup } from "./world";

/** A group that could have more agents. */
export interface Growable {
  readonly group: SizedGroup;
  readonly policy: FilledAutoscalePolicy;
  /** How many more its bounds allow. */
  readonly room: number;
  /** How many agents it has or shall have. */
  size: number;
  /** New agents so far. */
  fresh: number;
  /** Tasks that new agents shall take. */
  readonly tasks: Map<Shape, number>;
}

/** What an agent of the group costs an hour; without a price as much as it has cpus. */
export function priceOf({ policy, group }: Pick<Growable, "policy" | "group">): number {
  return policy.billing.price ?? Math.max(group.resources.cpus, epsilon);
}

/**
 * Opens new agents for tasks until all have one or no group may grow: always the agent that holds what is left for the least
 * price. Answers what found none.
 */
export function grow(
  tasks: readonly (readonly [Shape, number])[],
  groups: readonly Growable[],
  now: number,
): readonly (readonly [Shape, number])[] {
  const left = new Map(tasks.filter(([, n]) => n > 0));
  const homeless: [Shape, number][] = [];
  const order = [...left.keys()].sort((a, b) => b.size - a.size || a.index - b.index);
  for (const shape of order) {
    while ((left.get(shape) ?? 0) > 0) {
      const best = cheapest(shape, order, left, groups, now);
      if (best === undefined) {
        homeless.push([shape, left.get(shape) ?? 0]);
        left.delete(shape);
        break;
      }
      take(best, left);
    }
  }
  return homeless;
}

interface Filling {
  readonly target: Growable;
  readonly pattern: readonly (readonly [Shape, number])[];
  readonly price: number;
}

function cheapest(
  shape: Shape,
  order: readonly Shape[],
  left: ReadonlyMap<Shape, number>,
  groups: readonly Growable[],
  now: number,
): Filling | undefined {
  const total = groups.reduce((sum, { size }) => sum + size, 0);
  const spot = groups.reduce((sum, { size, policy }) => sum + (policy.spot === undefined ? 0 : size), 0);
  let best: Filling | undefined;
  for (const target of groups) {
    if (target.fresh >= target.room || !isOpen(target, spot, total, now)) continue;
    if (!fitsGroup(shape, target.group)) continue;
    const filling = fill(target, order, left);
    if ((filling.pattern[0]?.[1] ?? 0) === 0 || !filling.pattern.some(([s]) => s === shape)) continue;
    if (best === undefined || filling.price < best.price * (1 - epsilon)) best = filling;
  }
  return best;
}

/** Whether new agents of the group may be asked for: not while its backend refuses, not above its share. */
export function isOpen({ policy, group }: Growable, spot: number, total: number, now: number): boolean {
  if (isRefused(group, policy, now)) return false;
  return policy.spot === undefined || spot + 1 <= policy.spot.maxShare * (total + 1) + epsilon;
}

export function isRefused(group: SizedGroup, policy: FilledAutoscalePolicy, now: number): boolean {
  const retrySeconds = policy.spot?.retrySeconds ?? 300;
  return group.refusedAt !== undefined && now - group.refusedAt < retrySeconds * 1000;
}

const newHost = "";

/** What one new agent of a group would hold of what is left, and what that costs by the share that is used. */
function fill(target: Growable, order: readonly Shape[], left: ReadonlyMap<Shape, number>): Filling {
  const capacity = vectorOf(target.group.resources);
  const free = [...capacity];
  const pattern: [Shape, number][] = [];
  let value = 0;
  for (const shape of order) {
    const n = left.get(shape) ?? 0;
    if (n === 0 || !fitsGroup(shape, target.group)) continue;
    let most = Math.min(n, allowance(shape, target.group.attributes, newHost));
    for (let r = 0; r < 4; r++) {
      const need = shape.need[r] ?? 0;
      if (need > 0) most = Math.min(most, Math.floor(((free[r] ?? 0) + epsilon) / need));
    }
    if (most <= 0) continue;
    for (let r = 0; r < 4; r++) free[r] = (free[r] ?? 0) - most * (shape.need[r] ?? 0);
    pattern.push([shape, most]);
    value += most * shape.size;
  }
  return { target, pattern, price: value > 0 ? priceOf(target) / value : Number.POSITIVE_INFINITY };
}

function take({ target, pattern }: Filling, left: Map<Shape, number>): void {
  target.fresh++;
  target.size++;
  for (const [shape, n] of pattern) {
    left.set(shape, (left.get(shape) ?? 0) - n);
    target.tasks.set(shape, (target.tasks.get(shape) ?? 0) + n);
    // Hosts to come differ, so only what they share is counted: their group's attributes.
    if (shape.limits.some(({ field }) => !isHostField(field))) {
      count(shape, target.group.attributes, newHost, n);
      shape.limits.forEach(({ field }, i) => {
        if (isHostField(field)) shape.counts[i]?.delete(newHost);
      });
    }
  }
}

/** How much of an agent of `group` tasks take, of the most constrained resource of their sum. */
export function sumShare(tasks: Iterable<readonly [Shape, number]>, group: SizedGroup): number {
  const sum = [0, 0, 0, 0];
  for (const [shape, n] of tasks) {
    for (let r = 0; r < 4; r++) sum[r] = (sum[r] ?? 0) + n * (shape.need[r] ?? 0);
  }
  return dominantShare(sum as unknown as Vector, vectorOf(group.resources));
}
