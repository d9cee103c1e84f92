// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { repository } from "./support/repository";
import { run } from "./support/run";

/** Which packages a package may import; DESIGN's table, written down a second time so that `biome.json` is held to it. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  model: [],
  client: ["model"],
  supervisor: ["model"],
  provider: ["model", "client", "supervisor"],
  groups: ["model", "client", "supervisor", "pages"],
  edge: ["model", "client", "pages"],
  simulator: ["model", "pages"],
  constructs: ["model"],
  docker: ["model", "constructs"],
  aws: ["model", "constructs"],
  cli: ["model", "client"],
  pages: [],
};

/** One breach of each rule of STYLE that the linter holds, by rule. */
const breaches: Readonly<Record<string, string>> = {
  "lint/nursery/noFloatingPromises":
    "async function f(): Promise<void> {}\nexport function g(): void {\n  f();\n}\n",
  "lint/nursery/noMisusedPromises":
    "export function f(p: Promise<boolean>): number {\n  if (p) return 1;\n  return 2;\n}\n",
  "lint/suspicious/noExplicitAny": "export const x: any = 1;\n",
  "lint/style/noNonNullAssertion": "export const x = (y?: string): string => y!;\n",
  "lint/style/useImportType": 'import { Stats } from "node:fs";\nexport type S = Stats;\n',
  "lint/style/noEnum": "export enum E {\n  A = 1,\n}\n",
  "lint/style/noDefaultExport": "export default 1;\n",
  "lint/style/noParameterProperties": "export class C {\n  constructor(readonly x: number) {}\n}\n",
  "lint/correctness/noUndeclaredDependencies": 'import x from "left-pad";\nexport const y = x;\n',
};

interface Diagnostic {
  readonly category: string;
  readonly location: { readonly path: string | { readonly file: string } };
}

describe("the linter", function () {
  this.timeout(60_000);
  const directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-lint-"));
  let found = new Map<string, Set<string>>();

  function nameOf(dir: string): string {
    const text = readFileSync(path.join(repository, "packages", dir, "package.json"), "utf8");
    return (JSON.parse(text) as { name: string }).name;
  }

  function probe(file: string, text: string): void {
    const target = path.join(directory, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, text);
  }

  before(async () => {
    const config = JSON.parse(readFileSync(path.join(repository, "biome.json"), "utf8")) as { vcs: unknown };
    config.vcs = { enabled: false };
    probe("biome.json", JSON.stringify(config));
    for (const dir of readdirSync(path.join(repository, "packages"))) {
      cpSync(
        path.join(repository, "packages", dir, "package.json"),
        path.join(directory, "packages", dir, "package.json"),
      );
      for (const other of Object.keys(arrows)) {
        if (other !== dir) {
          probe(
            `packages/${dir}/src/imports-${other}.ts`,
            `import { x } from "${nameOf(other)}";\nexport const y = x;\n`,
          );
        }
      }
    }
    probe(
      "packages/provider/src/imports-pulumi.ts",
      'import * as p from "@pulumi/pulumi";\nexport const y = p;\n',
    );
    for (const [rule, text] of Object.entries(breaches)) {
      probe(`packages/client/src/${rule.split("/").at(-1)?.toLowerCase()}.ts`, text);
    }
    for (const rule of readdirSync(path.join(repository, "tools/lint")))
      cpSync(path.join(repository, "tools/lint", rule), path.join(directory, "tools/lint", rule));
    const weak = "export const weak = (s: AbortSignal) => AbortSignal.any([s, AbortSignal.timeout(9)]);\n";
    const strong = "export const strong = (s: AbortSignal, t: AbortSignal) => AbortSignal.any([s, t]);\n";
    probe("packages/client/src/weak-timeout.ts", weak);
    probe("packages/client/src/two-signals.ts", strong);
    probe("packages/client/src/camelCase.ts", "export const x = 1;\n");
    probe(
      "packages/client/src/cycle-a.ts",
      'import { b } from "./cycle-b";\nexport const a = (): unknown => b;\n',
    );
    probe(
      "packages/client/src/cycle-b.ts",
      'import { a } from "./cycle-a";\nexport const b = (): unknown => a;\n',
    );
    const outcome = await run(
      path.join(repository, "node_modules/.bin/biome"),
      ["lint", "--reporter=json", "--max-diagnostics=none", "packages"],
      { cwd: directory, env: process.env },
    );
    assert.notEqual(outcome.code, 0);
    const line = outcome.output.split("\n").find((l) => l.startsWith('{"'));
    assert.ok(line, outcome.output);
    found = new Map();
    for (const { category, location } of (JSON.parse(line) as { diagnostics: Diagnostic[] }).diagnostics) {
      const file = typeof location.path === "string" ? location.path : location.path.file;
      found.set(file, (found.get(file) ?? new Set()).add(category));
    }
  });

  after(() => rmSync(directory, { recursive: true, force: true }));

  function broken(file: string, rule: string): boolean {
    return found.get(file)?.has(rule) ?? false;
  }

  it("knows every package of the workspace", () => {
    assert.deepEqual(readdirSync(path.join(repository, "packages")).sort(), Object.keys(arrows).sort());
  });

  for (const [dir, allowed] of Object.entries(arrows)) {
    it(`lets ${dir} import ${allowed.length === 0 ? "nothing of ours" : allowed.join(", ")} and nothing else of ours`, () => {
      for (const other of Object.keys(arrows)) {
        if (other === dir) continue;
        const refused = broken(`packages/${dir}/src/imports-${other}.ts`, "lint/style/noRestrictedImports");
        assert.equal(refused, !allowed.includes(other), `${dir} imports ${other}`);
      }
    });
  }

  it("refuses the plugin the SDK beyond its protocol", () => {
    assert.ok(broken("packages/provider/src/imports-pulumi.ts", "lint/style/noRestrictedImports"));
  });

  for (const rule of Object.keys(breaches)) {
    it(`fails when ${rule.split("/").at(-1)} is broken`, () => {
      assert.ok(broken(`packages/client/src/${rule.split("/").at(-1)?.toLowerCase()}.ts`, rule));
    });
  }

  it("fails when AbortSignal.any alone holds a timeout, which may then never come", () => {
    assert.ok(broken("packages/client/src/weak-timeout.ts", "plugin"));
    assert.equal(broken("packages/client/src/two-signals.ts", "plugin"), false);
  });

  it("fails when a file's name is not in kebab-case or imports go in a circle", () => {
    assert.ok(broken("packages/client/src/camelCase.ts", "lint/style/useFilenamingConvention"));
    assert.ok(broken("packages/client/src/cycle-a.ts", "lint/suspicious/noImportCycles"));
  });
});
