// SPDX-License-Identifier: Apache-2.0
import { equal, ok } from "node:assert/strict";
import { fillAutoscalePolicy } from "@pulumi-mesos/model";
import fc from "fast-check";
import type { Demand } from "./headroom";
import { windowOf } from "./window";

const policyOf = (scaleDown: object) => fillAutoscalePolicy({ min: 0, max: 100, scaleDown });
const historyOf = (agents: (minute: number) => number, minutes = 240): Demand =>
  Array.from({ length: minutes }, (_, minute) => [minute, agents(minute)] as const);
const standard = policyOf({});

describe("how long agents stay that nobody needs", () => {
  it("is the shortest time where demand stays, rises, falls, or has come once", () => {
    equal(windowOf(standard, []), 150);
    equal(
      windowOf(
        standard,
        historyOf(() => 5),
      ),
      150,
    );
    equal(
      windowOf(
        standard,
        historyOf((minute) => minute / 10),
      ),
      150,
    );
    equal(
      windowOf(
        standard,
        historyOf((minute) => 24 - minute / 10),
      ),
      150,
    );
    equal(
      windowOf(
        standard,
        historyOf((minute) => (minute > 60 && minute < 90 ? 20 : 5)),
      ),
      150,
    );
    // A crowd every two hours is not worth agents that idle in between.
    equal(
      windowOf(
        standard,
        historyOf((minute) => (minute % 120 < 10 ? 20 : 5)),
      ),
      150,
    );
  });

  it("spans the time after which demand used to come back", () => {
    const every = (period: number) => historyOf((minute) => (minute % period < period / 2 ? 20 : 5));
    equal(windowOf(standard, every(8)), 300);
    equal(windowOf(standard, every(16)), 600);
    equal(windowOf(standard, every(20)), 1200);
  });

  it("is what somebody declares who wants no other", () => {
    const history = historyOf((minute) => (minute % 20 < 10 ? 20 : 5));
    equal(windowOf(policyOf({ maxStabilizationSeconds: 0 }), history), 150);
    equal(windowOf(policyOf({ maxStabilizationSeconds: 600 }), history), 150);
    equal(windowOf(policyOf({ stabilizationSeconds: 900 }), history), 900);
    equal(windowOf(policyOf({ stabilizationSeconds: 0 }), history), 0);
  });

  it("stays between its bounds whatever demand has been", () => {
    const seconds = fc.integer({ min: 0, max: 2000 });
    fc.assert(
      fc.property(seconds, seconds, fc.array(fc.nat(50), { maxLength: 60 }), (shortest, longest, agents) => {
        const policy = policyOf({ stabilizationSeconds: shortest, maxStabilizationSeconds: longest });
        const window = windowOf(
          policy,
          agents.map((n, minute) => [minute, n]),
        );
        ok(window >= shortest && window <= Math.max(shortest, longest), `${window}`);
      }),
    );
  });
});
