// SPDX-License-Identifier: Apache-2.0
import { isHostField, satisfies } from "./constraints";
import {
  allowance,
  attributesOf,
  count,
  dominantShare,
  epsilon,
  type Shape,
  takes,
  type Vector,
  vectorOf,
} from "./shapes";
import type { Attributes, SizedAgent, SizedGroup, World } from "./world";

/** An agent that tasks can be placed on, also one that boots or that leaves and could stay. */
export interface Bin {
  readonly agent: SizedAgent;
  readonly host: string;
  readonly group: number;
  readonly capacity: Vector;
  readonly attributes: Attributes;
  readonly role: string | undefined;
  /** Agents that are alike to constraints have the same. */
  readonly attributeClass: number;
  /** The shapes of what it holds, one entry a task; tasks that are only planned for it are the last ones. */
  readonly load: number[];
  /** How many of the tasks that run on it cannot be moved. */
  batch: number;
  running: number;
  /** The share of its most constrained resource that is in use by running tasks. */
  used: number;
}

/**
 * The free room of all agents, and plans of what goes where: first fit, the fullest agent first, so that the emptiest can go.
 *
 * Room only shrinks between two roll-backs, so each shape remembers where it last fitted: placing n tasks looks at each agent
 * once a shape, not once a task.
 */
export class Bins {
  readonly bins: readonly Bin[];
  readonly #shapes: readonly Shape[];
  readonly #free: Float64Array;
  readonly #gone: Uint8Array;
  readonly #order: Int32Array;
  readonly #cursors: Int32Array;
  readonly #satisfied = new Map<number, boolean>();

  constructor(world: World, shapes: readonly Shape[], byWork: readonly Shape[]) {
    this.#shapes = shapes;
    this.bins = binsOf(world);
    this.#free = new Float64Array(this.bins.length * 4);
    this.#gone = new Uint8Array(this.bins.length);
    this.#cursors = new Int32Array(shapes.length);
    this.bins.forEach((bin, b) => {
      this.#free.set(bin.capacity, b * 4);
    });
    this.#load(world, byWork);
    this.#order = this.#sorted();
  }

