// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeBambooNode, encodeBambooNode, goQueryEscape } from "./bamboo";
import { isWeightsProblem, parseWeights, weightsKey, weightsText } from "./bamboo-weights";

const id = fc.stringMatching(/^\/[a-z0-9][a-z0-9./-]{0,20}$/);
const weights = fc
  .dictionary(id, fc.integer({ min: 0, max: 1000 }), { minKeys: 1, maxKeys: 5 })
  .filter((all) => Object.values(all).some((w) => w > 0));

describe("weights of a rule", () => {
  it("come back from their text, also through a node that Bamboo reads", () => {
    fc.assert(
      fc.property(weights, (given) => {
        const node = encodeBambooNode("path /", { [weightsKey]: weightsText(given) });
        const rule = decodeBambooNode(goQueryEscape("/shop"), node);
        assert.deepEqual(parseWeights(rule?.Config?.[weightsKey] ?? ""), { ...given });
      }),
    );
  });

  it("are one text whatever the order, with the slash that an id lacks", () => {
    assert.equal(weightsText({ green: 10, "/blue": 90 }), "/blue=90 /green=10");
    assert.deepEqual(parseWeights("  green=10 /blue=90 "), { "/green": 10, "/blue": 90 });
  });

  it("are refused when they are no pairs, out of range, twice there, or give nobody anything", () => {
    for (const text of [
      "",
      "/a",
      "/a=-1",
      "/a=1001",
      "/a=1.5",
      "/a=x",
      "/a=1,/b=2",
      "=1",
      "/a=1 a=2",
      "/a=0 /b=0",
    ]) {
      assert.ok(isWeightsProblem(parseWeights(text)), text);
    }
  });
});
