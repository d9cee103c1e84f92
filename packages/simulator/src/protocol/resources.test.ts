// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  add,
  contains,
  fromJson,
  parseAttributes,
  parseResources,
  subtract,
  toJson,
  toLegacy,
} from "./resources";

const some = fc
  .record({
    cpus: fc.integer({ min: 0, max: 9 }),
    begin: fc.integer({ min: 1, max: 90 }),
    size: fc.integer({ min: 0, max: 9 }),
  })
  .map((r) => parseResources(`cpus:${r.cpus};ports:[${r.begin}-${r.begin + r.size}]`));

describe("resources", () => {
  it("read the agent's flag and print the older endpoints' object", () => {
    assert.deepEqual(toLegacy(parseResources("cpus:0.1;mem:64;ports:[31000-31002,31003-31005]")), {
      disk: 0,
      mem: 64,
      gpus: 0,
      cpus: 0.1,
      ports: "[31000-31005]",
    });
  });

  it("add in thousandths, so that a tenth three times is three tenths", () => {
    const tenth = parseResources("cpus:0.1");
    assert.equal(toLegacy(add(add(tenth, tenth), tenth)).cpus, 0.3);
  });

  it("come back after what was taken is given back", () => {
    fc.assert(
      fc.property(some, some, (a, b) => {
        const whole = add(a, b);
        assert.ok(contains(whole, a));
        const rest = subtract(whole, a);
        assert.deepEqual(toJson(add(rest, a)).sort(byName), toJson(whole).sort(byName));
      }),
    );
  });

  it("survive the wire", () => {
    const r = parseResources("cpus:2;ports:[1-2,5-9]");
    assert.deepEqual(fromJson(toJson(r, "*")), r);
  });

  it("fails when a value or range is bad", () => {
    assert.throws(() => parseResources("cpus"), /name:value/);
    assert.throws(() => parseResources("cpus:x"), /number or/);
    assert.throws(() => parseResources("ports:[5-1]"), /Bad range/);
    assert.throws(() => parseResources("cpus():1"), /name\(role\)/);
    assert.throws(() => parseAttributes("a:b c"), /Bad attribute/);
  });
});

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
