// SPDX-License-Identifier: Apache-2.0
import { deepEqual, ok } from "node:assert/strict";
import { type AutoscalePolicy, fillAutoscalePolicy } from "@pulumi-mesos/model";
import fc from "fast-check";
import { decide } from "./decide";
import type { Decision, Memory, Policies, Resources, SizedAgent, Work, World } from "./world";
import { agents, group, minute, plain, resources, start, work, world } from "./world.test.support";

const names = ["web", "big"];
const kinds = ["cpus", "mem", "disk", "gpus"] as const;
/** What each agent of a group has: only big ones have processors for graphics. */
const offers: Readonly<Record<string, Resources>> = {
  web: { ...resources(8), disk: 2000 },
  big: { ...resources(16), disk: 1000, gpus: 2 },
};
const nothing: Resources = { cpus: 0, mem: 0, disk: 0, gpus: 0 };

const policy: fc.Arbitrary<AutoscalePolicy> = fc
  .record({
    min: fc.nat(6),
    more: fc.nat(40),
    targetUtilization: fc.double({ min: 0.05, max: 1, noNaN: true }),
    per: fc.constantFrom("second" as const, "hour" as const),
    stabilizationSeconds: fc.constantFrom(0, 300),
    spot: fc.boolean(),
  })
  .map(({ min, more, targetUtilization, per, stabilizationSeconds, spot }) => ({
    min,
    max: min + more,
    targetUtilization,
    billing: { per },
    scaleDown: { stabilizationSeconds },
    ...(spot ? { spot: { maxShare: 0.5 } } : {}),
  }));
const policies: fc.Arbitrary<Policies> = fc
  .tuple(policy, policy)
  .map((both) => Object.fromEntries(both.map((p, i) => [names[i] ?? "", fillAutoscalePolicy(p)])));

const agent = fc.record({
  state: fc.constantFrom<SizedAgent["state"]>(
    "ready",
    "ready",
    "ready",
    "ready",
    "booting",
    "unready",
    "unreachable",
  ),
  age: fc.nat(7200),
  leaving: fc.boolean(),
  doomed: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});
const fleet = fc.array(agent, { maxLength: 20 });

/** Tasks in thousandths of a cpu, so that sums are not round. */
const task = fc.record({
  milli: fc.integer({ min: 1, max: 17_000 }),
  mem: fc.integer({ min: 0, max: 20_000 }),
  disk: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2500 })),
  gpus: fc.constantFrom(0, 0, 0, 1, 2),
  kind: fc.constantFrom<Work["kind"]>("service", "batch", "resident"),
  unique: fc.boolean(),
  running: fc.array(fc.nat(), { maxLength: 12 }),
  waiting: fc.nat(30),
});

/** A cluster as it could be: running tasks fit on their agents. */
const cluster: fc.Arbitrary<World> = fc
  .tuple(fleet, fleet, fc.array(task, { maxLength: 8 }), fc.boolean())
  .map(([web, big, tasks, isKnown]) => {
    const all = [web, big].flatMap((members, g) =>
      members.map(({ age, ...rest }, i): SizedAgent => {
        const name = names[g] ?? "";
        return { id: `${name}-${i}`, group: name, startedAt: start - age * 1000, ...rest };
      }),
    );
    const free = new Map(all.map(({ id, group: g }) => [id, { ...nothing, ...offers[g] }]));
    const hosts = all.filter(({ state }) => state !== "booting");
    const works = tasks.map(({ milli, mem, disk, gpus, kind, unique, running }, i): Work => {
      const need: Resources = { cpus: milli / 1000, mem, disk, gpus };
      const on = running.flatMap((n) => {
        const host = hosts[n % Math.max(1, hosts.length)]?.id;
        const room = host === undefined ? undefined : free.get(host);
        if (host === undefined || room === undefined || kinds.some((one) => room[one] < need[one])) return [];
        for (const one of kinds) room[one] -= need[one];
        return [host];
      });
      const constraints = unique ? [["hostname", "UNIQUE"] as const] : [];
      return work(`/w${i}`, milli / 1000, unique ? [...new Set(on)] : on, {
        kind,
        constraints,
        need,
      });
    });
    const waiting = isKnown ? new Map(tasks.map(({ waiting: n }, i) => [`/w${i}`, n])) : undefined;
    const groups = names.map((name) => group(name, { resources: { ...nothing, ...offers[name] } }));
    return world({ groups, agents: all, works, waiting });
  });

