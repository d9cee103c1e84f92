// SPDX-License-Identifier: Apache-2.0
import { Bins } from "./bins";
import { brakesOf } from "./brakes";
import { type Conclusion, conclude, hold } from "./conclude";
import { type Draft, draftsOf } from "./draft";
import { grow, sumShare } from "./grow";
import { headroomOf, lacksHole, remember, standIns } from "./headroom";
import { epsilon, fitsGroup, type Shape, shapesOf, takes } from "./shapes";
import { removable } from "./shrink";
import { windowOf } from "./window";
import type { Decision, Memory, Policies, Unplaceable, World } from "./world";

type Tasks = readonly (readonly [Shape, number])[];

/**
 * Decides the sizes of all groups that have a policy. Pure: the same world, policies and memory give the same decision.
 *
 * Tasks that wait, then stand-ins for headroom, are packed onto the agents there are and onto new ones of the cheapest group
 * that fits; then agents are taken away as long as what they hold fits on the others. Limits, windows and brakes say how
 * much of that is done now.
 */
export function decide(seen: World, policies: Policies, memory: Memory): Decision {
  const world = known(seen, policies);
  const drafts = draftsOf(world, policies, memory);
  const brakes = brakesOf(world, policies);
  const blind = brakes.all;
  if (blind !== undefined)
    return together(
      drafts.map((draft) => hold(draft, blind)),
      [],
    );
  const { shapes, byWork } = shapesOf(world);
  const bins = new Bins(world, shapes, byWork);
  for (const { group } of bins.bins) at(drafts, group).bins++;
  const lost = settle(world, drafts, shapes, bins);
  const closed = reserve(world, drafts, bins);
  for (const [shape] of lost) close(closed, drafts, shape);
  // Who can neither grow nor shrink takes tasks, and is not emptied on paper to make others fuller.
  drafts.forEach(({ bounds }, g) => {
    if (bounds.min >= bounds.max) closed.add(g);
  });
  const spare = removable(bins, shapes, drafts, closed, world.now);
  const tasks = new Map<string, number>();
  for (const { on } of world.works) for (const id of on) tasks.set(id, (tasks.get(id) ?? 0) + 1);
  const concluded = drafts.map((draft, g) =>
    conclude(draft, spare[g] ?? [], brakes.down.get(draft.group.name), tasks, world.now),
  );
  return together(
    concluded,
    lost.flatMap(([shape, n]) => unplaceable(shape, n, world)),
  );
}

/** The world as far as policies reach, without agents that boot for too long: nobody counts on those. */
function known(world: World, policies: Policies): World {
  const agents = world.agents?.flatMap((agent) => {
    const policy = policies[agent.group];
    if (policy === undefined) return [];
    const late = world.now - agent.startedAt > policy.scaleUp.bootTimeoutSeconds * 1000;
    return agent.state === "booting" && late ? [{ ...agent, state: "unready" as const }] : [agent];
  });
  return { ...world, agents, groups: world.groups.filter(({ name }) => policies[name] !== undefined) };
}

/** Finds an agent for every task that waits or loses its own, new ones included; answers those that found none. */
function settle(world: World, drafts: readonly Draft[], shapes: readonly Shape[], bins: Bins): Tasks {
  for (const { group, load } of bins.bins) {
    const { tasks } = at(drafts, group);
    for (const s of load) add(tasks, at(shapes, s), 1);
  }
  const left: [Shape, number][] = [];
  for (const shape of [...shapes].sort(bySize)) {
    let rest = shape.homeless;
    for (; rest > 0; rest--) {
      const b = bins.place(shape);
      if (b < 0) break;
      add(at(drafts, at(bins.bins, b).group).tasks, shape, 1);
    }
    if (rest > 0) left.push([shape, rest]);
  }
  const before = drafts.map(({ tasks }) => new Map(tasks));
  const lost = grow(left, drafts, world.now);
  drafts.forEach((draft, g) => {
    const opened = [...draft.tasks].map(([s, n]) => [s, n - (before[g]?.get(s) ?? 0)] as const);
    if (draft.fresh > 0) draft.reasons.push(`${draft.fresh} more for ${describe(opened)}`);
    draft.demand = sumShare(draft.tasks, draft.group);
    const { historySeconds } = draft.policy.headroom;
    draft.history = remember(draft.memory.demand, world.now, draft.demand, historySeconds);
    draft.window = windowOf(draft.policy, draft.history);
  });
  return lost;
}

