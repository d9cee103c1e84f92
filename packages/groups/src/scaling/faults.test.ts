// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { ScalingStorm } from "./storm.test.support";

/** `npm run test:chaos` plays more. */
const seeds = 4;

describe("a group that sizes itself in bad times", function () {
  this.timeout(120_000);
  let left = 0;

  for (let seed = 1; seed <= seeds; seed++)
    it(`ends nobody twice or undrained, keeps its bounds and comes to rest (seed ${seed})`, async () => {
      const storm = new ScalingStorm(seed);
      assert.deepEqual(await storm.play(), []);
      left += storm.left;
    });

  it("has had agents leave on the way", () => {
    assert.ok(left > seeds, `${left} have left`);
  });
});
