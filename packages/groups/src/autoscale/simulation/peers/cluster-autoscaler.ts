// SPDX-License-Identifier: Apache-2.0

import { satisfies } from "../../constraints";
import { epsilon } from "../../shapes";
import type { Policies, SizedAgent, SizedGroup, Work, World } from "../../world";
import type { Autoscaler, Order } from "../simulate";
import { type Load, loads, nothing, utilization } from "./tasks-on";

/** Numbers of the documentation of Kubernetes' cluster-autoscaler. */
const documented = {
  scanSeconds: 10,
  utilization: 0.5,
  unneededSeconds: 600,
  afterAddSeconds: 600,
  emptyAtATime: 10,
  drainsAtATime: 1,
  graceSeconds: 600,
  backoffSeconds: 300,
  maxBackoffSeconds: 1800,
};

interface Room {
  readonly agent: SizedAgent;
  readonly group: SizedGroup;
  cpus: number;
  mem: number;
}

/**
 * Scaling by the documented rules of Kubernetes' cluster-autoscaler with its default numbers and expander, least-waste: tasks
 * that fit on no agent open new ones; an agent that was used less than half for ten minutes and whose tasks fit elsewhere
 * goes. The first backoff of a group that gets no agents (five minutes) is not in what this follows, only the longest.
 */
export function clusterAutoscaler(policies: Policies): Autoscaler {
  const unneeded = new Map<string, number>();
  const failures = new Map<string, { at: number; count: number }>();
  let addedAt = Number.NEGATIVE_INFINITY;
  return {
    name: "cluster-autoscaler",
    periodSeconds: documented.scanSeconds,
    killAfterSeconds: documented.graceSeconds,
    endsWhenEmpty: true,
    decide(world) {
      const running = loads(world);
      const rooms = roomsOf(world, running);
      const added = new Map<string, number>();
      const homeless = unschedulable(world, rooms);
      if (homeless.length > 0) scaleUp(homeless, world, policies, failures, added);
      if ([...added.values()].some((n) => n > 0)) addedAt = world.now;
      const calm = world.now - addedAt >= documented.afterAddSeconds * 1000 && homeless.length === 0;
      const goes = scaleDown(world, policies, rooms, running, unneeded, calm);
      return Object.fromEntries(
        world.groups.map(({ name }): [string, Order] => {
          const members = (world.agents ?? []).filter(({ group, doomed }) => group === name && !doomed);
          const leave = members.filter(({ id, leaving }) => leaving || goes.has(id)).map(({ id }) => id);
          return [name, { size: members.length - leave.length + (added.get(name) ?? 0), leave, end: [] }];
        }),
      );
    },
  };
}

function roomsOf(world: World, running: ReadonlyMap<string, Load>): Room[] {
  return (world.agents ?? []).flatMap((agent): Room[] => {
    const group = world.groups.find(({ name }) => name === agent.group);
    if (group === undefined || agent.leaving || agent.doomed) return [];
    const { cpus, mem } = running.get(agent.id) ?? nothing;
    return [{ agent, group, cpus: group.resources.cpus - cpus, mem: group.resources.mem - mem }];
  });
}

function fits(work: Work, room: Pick<Room, "cpus" | "mem">, group: SizedGroup): boolean {
  const { cpus, mem } = work.need;
  if (cpus > room.cpus + epsilon || mem > room.mem + epsilon) return false;
  return satisfies(work.constraints, group.attributes, undefined);
}

function place(work: Work, rooms: readonly Room[]): Room | undefined {
  const room = rooms.find((r) => fits(work, r, r.group));
  if (room === undefined) return undefined;
  room.cpus -= work.need.cpus;
  room.mem -= work.need.mem;
  return room;
}

/** Tasks that wait and fit neither on an agent that is there nor on one that boots; they take up room in `rooms`. */
function unschedulable(world: World, rooms: readonly Room[]): [Work, number][] {
  return world.works.flatMap((work): [Work, number][] => {
    let n = world.waiting?.get(work.id) ?? 0;
    while (n > 0 && place(work, rooms) !== undefined) n--;
    return n > 0 ? [[work, n]] : [];
  });
}

