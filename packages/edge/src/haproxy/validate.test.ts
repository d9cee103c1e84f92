// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import { offenders } from "./validate";

describe("offenders", () => {
  it("finds exactly the bad ones", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 60 }), async (bad) => {
        const found = await offenders([...bad.keys()], async (group) => {
          const first = group.find((i) => bad[i]);
          return first === undefined ? undefined : `number ${first}`;
        });
        const expected = bad.flatMap((isBad, i) => (isBad ? [{ item: i, reason: `number ${i}` }] : []));
        assert.deepEqual(found, expected);
      }),
    );
  });

  it("finds the later one of two that are good alone and bad together", async () => {
    const found = await offenders([1, 2, 3, 4, 5], async (group) =>
      group.includes(2) && group.includes(5) ? "twice" : undefined,
    );
    assert.deepEqual(found, [{ item: 5, reason: "twice" }]);
  });

  it("asks about a thousand with one bad in about twenty questions", async () => {
    let questions = 0;
    await offenders([...Array(1024).keys()], async (group) => {
      questions++;
      return group.includes(700) ? "bad" : undefined;
    });
    assert.ok(questions <= 21, `${questions} questions`);
  });
});
