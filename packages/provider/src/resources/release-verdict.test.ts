// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import { since } from "./release-traffic";
import { describeErrors, type Observed, percent, verdictOf } from "./release-verdict";

const requests = fc.integer({ min: 0, max: 1_000_000 });
const observed = fc
  .tuple(requests, fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([all, part]): Observed => ({ requests: all, errors: Math.floor(all * part) }));
const minRequests = fc.integer({ min: 0, max: 1_000 });
const rate = fc.double({ min: 0, max: 1, noNaN: true });

describe("the verdict on a new version", () => {
  it("is none as long as there are fewer requests than it takes, however many of them failed", () => {
    fc.assert(
      fc.property(observed, rate, minRequests, (seen, maxErrorRate, least) => {
        const isUnknown = verdictOf(seen, { maxErrorRate, minRequests: least }) === "unknown";
        assert.equal(isUnknown, seen.requests < least);
      }),
    );
  });

  it("is bad exactly when a larger part failed than may, and never without a limit", () => {
    fc.assert(
      fc.property(observed, fc.nat({ max: 1000 }), (seen, thousandths) => {
        const verdict = verdictOf(seen, { maxErrorRate: thousandths / 1000, minRequests: 0 });
        assert.equal(verdict === "bad", seen.errors * 1000 > seen.requests * thousandths);
        assert.equal(verdictOf(seen, {}), "good");
      }),
    );
  });

  it("does not get worse with a larger limit or fewer errors", () => {
    fc.assert(
      fc.property(observed, rate, rate, ({ requests: all, errors }, a, b) => {
        const isBad = (count: number, maxErrorRate: number): boolean =>
          verdictOf({ requests: all, errors: count }, { maxErrorRate, minRequests: 1 }) === "bad";
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        assert.ok(isBad(errors, low) || !isBad(errors, high));
        assert.ok(isBad(errors, low) || !isBad(Math.floor(errors / 2), low));
      }),
    );
  });

  it("takes 20 requests where the program does not say", () => {
    const verdicts = [19, 20].map((all) => verdictOf({ requests: all, errors: all }, { maxErrorRate: 0.5 }));
    assert.deepEqual(verdicts, ["unknown", "bad"]);
  });

  it("is told with figures", () => {
    assert.equal(describeErrors({ requests: 40, errors: 3 }), "3 of 40 requests (7.5 %) ended with a 5xx");
    assert.equal(describeErrors({ requests: 0, errors: 0 }), "0 of 0 requests ended with a 5xx");
    assert.deepEqual([0.01, 1, 0.000123, 0.29].map(percent), ["1 %", "100 %", "0.0123 %", "29 %"]);
  });
});

describe("what an edge has counted since the last look", () => {
  it("adds up to all that it counted, also when it was started again in between", () => {
    const growth = fc.record({
      requests: fc.nat({ max: 50 }),
      errors: fc.nat({ max: 50 }),
      again: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(growth), (steps) => {
        let before: Observed = { requests: 0, errors: 0 };
        let sum = 0;
        let truth = 0;
        for (const { requests: more, errors, again } of steps) {
          // One that has counted as much as before since it began anew cannot be told from one that went on.
          const isSeen = again && before.requests > more;
          const from = isSeen ? { requests: 0, errors: 0 } : before;
          const now = { requests: from.requests + more, errors: from.errors + Math.min(errors, more) };
          sum += since(before, now).requests;
          truth += more;
          before = now;
        }
        assert.equal(sum, truth);
      }),
    );
  });
});
