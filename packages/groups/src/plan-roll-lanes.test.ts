// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { fillRollPolicy, type PoolTemplate, type RollPolicy, templateDigest } from "@pulumi-mesos/model";
import fc from "fast-check";
import type { Member } from "./observed";
import { runningTemplate } from "./plan-roll";
import { SmallWorld, templateOf } from "./small-world.test.support";

type Round = ReturnType<SmallWorld["round"]>;

function worldOf(size: number, update: RollPolicy): SmallWorld {
  const world = new SmallWorld(0);
  world.capacity = 30;
  world.declaration = { ...world.declaration, update };
  world.declare(size, templateOf());
  until(world, ({ settled }) => settled);
  return world;
}

function until(world: SmallWorld, wanted: (round: Round) => boolean, seen = (_: Round) => {}): void {
  for (let n = 0; n < 3000; n++) {
    const round = world.round();
    seen(round);
    if (wanted(round)) return;
  }
  assert.fail(world.round().message);
}

const isSettled = ({ settled }: Round): boolean => settled;
const serving = (world: SmallWorld): number =>
  world.members.filter(
    ({ running, index }) =>
      running && world.agents.some((a) => a.host === `127.81.9.${index}` && a.drain === undefined),
  ).length;
const onNew = (world: SmallWorld, template: PoolTemplate): number =>
  world.members.filter((m) => m.template === templateDigest(template, world.declaration.backend)).length;

describe("a changed template in several lanes", () => {
  it("restarts so many members at a time, the canaries alone until they have held", () => {
    const world = worldOf(7, { maxUnavailable: 3, canary: 2 });
    const template = templateOf({ flag: "new" });
    world.declare(7, template);
    const steps: number[] = [];
    until(world, isSettled, ({ plan }) => {
      const count = plan.actions.filter(({ kind }) => kind === "start").length;
      if (count > 0) steps.push(count);
    });
    assert.deepEqual(steps, [2, 3, 2]);
    assert.equal(onNew(world, template), 7);
  });

  it("replaces so many at a time, with so many more before, and never fewer than its size serving", () => {
    const world = worldOf(6, { surge: 3 });
    const apps = [4, 5].map((instances, n) => world.run({ id: `/a${n}`, instances }));
    world.declare(6, templateOf({ rack: "b" }));
    let most = 0;
    until(world, isSettled, () => {
      most = Math.max(most, world.members.length);
      assert.ok(serving(world) >= 6);
    });
    assert.equal(most, 9);
    assert.equal(world.kills, 9, "as many moves as tasks");
    assert.deepEqual(
      apps.map(({ instances }) => instances),
      [4, 5],
    );
    assert.deepEqual(world.harm, []);
  });

  it("lets so many go first where there shall be no more than its size", () => {
    const world = worldOf(6, { surge: 0, maxUnavailable: 2 });
    world.run({ id: "/a", instances: 6 });
    world.declare(6, templateOf({ rack: "b" }));
    let [most, leaving] = [0, 0];
    until(world, isSettled, () => {
      most = Math.max(most, world.members.length);
      leaving = Math.max(leaving, Object.keys(world.state.leaving).length);
      assert.ok(serving(world) >= 4);
    });
    assert.deepEqual([most, leaving], [6, 2]);
    assert.deepEqual(world.harm, []);
  });

  it("stops when one does not come up, and goes on in the other lanes where it is told to", () => {
    for (const pauseOnFailure of [true, false]) {
      const world = worldOf(5, { maxUnavailable: 2, pauseOnFailure });
      const template = templateOf({ flag: "new" });
      // The canary is web-5; of those after it one never becomes ready.
      world.bad = () => world.starting === "web-4";
      world.declare(5, template);
      until(world, () => world.state.trial?.passed === true);
      for (let n = 0; n < 100; n++) world.round();
      assert.equal(onNew(world, template) === 5, !pauseOnFailure);
      assert.equal(world.round().failed, true);
    }
  });

  it("keeps to its lanes from every template to every other, however often the controller is killed", function () {
    this.timeout(600_000);
    const update = fc.record({
      maxUnavailable: fc.integer({ min: 1, max: 3 }),
      surge: fc.integer({ min: 0, max: 3 }),
      canary: fc.integer({ min: 1, max: 3 }),
    });
    const template = fc
      .record({
        flag: fc.constantFrom("", "x"),
        cpus: fc.constantFrom(1, 2),
        rack: fc.constantFrom("a", "b"),
      })
      .map(templateOf);
    const cuts = fc.infiniteStream(fc.integer({ min: 0, max: 5 }));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), update, template, cuts, (size, policy, next, stream) => {
        const { surge, maxUnavailable, canary } = fillRollPolicy(policy);
        fc.pre(surge > 0 || size > maxUnavailable); // or its tasks have nowhere to go
        const world = worldOf(size, policy);
        for (const instances of [3, 4]) world.run({ id: `/a${instances}`, instances });
        let dangers = 60;
        world.cut = () => dangers-- > 0 && stream.next().value === 0;
        world.declare(size, next);
        until(world, isSettled, () => {
          assert.ok(world.members.length <= size + surge);
          const digest = templateDigest(next, world.declaration.backend);
          const isOld = (member: Member): boolean =>
            world.state.leaving[member.name] === undefined && runningTemplate(world, member) !== digest;
          const isTried = world.state.trial?.passed === true || !world.members.some(isOld);
          assert.ok(isTried || onNew(world, next) <= canary);
          assert.ok(serving(world) >= size - maxUnavailable);
        });
        assert.deepEqual(world.harm, []);
        assert.equal(onNew(world, next), size);
      }),
      { numRuns: 60 },
    );
  });
});
