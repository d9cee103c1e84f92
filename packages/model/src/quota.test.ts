// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, match } from "node:assert/strict";
import fc from "fast-check";
import { inputChecker } from "./check-inputs";
import { computed } from "./computed";
import { checkQuotaRules, isNoQuota, normaliseQuota, QuotaInputs, quotaRoleProblem } from "./quota";

const check = inputChecker(QuotaInputs);
const amounts = fc.dictionary(
  fc.constantFrom("cpus", "mem", "disk", "gpus", "licences"),
  fc.integer({ min: 0, max: 5_000 }).map((thousandths) => thousandths / 1000),
  { noNullPrototype: true },
);
/** One failure by its path. */
const only = (inputs: Record<string, unknown>): string =>
  checkQuotaRules({ role: "web", ...inputs })
    .map(({ path, message }) => `${path}: ${message}`)
    .join("\n");

describe("a quota", () => {
  it("is right exactly when it says something and no guarantee is above its limit", () => {
    fc.assert(
      fc.property(amounts, amounts, (guarantees, limits) => {
        const over = Object.keys(guarantees).some((name) => (guarantees[name] ?? 0) > (limits[name] ?? 1e9));
        const failures = checkQuotaRules({ role: "web", guarantees, limits });
        equal(failures.length === 0, !over && !isNoQuota({ guarantees, limits }));
        deepEqual(check({ role: "web", guarantees, limits }), []);
      }),
    );
  });

  it("has one normal form", () => {
    fc.assert(
      fc.property(amounts, amounts, (guarantees, limits) => {
        const once = normaliseQuota({ guarantees, limits });
        deepEqual(normaliseQuota(once), once);
        equal(
          Object.values(once.guarantees).every((value) => value > 0),
          true,
        );
        deepEqual(once.limits, limits);
      }),
    );
  });

  it("takes what is not known yet, and judges what is", () => {
    equal(only({ role: computed, guarantees: computed, limits: computed }), "");
    equal(only({ guarantees: { cpus: 1 }, limits: computed }), "");
    equal(only({ guarantees: { cpus: 1, mem: 2 }, limits: { cpus: computed, mem: 2 } }), "");
    match(only({ guarantees: { cpus: computed, mem: 3 }, limits: { mem: 2 } }), /^guarantees\.mem: /);
  });

  it("refuses names that are almost a resource's, ranges, and what Mesos cannot count", () => {
    equal(only({ limits: { cpu: 1 } }), 'limits.cpu: unknown resource, did you mean "cpus"?');
    equal(only({ limits: { memory: 1 } }), 'limits.memory: unknown resource, did you mean "mem"?');
    match(only({ guarantees: { ports: 1 } }), /^guarantees\.ports: is a range/);
    match(only({ limits: { cpus: 0.0001 } }), /three decimals/);
    equal(only({ limits: { cpus: 0.1, licences: 3 } }), "");
    match(only({ guarantees: { cpus: 0 } }), /^limits: give at least one/);
  });

  it("refuses amounts below nothing and keys that it does not have", () => {
    const failures = check({ role: "web", limits: { cpus: -1 }, guarantes: {} });
    deepEqual(failures.map((f) => f.path).sort(), ["guarantes", "limits.cpus"]);
    match(failures.map((f) => f.message).join(), /did you mean "guarantees"/);
  });

  it("is for roles as Mesos names them, none of them nested", () => {
    for (const role of ["*", "web", "web.a_b-1", "ünïcode"]) equal(quotaRoleProblem(role), undefined, role);
    for (const role of ["", "a/b", "/a", ".", "..", "-a", "a b", "a\tb", "a\u007f"]) {
      match(quotaRoleProblem(role) ?? "", /^must not /, JSON.stringify(role));
    }
  });
});