  #load(world: World, byWork: readonly Shape[]): void {
    const known = new Map(this.bins.map((bin, b) => [bin.agent.id, b] as const));
    const doomed = new Set((world.agents ?? []).filter((agent) => agent.doomed).map((agent) => agent.id));
    world.works.forEach((work, w) => {
      const shape = byWork[w];
      if (shape === undefined) return;
      for (const id of work.on) {
        const b = known.get(id);
        const bin = b === undefined ? undefined : this.bins[b];
        if (b !== undefined && bin !== undefined) {
          this.#put(shape, b, bin, 1);
          bin.running++;
          if (work.kind !== "service") bin.batch++;
        } else if (doomed.has(id)) shape.homeless++;
      }
    });
    this.bins.forEach((bin, b) => {
      const used = bin.capacity.map((whole, r) => whole - (this.#free[b * 4 + r] ?? 0));
      bin.used = dominantShare(used as unknown as Vector, bin.capacity);
    });
  }

  /** The fullest first; then those that boot; then those that leave. */
  #sorted(): Int32Array {
    const rank = ({ agent }: Bin) => (agent.leaving ? 2 : agent.state === "booting" ? 1 : 0);
    const keys = Float64Array.from(this.bins, (bin) => rank(bin) - Math.min(1, bin.used) / 2);
    return Int32Array.from(this.bins.keys()).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b);
  }

  /** Plans one task of `shape`; the index of its agent, or -1. */
  place(shape: Shape): number {
    const [order, free, gone] = [this.#order, this.#free, this.#gone];
    const n = order.length;
    // Counts by other fields can fall, when a task is taken off an agent in the same zone.
    const first = shape.limits.every(({ field }) => isHostField(field)) ? this.#cursors[shape.index] : 0;
    const [cpus, mem, disk, gpus] = shape.need.map((need) =>
      need > 0 ? need - epsilon : -1,
    ) as unknown as Vector;
    for (let p = first ?? 0; p < n; p++) {
      const b = order[p] as number;
      const at = b * 4;
      if ((free[at] as number) < cpus || (free[at + 1] as number) < mem || gone[b] === 1) continue;
      if ((free[at + 2] as number) < disk || (free[at + 3] as number) < gpus) continue;
      const bin = this.bins[b];
      if (bin === undefined || !this.#allows(shape, bin)) continue;
      this.#put(shape, b, bin, 1);
      this.#cursors[shape.index] = p;
      return b;
    }
    this.#cursors[shape.index] = n;
    return -1;
  }

  /** Takes agent `b` away when all that it holds fits elsewhere; otherwise leaves everything as it was. */
  remove(b: number): boolean {
    const bin = this.bins[b];
    if (bin === undefined) return false;
    this.#gone[b] = 1;
    const cursors = new Map<number, number>();
    const placed: [Shape, number][] = [];
    const tasks = bin.load.map((s) => this.#shapes[s]).filter((s) => s !== undefined);
    // The largest first: they are the ones that may find no place.
    tasks.sort((x, y) => y.size - x.size || x.index - y.index);
    for (const shape of tasks) count(shape, bin.attributes, bin.host, -1);
    for (const shape of tasks) {
      if (!cursors.has(shape.index)) cursors.set(shape.index, this.#cursors[shape.index] ?? 0);
      const target = this.place(shape);
      if (target < 0) {
        this.#undo(placed, cursors);
        for (const task of tasks) count(task, bin.attributes, bin.host, 1);
        this.#gone[b] = 0;
        return false;
      }
      placed.push([shape, target]);
    }
    return true;
  }

  #undo(placed: readonly [Shape, number][], cursors: ReadonlyMap<number, number>): void {
    for (const [shape, target] of [...placed].reverse()) {
      const bin = this.bins[target];
      if (bin !== undefined) this.#put(shape, target, bin, -1);
    }
    for (const [s, position] of cursors) this.#cursors[s] = position;
  }

  #put(shape: Shape, b: number, bin: Bin, by: 1 | -1): void {
    for (let r = 0; r < 4; r++) {
      this.#free[b * 4 + r] = (this.#free[b * 4 + r] ?? 0) - by * (shape.need[r] ?? 0);
    }
    if (by === 1) bin.load.push(shape.index);
    else bin.load.pop();
    if (shape.limits.length > 0) count(shape, bin.attributes, bin.host, by);
  }

  #allows(shape: Shape, bin: Bin): boolean {
    if (!takes(shape, bin.role)) return false;
    if (shape.constraints.length === 0) return true;
    if (shape.namesHosts) {
      if (!satisfies(shape.constraints, bin.attributes, bin.host)) return false;
    } else if (!this.#allowed(shape, bin)) return false;
    return shape.limits.length === 0 || allowance(shape, bin.attributes, bin.host) >= 1;
  }

  #allowed(shape: Shape, bin: Bin): boolean {
    const key = bin.attributeClass * this.#shapes.length + shape.index;
    const known = this.#satisfied.get(key);
    if (known !== undefined) return known;
    const answer = satisfies(shape.constraints, bin.attributes, bin.host);
    this.#satisfied.set(key, answer);
    return answer;
  }
}

function binsOf(world: World): Bin[] {
  const groups = new Map(world.groups.map((group, g) => [group.name, g] as const));
  const classes = new Map<string, number>();
  return (world.agents ?? []).flatMap((agent): Bin[] => {
    const g = groups.get(agent.group);
    const group: SizedGroup | undefined = g === undefined ? undefined : world.groups[g];
    const isOpen = agent.state === "ready" || agent.state === "booting";
    if (g === undefined || group === undefined || agent.doomed || !isOpen) return [];
    const attributes = attributesOf(agent, group);
    const key = agent.attributes === undefined ? `${g}` : JSON.stringify(attributes);
    const attributeClass = classes.get(key) ?? classes.size;
    classes.set(key, attributeClass);
    const capacity = vectorOf(agent.resources ?? group.resources);
    const host = agent.host ?? agent.id;
    return [
      {
        agent,
        host,
        group: g,
        capacity,
        attributes,
        role: agent.role ?? group.role,
        attributeClass,
        load: [],
        batch: 0,
        running: 0,
        used: 0,
      },
    ];
  });
}
