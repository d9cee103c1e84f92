// SPDX-License-Identifier: Apache-2.0
import type { Policies, SizedAgent, World } from "../../world";
import type { Autoscaler, Order } from "../simulate";
import { type Load, loads, nothing, utilization } from "./tasks-on";

/** Numbers of Clusterman's documentation. */
const documented = {
  periodSeconds: 600,
  setpoint: 0.7,
  margin: 0.1,
  maxToAdd: 100,
  maxToRemove: 100,
  maxTasksToKill: 100,
  minUptimeSeconds: 300,
  lossThreshold: 2,
  drainSeconds: 1800,
};

/**
 * A setpoint policy by the documented rules of Yelp's Clusterman, with its default signal (what is allocated; tasks that wait
 * are no part of it) and default numbers. An agent weighs 1, and a pool of several groups is spread evenly over them, as far
 * as their bounds allow: of that the documentation that this follows says nothing.
 */
export function clusterman(policies: Policies): Autoscaler {
  let target: number | undefined;
  let seen = new Set<string>();
  return {
    name: "clusterman",
    periodSeconds: documented.periodSeconds,
    killAfterSeconds: documented.drainSeconds,
    endsWhenEmpty: true,
    decide(world) {
      const agents = (world.agents ?? []).filter(({ group }) => policies[group] !== undefined);
      const here = new Set(agents.map(({ id }) => id));
      // Those that were asked to leave are not lost.
      const lost = [...seen].filter((id) => !here.has(id)).length;
      seen = new Set(
        agents.filter(({ leaving, state }) => !leaving && state === "ready").map(({ id }) => id),
      );
      const running = loads(world);
      const wanted = newTarget(world, agents, running, target);
      const sizes = spread(wanted, world, policies);
      target = [...sizes.values()].reduce((sum, n) => sum + n, 0);
      const mayShrink = lost <= documented.lossThreshold;
      return Object.fromEntries(
        world.groups.map(({ name }) => {
          const members = agents.filter(({ group, doomed }) => group === name && !doomed);
          return [name, orderOf(members, sizes.get(name) ?? 0, mayShrink, running, world.now)];
        }),
      );
    },
  };
}

/** newTarget = what is fulfilled × (use of the most constrained resource / setpoint), unless it is within the margin. */
function newTarget(
  world: World,
  agents: readonly SizedAgent[],
  running: ReadonlyMap<string, Load>,
  before: number | undefined,
): number {
  const registered = agents.filter(({ state, leaving }) => state === "ready" && !leaving);
  const waits = [...(world.waiting?.values() ?? [])].some((n) => n > 0);
  if (registered.length === 0) return Math.max(before ?? 0, waits ? 1 : 0);
  const sum = { cpus: 0, mem: 0 };
  for (const load of running.values()) {
    sum.cpus += load.cpus;
    sum.mem += load.mem;
  }
  const whole = { cpus: 0, mem: 0, disk: 0, gpus: 0 };
  for (const { group } of registered) {
    const offered = world.groups.find(({ name }) => name === group)?.resources;
    whole.cpus += offered?.cpus ?? 0;
    whole.mem += offered?.mem ?? 0;
  }
  const wanted = registered.length * (utilization(sum, whole) / documented.setpoint);
  const current = before ?? registered.length;
  if (Math.abs(wanted - current) / Math.max(1, current) < documented.margin) return current;
  return Math.ceil(
    Math.min(current + documented.maxToAdd, Math.max(current - documented.maxToRemove, wanted)),
  );
}

function spread(target: number, world: World, policies: Policies): Map<string, number> {
  const sizes = new Map(world.groups.map(({ name }) => [name, policies[name]?.min ?? 0]));
  let left = target - [...sizes.values()].reduce((sum, n) => sum + n, 0);
  while (left > 0) {
    const open = world.groups.filter(({ name }) => (sizes.get(name) ?? 0) < (policies[name]?.max ?? 0));
    const least = open.reduce(
      (a, b) => ((sizes.get(b.name) ?? 0) < (sizes.get(a.name) ?? 0) ? b : a),
      open[0] ?? { name: "" },
    );
    if (open.length === 0) break;
    sizes.set(least.name, (sizes.get(least.name) ?? 0) + 1);
    left--;
  }
  return sizes;
}

/** Kill order: idle ones, then fewest batch tasks, then fewest tasks; whoever drains goes on doing so. */
function orderOf(
  members: readonly SizedAgent[],
  size: number,
  mayShrink: boolean,
  running: ReadonlyMap<string, Load>,
  now: number,
): Order {
  const leave = members.filter(({ leaving }) => leaving).map(({ id }) => id);
  const stays = members.filter(({ leaving }) => !leaving);
  const of = ({ id }: SizedAgent) => running.get(id) ?? nothing;
  const killable = stays
    .filter(
      ({ startedAt, state }) => state === "ready" && now - startedAt > documented.minUptimeSeconds * 1000,
    )
    .sort((a, b) => of(a).batch - of(b).batch || of(a).works.length - of(b).works.length);
  let [kills, left] = [0, mayShrink ? stays.length - size : 0];
  for (const agent of killable) {
    const tasks = of(agent).works.length;
    if (left <= 0) break;
    if (kills + tasks > documented.maxTasksToKill) continue;
    kills += tasks;
    left--;
    leave.push(agent.id);
  }
  const staying = members.length - leave.length;
  return { size: Math.max(size, staying), leave, end: [] };
}
