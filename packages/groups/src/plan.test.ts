// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { templateDigest } from "@pulumi-mesos/model";
import fc from "fast-check";
import { type Action, planPool } from "./plan";
import { agentOf } from "./pool-view";
import { SmallWorld, templateOf } from "./small-world.test.support";
import { poolStatus } from "./status";

/** Rounds until everything is settled; the last message when it never is. */
function settle(world: SmallWorld, rounds = 400): string | undefined {
  let message = "";
  for (let n = 0; n < rounds; n++) {
    const result = world.round();
    if (result.settled) return undefined;
    message = result.message;
  }
  return message;
}

const names = (world: SmallWorld): string[] => world.members.map((member) => member.name).sort();

describe("the plan of a pool", () => {
  it("starts missing members at the lowest free indices and is settled once their agents are active", () => {
    const world = new SmallWorld(3);
    const first = world.round();
    assert.deepEqual(
      first.plan.actions.map((action) => action.kind === "start" && action.index),
      [1, 2, 3],
    );
    assert.match(first.message, /^web: 0 of 3 agents active, starting web-1, web-2, web-3$/);
    assert.equal(settle(world), undefined);
    world.members = world.members.filter((member) => member.index !== 2);
    world.agents = world.agents.filter((agent) => agent.host !== "127.81.9.2");
    assert.equal(settle(world), undefined);
    assert.deepEqual(names(world), ["web-1", "web-2", "web-3"]);
  });

  it("knows what a member runs that is being started while nobody sees it, and makes no other for it", () => {
    const world = new SmallWorld(1);
    const view = world.view();
    const started = { ...view, state: planPool(view).state, busy: new Set(["web-1"]) };
    const unseen = planPool({ ...started, members: [] });
    // A machine that was claimed, and not ready, when one looked: it did not say yet what it runs.
    const claimed = [{ index: 1, name: "web-1", running: false, template: undefined }];
    const { actions } = planPool({ ...view, members: claimed, state: unseen.state });
    assert.deepEqual(
      actions.map((action) => action.kind === "start" && action.index),
      [1],
    );
  });

  it("takes of several agents at one address the one that drains, not an earlier registration that is gone", () => {
    const at = { host: "127.81.9.1", active: false, tasks: 0, ofMarathon: 0 };
    const registered = [
      { ...at, id: "S0", deactivated: false },
      { ...at, id: "S7", deactivated: true },
    ];
    const view = { addressOf: () => at.host, agents: { registered, recovering: [] } };
    assert.equal(agentOf(view, 1)?.id, "S7");
  });

  it("lets the emptiest leave, of equally empty ones the last", () => {
    const world = new SmallWorld(4);
    settle(world);
    world.run({ id: "/a", instances: 1 });
    const busy = world.apps[0]?.tasks[0]?.agentId;
    const survivor = world.members.find(
      (m) => world.agents.find((agent) => agent.id === busy)?.host === `127.81.9.${m.index}`,
    );
    world.declare(2);
    const { plan } = world.round();
    assert.deepEqual(Object.keys(plan.state.leaving).sort(), ["web-3", "web-4"]);
    world.declare(1);
    assert.equal(settle(world), undefined);
    assert.deepEqual(names(world), [survivor?.name]);
  });

  it("moves tasks before it drains and ends only who is drained", () => {
    const world = new SmallWorld(2);
    settle(world);
    world.run({ id: "/a", instances: 4 });
    world.declare(1);
    const kinds: string[] = [];
    for (let n = 0; n < 60; n++)
      kinds.push(...world.round().plan.actions.map((action: Action) => action.kind));
    assert.deepEqual(kinds, ["deactivate", "drain", "terminate"]);
    assert.deepEqual(world.harm, []);
    assert.equal(world.apps[0]?.instances, 4);
  });

  it("drains an agent that has come back as another one, which may have taken tasks, before it ends its member", () => {
    const world = new SmallWorld(2);
    settle(world);
    world.run({ id: "/a", instances: 4 });
    world.declare(1);
    const leaving = (): string | undefined => world.state.leaving["web-2"]?.drained;
    for (let n = 0; n < 60 && leaving() === undefined; n++) world.round();
    world.comeBack("web-2");
    assert.equal(settle(world), undefined);
    assert.deepEqual([names(world), world.harm], [["web-1"], []]);
  });

  it("ends an agent that somebody else has drained", () => {
    const world = new SmallWorld(2);
    settle(world);
    for (const agent of world.agents.slice(1))
      Object.assign(agent, { drain: "DRAINED", deactivated: true, active: false });
    world.declare(1);
    assert.equal(settle(world), undefined);
    assert.deepEqual([names(world), world.harm], [["web-1"], []]);
  });

  it("takes a leaving member back while it is not drained yet", () => {
    const world = new SmallWorld(2);
    settle(world);
    world.run({ id: "/a", instances: 4 });
    world.declare(1);
    world.round();
    world.round();
    world.declare(2);
    assert.equal(settle(world), undefined);
    assert.deepEqual(names(world), ["web-1", "web-2"]);
    assert.equal(
      world.agents.some((agent) => agent.deactivated),
      false,
    );
    assert.equal(world.apps[0]?.instances, 4);
    assert.deepEqual(world.moves, {});
  });

  it("starts a member again whose supervisor is dead", () => {
    const world = new SmallWorld(1);
    settle(world);
    world.members = [{ index: 1, name: "web-1", running: false }];
    const result = world.round();
    assert.deepEqual(
      result.plan.actions.map((action) => action.kind),
      ["start"],
    );
    assert.equal(settle(world), undefined);
  });

  it("fails when the size is larger than the backend has room for", () => {
    const world = new SmallWorld(11);
    assert.match(world.round().message, /size: must be 10 or less/);
    assert.deepEqual(world.members, []);
  });

  it("fails when a drain takes too long, puts the instances back and tries again when asked", () => {
    const world = new SmallWorld(2);
    settle(world);
    world.room = 2;
    const app = world.run({ id: "/a", instances: 4 });
    world.declare(1);
    const waiting = settle(world, 20);
    assert.match(waiting ?? "", /draining web-2: 2 tasks left \(\/a waits for a healthy replacement\)$/);
    assert.equal(app.instances, 5);
    world.now += 601_000;
    const late = world.round();
    assert.equal(late.failed, true);
    assert.match(late.message, /web-2 was not drained within 600 s/);
    for (let n = 0; n < 5; n++) world.round();
    assert.equal(app.instances, 4);
    assert.deepEqual(names(world), ["web-1", "web-2"]);
    world.room = 100;
    world.declare(1);
    assert.equal(settle(world), undefined);
    assert.equal(app.instances, 4);
    assert.deepEqual(world.harm, []);
  });

  it("drains what is idle or of other frameworks while Marathon is silent, and moves nothing of Marathon blindly", () => {
    const world = new SmallWorld(3);
    settle(world);
    const app = world.run({ id: "/a", instances: 1 });
    const [holder = "", other = ""] = [...world.agents]
      .sort((a, b) => b.ofMarathon - a.ofMarathon)
      .map(({ id }) => id);
    world.foreign.set(other, 2);
    world.silent = true;
    world.tick();
    world.declare(0);
    const waiting = settle(world, 40);
    assert.match(
      waiting ?? "",
      /^web: 0 of 0 agents active, draining web-\d: 1 task left \(1 of Marathon, which must move them and does not answer: nobody answers\)$/,
    );
    assert.deepEqual(
      world.agents.map(({ id, deactivated }) => [id, deactivated]),
      [[holder, true]],
    );
    assert.deepEqual([app.tasks.length, world.harm], [1, []]);
    world.now += 601_000;
    assert.match(world.round().message, /was not drained within 600 s: 1 task left \(1 of Marathon/);
    world.silent = false;
    world.declare(1);
    assert.equal(settle(world), undefined);
    assert.equal(app.tasks.length, 1);
    assert.deepEqual(world.harm, []);
  });

  it("ends an agent that does not drain in time, with its tasks, only where that is declared", () => {
    const world = new SmallWorld(2);
    settle(world);
    world.room = 2;
    const app = world.run({ id: "/a", instances: 4, minimumHealthCapacity: 0.5, guarded: true });
    const drain = { ...world.declaration.drain, onTimeout: "end" as const };
    world.declaration = { ...world.declaration, drain };
    world.declare(1);
    const waiting = settle(world, 20);
    assert.match(waiting ?? "", /2 tasks left \(\/a is protected by its label: /);
    world.now += 601_000;
    assert.deepEqual(world.round().plan.actions, [{ kind: "drain", agentId: "S2", graceSeconds: 5 }]);
    assert.equal(settle(world), undefined);
    assert.deepEqual(names(world), ["web-1"]);
    assert.equal(app.tasks.length, 2);
    assert.deepEqual(world.harm, []);
  });

  it("ends such an agent also when its tasks do not end, but gives them their grace", () => {
    const world = new SmallWorld(1);
    settle(world);
    world.run({ id: "/a", instances: 1, minimumHealthCapacity: 0, guarded: true });
    world.stubborn = true;
    world.declaration = { ...world.declaration, drain: { ...world.declaration.drain, onTimeout: "end" } };
    world.declare(0);
    world.round();
    world.now += 601_000;
    for (let n = 0; n < 40; n++) world.round();
    assert.deepEqual(names(world), ["web-1"]);
    world.now += 20_000;
    assert.equal(settle(world), undefined);
    assert.deepEqual(names(world), []);
  });

  it("chooses broken members, then old ones, then the emptiest, of those the one with the fewest tasks that nobody moves", () => {
    const world = new SmallWorld(6);
    settle(world);
    world.run({ id: "/a", instances: 6 });
    world.tick();
    const view = world.view();
    const tasks = [3, 2, 2, 2, 1, 5];
    const agents = world.agents.map((agent, n) => ({ ...agent, tasks: tasks[n] ?? 0 }));
    const movable = new Map(agents.map(({ id, tasks: count }, n) => [id, n === 2 ? 0 : count]));
    const members = world.members.map((member) =>
      member.name === "web-6"
        ? { ...member, running: false }
        : member.name === "web-1"
          ? { ...member, template: "old" }
          : member,
    );
    const chosen = (size: number, guarded: ReadonlySet<string> = new Set()): string[] => {
      const declaration = { ...view.declaration, size };
      const about = { agents: { registered: agents, recovering: [] }, movable, members, guarded };
      const plan = planPool({ ...view, ...about, declaration, size, most: size });
      return Object.keys(plan.state.leaving).sort();
    };
    assert.deepEqual(chosen(4), ["web-6"], "one more than declared stays while another is replaced");
    assert.deepEqual(chosen(3), ["web-1", "web-6"]);
    assert.deepEqual(chosen(2), ["web-1", "web-5", "web-6"]);
    assert.deepEqual(chosen(1), ["web-1", "web-4", "web-5", "web-6"]);
    const guarded = new Set(["S5", "S4"]);
    assert.deepEqual(chosen(1, guarded), ["web-1", "web-2", "web-3", "web-6"]);
  });

  it("lets agents in maintenance leave last, moves their tasks and says that Mesos does not drain them", () => {
    const world = new SmallWorld(3);
    settle(world);
    const view = world.view();
    const inMaintenance = (hosts: readonly string[], size: number) => {
      const registered = (view.agents?.registered ?? []).map((agent) => ({
        ...agent,
        maintained: hosts.includes(agent.host),
      }));
      const declaration = { ...view.declaration, size };
      const seen = { ...view, agents: { registered, recovering: [] }, declaration, size, most: size };
      const plan = planPool(seen);
      return { plan, message: poolStatus(seen, plan, new Map()).message };
    };
    const { plan } = inMaintenance(["127.81.9.3"], 1);
    assert.deepEqual(Object.keys(plan.state.leaving).sort(), ["web-1", "web-2"]);
    const all = inMaintenance(["127.81.9.1", "127.81.9.2", "127.81.9.3"], 2);
    assert.deepEqual(
      all.plan.actions.map(({ kind }) => kind),
      ["deactivate"],
    );
    assert.match(
      all.message,
      /draining web-3: 0 tasks left \(its machine is in the maintenance schedule, and Mesos drains nobody there\)$/,
    );
  });

  it("chooses of equals the one that was paid for least, then the last", () => {
    const world = new SmallWorld(4);
    settle(world);
    const view = world.view();
    const chosen = (since: readonly number[]): string[] => {
      const members = view.members.map((member) => ({ ...member, paidSince: since[member.index - 1] }));
      const declaration = { ...view.declaration, size: 2 };
      return Object.keys(planPool({ ...view, members, declaration, size: 2, most: 2 }).state.leaving).sort();
    };
    assert.deepEqual(chosen([30, 10, 20, 10]), ["web-1", "web-3"]);
    assert.deepEqual(chosen([10, 10, 20, 10]), ["web-3", "web-4"]);
    assert.deepEqual(chosen([]), ["web-3", "web-4"], "where nobody pays");
  });

  it("waits for a master that was just elected before it takes a silent agent for gone", () => {
    const world = new SmallWorld(2);
    settle(world);
    world.declare(1);
    world.round();
    const recovering = { registered: [], recovering: ["127.81.9.1", "127.81.9.2"] };
    assert.deepEqual(planPool({ ...world.view(), agents: recovering }).actions, []);
    assert.deepEqual(planPool({ ...world.view(), agents: undefined }).actions, []);
  });

  it("reaches every size and template from every other without harm, however often the controller is killed", function () {
    this.timeout(600_000);
    const apps = fc.array(
      fc.record({ instances: fc.integer({ min: 1, max: 6 }), minimum: fc.constantFrom(0, 0.5, 1) }),
      { maxLength: 4 },
    );
    const step = fc.record({
      size: fc.integer({ min: 1, max: 6 }),
      flag: fc.constantFrom("x", "y"),
      cpus: fc.constantFrom(1, 2),
      rack: fc.constantFrom("a", "b"),
    });
    const steps = fc.array(step, { minLength: 2, maxLength: 4 });
    const cuts = fc.infiniteStream(fc.integer({ min: 0, max: 3 }));
    fc.assert(
      fc.property(
        apps,
        steps,
        cuts,
        fc.nat(40),
        fc.integer({ min: 6, max: 8 }),
        fc.infiniteStream(fc.boolean()),
        (declared, steps, stream, early, room, silences) => {
          const world = new SmallWorld(0);
          world.capacity = room;
          const [first, ...others] = steps;
          if (first !== undefined) world.declare(first.size, templateOf(first));
          assert.equal(settle(world), undefined);
          const running = declared.map((app, n) =>
            world.run({ id: `/a${n}`, instances: app.instances, minimumHealthCapacity: app.minimum }),
          );
          let dangers = 200;
          world.cut = () => dangers-- > 0 && stream.next().value === 0;
          for (const step of others) {
            world.declare(step.size, templateOf(step));
            for (let n = 0; n < early; n++) {
              world.silent = silences.next().value === true;
              world.round();
            }
            world.silent = false;
          }
          assert.equal(settle(world, 2000), undefined);
          const last = steps.at(-1);
          const digest = templateDigest(templateOf(last), world.declaration.backend);
          assert.deepEqual(
            world.members.map(({ template }) => template),
            new Array(last?.size).fill(digest),
          );
          assert.deepEqual(world.harm, []);
          for (const [n, app] of running.entries()) assert.equal(app.instances, declared[n]?.instances);
          assert.deepEqual(world.moves, {});
        },
      ),
      { numRuns: 100 },
    );
  });
});
