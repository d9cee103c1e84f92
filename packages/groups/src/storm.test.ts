// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { Storm } from "./storm.test.support";

/** `npm run test:chaos` plays more. */
const seeds = 6;

describe("agents on AWS in a storm", function () {
  this.timeout(240_000);

  for (let seed = 1; seed <= seeds; seed++)
    it(`end once and drained, none is forgotten, and all is as declared in the end (seed ${seed})`, async () => {
      const storm = new Storm(seed);
      const wrong = await storm.play();
      assert.deepEqual(wrong, [], storm.log.join("\n"));
    });
});
