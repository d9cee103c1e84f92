// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import { computed } from "@pulumi-mesos/model";
import fc from "fast-check";
import { diffResponse } from "./diff-response";
import { compareInputs } from "./differences";
import { parsePath } from "./secret-paths";
import { parseUrn } from "./urn";

const bag = fc.dictionary(fc.stringMatching(/^[a-z]{1,4}$/), fc.jsonValue({ maxDepth: 3 }));

describe("compareInputs", () => {
  it("finds nothing between equals, something between others", () => {
    fc.assert(fc.property(bag, (a) => deepEqual(compareInputs(a, structuredClone(a), "all"), [])));
    fc.assert(
      fc.property(bag, bag, (a, b) => {
        equal(compareInputs(a, b, []).length === 0, JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)));
      }),
    );
  });

  it("goes as deep as the change and takes computed for changed", () => {
    const old = { listen: [{ host: "h", port: 1 }], env: { A: "1" }, name: "n" };
    const now = {
      listen: [
        { host: "h", port: 2 },
        { host: "i", port: 3 },
      ],
      env: {},
      name: computed,
      cwd: "/",
    };
    deepEqual(
      compareInputs(old, now, ["listen"]).map((d) => [d.path, d.kind, d.replace]),
      [
        ["listen[0].port", "update", true],
        ["listen[1]", "add", true],
        ["env.A", "delete", false],
        ["name", "update", false],
        ["cwd", "add", false],
      ],
    );
  });
});

describe("diffResponse", () => {
  it("has the top key of every detailed path in diffs", () => {
    fc.assert(
      fc.property(bag, bag, (a, b) => {
        const response = diffResponse({ differences: compareInputs(a, b, "all") }, []);
        const top = new Set(response.getDiffsList());
        for (const [path] of response.getDetaileddiffMap().toArray()) {
          equal(top.has(String(parsePath(path)[0])), true);
        }
        deepEqual(response.getReplacesList(), response.getDiffsList());
      }),
    );
  });

  it("leaves out what is ignored", () => {
    const differences = compareInputs(
      { env: { A: "1", B: "1" }, x: 1 },
      { env: { A: "2", B: "2" }, x: 2 },
      [],
    );
    deepEqual(
      diffResponse({ differences }, ["env.A", "x"])
        .getDetaileddiffMap()
        .toArray()
        .map(([path]) => path),
      ["env.B"],
    );
    equal(diffResponse({ differences }, ["env", "x"]).getChanges(), 1);
  });
});

describe("parseUrn", () => {
  it("takes a URN with parents and odd names apart", () => {
    deepEqual(parseUrn("urn:pulumi:dev::proj::mesos:index:Cluster$mesos:local:Process::a::b"), {
      urn: "urn:pulumi:dev::proj::mesos:index:Cluster$mesos:local:Process::a::b",
      stack: "dev",
      project: "proj",
      type: "mesos:local:Process",
      name: "a::b",
    });
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sorted(v)]),
  );
}
