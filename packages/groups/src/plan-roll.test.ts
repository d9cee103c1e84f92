// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { templateDigest } from "@pulumi-mesos/model";
import type { Action } from "./plan";
import { SmallWorld, templateOf } from "./small-world.test.support";

/** A settled pool whose template is `templateOf()`. */
function poolOf(size: number): SmallWorld {
  const world = new SmallWorld(0);
  world.declare(size, templateOf());
  until(world, ({ settled }) => settled);
  return world;
}

type Round = ReturnType<SmallWorld["round"]>;

/** Rounds until one is as wanted; all of them. */
function until(world: SmallWorld, wanted: (round: Round) => boolean, most = 600): Round[] {
  const rounds: Round[] = [];
  while (rounds.length < most) {
    rounds.push(world.round());
    const last = rounds.at(-1);
    if (last !== undefined && wanted(last)) return rounds;
  }
  return assert.fail(`not within ${most} rounds: ${rounds.at(-1)?.message}`);
}

const kindsOf = (rounds: readonly Round[]): string[] =>
  rounds.flatMap(({ plan }) => plan.actions.map((action: Action) => action.kind));
const startsOf = (rounds: readonly Round[]): number[] =>
  rounds.flatMap(({ plan }) => plan.actions.flatMap((a) => (a.kind === "start" ? [a.index] : [])));
const settled = ({ settled }: Round): boolean => settled;
const failed = ({ failed }: Round): boolean => failed;

