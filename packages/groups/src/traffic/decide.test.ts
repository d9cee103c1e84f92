// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type AppAutoscale, fillAppAutoscale } from "@pulumi-mesos/model";
import fc from "fast-check";
import { type AppMemory, carriedOut, decideApp, type Load, nothingKnown } from "./decide";

const base: AppAutoscale = { min: 1, max: 20, targetRps: 50 };

/** An app that gets what is decided at once, looked at every five seconds. */
class Followed {
  instances: number;
  memory: AppMemory = nothingKnown;
  now = 1_000_000;
  readonly #policy: AppAutoscale;

  constructor(policy: Partial<AppAutoscale> = {}, instances = 1) {
    this.#policy = { ...base, ...policy };
    this.instances = instances;
  }

  look(load: number | Load): ReturnType<typeof decideApp> {
    this.now += 5_000;
    const given = typeof load === "number" ? { value: load } : load;
    const decision = decideApp(this.instances, given, fillAppAutoscale(this.#policy), this.memory, this.now);
    this.memory =
      decision.instances === this.instances
        ? decision.memory
        : carriedOut(decision.memory, this.instances, decision.instances, this.now);
    this.instances = decision.instances;
    return decision;
  }

  /** Sizes over so many looks at the same load. */
  over(looks: number, load: number | Load): number[] {
    return Array.from({ length: looks }, () => this.look(load).instances);
  }
}

describe("the size of an app by its traffic", () => {
  it("is what the load needs, at once", () => {
    const app = new Followed({}, 4);
    assert.deepEqual(app.look(320).reasons, ["320 requests/s on 4 instances, 50 each: 7 needed"]);
    assert.equal(app.instances, 7);
  });

  it("stays as it is within the tolerance", () => {
    const app = new Followed({}, 4);
    assert.deepEqual(app.over(3, 219), [4, 4, 4]);
    assert.deepEqual(app.look(182).reasons, [
      "182 requests/s on 4 instances, 50 each: within 10 % of the target",
    ]);
    assert.equal(app.look(221).instances, 5);
  });

  it("grows by as many as its steps let come in a period", () => {
    const app = new Followed({ scaleUp: { maxStep: 2, maxStepShare: 0.5, periodSeconds: 15 } }, 2);
    const { reasons } = app.look(1_000);
    assert.deepEqual(reasons.slice(1), ["4 for now: 2 may come in 15 s"]);
    assert.deepEqual(app.over(6, 1_000), [4, 4, 6, 6, 6, 9]);
  });

  it("never leaves its bounds, also at once when they are declared anew", () => {
    assert.deepEqual(new Followed({ max: 3 }).look(1_000), {
      instances: 3,
      reasons: [
        "1000 requests/s on 1 instance, 50 each: 20 needed",
        "5 for now: 4 may come in 15 s",
        "max 3 holds it back",
      ],
      memory: {
        asked: [
          [1_005_000, 1],
          [1_005_000, 20],
        ],
        changes: [],
        last: 1,
      },
    });
    assert.equal(new Followed({ min: 6 }).look(0).instances, 6);
    assert.equal(new Followed({ max: 6 }, 12).look(600).instances, 6);
  });

  it("shrinks once nobody has needed more for the whole window, to the most that was needed in it", () => {
    const app = new Followed({ scaleDown: { stabilizationSeconds: 30 } }, 8);
    assert.deepEqual(app.over(2, 400), [8, 8]);
    assert.deepEqual(app.over(3, 190), [8, 8, 8]);
    assert.deepEqual(app.over(2, 90), [8, 8]);
    const { reasons, instances } = app.look(90);
    assert.equal(instances, 4);
    assert.deepEqual(reasons.slice(1), ["4 instances needed within the last 30 s"]);
    assert.deepEqual(app.over(3, 90), [4, 4, 2]);
  });

  it("grows only after the load has asked for more throughout the window, where there is one", () => {
    const app = new Followed({ scaleUp: { stabilizationSeconds: 10 } }, 2);
    assert.deepEqual(app.over(2, 100), [2, 2]);
    assert.deepEqual(app.look(300).reasons.slice(1), [
      "not 6 yet: the load has not asked for more throughout 10 s",
    ]);
    assert.deepEqual(app.over(2, 300), [6, 6]);
  });

  it("loses nobody while an edge is silent, and grows by what the others count", () => {
    const app = new Followed({ scaleDown: { stabilizationSeconds: 0 } }, 6);
    app.look(300);
    const decision = app.look({ value: 100, missing: "http://a does not answer" });
    assert.equal(decision.instances, 6);
    assert.equal(decision.frozen, "http://a does not answer");
    assert.match(decision.reasons[0] ?? "", /and maybe more: http:\/\/a does not answer, so none goes/);
    assert.equal(app.look({ value: 400, missing: "http://a does not answer" }).instances, 8);
    assert.deepEqual(app.over(3, { value: undefined, missing: "nobody tells" }), [8, 8, 8]);
    assert.equal(app.look(100).instances, 2);
  });

  it("leaves an app alone that somebody has stopped, and keeps what somebody set by hand for the window", () => {
    const app = new Followed({ scaleDown: { stabilizationSeconds: 30 } }, 2);
    app.look(100);
    app.instances = 0;
    assert.equal(app.look(100).instances, 0);
    assert.match(app.look(100).reasons[0] ?? "", /set it to 1 or more/);
    app.instances = 10;
    assert.deepEqual(app.over(6, 100), [10, 10, 10, 10, 10, 10]);
    assert.equal(app.look(100).instances, 2);
  });
});

const policies = fc
  .record({
    min: fc.integer({ min: 1, max: 10 }),
    more: fc.nat({ max: 40 }),
    targetRps: fc.double({ min: 0.1, max: 500, noNaN: true }),
    tolerance: fc.double({ min: 0, max: 0.5, noNaN: true }),
    up: fc.record({ stabilizationSeconds: fc.nat({ max: 60 }), maxStep: fc.integer({ min: 1, max: 9 }) }),
    down: fc.record({ stabilizationSeconds: fc.nat({ max: 120 }), maxStep: fc.integer({ min: 1, max: 9 }) }),
  })
  .map(({ min, more, up, down, ...rest }): AppAutoscale => {
    return { ...rest, min, max: min + more, scaleUp: up, scaleDown: down };
  });
const loads = fc.double({ min: 0, max: 10_000, noNaN: true });
const told: fc.Arbitrary<Load> = fc.oneof(
  loads.map((value) => ({ value })),
  loads.map((value) => ({ value, missing: "an edge" })),
  fc.constant({ value: undefined, missing: "all edges" }),
);

describe("whatever the traffic, an app", () => {
  it("has instances within its bounds", () => {
    fc.assert(
      fc.property(
        policies,
        fc.integer({ min: 1, max: 90 }),
        fc.array(told, { maxLength: 40 }),
        (policy, n, all) => {
          const app = new Followed(policy, n);
          for (const load of all) {
            const { instances } = app.look(load);
            assert.ok(instances >= policy.min && instances <= policy.max);
          }
        },
      ),
    );
  });

  it("has no fewer for more load", () => {
    fc.assert(
      fc.property(
        policies,
        fc.integer({ min: 1, max: 50 }),
        fc.array(told, { maxLength: 20 }),
        loads,
        loads,
        (policy, n, past, a, b) => {
          const app = new Followed(policy, n);
          for (const load of past) app.look(load);
          const { instances, memory, now } = app;
          const [less, more] = [Math.min(a, b), Math.max(a, b)].map(
            (value) =>
              decideApp(instances, { value }, fillAppAutoscale(policy), memory, now + 5_000).instances,
          );
          assert.ok((less ?? 0) <= (more ?? 0));
        },
      ),
    );
  });

  it("comes to rest under a constant load, and does not overshoot on the way", () => {
    fc.assert(
      fc.property(
        policies,
        fc.integer({ min: 1, max: 50 }),
        fc.array(told, { maxLength: 20 }),
        loads,
        (policy, n, past, load) => {
          const app = new Followed(policy, n);
          for (const one of past) app.look(one);
          // Longer than both windows, and than it takes at one instance a period.
          app.over(300, load);
          const rest = app.over(60, load);
          assert.deepEqual(new Set(rest).size, 1, String(rest));
          const { target, tolerance } = fillAppAutoscale(policy);
          const share = load / (app.instances * target);
          assert.ok(share <= 1 + tolerance + 1e-9 || app.instances === policy.max, `${share}`);
        },
      ),
      { numRuns: 50 },
    );
  });

  it("loses nobody as long as an edge does not tell", () => {
    fc.assert(
      fc.property(
        policies,
        fc.nat({ max: 40 }),
        fc.array(loads, { minLength: 1, maxLength: 40 }),
        (policy, n, all) => {
          const app = new Followed(policy, Math.min(policy.max, policy.min + n));
          for (const value of all) {
            const before = app.instances;
            assert.ok(app.look({ value, missing: "an edge" }).instances >= before);
          }
        },
      ),
    );
  });
});
