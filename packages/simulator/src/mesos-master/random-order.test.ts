// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import { seededIds } from "../marathon/ids";
import { valuesOf } from "../test-cluster.test";
import type { Context } from "./context";
import { FairShare } from "./fair-share";
import { masterFlags } from "./flags";
import { randomFrom, relativeWeight, shuffled } from "./random-order";
import type { Framework } from "./state";

const drawn = (seed: string): (() => number) => randomFrom(seededIds(seed)());

function share(argv: string[], seed: string, weights: Record<string, number> = {}): FairShare {
  const context = {
    state: { agents: new Map(), frameworks: new Map() },
    registrar: { registry: { weights } },
    flags: valuesOf(masterFlags, ["--work_dir=/w", ...argv]),
  };
  return new FairShare(context as unknown as Context, new Map(), drawn(seed));
}

describe("--role_sorter=random and --framework_sorter=random (src/master/allocator/mesos/sorter/random)", () => {
  it("keeps everybody, once, in an order that the seed decides", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), fc.string(), (all, seed) => {
        const one = shuffled(all, drawn(seed), () => 1);
        assert.deepEqual([...one].sort(), [...all].sort());
        assert.deepEqual(
          shuffled(all, drawn(seed), () => 1),
          one,
        );
      }),
    );
  });

  it("puts a role of weight 3 first three times of four", () => {
    const random = drawn("weights");
    let first = 0;
    for (let n = 0; n < 4000; n++) {
      if (shuffled(["a", "b"], random, (role) => (role === "a" ? 3 : 1))[0] === "a") first++;
    }
    assert.ok(first > 2850 && first < 3150, `${first} of 4000`);
  });

  it("divides a parent's weight among its children", () => {
    const all = ["a", "b/x", "b/y"];
    const weights = { b: 3, "b/x": 2 };
    const of = (role: string) => relativeWeight(role, all, weights);
    assert.deepEqual([of("a"), of("b/x"), of("b/y")], [0.25, 0.5, 0.25]);
    const own = ["a", "a/x"];
    assert.deepEqual(
      own.map((role) => relativeWeight(role, own, {})),
      [0.5, 0.5],
    );
  });

  it("draws roles and frameworks anew each time, and without it goes by shares", () => {
    const roles = ["a", "b", "c", "d"];
    const frameworks = roles.map((id) => ({ id }) as Framework);
    const random = share(["--role_sorter=random", "--framework_sorter=random"], "one");
    const orders = new Set(Array.from({ length: 50 }, () => random.roles(roles).join("")));
    assert.ok(orders.size > 10, [...orders].join());
    const ids = () => random.frameworks("a", frameworks).map((f) => f.id);
    assert.ok(new Set(Array.from({ length: 50 }, () => ids().join(""))).size > 10);
    const again = share(["--role_sorter=random"], "one");
    const same = share(["--role_sorter=random"], "one");
    assert.deepEqual(again.roles(roles), same.roles(roles));
    const drf = share([], "one");
    assert.deepEqual(drf.roles(["b", "a"]), ["a", "b"]);
    assert.deepEqual(drf.frameworks("a", frameworks), frameworks);
  });
});
