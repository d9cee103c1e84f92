// SPDX-License-Identifier: Apache-2.0
import type { Resources, Work, World } from "../../world";

/** What runs on one agent. */
export interface Load {
  readonly works: Work[];
  cpus: number;
  mem: number;
  batch: number;
}

/** What runs on each agent, by its id. */
export function loads(world: World): Map<string, Load> {
  const found = new Map<string, Load>();
  for (const work of world.works) {
    for (const id of work.on) {
      const load = found.get(id) ?? { works: [], cpus: 0, mem: 0, batch: 0 };
      found.set(id, load);
      load.works.push(work);
      load.cpus += work.need.cpus;
      load.mem += work.need.mem;
      if (work.kind === "batch") load.batch++;
    }
  }
  return found;
}

export const nothing: Load = { works: [], cpus: 0, mem: 0, batch: 0 };

/** How much of an agent is in use, of the resource that is used most. */
export function utilization({ cpus, mem }: Pick<Load, "cpus" | "mem">, whole: Resources): number {
  return Math.max(cpus / whole.cpus, mem / whole.mem);
}
