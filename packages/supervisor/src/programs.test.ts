// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram, resolveCommand, searchPath } from "./programs";

describe("programs", () => {
  const root = mkdtempSync(join(tmpdir(), "programs-test-"));
  after(() => rmSync(root, { recursive: true }));

  it("are looked for beside the caller and above, on PATH, in sbin and in the cache, in that order", () => {
    const bins = ["a/b/node_modules/.bin", "a/node_modules/.bin", "path", "cache/pulumi-mesos/bin"];
    for (const bin of bins) mkdirSync(join(root, bin), { recursive: true });
    const path = searchPath(join(root, "a/b"), {
      PATH: `${join(root, "path")}:relative:${join(root, "missing")}`,
      XDG_CACHE_HOME: join(root, "cache"),
    });
    const ours = path.split(":").filter((place) => place.startsWith(root));
    assert.deepEqual(
      ours,
      bins.map((bin) => join(root, bin)),
    );
    assert.ok(path.includes(":/usr/sbin:"));
  });

  it("fails when one is missing, with the command that gets it", async () => {
    await assert.rejects(findProgram("haproxy", join(root, "path")), {
      code: "MESOS_PROGRAM_MISSING",
      message: `program haproxy was not found in ${join(root, "path")}; get it with \`apt-get install haproxy\` or \`npm run setup\``,
    });
  });

  it("that are JavaScript run on this Node by their real path", async () => {
    const real = join(root, "program.js");
    writeFileSync(real, "#!/usr/bin/env node\n");
    chmodSync(real, 0o755);
    mkdirSync(join(root, "path"), { recursive: true });
    symlinkSync(real, join(root, "path/tool"));
    assert.deepEqual(await resolveCommand(["tool", "--flag"], join(root, "path")), [
      process.execPath,
      real,
      "--flag",
    ]);
    assert.deepEqual(await resolveCommand(["sh", "-c", ""], "/usr/bin:/bin"), ["/usr/bin/sh", "-c", ""]);
  });
});
