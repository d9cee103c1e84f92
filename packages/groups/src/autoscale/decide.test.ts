// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, match } from "node:assert/strict";
import { decide } from "./decide";
import type { Decision, GroupDecision, World } from "./world";
import { agents, group, minute, plain, resources, start, work, world } from "./world.test.support";

const waiting = (tasks: Record<string, number>) => new Map(Object.entries(tasks));
/** What is decided of the group `web`. */
function web(decision: Decision): GroupDecision {
  const found = decision.groups["web"];
  if (found === undefined) throw new Error("nothing is decided of web");
  return found;
}
const repeat = (id: string, n: number): string[] => Array.from({ length: n }, () => id);

describe("a decision about agents", function () {
  this.timeout(60_000);

  it("grows by as many as waiting tasks need, and says for whom", () => {
    const seen = world({
      agents: agents("web", 1),
      works: [work("/a", 3, [])],
      waiting: waiting({ "/a": 9 }),
    });
    const { size, reasons } = web(decide(seen, plain({ web: {} }), {}));
    equal(size, 5);
    deepEqual(reasons, ["4 more for 7 tasks of /a that fit on no agent"]);
  });

  it("says of tasks that want another zone than that of the next agent when they get one", () => {
    const place = (zone: string) => ({ "@region": "eu", "@zone": zone });
    const groups = [group("web", { attributes: place("a"), later: [place("b")] })];
    const reasonOf = (zone: string): string | undefined => {
      const works = [work("/a", 1, [], { constraints: [["@zone", "IS", zone]] })];
      const { groups: made, unplaceable } = decide(
        world({ groups, works, waiting: waiting({ "/a": 1 }) }),
        plain({ web: {} }),
        {},
      );
      equal(made["web"]?.size, zone === "a" ? 1 : 0);
      return unplaceable[0]?.reason;
    };
    equal(reasonOf("a"), undefined);
    equal(
      reasonOf("b"),
      "the next agent of web comes to eu a, where none satisfies @zone IS b; a group of one zone would grow for it",
    );
    match(reasonOf("c") ?? "", /^no agent of any group has cpus 1, .* and satisfies @zone IS c$/);
  });

  it("leaves a group without agents empty until tasks wait, and fills it to its least at once", () => {
    const works = [work("/a", 3, [])];
    equal(web(decide(world({ works }), plain({ web: {} }), {})).size, 0);
    equal(web(decide(world({ works, waiting: waiting({ "/a": 3 }) }), plain({ web: {} }), {})).size, 2);
    const { size, reasons } = web(decide(world({}), plain({ web: { min: 2 } }), {}));
    deepEqual([size, reasons], [2, ["2 more, so that there are 2"]]);
  });

  it("counts on agents that boot, but not for ever", () => {
    const booting = agents("web", 2, { state: "booting", startedAt: start - minute });
    const seen = world({ agents: booting, works: [work("/a", 8, [])], waiting: waiting({ "/a": 2 }) });
    equal(web(decide(seen, plain({ web: {} }), {})).size, 2);
    const late = { ...seen, agents: booting.map((agent) => ({ ...agent, startedAt: start - 16 * minute })) };
    const decision = web(decide(late, plain({ web: {} }), {}));
    equal(decision.size, 4);
    match(decision.frozen ?? "", /^web-1, web-2 not ready/);
  });

  it("keeps headroom of the target, in room that tasks fit in and not in crumbs", () => {
    const on = agents("web", 4).flatMap(({ id }) => [id, id]);
    const seen = world({ agents: agents("web", 4), works: [work("/a", 3, on)] });
    equal(web(decide(seen, plain({ web: {} }), {})).size, 4);
    // A quarter of every agent is free, and none of it is of use to a task of 3.
    const { size, reasons } = web(decide(seen, plain({ web: { targetUtilization: 0.7 } }), {}));
    equal(size, 6);
    match(reasons[0] ?? "", /^2 more for headroom: 1\.3 for a use of 70 %/);
  });

  it("keeps holes for the largest tasks, which find no room where much is free in small pieces", () => {
    // Two cpus are free on each of the eight agents with small tasks.
    const small = work(
      "/small",
      1,
      agents("web", 8).flatMap(({ id }) => repeat(id, 6)),
    );
    const seen = (large: number) =>
      world({ agents: agents("web", 9), works: [small, work("/large", large, repeat("web-9", 8 / large))] });
    const sizeFor = (large: number) =>
      web(decide(seen(large), plain({ web: { targetUtilization: 0.75, headroom: { maxShare: 0 } } }), {}))
        .size;
    deepEqual([sizeFor(1), sizeFor(2), sizeFor(4)], [9, 9, 10]);
  });

  it("keeps more free where demand has risen fast", () => {
    const seen = world({ agents: agents("web", 8), works: [work("/a", 1, repeat("web-1", 8))] });
    const demand = Array.from(
      { length: 60 },
      (_, i) => [start / minute - 60 + i, 1 + (i % 10) / 10] as const,
    );
    const memory = { web: { demand, needed: [], leave: [] } };
    const calm = web(decide(seen, plain({ web: {} }), {}));
    const rising = web(decide(seen, plain({ web: {} }), memory));
    equal(calm.size, 1);
    equal(rising.size, 2);
  });

  it("expects demand that goes up and down to rise from below, and not from where it has been at most", () => {
    const sizeAt = (tasks: number, first: number) => {
      const on = agents("web", 8).flatMap(({ id }) => repeat(id, 8));
      const seen = world({ agents: agents("web", 8), works: [work("/a", 1, on.slice(0, tasks))] });
      const demand = Array.from({ length: 120 }, (_, i) => {
        const isHigh = Math.floor(i / 10) % 2 === first;
        return [start / minute - 120 + i, isHigh ? 8 : 4] as const;
      });
      const memory = { web: { demand, needed: [], leave: [] } };
      return web(decide(seen, plain({ web: {} }), memory)).size;
    };
    equal(sizeAt(64, 0), 8);
    equal(sizeAt(32, 1), 7);
  });

  it("keeps some room where a crowd has come lately, and says so", () => {
    const on = agents("web", 8).flatMap(({ id }) => repeat(id, 8));
    const seen = world({ agents: agents("web", 8), works: [work("/a", 1, on)] });
    const demand = Array.from(
      { length: 120 },
      (_, i) => [start / minute - 120 + i, i >= 60 && i < 70 ? 11 : 8] as const,
    );
    const sizeOf = (headroom: object, history: typeof demand) => {
      const memory = { web: { demand: history, needed: [], leave: [] } };
      return web(decide(seen, plain({ web: { headroom } }), memory));
    };
    const crowded = sizeOf({ crowdShare: 0.25 }, demand);
    equal(crowded.size, 10);
    match(crowded.reasons[0] ?? "", /^2 more for headroom: 2 because demand has risen by 3 at once lately/);
    equal(sizeOf({ crowdShare: 0 }, demand).size, 8);
    equal(sizeOf({ crowdShare: 0.25, maxShare: 0 }, demand).size, 8);
    const calm = demand.map(([at]) => [at, 8] as const);
    equal(sizeOf({ crowdShare: 0.25 }, calm).size, 8);
  });

  it("opens agents of the cheapest group that fits", () => {
    const groups = [
      group("web"),
      group("big", { resources: resources(32) }),
      group("gpu", { resources: { ...resources(8), gpus: 1 } }),
    ];
    const works = [
      work("/small", 1, []),
      work("/large", 20, []),
      work("/learn", 1, [], { need: { ...resources(1), gpus: 1 } }),
    ];
    const policies = plain({ web: {}, big: {}, gpu: { billing: { price: 30 } } });
    const sizes = (tasks: Record<string, number>) => {
      const { groups: decided } = decide(world({ groups, works, waiting: waiting(tasks) }), policies, {});
      return Object.values(decided).map(({ size }) => size);
    };
    deepEqual(sizes({ "/small": 3 }), [1, 0, 0]);
    deepEqual(sizes({ "/large": 1, "/small": 12 }), [0, 1, 0]);
    deepEqual(sizes({ "/learn": 2 }), [0, 0, 2]);
  });

  it("follows constraints: attributes, one a host, so many a rack", () => {
    const groups = [
      group("web", { attributes: { rack: "a" } }),
      group("ssd", { attributes: { rack: "b", disk: "ssd" } }),
    ];
    const sizes = (constraints: World["works"][number]["constraints"]) => {
      const works = [work("/a", 1, [], { constraints })];
      const seen = world({ groups, works, waiting: waiting({ "/a": 4 }) });
      const { groups: decided, unplaceable } = decide(
        seen,
        plain({ web: {}, ssd: { billing: { price: 99 } } }),
        {},
      );
      return [...Object.values(decided).map(({ size }) => size), unplaceable.length];
    };
    deepEqual(sizes([]), [1, 0, 0]);
    deepEqual(sizes([["disk", "LIKE", "ss."]]), [0, 1, 0]);
    deepEqual(sizes([["disk", "UNLIKE", "ssd"]]), [1, 0, 0]);
    deepEqual(sizes([["hostname", "UNIQUE"]]), [4, 0, 0]);
    deepEqual(sizes([["rack", "MAX_PER", "2"]]), [1, 1, 0]);
    deepEqual(sizes([["disk", "CLUSTER", "tape"]]), [0, 0, 1]);
  });

  it("counts on agents for those alone whose role they are for, and opens others for the rest", () => {
    const groups = [group("web"), group("public", { role: "slave_public" })];
    const sizes = (roles: readonly string[], on: readonly string[] = []) => {
      const works = [work("/a", 1, on, { roles })];
      const seen = world({ groups, agents: agents("public", 1), works, waiting: waiting({ "/a": 9 }) });
      const decision = decide(seen, plain({ web: {}, public: { min: 1 } }), {});
      const [lost] = decision.unplaceable;
      return [...Object.values(decision.groups).map(({ size }) => size), lost?.reason];
    };
    deepEqual(sizes(["*"]), [2, 1, undefined], "the one that is there is for others");
    deepEqual(sizes(["slave_public"]), [0, 2, undefined]);
    deepEqual(sizes(["*", "slave_public"]), [1, 1, undefined]);
    deepEqual(sizes(["db"]), [0, 1, "no agent of any group offers what is for role db"]);
  });

  it("moves nobody to an agent that is for others", () => {
    const groups = [group("web"), group("public", { role: "slave_public" })];
    const all = [...agents("web", 2), ...agents("public", 1)];
    const on = [...repeat("web-1", 7), ...repeat("web-2", 3)];
    const leave = (roles: readonly string[]) => {
      const seen = world({ groups, agents: all, works: [work("/a", 1, on, { roles })] });
      return web(decide(seen, plain({ web: {}, public: { min: 1, max: 1 } }), {})).leave;
    };
    deepEqual(leave(["*"]), []);
    deepEqual(leave(["*", "slave_public"]), ["web-2"]);
  });

  it("reports tasks that fit on no agent of any group and does not chase them", () => {
    const works = [work("/huge", 9, []), work("/a", 8, [])];
    const decision = decide(
      world({ works, waiting: waiting({ "/huge": 3, "/a": 1 }) }),
      plain({ web: {} }),
      {},
    );
    equal(web(decision).size, 1);
    deepEqual(decision.unplaceable, [
      { works: ["/huge"], tasks: 3, reason: "no agent of any group has cpus 9, mem 9216, disk 0, gpus 0" },
    ]);
  });

  it("lets the emptiest leave when what they hold fits elsewhere", () => {
    const on = [...repeat("web-1", 5), "web-2", ...repeat("web-3", 4)];
    const seen = world({ agents: agents("web", 3), works: [work("/a", 1, on)] });
    const { size, leave, end, reasons } = web(decide(seen, plain({ web: {} }), {}));
    deepEqual([size, leave, end], [2, ["web-2"], []]);
    match(reasons.join("\n"), /^web-2 not needed for 0 s, and what it holds fits elsewhere/);
    const idleOnly = plain({ web: { scaleDown: { consolidate: false } } });
    deepEqual(web(decide(seen, idleOnly, {})).leave, []);
  });

  it("ends who leaves once it is empty, and takes it back when it is needed", () => {
    const [one, two] = agents("web", 2);
    const seen = world({
      agents: [{ ...one, leaving: true }, two] as never,
      works: [work("/a", 1, ["web-2"])],
    });
    const { leave, end } = web(decide(seen, plain({ web: {} }), {}));
    deepEqual([leave, end], [["web-1"], ["web-1"]]);
    const back = web(decide({ ...seen, waiting: waiting({ "/a": 8 }) }, plain({ web: {} }), {}));
    deepEqual([back.size, back.leave], [2, []]);
    deepEqual(back.reasons, ["web-1 needed again"]);
  });

  it("says why agents that are not needed stay", () => {
    const seen = world({ agents: agents("web", 3), works: [work("/a", 3, ["web-1"])] });
    const memory = { demand: [], leave: [], needed: [[start - minute, 3]] as const };
    const up = { at: start - minute, agents: 1 };
    const said = (policy: Parameters<typeof plain>[0][string], more: object = {}) =>
      web(decide(seen, plain({ web: policy }), { web: { ...memory, needed: [], ...more } })).reasons.at(-1);
    equal(said({ min: 3 }), "min 3 holds");
    equal(
      said({ scaleDown: { stabilizationSeconds: 150 } }, memory),
      "not 1 yet: 3 needed within the last 150 s",
    );
    equal(
      said({}, { floor: { size: 3, demand: 0.1 } }),
      "not 1: it had fewer than 3 before, which were too few",
    );
    equal(
      said({ scaleDown: { cooldownSeconds: 120 } }, { up }),
      "not 1 yet: it has grown within the last 120 s",
    );
    equal(
      said({ billing: { per: "hour", endWithinSeconds: 0 } }),
      "not 1 yet: what is left stays to the end of its paid hour",
    );
  });

  it("waits until agents were not needed for the whole window", () => {
    const policies = plain({ web: { scaleDown: { stabilizationSeconds: 300 } } });
    const busy = world({
      agents: agents("web", 2),
      works: [work("/a", 1, repeat("web-1", 8))],
      waiting: waiting({ "/a": 8 }),
    });
    let { memory } = decide(busy, policies, {});
    const calm = { ...busy, waiting: waiting({}) };
    for (const after of [60, 240, 299]) {
      const decision = decide({ ...calm, now: start + after * 1000 }, policies, memory);
      equal(web(decision).size, 2);
      memory = decision.memory;
    }
    equal(web(decide({ ...calm, now: start + 300_000 }, policies, memory)).size, 1);
  });

  it("takes nobody from a group that it sees for the first time before the window is over", () => {
    const policies = plain({ web: { scaleDown: { stabilizationSeconds: 300, maxStabilizationSeconds: 0 } } });
    const idle = world({ agents: agents("web", 3), works: [work("/a", 1, ["web-1"])] });
    const first = decide(idle, policies, {});
    equal(web(first).size, 3);
    equal(web(decide({ ...idle, now: start + 299_000 }, policies, first.memory)).size, 3);
    equal(web(decide({ ...idle, now: start + 300_000 }, policies, first.memory)).size, 1);
  });

  it("holds steps to their limits", () => {
    const policies = plain({
      web: { scaleUp: { maxStep: 2, maxStepShare: 0 }, scaleDown: { maxStep: 1, maxStepShare: 0 } },
    });
    const idle = world({
      agents: agents("web", 5),
      works: [
        work(
          "/a",
          1,
          agents("web", 5).map(({ id }) => id),
        ),
      ],
    });
    const first = decide(idle, policies, {});
    equal(web(first).leave.length, 1);
    const leaving = idle.agents?.map((agent) => ({ ...agent, leaving: web(first).leave.includes(agent.id) }));
    equal(
      web(decide({ ...idle, agents: leaving, now: start + minute / 2 }, policies, first.memory)).leave.length,
      1,
    );
    equal(
      web(decide({ ...idle, agents: leaving, now: start + minute }, policies, first.memory)).leave.length,
      2,
    );
    const crowd = world({ works: [work("/a", 8, [])], waiting: waiting({ "/a": 7 }) });
    const grown = decide(crowd, policies, {});
    equal(web(grown).size, 2);
    const later = { ...crowd, agents: agents("web", 2, { state: "booting", startedAt: start }) };
    equal(web(decide({ ...later, now: start + 1000 }, policies, grown.memory)).size, 2);
    equal(web(decide({ ...later, now: start + minute }, policies, grown.memory)).size, 4);
  });

  it("moves no task of an app that ails, and none that has volumes", () => {
    for (const more of [{ ailing: true }, { kind: "resident" as const }]) {
      const seen = world({ agents: agents("web", 2), works: [work("/a", 1, ["web-1", "web-2"], more)] });
      deepEqual(web(decide(seen, plain({ web: {} }), {})).leave, []);
    }
  });

  it("ends an agent that is paid by the hour near the end of an hour only", () => {
    const policies = plain({ web: { billing: { per: "hour" } } });
    const after = (minutes: number) =>
      web(
        decide(
          world({ agents: agents("web", 1, { startedAt: start - minutes * minute, leaving: true }) }),
          policies,
          {},
        ),
      );
    deepEqual(after(30).end, []);
    deepEqual(after(55).end, ["web-1"]);
    const idle = (minutes: number) =>
      web(decide(world({ agents: agents("web", 1, { startedAt: start - minutes * minute }) }), policies, {}))
        .leave;
    deepEqual([idle(30), idle(115)], [[], ["web-1"]]);
  });

  it("takes another group while spot agents are refused, or too many are spot", () => {
    const groups = (refusedAt?: number) => [
      group("web"),
      group("spot", refusedAt === undefined ? {} : { refusedAt }),
    ];
    const sizes = (maxShare: number, refusedAt?: number) => {
      const policies = plain({
        web: { billing: { price: 3 } },
        spot: { billing: { price: 1 }, spot: { maxShare } },
      });
      const seen = world({
        groups: groups(refusedAt),
        works: [work("/a", 8, [])],
        waiting: waiting({ "/a": 4 }),
      });
      return Object.values(decide(seen, policies, {}).groups).map(({ size }) => size);
    };
    deepEqual(sizes(1), [0, 4]);
    deepEqual(sizes(0.5), [2, 2]);
    deepEqual(sizes(1, start - minute), [4, 0]);
    deepEqual(sizes(1, start - 6 * minute), [0, 4]);
  });

  it("replaces doomed agents before they are gone", () => {
    const doomed = agents("web", 2, { doomed: true });
    const seen = world({ agents: doomed, works: [work("/a", 4, ["web-1", "web-2", "web-2"])] });
    equal(web(decide(seen, plain({ web: {} }), {})).size, 2);
  });

  it("takes a schedule's bounds instead of the policy's", () => {
    const groups = [group("web", { bounds: { min: 4, max: 6 } })];
    const { size, reasons } = web(decide(world({ groups }), plain({ web: { min: 1, max: 2 } }), {}));
    deepEqual([size, reasons], [4, ["4 more, so that there are 4"]]);
    const many = world({
      groups,
      agents: agents("web", 9),
      works: [
        work(
          "/a",
          8,
          agents("web", 9).map(({ id }) => id),
        ),
      ],
    });
    equal(web(decide(many, plain({ web: {} }), {})).size, 6);
  });
});

