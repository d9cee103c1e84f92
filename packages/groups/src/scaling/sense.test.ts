// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { MesosAgent, MesosTask } from "@pulumi-mesos/client";
import { decide } from "../autoscale/decide";
import { declarationOf } from "../small-world.test.support";
import type { Seen } from "../world";
import { type ScaledPool, senseWorld } from "./sense";
import { demandOf } from "./works";

const scalars = (amounts: Record<string, number>, more: object = {}) =>
  Object.entries(amounts).map(([name, value]) => ({ name, scalar: { value }, ...more }));

function agent(id: string, host: string, more: Partial<MesosAgent> = {}): MesosAgent {
  return {
    id,
    hostname: host,
    port: 5051,
    pid: undefined,
    active: true,
    deactivated: false,
    drainState: undefined,
    attributes: {},
    totalResources: scalars({ cpus: 2, mem: 1024 }),
    allocatedResources: [],
    offeredResources: [],
    ...more,
  };
}

function seenOf(offers: readonly MesosAgent[], tasks: readonly MesosTask[] = []): Seen {
  const registered = offers.map(({ id, hostname: host, active, deactivated }) => {
    return { id, host, active, deactivated, tasks: 0, ofMarathon: 0 };
  });
  return { agents: { registered, recovering: [] }, offers, tasks };
}

function pool(count: number, more: Partial<ScaledPool> = {}): ScaledPool {
  return {
    name: "web",
    declaration: { ...declarationOf(0), autoscale: { min: 0, max: 10 } },
    version: 1,
    state: { templates: {}, runs: {}, leaving: {} },
    members: Array.from({ length: count }, (_, i) => ({ index: i + 1, name: `web-${i + 1}`, running: true })),
    scale: undefined,
    addressOf: (index) => `127.81.9.${index}`,
    capacity: 10,
    stale: [],
    refusedAt: undefined,
    ...more,
  };
}

const none = { works: [], waiting: new Map(), queued: [] };
const states = (pools: ScaledPool[], seen: Seen) =>
  senseWorld(pools, seen, none, 1000).world.agents?.map(({ id, state, doomed }) => [id, state, doomed]);