const memories: fc.Arbitrary<Memory> = fc
  .tuple(fc.array(fc.double({ min: 0, max: 50, noNaN: true }), { maxLength: 30 }), fc.nat(40))
  .map(([history, needed]) => {
    const demand = history.map((n, i) => [start / minute - history.length + i, n] as const);
    return { web: { demand, needed: [[start - minute, needed] as const], leave: [] } };
  });

function numbersIn(value: unknown): number[] {
  if (typeof value === "number") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(numbersIn) : [];
}

function total(decision: Decision): number {
  return Object.values(decision.groups).reduce((sum, { size }) => sum + size, 0);
}

describe("every decision", function () {
  this.timeout(60_000);

  it("stays within bounds, names only agents of its group, and has neither NaN nor infinity in it", () => {
    fc.assert(
      fc.property(cluster, policies, memories, (seen, rules, memory) => {
        const decision = decide(seen, rules, memory);
        for (const [name, { size, leave, end, reasons }] of Object.entries(decision.groups)) {
          ok(size >= (rules[name]?.min ?? 0) && size <= (rules[name]?.max ?? 0), `${name}: ${size}`);
          ok(leave.every((id) => seen.agents?.some((a) => a.id === id && a.group === name && !a.doomed)));
          ok(end.every((id) => leave.includes(id)));
          ok(reasons.length > 0 && reasons.every((reason) => !/NaN|Infinity|undefined/.test(reason)));
        }
        ok(numbersIn([decision.groups, decision.memory, decision.unplaceable]).every(Number.isFinite));
      }),
    );
  });

  it("is the same for the same", () => {
    fc.assert(
      fc.property(cluster, policies, memories, (seen, rules, memory) => {
        const before = JSON.stringify([seen, rules, memory]);
        deepEqual(decide(seen, rules, memory), decide(seen, rules, memory));
        deepEqual(JSON.stringify([seen, rules, memory]), before);
      }),
    );
  });

  it("ends nobody who has tasks, and takes no agent away from tasks that need it", () => {
    fc.assert(
      fc.property(cluster, policies, memories, (seen, rules, memory) => {
        const decision = decide(seen, rules, memory);
        const busy = new Set(seen.works.flatMap(({ on }) => on));
        const leave = new Set(Object.values(decision.groups).flatMap((g) => g.leave));
        ok(Object.values(decision.groups).every(({ end }) => end.every((id) => !busy.has(id))));
        const over = names.some((name) => {
          const members = seen.agents?.filter((a) => a.group === name && !a.doomed).length ?? 0;
          return members > (rules[name]?.max ?? 0);
        });
        // Lowered bounds win over tasks; otherwise what stays holds all that runs, also what runs on those that leave.
        if (over) return;
        const bins = (seen.agents ?? []).filter((a) => !a.doomed && ["ready", "booting"].includes(a.state));
        const stays = bins.filter(({ id }) => !leave.has(id));
        const takers = new Set(bins.map(({ id }) => id));
        for (const kind of kinds) {
          const offered = stays.reduce((sum, a) => sum + (offers[a.group]?.[kind] ?? 0), 0);
          const used = seen.works.reduce(
            (sum, w) => sum + w.need[kind] * w.on.filter((id) => takers.has(id)).length,
            0,
          );
          ok(used <= offered + 1e-3, `${kind}: ${used} of ${offered}`);
        }
      }),
    );
  });

  for (const kind of kinds)
    it(`keeps as many agents as the tasks that run need of ${kind}, however little they need of the rest`, () => {
      const rules = plain({ big: { scaleDown: { maxStep: 100 } } });
      const whole = offers["big"]?.[kind] ?? 0;
      const unit = kind === "gpus" ? 1 : whole / 8;
      // By agent: how many tasks, of one unit each, are on it.
      const counts = fc.array(fc.nat(whole / unit), { minLength: 2, maxLength: 12 });
      fc.assert(
        fc.property(counts, (tasks) => {
          const members = agents("big", tasks.length);
          const on = members.flatMap(({ id }, i) => Array.from({ length: tasks[i] ?? 0 }, () => id));
          const groups = [
            group("big", { size: members.length, resources: { ...nothing, ...offers["big"] } }),
          ];
          const works = [work("/a", 0, on, { need: { ...nothing, [kind]: unit } })];
          const { leave } = decide(world({ groups, agents: members, works }), rules, {}).groups["big"] ?? {};
          const stay = members.length - (leave?.length ?? 0);
          deepEqual(stay, Math.ceil((on.length * unit) / whole));
        }),
      );
    });

  it("asks for no fewer agents when more tasks wait", () => {
    // Sizes that divide each other: what first fit packs of them is never more than needed, so that nothing but the policy shows.
    const milli = fc.constantFrom(1000, 2000, 4000, 8000);
    const tasks = fc.array(
      fc.record({ milli, waiting: fc.nat(20), on: fc.array(fc.nat(9), { maxLength: 3 }) }),
      {
        minLength: 1,
        maxLength: 5,
      },
    );
    fc.assert(
      fc.property(tasks, fc.nat(4), fc.nat(30), (all, which, more) => {
        const seen = (extra: number) => {
          const free = new Map(agents("web", 10).map(({ id }) => [id, 8000]));
          const works = all.map((t, i) => {
            const on = t.on.flatMap((n) => {
              const id = `web-${n + 1}`;
              const room = free.get(id) ?? 0;
              if (room < t.milli) return [];
              free.set(id, room - t.milli);
              return [id];
            });
            return work(`/w${i}`, t.milli / 1000, on);
          });
          const waiting = new Map(
            all.map((t, i) => [`/w${i}`, t.waiting + (i === which % all.length ? extra : 0)]),
          );
          return world({ agents: agents("web", 10), works, waiting });
        };
        const rules = plain({ web: { max: 1000, scaleUp: { maxStep: 1000 } } });
        ok(total(decide(seen(more), rules, {})) >= total(decide(seen(0), rules, {})));
      }),
    );
  });
});