describe("what makes a decision hold", function () {
  this.timeout(60_000);

  const idle = agents("web", 8);
  const shrinks = (more: Partial<World>) =>
    web(decide(world({ agents: idle, ...more }), plain({ web: {} }), {}));
  const change = (n: number, state: "unready" | "unreachable") =>
    idle.map((agent, i) => (i < n ? { ...agent, state } : agent));

  it("is nothing on a good day", () => {
    deepEqual([shrinks({}).size, shrinks({}).frozen], [0, undefined]);
  });

  it("fails when no master leads: nothing changes, nobody is forgotten", () => {
    const groups = [group("web", { size: 7 })];
    const memory = { web: { demand: [], needed: [], leave: ["web-8"] } };
    const { groups: decided, memory: kept } = decide(
      world({ groups, agents: undefined }),
      plain({ web: {} }),
      memory,
    );
    deepEqual(decided["web"]?.size, 7);
    deepEqual([decided["web"]?.leave, decided["web"]?.end], [["web-8"], []]);
    match(decided["web"]?.reasons[0] ?? "", /^nothing changes: no master says/);
    deepEqual(kept, memory);
  });

  it("fails when Marathon cannot be asked: nobody leaves", () => {
    const { size, frozen } = shrinks({ waiting: undefined });
    deepEqual([size, frozen], [8, "Marathon does not say which tasks wait"]);
  });

  it("fails when an agent is unready or three are unreachable: nobody leaves", () => {
    equal(shrinks({ agents: change(1, "unready") }).frozen, "web-1 not ready");
    equal(shrinks({ agents: change(2, "unreachable") }).frozen, undefined);
    deepEqual(shrinks({ agents: change(3, "unreachable") }).leave, []);
    equal(shrinks({ agents: change(3, "unreachable") }).frozen, "3 agents are unreachable");
  });

  it("fails when nearly half are away: nobody comes either", () => {
    const works = [work("/a", 8, [])];
    const seen = { works, waiting: waiting({ "/a": 20 }), groups: [group("web", { size: 8 })] };
    equal(shrinks({ ...seen, agents: change(4, "unreachable") }).size, 8);
    equal(shrinks({ ...seen, agents: change(3, "unreachable") }).size, 23);
  });
});