describe("the world as sizing sees it", () => {
  it("tells agents that boot from those that were there and are away, and from those that somebody closed", () => {
    const seen = seenOf([agent("S1", "127.81.9.1"), agent("S2", "127.81.9.2", { deactivated: true })]);
    const members = { "web-3": { since: 0, registered: true } };
    const memory = { demand: [], needed: [], leave: [] };
    const scale = { size: 4, leave: [], end: [], members, memory, at: 0 };
    assert.deepEqual(states([pool(4, { scale })], seen), [
      ["web-1", "ready", false],
      ["web-2", "unready", false],
      ["web-3", "unreachable", false],
      ["web-4", "booting", false],
    ]);
  });

  it("counts agents that were decided and that nobody has begun to make, unless their backend refuses", () => {
    const scale = {
      ...{ size: 3, leave: [], end: [], members: {}, at: 0 },
      memory: { demand: [], needed: [], leave: [] },
    };
    const seen = seenOf([agent("S1", "127.81.9.1")]);
    assert.equal(states([pool(1, { scale })], seen)?.length, 3);
    assert.equal(states([pool(1, { scale, refusedAt: 900 })], seen)?.length, 1);
  });

  it("holds a group whose template is rolled, and counts the one more of that time as one that goes", () => {
    const seen = seenOf(["1", "2", "3"].map((n) => agent(`S${n}`, `127.81.9.${n}`)));
    const scale = {
      ...{ size: 2, leave: [], end: [], members: {}, at: 0 },
      memory: { demand: [], needed: [], leave: [] },
    };
    const rolled = pool(3, { scale, stale: ["web-1", "web-2"] });
    const { world, policies } = senseWorld([rolled], seen, none, 1000);
    assert.deepEqual(
      world.agents?.map(({ doomed }) => doomed),
      [true, false, false],
    );
    const decision = decide(world, policies, {}).groups["web"];
    assert.deepEqual([decision?.size, decision?.frozen], [2, "its template is being rolled"]);
  });

  it("counts room on agents of fixed groups and of no group, and lets none of them go", () => {
    const fixed = pool(1, { name: "api", declaration: { ...declarationOf(1), name: "api" } });
    const api = {
      ...fixed,
      members: [{ index: 1, name: "api-1", running: true }],
      addressOf: () => "127.81.8.1",
    };
    const others = [agent("S1", "127.81.8.1"), agent("X", "10.0.0.9")];
    const seen = seenOf([...others, agent("S2", "127.81.9.1")]);
    const demand = { ...none, works: [waitingWork("/a")], waiting: new Map([["/a", 5]]) };
    const { world, policies } = senseWorld([pool(1), api], seen, demand, 1000);
    const { groups } = decide(world, policies, {});
    assert.equal(groups["web"]?.size, 1, "six tasks fit on the three agents that there are");
    assert.deepEqual([groups["api"]?.size, groups["api"]?.leave], [1, []]);
  });

  it("knows regions and zones: of agents as they say, of the next one where the fewest are", () => {
    const at = (zone: string) => ({ region: "eu", zone: `eu-${zone}` });
    const seen = seenOf([
      agent("S1", "127.81.9.1", at("a")),
      agent("S2", "127.81.9.2", at("b")),
      agent("S3", "127.81.9.3", at("a")),
    ]);
    const grown = (...constraints: string[][]): number | undefined => {
      const on = { host: "127.81.9.1" };
      const app = { id: "/a", instances: 9, cpus: 2, mem: 64, constraints };
      const apps = [{ ...app, tasks: [1, 2, 3].map((i) => ({ ...on, id: `t${i}`, slaveId: `S${i}` })) }];
      const { works } = demandOf({ apps, pods: [], queue: [] } as never, seen, {});
      const demand = { works, waiting: new Map([["/a", 2]]), queued: [] };
      const { world, policies } = senseWorld([pool(3)], seen, demand, 1000);
      return decide(world, policies, {}).groups["web"]?.size;
    };
    assert.equal(grown(["@zone", "GROUP_BY"]), 5);
    assert.equal(grown(["@region", "IS", "eu"]), 5);
    assert.equal(grown(["@zone", "IS", "eu-b"]), 5);
    assert.equal(grown(["@zone", "MAX_PER", "2"]), 4);
    assert.equal(grown(["@region", "IS", "us"]), 3);
    const { agents, groups } = senseWorld([pool(3)], seen, none, 1000).world;
    assert.deepEqual(agents?.[0]?.attributes, { "@region": "eu", "@zone": "eu-a" });
    assert.equal(groups[0]?.attributes["@zone"], "eu-b");
  });

  it("keeps together what Marathon puts where the first task is, and grows there", () => {
    const seen = seenOf([
      agent("S1", "127.81.9.1", { attributes: { rack: "r1" } }),
      agent("S2", "127.81.9.2", { attributes: { rack: "r2" } }),
    ]);
    const app = { id: "/a", instances: 3, cpus: 1, mem: 64, constraints: [["rack", "CLUSTER"]] };
    const tasks = ["t1", "t2"].map((id) => ({ id, host: "127.81.9.1", slaveId: "S1" }));
    const apps = [{ ...app, tasks }];
    const { works } = demandOf({ apps, pods: [], queue: [] } as never, seen, {});
    const demand = { works, waiting: new Map([["/a", 1]]), queued: [] };
    const decided = (rack: string) => {
      const base = pool(2).declaration;
      const template = { ...base.template, command: ["mesos-agent", `--attributes=rack:${rack}`] };
      const { world, policies } = senseWorld(
        [pool(2, { declaration: { ...base, template } })],
        seen,
        demand,
        1000,
      );
      const { groups, unplaceable } = decide(world, policies, {});
      return [...(groups["web"]?.reasons ?? []), ...unplaceable.map(({ reason }) => reason)].join("\n");
    };
    assert.match(decided("r1"), /^1 more for 1 task of \/a that fits on no agent$/m, "free is another rack");
    assert.match(decided("r2"), /^no agent of any group has cpus 1, .* and satisfies rack CLUSTER r1$/m);
  });

  it("counts tasks by what they have, while their app asks for more than any agent offers", () => {
    const has = (id: string, mem: number): MesosTask =>
      ({
        id,
        name: "a",
        state: "TASK_RUNNING",
        agentId: "S1",
        frameworkId: "F",
        resources: scalars({ cpus: 1, mem }),
      }) as MesosTask;
    const seen = seenOf([agent("S1", "127.81.9.1")], [has("t1", 64), has("t2", 128)]);
    const tasks = ["t1", "t2", "t3"].map((id) => ({ id, host: "127.81.9.1", slaveId: "S1" }));
    const app = { id: "/a", instances: 3, cpus: 1, mem: 64_000, tasks };
    const { works } = demandOf({ apps: [app], pods: [], queue: [] } as never, seen, {});
    assert.deepEqual(
      works.map(({ need, on }) => [need.mem, on.length]),
      [
        [64_000, 1],
        [64, 1],
        [128, 1],
      ],
      "what Mesos does not know yet has what the app asks for",
    );
    const both = { ...app, tasks: tasks.slice(0, 2) };
    const demand = demandOf(
      { apps: [both], pods: [], queue: [{ app: { id: "/a" }, count: 2 }] } as never,
      seen,
      {},
    );
    const { world, policies } = senseWorld([pool(1)], seen, demand, 1000);
    const { groups, unplaceable } = decide(world, policies, {});
    assert.equal(groups["web"]?.size, 1);
    assert.deepEqual(
      unplaceable.map(({ works: names, tasks: n }) => [names, n]),
      [[["/a"], 2]],
    );
  });

  it("grows from nothing for tasks that shall all be on one host, whichever that is, and reports those that find no room on it", () => {
    const app = { id: "/a", instances: 2, cpus: 2, mem: 64, constraints: [["hostname", "CLUSTER"]] };
    const decided = (count: number, tasks: readonly object[], waiting: number) => {
      const seen = seenOf(count === 0 ? [agent("S9", "x", { active: false })] : [agent("S1", "127.81.9.1")]);
      const { works } = demandOf({ apps: [{ ...app, tasks }], pods: [], queue: [] } as never, seen, {});
      const demand = { works, waiting: new Map([["/a", waiting]]), queued: [] };
      const base = pool(count).declaration;
      const template = { ...base.template, command: ["mesos-agent", "--resources=cpus:2;mem:1024"] };
      const declaration = { ...base, template };
      const { world, policies } = senseWorld([pool(count, { declaration })], seen, demand, 1000);
      const { groups, unplaceable } = decide(world, policies, {});
      return [groups["web"]?.size, unplaceable.map(({ tasks: n }) => n)];
    };
    assert.deepEqual(decided(0, [], 1), [1, []]);
    assert.deepEqual(decided(1, [{ id: "t1", host: "127.81.9.1", slaveId: "S1" }], 1), [1, [1]]);
  });

  it("knows where the next agent comes of a group without one: by its flags, or by its backend", () => {
    const place = (count: number, more: Partial<ScaledPool>, agents: readonly MesosAgent[] = []) =>
      senseWorld([pool(count, more)], seenOf(agents), none, 1000).world.groups[0]?.attributes;
    const places = ["a", "b", "c"].map((zone) => ({ region: "eu", zone }));
    assert.deepEqual(place(0, {}), {});
    assert.deepEqual(place(0, { places }), { "@region": "eu", "@zone": "a" });
    const there = [agent("S1", "127.81.9.1", places[0]), agent("S2", "127.81.9.2", places[1])];
    assert.deepEqual(place(2, { places }, there), { "@region": "eu", "@zone": "c" });
    const elsewhere = [agent("S1", "127.81.9.1", { region: "home", zone: "cellar" })];
    assert.deepEqual(place(1, { places }, elsewhere), { "@region": "home", "@zone": "cellar" });
    assert.deepEqual(place(1, { places }, [agent("S1", "127.81.9.1")]), {}, "agents without a domain");
    const domain = JSON.stringify({ fault_domain: { region: { name: "eu" }, zone: { name: "rack-7" } } });
    const base = pool(0).declaration;
    const declaration = {
      ...base,
      template: { ...base.template, command: ["mesos-agent", `--domain=${domain}`] },
    };
    assert.deepEqual(place(0, { declaration }), { "@region": "eu", "@zone": "rack-7" });
    const demand = {
      ...none,
      works: demandOf(
        { apps: [{ id: "/a", cpus: 1, constraints: [["@zone", "UNIQUE"]] }], pods: [], queue: [] } as never,
        undefined,
        {},
      ).works,
      waiting: new Map([["/a", 1]]),
    };
    const { world, policies } = senseWorld([pool(0, { places })], seenOf([agent("S9", "x")]), demand, 1000);
    assert.equal(decide(world, policies, {}).groups["web"]?.size, 1);
  });

  it("keeps an agent on which something is reserved, and counts what executors take", () => {
    const held = { reservations: [{ type: "DYNAMIC", role: "db" }] };
    const offers = [
      agent("S1", "127.81.9.1", { totalResources: [...scalars({ cpus: 2 }), ...scalars({ mem: 64 }, held)] }),
      agent("S2", "127.81.9.2", { allocatedResources: scalars({ cpus: 0.5 }) }),
    ];
    const tasks = [{ id: "t", name: "job", frameworkId: "F", agentId: "S2", state: "TASK_RUNNING" }].map(
      (task) => ({
        ...task,
        resources: scalars({ cpus: 0.4 }),
      }),
    );
    const seen = seenOf(offers, tasks);
    const demand = demandOf({ apps: [], pods: [], queue: [] }, seen, {});
    const { world } = senseWorld([pool(2)], seen, demand, 1000);
    assert.deepEqual(
      world.works.map(({ kind, on, need }) => [kind, on, need.cpus, need.mem]),
      [
        ["batch", ["web-2"], 0.4, 0],
        ["resident", ["web-1"], 0, 64],
      ],
    );
    assert.equal(world.agents?.[1]?.resources?.cpus, 1.9);
  });
});

