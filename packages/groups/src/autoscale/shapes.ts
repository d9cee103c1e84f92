// SPDX-License-Identifier: Apache-2.0
import { everybody } from "@pulumi-mesos/model";
import { attributeOf, type Limit, limitsOf, namesHosts, satisfies } from "./constraints";
import type { Attributes, Constraint, Resources, SizedAgent, SizedGroup, Work, World } from "./world";

/** Tolerance of sums: Mesos counts in thousandths, floating point does not. */
export const epsilon = 1e-6;

export type Vector = readonly [cpus: number, mem: number, disk: number, gpus: number];

export function vectorOf({ cpus, mem, disk, gpus }: Resources): Vector {
  return [cpus, mem, disk, gpus];
}

/** The share of `whole` that `part` takes of its most constrained resource; infinite where it has none of it. */
export function dominantShare(part: Vector, whole: Vector): number {
  let most = 0;
  for (let r = 0; r < 4; r++) {
    const [p, w] = [part[r] ?? 0, whole[r] ?? 0];
    if (p > epsilon) most = Math.max(most, w > 0 ? p / w : Number.POSITIVE_INFINITY);
  }
  return most;
}

/** Tasks that are alike for placing them. */
export interface Shape {
  readonly index: number;
  readonly need: Vector;
  readonly constraints: readonly Constraint[];
  readonly roles: readonly string[] | undefined;
  readonly limits: readonly Limit[];
  readonly namesHosts: boolean;
  /** By limit: how many tasks each value has already. */
  readonly counts: readonly Map<string, number>[];
  /** For an order by size: the largest share of any group's agent. */
  readonly size: number;
  /** The works it stands for, to speak of them, and those of which tasks wait. */
  readonly works: string[];
  readonly waiting: Set<string>;
  readonly resident: boolean;
  readonly ailing: boolean;
  readonly service: boolean;
  /** Tasks that have no agent to stay on: those that wait and those on doomed agents. */
  homeless: number;
}

/** The shapes of all works, and which one each work has. */
export function shapesOf(world: World): {
  readonly shapes: readonly Shape[];
  readonly byWork: readonly Shape[];
} {
  const shapes: Shape[] = [];
  const known = new Map<string, Shape>();
  const capacities = world.groups.map((group) => vectorOf(group.resources));
  const byWork = world.works.map((work) => {
    const limits = limitsOf(work.constraints);
    const key = keyOf(work, limits.length > 0);
    const shape = known.get(key) ?? shapeOf(work, limits, capacities, shapes.length);
    if (!known.has(key)) shapes.push(shape);
    known.set(key, shape);
    shape.works.push(work.id);
    const waiting = world.waiting?.get(work.id) ?? 0;
    if (waiting > 0) shape.waiting.add(work.id);
    shape.homeless += waiting;
    return shape;
  });
  return { shapes, byWork };
}

function keyOf(work: Work, counted: boolean): string {
  const { cpus, mem, disk, gpus } = work.need;
  const rules = work.constraints.length === 0 ? "" : JSON.stringify(work.constraints);
  const roles = work.roles?.join() ?? "";
  return `${cpus} ${mem} ${disk} ${gpus} ${work.kind} ${work.ailing} ${rules} ${roles} ${counted ? work.id : ""}`;
}

function shapeOf(work: Work, limits: Limit[], capacities: readonly Vector[], index: number): Shape {
  const need = vectorOf(work.need);
  const shares = capacities
    .map((whole) => dominantShare(need, whole))
    .filter((share) => share <= 1 + epsilon);
  return {
    index,
    need,
    constraints: work.constraints,
    roles: work.roles,
    limits,
    namesHosts: namesHosts(work.constraints),
    counts: limits.map(() => new Map()),
    size: Math.max(0, ...shares),
    works: [],
    waiting: new Set(),
    resident: work.kind === "resident",
    ailing: work.ailing,
    service: work.kind === "service",
    homeless: 0,
  };
}

/** Whether tasks of `shape` take resources that are for `role`. */
export function takes({ roles }: Shape, role = everybody): boolean {
  return roles === undefined || roles.includes(role);
}

/** Whether an empty new agent of `group` could take one task of `shape`, by its size, its role and the constraints that do not count. */
export function fitsGroup(shape: Shape, group: SizedGroup): boolean {
  if (!takes(shape, group.role)) return false;
  if (shape.namesHosts || !satisfies(shape.constraints, group.attributes, undefined)) return false;
  return dominantShare(shape.need, vectorOf(group.resources)) <= 1 + epsilon;
}

/** How many more tasks of `shape` its counting constraints allow on an agent. */
export function allowance(shape: Shape, attributes: Attributes, host: string): number {
  let most = Number.POSITIVE_INFINITY;
  shape.limits.forEach(({ field, most: limit }, i) => {
    const value = attributeOf(field, attributes, host);
    most = Math.min(most, value === undefined ? 0 : limit - (shape.counts[i]?.get(value) ?? 0));
  });
  return most;
}

/** Counts `by` tasks of `shape` more on an agent. */
export function count(shape: Shape, attributes: Attributes, host: string, by: number): void {
  shape.limits.forEach(({ field }, i) => {
    const value = attributeOf(field, attributes, host);
    const counts = shape.counts[i];
    if (value !== undefined && counts !== undefined) counts.set(value, (counts.get(value) ?? 0) + by);
  });
}

export function attributesOf(agent: SizedAgent, group: SizedGroup): Attributes {
  return agent.attributes ?? group.attributes;
}
