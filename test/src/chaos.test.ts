// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describeFailure, runSchedule } from "./chaos/run";
import { describeSchedule, scheduleOf } from "./chaos/schedule";

const network = "127.109.1";
const least = 5;
const most = 20;
const budgetMs = 100_000;

describe("a cluster of programs under faults", function () {
  this.timeout(1_200_000);

  it("has the same schedule for the same seed, and others for others", () => {
    assert.deepEqual(scheduleOf(7), scheduleOf(7));
    assert.equal(
      new Set(Array.from({ length: 200 }, (_, seed) => describeSchedule(scheduleOf(seed)))).size,
      200,
    );
  });

  it(`agrees with itself after each of at least ${least} random schedules and keeps every task`, async () => {
    const began = Date.now();
    for (let seed = 1; seed <= most && (seed <= least || Date.now() - began < budgetMs); seed++) {
      const outcome = await runSchedule(scheduleOf(seed), network, () => undefined);
      assert.equal(outcome.wrong.length, 0, describeFailure(outcome));
    }
  });
});
