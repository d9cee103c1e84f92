// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { repository } from "./support/repository";

/** Packages whose tests listen somewhere. */
const listening = ["cli", "client", "edge", "groups", "provider", "simulator", "supervisor"];

/** By suite, as they run beside each other: the texts of its tests. */
function suites(): Map<string, string[]> {
  const testsOf = (folder: string): string[] =>
    readdirSync(path.join(repository, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.test\.(support\.)?ts$/.test(file))
      .map((file) => path.join(repository, folder, file));
  const alone = testsOf("test/src").map((file) => [path.basename(file), [file]] as const);
  const packages = listening.map((name) => [name, testsOf(`packages/${name}/src`)] as const);
  return new Map(
    [...alone, ...packages].map(([name, files]) => [name, files.map((file) => readFileSync(file, "utf8"))]),
  );
}

/** The loopback networks that a text names: the second octet of a whole /16, the second and third of a /24. */
function networksOf(text: string): string[] {
  const whole = [...text.matchAll(/const octet = (\d+)|127\.(\d+)\.0\.0\/16/g)].map(
    (m) => m[1] ?? m[2] ?? "",
  );
  const parts = [...text.matchAll(/127\.(\d+)\.(\d+)/g)].flatMap(([, second = "", third]) =>
    second === "0" || whole.includes(second) ? [] : [`${second}.${third}`],
  );
  return [...new Set([...whole, ...parts])];
}

const overlap = (a: string, b: string): boolean => a === b || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);

describe("the networks of tests", () => {
  it("belong to one suite each, because two suites run at a time", () => {
    const uses = [...suites()].flatMap(([suite, texts]) =>
      [...new Set(texts.flatMap(networksOf))].map((network) => ({ suite, network })),
    );
    assert.ok(uses.length > 50);
    const shared = uses.flatMap((one, index) =>
      uses
        .slice(index + 1)
        .filter((other) => other.suite !== one.suite && overlap(one.network, other.network))
        .map((other) => `${one.suite} and ${other.suite}: 127.${one.network}`),
    );
    assert.deepEqual(shared, []);
  });
});
