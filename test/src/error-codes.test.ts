// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { repository } from "./support/repository";

const code = /MESOS_[A-Z]+(?:_[A-Z]+)+/;

/** Sources that users run: neither tests nor what supports them. */
function sources(): string[] {
  const packages = path.join(repository, "packages");
  return readdirSync(packages)
    .flatMap((name) =>
      readdirSync(path.join(packages, name, "src"), { recursive: true, encoding: "utf8" }).map((file) =>
        path.join(packages, name, "src", file),
      ),
    )
    .filter((file) => file.endsWith(".ts") && !/\.test\.|\/testing\//.test(file));
}

/** Every code that stands as a string of its own; environment variables of Mesos are only ever keys. */
function codesOfSources(): Set<string> {
  const found = sources().flatMap(
    (file) => readFileSync(file, "utf8").match(new RegExp(`"${code.source}"`, "g")) ?? [],
  );
  return new Set(found.map((quoted) => quoted.slice(1, -1)));
}

/** The first cell of every row of the page's tables, with the other two. */
function rowsOfPage(): { code: string; when: string; fix: string }[] {
  const text = readFileSync(path.join(repository, "docs/errors.md"), "utf8");
  return [...text.matchAll(/^\| `(.+?)` \| (.*?) \| (.*?) \|$/gm)].map(
    ([, name = "", when = "", fix = ""]) => ({
      code: name,
      when,
      fix,
    }),
  );
}

describe("docs/errors.md", () => {
  const rows = rowsOfPage();
  const documented = rows.map((row) => row.code);
  const used = codesOfSources();

  it("lists every code of the sources", () => {
    assert.ok(used.size > 50, "the sources were read");
    assert.deepEqual([...used].filter((one) => !documented.includes(one)).sort(), []);
  });

  it("lists no code that the sources do not have, and none twice", () => {
    assert.deepEqual(
      documented.filter((one) => !used.has(one)),
      [],
    );
    assert.deepEqual(
      documented.filter((one, index) => documented.indexOf(one) !== index),
      [],
    );
  });

  it("says of every code when it comes and what to do", () => {
    assert.deepEqual(
      rows.filter(({ when, fix }) => when === "" || fix === "").map((row) => row.code),
      [],
    );
    assert.deepEqual(
      documented.filter((one) => !new RegExp(`^${code.source}$`).test(one)),
      [],
    );
  });
});