/** Keeps room free for what may come; answers the groups that have less of it than they should. */
function reserve(world: World, drafts: readonly Draft[], bins: Bins): Set<number> {
  const left = new Map<Shape, number>();
  let wanted = 0;
  for (const draft of drafts) {
    draft.headroom = headroomOf(draft.policy, draft.history, draft.demand);
    for (const [shape, n] of standIns(draft.tasks, draft.headroom.agents)) {
      wanted += n * shape.size;
      add(left, shape, n);
    }
  }
  const standing = new Map(left);
  for (const shape of [...left.keys()].sort(bySize)) {
    while ((left.get(shape) ?? 0) > 0 && bins.place(shape) >= 0) add(left, shape, -1);
  }
  const missing = [...left].filter(([, n]) => n > 0);
  const closed = new Set<number>();
  for (const [shape] of missing) close(closed, drafts, shape);
  const size = missing.reduce((sum, [shape, n]) => sum + n * shape.size, 0);
  const margin = Math.min(...drafts.map(({ policy }) => policy.headroom.margin));
  const before = drafts.map(({ fresh }) => fresh);
  const isCrumbs = lacksHole(standing, left);
  // Who grows anyway grows for all that is missing; otherwise a little less than wanted is no reason to.
  if (isCrumbs || size > margin * wanted + epsilon || before.some((n) => n > 0))
    grow(missing, drafts, world.now);
  drafts.forEach((draft, g) => {
    const more = draft.fresh - (before[g] ?? 0);
    if (more > 0) draft.reasons.push(`${more} more for headroom: ${draft.headroom.reason}`);
  });
  return closed;
}

/** What a group lacks room for keeps its agents. */
function close(closed: Set<number>, drafts: readonly Draft[], shape: Shape): void {
  drafts.forEach(({ group }, g) => {
    if (fitsGroup(shape, group)) closed.add(g);
  });
}

function unplaceable(shape: Shape, tasks: number, world: World): Unplaceable[] {
  if (world.groups.some((group) => fitsGroup(shape, group))) return [];
  const [cpus, mem, disk, gpus] = shape.need;
  const need = `cpus ${cpus}, mem ${mem}, disk ${disk}, gpus ${gpus}`;
  const rules = shape.constraints.map((c) => c.join(" ")).join(", ");
  const has = `has ${need}${rules === "" ? "" : ` and satisfies ${rules}`}`;
  const spread = world.groups.find(({ later = [], ...group }) =>
    later.some((attributes) => fitsGroup(shape, { ...group, attributes })),
  );
  if (spread !== undefined) {
    const { "@region": region, "@zone": zone } = spread.attributes;
    const place = [region, zone].filter((one) => one !== undefined).join(" ");
    const reason = `the next agent of ${spread.name} comes to ${place}, where none satisfies ${rules}; a group of one zone would grow for it`;
    return [{ works: shape.works, tasks, reason }];
  }
  const isOffered = world.groups.some(({ role }) => takes(shape, role));
  const reason = isOffered
    ? `no agent of any group ${has}`
    : `no agent of any group offers what is for role ${shape.roles?.join(" or ")}`;
  return [{ works: shape.works, tasks, reason }];
}

function describe(tasks: Tasks): string {
  const some = tasks.filter(([, n]) => n > 0);
  const total = some.reduce((sum, [, n]) => sum + n, 0);
  const names = some.flatMap(([shape]) => shape.works.filter((name) => shape.waiting.has(name)));
  const named =
    names.length === 0 ? "" : ` of ${names.slice(0, 3).join(", ")}${names.length > 3 ? ", …" : ""}`;
  const [noun, verb] = total === 1 ? ["task", "fits"] : ["tasks", "fit"];
  return `${total} ${noun}${named} that ${verb} on no agent`;
}

function together(concluded: readonly Conclusion[], none: readonly Unplaceable[]): Decision {
  return {
    groups: Object.fromEntries(concluded.map(({ name, decision }) => [name, decision])),
    unplaceable: none,
    memory: Object.fromEntries(concluded.map(({ name, memory }) => [name, memory])),
  };
}

function bySize(a: Shape, b: Shape): number {
  return b.size - a.size || a.index - b.index;
}

function add(tasks: Map<Shape, number>, shape: Shape, n: number): void {
  tasks.set(shape, (tasks.get(shape) ?? 0) + n);
}

/** An element that is there: indices come from the same lists. */
function at<T>(list: readonly T[], index: number): T {
  return list[index] as T;
}
