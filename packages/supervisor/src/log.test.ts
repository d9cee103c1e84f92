// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { until } from "./clock";
import { dropScope, hangMs, makeScope, testPath } from "./fixture.test";
import { mask, readLog } from "./log";
import type { Scope } from "./scope";
import { start } from "./start";

describe("the log", function () {
  this.timeout(3 * hangMs);
  let scope: Scope;
  beforeEach(async () => {
    scope = await makeScope();
  });
  afterEach(() => dropScope(scope));

  it("is rotated while the program writes on, and keeps three old ones", async () => {
    const script = "while :; do head -c 3000 /dev/zero | tr '\\0' x; echo; sleep 0.05; done";
    const status = await start(
      scope,
      { name: "chatty", command: ["sh", "-c", script] },
      { searchPath: testPath, signal: AbortSignal.timeout(3 * hangMs), rotateBytes: 10_000 },
    );
    assert.equal(await until(async () => existsSync(`${status.logFile}.3`), hangMs), true);
    assert.equal(existsSync(`${status.logFile}.4`), false);
    // While it is rotated, there is no first of the old ones for a moment.
    const mode = () => statSync(`${status.logFile}.1`, { throwIfNoEntry: false })?.mode ?? 0;
    assert.equal(await until(async () => (mode() & 0o777) === 0o600, hangMs), true);
    assert.equal(await until(async () => readLog(status.directory, 0, 100).startsWith("xxx"), hangMs), true);
  });

  it("of a failed start is shown by the last run's first two and last twenty lines", async () => {
    const script = "echo what was wrong; for i in $(seq 1 40); do echo usage $i; done; exit 1";
    await assert.rejects(
      start(
        scope,
        { name: "usage", command: ["sh", "-c", script], ready: { logLine: "never", timeoutSeconds: 120 } },
        { searchPath: testPath, signal: AbortSignal.timeout(3 * hangMs) },
      ),
      (error: Error) => {
        const lines = error.message.split("\n").map((line) => line.trim());
        assert.deepEqual(lines.slice(1, 4), ["what was wrong", "usage 1", "…"]);
        assert.equal(lines.at(-2), "usage 40");
        assert.equal(lines.length, 1 + 2 + 1 + 20);
        return true;
      },
    );
  });

  it("shows the names of declared variables in place of their values", () => {
    const env = { SHORT: "abc", FLAG: "true", KEY: "12345678", LONG: "12345678-and-more" };
    assert.equal(mask("abc true 12345678-and-more 12345678", env), "abc true [LONG] [KEY]");
  });
});