/** For each group what new agents of it would hold; the one that wastes least is taken, as long as tasks are left. */
function scaleUp(
  homeless: [Work, number][],
  world: World,
  policies: Policies,
  failures: Map<string, { at: number; count: number }>,
  added: Map<string, number>,
): void {
  let left = homeless;
  const tried = new Set<string>();
  while (left.length > 0) {
    const options = world.groups
      .filter(({ name }) => !tried.has(name))
      .map((group) => ({ group, ...estimate(left, group, roomFor(group, world, policies, failures)) }))
      .filter(({ agents }) => agents > 0);
    const best = options.sort((a, b) => a.waste - b.waste)[0];
    if (best === undefined) return;
    added.set(best.group.name, best.agents);
    tried.add(best.group.name);
    left = best.left;
  }
}

function roomFor(
  group: SizedGroup,
  world: World,
  policies: Policies,
  failures: Map<string, { at: number; count: number }>,
): number {
  const { refusedAt, name } = group;
  const known = failures.get(name);
  if (refusedAt !== undefined && known?.at !== refusedAt) {
    failures.set(name, { at: refusedAt, count: (known?.count ?? 0) + 1 });
  }
  const failed = failures.get(name);
  if (failed !== undefined) {
    const seconds = Math.min(
      documented.maxBackoffSeconds,
      documented.backoffSeconds * 2 ** (failed.count - 1),
    );
    if (world.now - failed.at < seconds * 1000) return 0;
  }
  const members = (world.agents ?? []).filter((agent) => agent.group === name && !agent.doomed);
  return Math.max(0, (policies[name]?.max ?? 0) - members.length);
}

function estimate(
  homeless: readonly [Work, number][],
  group: SizedGroup,
  most: number,
): { agents: number; waste: number; left: [Work, number][] } {
  const fresh: Room[] = [];
  const sorted = [...homeless].sort(
    ([a], [b]) => utilization(b.need, group.resources) - utilization(a.need, group.resources),
  );
  const left = sorted.flatMap(([work, count]): [Work, number][] => {
    let n = count;
    for (; n > 0; n--) {
      if (place(work, fresh) !== undefined) continue;
      const room = { agent: {} as SizedAgent, group, cpus: group.resources.cpus, mem: group.resources.mem };
      if (fresh.length >= most || !fits(work, room, group)) break;
      fresh.push(room);
      place(work, [room]);
    }
    return n > 0 ? [[work, n]] : [];
  });
  const idle = fresh.reduce(
    (sum, { cpus, mem }) => sum + cpus / group.resources.cpus + mem / group.resources.mem,
    0,
  );
  return { agents: fresh.length, waste: idle / Math.max(1, 2 * fresh.length), left };
}

/** Who goes now of those that have not been needed for long enough. */
function scaleDown(
  world: World,
  policies: Policies,
  rooms: readonly Room[],
  running: ReadonlyMap<string, Load>,
  unneeded: Map<string, number>,
  calm: boolean,
): Set<string> {
  const goes = new Set<string>();
  const agents = world.agents ?? [];
  let empties = 0;
  let drains = agents.filter(({ leaving, id }) => leaving && running.has(id)).length;
  const sizes = new Map<string, number>();
  for (const { agent } of rooms) sizes.set(agent.group, (sizes.get(agent.group) ?? 0) + 1);
  for (const room of rooms) {
    const { agent, group } = room;
    const load = running.get(agent.id) ?? nothing;
    const isCandidate =
      agent.state === "ready" &&
      utilization(load, group.resources) < documented.utilization &&
      hasPlace(load, room, rooms, goes);
    if (!isCandidate) {
      unneeded.delete(agent.id);
      continue;
    }
    const since = unneeded.get(agent.id) ?? world.now;
    unneeded.set(agent.id, since);
    const size = sizes.get(group.name) ?? 0;
    if (!calm || world.now - since < documented.unneededSeconds * 1000) continue;
    if (size <= (policies[group.name]?.min ?? 0)) continue;
    const isEmpty = load.works.length === 0;
    if (isEmpty ? empties >= documented.emptyAtATime : drains >= documented.drainsAtATime) continue;
    if (isEmpty) empties++;
    else drains++;
    goes.add(agent.id);
    sizes.set(group.name, size - 1);
  }
  return goes;
}

/** Whether all tasks of an agent fit on others. */
function hasPlace(load: Load, room: Room, rooms: readonly Room[], goes: ReadonlySet<string>): boolean {
  const others = rooms
    .filter((r) => r !== room && r.agent.state === "ready" && !goes.has(r.agent.id))
    .map((r) => ({ ...r }));
  return load.works.every((work) => place(work, others) !== undefined);
}