/** Follows decisions for a while: new agents are ready at once, those that end are gone, and tasks are placed as `pick` says. */
function follow(
  rounds: number,
  tasks: readonly number[],
  rules: Policies,
  pick: (n: number) => number,
): number[] {
  let memory: Memory = {};
  let fleetNow: SizedAgent[] = [];
  let next = 0;
  let where: (string | undefined)[] = tasks.map(() => undefined);
  const seenSizes: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const now = start + round * minute;
    // Tasks that wait, and those of agents that leave, go to any agent that has room.
    const stays = fleetNow.filter(({ leaving }) => !leaving);
    const free = new Map(stays.map(({ id }) => [id, 8]));
    where = where.map((id, i) => {
      const room = id === undefined ? undefined : free.get(id);
      if (id === undefined || room === undefined) return undefined;
      free.set(id, room - (tasks[i] ?? 0));
      return id;
    });
    where = where.map((id, i) => {
      if (id !== undefined) return id;
      const fitting = stays.filter((a) => (free.get(a.id) ?? 0) >= (tasks[i] ?? 0));
      const host = fitting.length === 0 ? undefined : fitting[pick(fitting.length)];
      if (host !== undefined) free.set(host.id, (free.get(host.id) ?? 0) - (tasks[i] ?? 0));
      return host?.id;
    });
    const works = tasks.map((cpus, i) =>
      work(`/w${i}`, cpus, where[i] === undefined ? [] : [where[i] ?? ""]),
    );
    const waiting = new Map(tasks.map((_, i) => [`/w${i}`, where[i] === undefined ? 1 : 0]));
    const decision = decide(world({ now, agents: fleetNow, works, waiting }), rules, memory);
    memory = decision.memory;
    const web = decision.groups["web"];
    const leave = new Set(web?.leave);
    const end = new Set(web?.end);
    fleetNow = fleetNow.filter(({ id }) => !end.has(id)).map((a) => ({ ...a, leaving: leave.has(a.id) }));
    while (fleetNow.length - fleetNow.filter(({ leaving }) => leaving).length < (web?.size ?? 0)) {
      fleetNow.push(...agents("web", 1, { id: `web-${++next}`, startedAt: now }));
    }
    seenSizes.push(web?.size ?? 0);
  }
  return seenSizes;
}

describe("decisions one after another", function () {
  this.timeout(60_000);

  it("settle while the load stays the same, wherever tasks are placed", () => {
    const cpus = fc.constantFrom(0.5, 1, 1.5, 2, 3, 4);
    fc.assert(
      fc.property(
        fc.array(cpus, { minLength: 1, maxLength: 60 }),
        fc.infiniteStream(fc.nat()),
        (tasks, luck) => {
          const rules = { web: fillAutoscalePolicy({ min: 0, max: 100 }) };
          const pick = (n: number) => (luck.next().value ?? 0) % n;
          const settled = follow(140, tasks, rules, pick).slice(100);
          deepEqual([...new Set(settled)].length, 1, settled.join(" "));
          ok((settled[0] ?? 0) * 8 >= tasks.reduce((sum, n) => sum + n, 0));
        },
      ),
      { numRuns: 8 },
    );
  });
});
