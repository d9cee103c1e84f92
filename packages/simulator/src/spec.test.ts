// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const read = (name: string): string => readFileSync(join(__dirname, "..", name), "utf8");
const there = (...path: string[]): boolean => existsSync(join(__dirname, "..", "src", ...path));

describe("SPEC.md and SPEC-marathon.md", () => {
  it("name the tests of every line, and these exist", () => {
    const rows = read("SPEC.md")
      .split("\n")
      .filter((line) => line.startsWith("| ") && !line.startsWith("| behaviour"));
    assert.ok(rows.length > 50);
    for (const row of rows) {
      const [, , , tests, end] = row.split(/(?<!\\) \| |^\| | \|$/);
      assert.equal(end, "", row);
      let directory = "";
      for (const name of (tests ?? "").replaceAll(/ \([^)]*\)/g, "").split(/[,;] /)) {
        if (name.includes("/")) directory = name.slice(0, name.indexOf("/") + 1);
        const path = name.includes("/") ? name : directory + name;
        assert.ok(there(`${path}.test.ts`), `${path}: ${row}`);
      }
    }
  });

  it("name tests of Marathon that exist", () => {
    const named = [...read("SPEC-marathon.md").matchAll(/`([\w/-]+\.test\.ts)`/g)].map((m) => m[1] ?? "");
    assert.ok(named.length > 20);
    // What crosses packages lies at the top, in `test/src`.
    const crossing = (name: string): boolean => existsSync(join(__dirname, "..", "..", "..", name));
    for (const name of named) assert.ok(there("marathon", name) || there(name) || crossing(name), name);
  });
});