describe("whose resources are", () => {
  const template = (flags: string[]) => ({ command: ["mesos-agent", ...flags] });
  const reserved = (role: string) => ({ reservations: [{ type: "STATIC", role }] });

  it("is what flags say of a group, and what a master says of agents", () => {
    const declared = (flags: string[]): ScaledPool => {
      const declaration = { ...pool(0).declaration, template: template(flags) };
      return pool(1, { declaration });
    };
    const seen = seenOf([
      agent("S1", "127.81.9.1", { totalResources: scalars({ cpus: 2, mem: 64 }, reserved("slave_public")) }),
      agent("X", "10.0.0.9", { totalResources: scalars({ cpus: 2, mem: 64 }, { role: "db" }) }),
    ]);
    const roles = (flags: string[]) => {
      const { world } = senseWorld([declared(flags)], seen, none, 1000);
      return [...world.groups, ...(world.agents ?? [])].map(({ role }) => role);
    };
    assert.deepEqual(roles(["--default_role=slave_public"]), ["slave_public", "db", "slave_public", "db"]);
    assert.deepEqual(roles(['--resources=[{"name":"cpus"}]'])[0], "slave_public", "an agent says it");
    const [open] = senseWorld([declared(["--resources=cpus:2;mem:64;cpus(web):6"])], undefined, none, 1).world
      .groups;
    assert.deepEqual([open?.role, open?.resources.cpus], ["*", 2]);
  });

  it("leaves room that is reserved for others out of account, and counts what of it runs", () => {
    const [open, closed] = [scalars({ cpus: 2, mem: 64 }), scalars({ cpus: 6, mem: 64 }, reserved("web"))];
    const used = scalars({ cpus: 1 }, reserved("web"));
    const one = agent("S1", "127.81.9.1", { totalResources: [...open, ...closed], allocatedResources: used });
    const task = { id: "t", name: "job", frameworkId: "F", agentId: "S1", state: "TASK_RUNNING" };
    const seen = seenOf([one], [{ ...task, resources: used }]);
    const demand = demandOf({ apps: [], pods: [], queue: [] }, seen, {});
    const { world } = senseWorld([pool(1)], seen, demand, 1000);
    assert.deepEqual([world.agents?.[0]?.role, world.agents?.[0]?.resources?.cpus], ["*", 3]);
    assert.deepEqual(
      world.works.map(({ roles }) => roles),
      [["web"]],
    );
  });

  it("is what an app or a pod takes, by its role and by what it says", () => {
    const app = { id: "/a", instances: 1, cpus: 1, mem: 64, tasks: [] };
    const placement = { acceptedResourceRoles: ["web"] };
    const apps = [app, { ...app, role: "web" }, { ...app, role: "web", acceptedResourceRoles: ["*"] }];
    const pods = [
      { id: "/p", role: "*" },
      { id: "/q", role: "web", scheduling: { placement } },
    ];
    assert.deepEqual(
      demandOf({ apps, pods, queue: [] }, undefined, {}).works.map(({ roles }) => roles),
      [undefined, ["*", "web"], ["*"], ["*"], ["web"]],
    );
  });

  it("says of a task that waits whether agents of its role are wanted, where Marathon tells which that is", () => {
    const rejects = [{ reason: "UnfulfilledRole", declined: 2, processed: 2 }];
    const item = {
      app: { id: "/a" },
      count: 3,
      processedOffersSummary: { rejectSummaryLastOffers: rejects },
    };
    const app = { id: "/a", instances: 3, cpus: 1, mem: 64, tasks: [] };
    const waits = (more: object) => {
      return [
        ...(demandOf({ apps: [{ ...app, ...more }], pods: [], queue: [item] }, undefined, {}).waiting ?? []),
      ];
    };
    assert.deepEqual(waits({}), []);
    assert.deepEqual(waits({ role: "*" }), [["/a", 3]]);
  });
});