describe("a changed template", () => {
  it("restarts members in place one at a time, the first alone until it has held, and moves nothing", () => {
    const world = poolOf(3);
    const app = world.run({ id: "/a", instances: 6 });
    const before = app.tasks.map(({ id, agentId }) => [id, agentId]);
    const agents = world.agents.map(({ id }) => id).sort();
    world.declare(3, templateOf({ flag: "new" }));
    const rounds = until(world, settled);
    assert.deepEqual(startsOf(rounds).sort(), [1, 2, 3]);
    assert.ok(rounds.every(({ plan }) => startsOf([{ plan } as Round]).length <= 1));
    const [first, second] = rounds.flatMap((round, n) => (startsOf([round]).length > 0 ? [n] : []));
    assert.ok((second ?? 0) - (first ?? 0) >= 20, "5 s of 250 ms lie between the first and the second");
    assert.match(rounds[5]?.message ?? "", /^web: 1 of 3 on the new template, seeing whether it holds$/);
    assert.deepEqual(
      app.tasks.map(({ id, agentId }) => [id, agentId]),
      before,
    );
    assert.deepEqual(world.agents.map(({ id }) => id).sort(), agents);
    assert.deepEqual(world.harm, []);
  });

  it("restarts in place also when agents only offer more", () => {
    const world = poolOf(2);
    world.declare(2, templateOf({ cpus: 4 }));
    assert.deepEqual(kindsOf(until(world, settled)), ["start", "start"]);
  });

  it("replaces members one at a time, each after one more is active, and moves each task once", () => {
    const world = poolOf(4);
    const apps = [3, 4, 5].map((instances, n) => world.run({ id: `/a${n}`, instances }));
    const old = new Set(world.agents.map(({ id }) => id));
    world.declare(4, templateOf({ rack: "b" }));
    const rounds = until(world, ({ settled }) => {
      assert.ok(
        world.agents.filter((agent) => agent.drain === undefined).length >= 4,
        "never fewer than declared",
      );
      return settled;
    });
    assert.equal(startsOf(rounds).length, 4);
    assert.equal(world.kills, 12, "as many moves as tasks");
    assert.deepEqual(
      apps.map(({ tasks, instances }) => [tasks.length, instances]),
      [3, 4, 5].map((n) => [n, n]),
    );
    assert.ok(world.agents.every(({ id, deactivated }) => !old.has(id) && !deactivated));
    assert.deepEqual(world.harm, []);
    assert.deepEqual(Object.keys(world.state.templates), [
      templateDigest(templateOf({ rack: "b" }), world.declaration.backend),
    ]);
  });

  it("lets one go first where there is no room for one more", () => {
    const world = poolOf(3);
    world.capacity = 3;
    world.run({ id: "/a", instances: 3 });
    world.declare(3, templateOf({ rack: "b" }));
    const rounds = until(world, settled);
    assert.deepEqual(kindsOf(rounds).slice(0, 3), ["deactivate", "drain", "terminate"]);
    assert.deepEqual(world.harm, []);
  });

  it("keeps agents of before open for tasks where those of now have less room", () => {
    const world = poolOf(3);
    world.declare(3, templateOf({ cpus: 4 }));
    until(world, settled);
    world.declare(3, templateOf());
    const rounds = until(world, settled);
    const alone = rounds.every(({ plan }) => plan.actions.filter((a) => a.kind === "deactivate").length <= 1);
    assert.ok(alone);
    assert.equal(kindsOf(rounds).filter((kind) => kind === "deactivate").length, 3);
  });

  it("stops at the first member when it does not come up in place, and goes back when reverted", () => {
    const world = poolOf(3);
    world.run({ id: "/a", instances: 3 });
    world.bad = ({ command }) => command.includes("--flag=bad");
    world.declare(3, templateOf({ flag: "bad" }));
    const rounds = until(world, failed);
    assert.match(
      rounds.at(-1)?.message ?? "",
      /^web: the new template does not come up, so the rest stays as it is: web-\d did not become ready$/,
    );
    for (let n = 0; n < 100; n++) rounds.push(world.round());
    assert.equal(new Set(startsOf(rounds)).size, 1, "no other member was touched");
    world.declare(3, templateOf());
    const back = until(world, settled);
    assert.deepEqual([...new Set(startsOf(back))], [startsOf(rounds)[0]], "only that one was healed");
    assert.deepEqual(world.harm, []);
  });

  it("stops at the new member when it does not come up, with all of before in their places", () => {
    const world = poolOf(3);
    const app = world.run({ id: "/a", instances: 6 });
    const before = app.tasks.map(({ id }) => id);
    world.bad = ({ command }) => command.includes("--attributes=rack:bad");
    world.declare(3, templateOf({ rack: "bad" }));
    until(world, failed);
    for (let n = 0; n < 100; n++) world.round();
    assert.equal(world.members.length, 4);
    assert.equal(world.agents.filter(({ active }) => active).length, 3);
    world.declare(3, templateOf({ rack: "c" }));
    until(world, settled);
    assert.equal(world.members.length, 3);
    assert.equal(app.tasks.length, before.length);
    assert.deepEqual(world.harm, []);
  });

  it("says so when the first member runs but its agent is never active", () => {
    const world = poolOf(2);
    world.bad = ({ command }) => command.includes("--flag=mute");
    world.declare(2, templateOf({ flag: "mute" }));
    const round = until(
      world,
      ({ failed }) => {
        world.failures.clear();
        return failed;
      },
      1000,
    ).at(-1);
    assert.match(
      round?.message ?? "",
      /web-\d runs, but its agent has not become active within 180 s; see its log$/,
    );
  });

  it("changes a dead member first, and starts it as it was while the new template is on trial", () => {
    const world = poolOf(3);
    const kill = (index: number): void => {
      world.members = world.members.map((m) => (m.index === index ? { ...m, running: false } : m));
    };
    kill(2);
    world.declare(3, templateOf({ flag: "new" }));
    assert.deepEqual(startsOf([world.round()]), [2]);
    kill(1);
    const [start] = world.round().plan.actions;
    assert.deepEqual(start?.kind === "start" && [start.index, start.applied.template], [1, templateOf()]);
    until(world, settled);
  });

  it("goes from a template on which nobody lives to one that works", () => {
    const world = new SmallWorld(0);
    world.bad = ({ command }) => command.includes("--flag=bad");
    world.declare(3, templateOf({ flag: "bad" }));
    until(world, failed);
    world.declare(3, templateOf({ flag: "good" }));
    until(world, settled);
    assert.equal(world.members.length, 3);
  });

  it("grows by one member until the new template has held", () => {
    const world = poolOf(2);
    world.declare(5, templateOf({ flag: "new" }));
    assert.deepEqual(startsOf([world.round()]), [3]);
    until(world, settled);
    assert.equal(world.members.length, 5);
  });

  it("fails when the place of its members changes while there are some", () => {
    const world = poolOf(1);
    const backend = { ...world.declaration.backend, network: "127.81.10.0/24" };
    world.declaration = { ...world.declaration, backend };
    const round = world.round();
    assert.match(
      round.message,
      /^web: the place of its members changed while there are some: set size 0 first/,
    );
    assert.deepEqual(round.plan.actions, []);
  });
});
