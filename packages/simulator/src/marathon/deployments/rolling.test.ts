// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import { rollingBounds } from "./rolling";

/** Cases of Marathon's RestartStrategyTest as marathon.md §2.4 gives their rule. */
describe("marathon: rolling restart arithmetic", () => {
  const cases = [
    { instances: 2, min: 1, over: 1, old: [2, 2], expected: [2, 4, 0] },
    { instances: 2, min: 0.5, over: 0, old: [2, 2], expected: [1, 2, 1] },
    { instances: 10, min: 1, over: 0, old: [10, 10], expected: [10, 11, 0] },
    { instances: 10, min: 1, over: 0, old: [9, 9], expected: [10, 10, 0] },
    { instances: 5, min: 0, over: 0, old: [5, 5], expected: [0, 5, 5] },
    { instances: 3, min: 0.5, over: 0.5, old: [3, 3], expected: [2, 4, 1] },
    { instances: 2, min: 1, over: 1, old: [5, 5], expected: [2, 4, 3] },
    { instances: 3, min: 1, over: 0.1, old: [3, 3], expected: [3, 4, 0] },
  ] as const;
  for (const c of cases) {
    it(`${c.instances} instances, ${c.min}/${c.over}, ${c.old[1]} of ${c.old[0]} healthy`, () => {
      const upgradeStrategy = { minimumHealthCapacity: c.min, maximumOverCapacity: c.over };
      const bounds = rollingBounds(
        { instances: c.instances, upgradeStrategy },
        { running: c.old[0], healthy: c.old[1] },
      );
      assert.deepEqual([bounds.minHealthy, bounds.maxCapacity, bounds.killNow], [...c.expected]);
    });
  }

  for (const c of [
    { instances: 1, min: 0.5, healthy: 1, expected: [1, 1, 1] },
    { instances: 2, min: 1, healthy: 2, expected: [2, 2, 1] },
    { instances: 3, min: 1, healthy: 3, expected: [3, 3, 1] },
    { instances: 3, min: 0.5, healthy: 3, expected: [2, 3, 1] },
    { instances: 3, min: 1, healthy: 2, expected: [3, 3, 0] },
  ]) {
    it(`${c.instances} resident instances, ${c.min}/0, ${c.healthy} healthy: never one more`, () => {
      const upgradeStrategy = { minimumHealthCapacity: c.min, maximumOverCapacity: 0 };
      const bounds = rollingBounds(
        { instances: c.instances, upgradeStrategy },
        { running: c.instances, healthy: c.healthy },
        true,
      );
      assert.deepEqual([bounds.minHealthy, bounds.maxCapacity, bounds.killNow], c.expected);
    });
  }

  it("always lets a restart go on, and keeps to its bounds", () => {
    const cases = fc.record({
      instances: fc.integer({ min: 1, max: 50 }),
      min: fc.double({ min: 0, max: 1, noNaN: true }),
      over: fc.double({ min: 0, max: 1, noNaN: true }),
      running: fc.integer({ min: 0, max: 80 }),
      sick: fc.integer({ min: 0, max: 80 }),
      resident: fc.boolean(),
    });
    fc.assert(
      fc.property(cases, ({ instances, min, over, running, sick, resident }) => {
        const healthy = Math.max(0, running - sick);
        const maximumOverCapacity = resident ? 0 : over;
        const upgradeStrategy = { minimumHealthCapacity: min, maximumOverCapacity };
        const b = rollingBounds({ instances, upgradeStrategy }, { running, healthy }, resident);
        assert.ok(b.minHealthy >= instances * min && b.minHealthy <= instances);
        assert.ok(b.maxCapacity >= instances);
        assert.ok(b.maxCapacity <= Math.floor(instances * (1 + maximumOverCapacity)) + (resident ? 0 : 1));
        assert.ok(b.killNow >= 0 && b.killNow <= Math.max(running, healthy));
        const below = resident && b.minHealthy === instances ? 1 : 0;
        if (instances >= running) assert.ok(healthy - b.killNow >= Math.min(healthy, b.minHealthy) - below);
        const roomAtOnce = b.maxCapacity - (running - b.killNow);
        if (running === instances && healthy === running) assert.ok(b.killNow > 0 || roomAtOnce > 0);
      }),
    );
  });
});