describe("demand", () => {
  const app = { id: "/a", instances: 2, cpus: 1, mem: 64, tasks: [], constraints: [["rack", "LIKE", "a"]] };

  it("counts a task on its way to another agent once", () => {
    const tasks = ["t1", "t2", "t3"].map((id, n) => ({
      id,
      appId: "/a",
      slaveId: `S${n}`,
      state: "TASK_RUNNING",
    }));
    const move = { taskId: "t1", instances: 2 };
    const doubled = demandOf({ apps: [{ ...app, instances: 3, tasks }], pods: [], queue: [] }, undefined, {
      "/a": move,
    });
    assert.deepEqual(
      doubled.works.map(({ on, ailing }) => [on, ailing]),
      [[["S1", "S2"], false]],
    );
    const waits = demandOf(
      {
        apps: [{ ...app, instances: 3, tasks: tasks.slice(0, 2) }],
        pods: [],
        queue: [{ app: { id: "/a" }, count: 1 }],
      },
      undefined,
      { "/a": move },
    );
    assert.deepEqual([...(waits.waiting ?? [])], []);
  });

  it("leaves an app alone whose pattern only Marathon can read, and says nothing where nobody says what waits", () => {
    const constraints = [["rack", "LIKE", "(?i)a"]];
    const [work] = demandOf({ apps: [{ ...app, constraints }], pods: [], queue: [] }, undefined, {}).works;
    assert.equal(work?.kind, "resident");
    assert.equal(demandOf(undefined, undefined, {}).waiting, undefined);
  });

  it("adds up what the containers of a pod that waits need", () => {
    const pod = {
      id: "/p",
      containers: [{ resources: { cpus: 0.5, mem: 32 } }, { resources: { cpus: 1, mem: 32 } }],
      executorResources: { cpus: 0.1, mem: 32 },
      scheduling: { placement: { constraints: [{ fieldName: "rack", operator: "UNIQUE" }] } },
    };
    const { works, waiting } = demandOf(
      { apps: [], pods: [pod], queue: [{ pod: { id: "/p" }, count: 2 }] },
      undefined,
      {},
    );
    assert.deepEqual(
      [works[0]?.need.cpus, works[0]?.need.mem, works[0]?.constraints],
      [1.6, 96, [["rack", "UNIQUE"]]],
    );
    assert.deepEqual([...(waiting ?? [])], [["/p", 2]]);
  });
});

function waitingWork(id: string) {
  const need = { cpus: 1, mem: 64, disk: 0, gpus: 0 };
  return { id, kind: "service" as const, need, constraints: [], on: [], ailing: false };
}
