// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { fulfils, type Place } from "./constraints";

const at = (host: string, rack?: string): Place => ({ host, attributes: rack === undefined ? {} : { rack } });

describe("marathon: constraints", () => {
  const cases: [string, string[], Place, Place[], boolean][] = [
    ["UNIQUE refuses a host twice", ["hostname", "UNIQUE"], at("a"), [at("a")], false],
    ["UNIQUE takes another host", ["hostname", "UNIQUE"], at("b"), [at("a")], true],
    ["CLUSTER with a value takes only it", ["rack", "CLUSTER", "r1"], at("a", "r2"), [], false],
    ["CLUSTER stays where the first one is", ["rack", "CLUSTER"], at("a", "r2"), [at("b", "r1")], false],
    ["LIKE matches the whole value", ["rack", "LIKE", "r[12]"], at("a", "r12"), [], false],
    ["LIKE takes a match", ["rack", "LIKE", "r[12]"], at("a", "r1"), [], true],
    ["UNLIKE takes agents without the attribute", ["rack", "UNLIKE", "r1"], at("a"), [], true],
    ["UNLIKE refuses a match", ["rack", "UNLIKE", "r.*"], at("a", "r1"), [], false],
    ["LIKE refuses agents without the attribute", ["rack", "LIKE", ".*"], at("a"), [], false],
    ["IS compares exactly", ["rack", "IS", "r1"], at("a", "r1"), [], true],
    ["MAX_PER counts", ["rack", "MAX_PER", "2"], at("a", "r1"), [at("b", "r1"), at("c", "r1")], false],
    [
      "GROUP_BY spreads",
      ["rack", "GROUP_BY"],
      at("a", "r1"),
      [at("b", "r1"), at("c", "r1"), at("d", "r2")],
      false,
    ],
    [
      "GROUP_BY fills the smallest",
      ["rack", "GROUP_BY"],
      at("a", "r2"),
      [at("b", "r1"), at("c", "r1"), at("d", "r2")],
      true,
    ],
    [
      "GROUP_BY n waits for n groups",
      ["rack", "GROUP_BY", "3"],
      at("a", "r1"),
      [at("b", "r1"), at("d", "r2")],
      false,
    ],
  ];
  for (const [title, constraint, offer, placed, expected] of cases) {
    it(title, () => assert.equal(fulfils(constraint, offer, placed), expected));
  }
});
