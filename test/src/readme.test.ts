// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { loopbackBlock, StackNetworks } from "@pulumi-mesos/model";
import { repository } from "./support/repository";

function read(file: string): string {
  return readFileSync(path.join(repository, file), "utf8");
}

/** A program without layout, trailing commas and the line that says where it runs. */
function words(program: string): string {
  return program
    .replace(/^\/\/.*$/gm, "")
    .replace(/\{ network: [^}]*\}/, "")
    .replace(/,(?=\s*[}\])])/g, "")
    .replace(/\s+/g, "");
}

describe("the README", () => {
  const readme = read("README.md");

  it("shows the quickstart's program", () => {
    const [, program] = /```ts\n([\s\S]*?)```/.exec(readme) ?? [];
    assert.ok(program);
    const quickstart = words(read("examples/quickstart/index.ts"));
    assert.ok(quickstart.startsWith(words(program)), `${words(program)}\n${quickstart}`);
  });

  it("names the addresses that the quickstart has", () => {
    const networks = new StackNetworks(loopbackBlock("quickstart", "dev"));
    for (const part of ["zookeeper", "masters", "marathon", "edge", "groups", "web"]) {
      assert.ok(
        readme.includes(`| ${networks.prefix(`demo-${part}`)}.1`),
        `${part} at ${networks.prefix(`demo-${part}`)}.1`,
      );
    }
  });

  it("gives commands that the project has", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const named = [
      ...readme.matchAll(/npm (?:run )?(up|down|pulumi|mesos|test|check|bench|build|setup)\b/g),
    ].map((m) => m[1]);
    assert.ok(named.length > 5);
    for (const name of named) assert.ok(name !== undefined && scripts[name] !== undefined, name);
  });
});
