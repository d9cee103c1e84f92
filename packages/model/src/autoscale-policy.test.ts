// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, match } from "node:assert/strict";
import { checkAutoscalePolicy, describeAutoscalePolicy, fillAutoscalePolicy } from "./autoscale-policy";

const failures = (policy: unknown): string =>
  checkAutoscalePolicy(policy)
    .map(({ path, message }) => `${path}: ${message}`)
    .join("\n");
const refused = (more: object): string => failures({ min: 1, max: 5, ...more });

describe("an autoscaling policy", () => {
  it("needs bounds alone", () => {
    equal(refused({}), "");
    equal(failures({}), "min: must be given\nmax: must be given");
    const { min, max, spot, billing } = fillAutoscalePolicy({ min: 1, max: 5 });
    deepEqual([min, max, spot, billing.per], [1, 5, undefined, "second"]);
  });

  it("keeps what is given beside the defaults", () => {
    const { scaleDown, spot } = fillAutoscalePolicy({
      min: 0,
      max: 9,
      scaleDown: { stabilizationSeconds: 60 },
      spot: {},
    });
    deepEqual([scaleDown.stabilizationSeconds, scaleDown.consolidate], [60, true]);
    deepEqual(spot, { maxShare: 1, retrySeconds: 300 });
  });

  it("refuses bounds that cross", () => {
    equal(refused({ min: 6 }), "min: must be max (5) or less, got 6; raise max or lower min");
    equal(refused({ min: 5 }), "");
    equal(refused({ min: -1 }), "min: must be between 0 and 100000, got -1");
    equal(refused({ min: 1.5 }), "min: must be a whole number, got 1.5");
    equal(
      refused({ min: 0, max: 0 }),
      "max: must be 1 or more, got 0; a group that is to stay empty has size: 0",
    );
    equal(refused({ max: "5" }), 'max: must be a whole number, got "5"');
  });

  it("is told in one line", () => {
    equal(
      describeAutoscalePolicy({ min: 1, max: 5, targetUtilization: 0.8, billing: { per: "hour" } }),
      "1 to 5 agents by load, at most 80 % in use, grows by 100 or 100 % in 60 s, shrinks after 150 to 1200 s without need, by 1 or 10 % in 60 s, agents end with their paid hour",
    );
  });

  it("refuses a target outside (0, 1]", () => {
    equal(refused({ targetUtilization: 1 }), "");
    equal(refused({ targetUtilization: 0 }), "targetUtilization: must be more than 0, got 0");
    equal(refused({ targetUtilization: 70 }), "targetUtilization: must be 1 or less, got 70");
    equal(refused({ targetUtilization: Number.NaN }), "targetUtilization: must be a finite number, got NaN");
  });

  it("refuses what nobody is paid by, and fields that it does not know", () => {
    equal(refused({ billing: { per: "minute" } }), 'billing.per: must be "second" or "hour", got "minute"');
    equal(
      refused({ scaleDown: { stabilisationSeconds: 3 } }),
      'scaleDown.stabilisationSeconds: unknown field, did you mean "stabilizationSeconds"?',
    );
    equal(refused({ spot: { maxShare: 2 } }), "spot.maxShare: must be 1 or less, got 2");
    equal(failures(7), ": must be an object, got 7");
  });

  it("refuses signals that nobody could ask, and kinds of them that it does not know", () => {
    const signal = { name: "queue", url: "https://queue.example/length", perAgent: 100 };
    equal(refused({ signals: [signal, { ...signal, query: "sum(jobs)" }] }), "");
    equal(refused({ signals: [{ name: "queue", perAgent: 100 }] }), "signals[0].url: must be given");
    match(refused({ signals: [signal, { ...signal, url: "amqp://queue" }] }), /^signals\[1\]\.url: /);
    match(
      refused({ signals: [{ ...signal, perAgent: 0 }] }),
      /^signals\[0\]\.perAgent: .*more than 0, got 0/,
    );
    match(refused({ signals: [{ ...signal, kind: "sqs" }] }), /^signals\[0\]\.kind: unknown field/);
    match(refused({ signals: ["queue"] }), /^signals\[0\]: must be an object/);
  });
});
