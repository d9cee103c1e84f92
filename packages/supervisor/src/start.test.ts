// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { ProcessSpec } from "@pulumi-mesos/model";
import { until } from "./clock";
import { end } from "./end";
import { dropScope, hangMs, makeScope, testPath } from "./fixture.test";
import { identityOf, statOf } from "./identity";
import { argumentsOf, processes, processesOf } from "./marked";
import { readRecord } from "./record";
import type { Scope } from "./scope";
import { start } from "./start";
import { list, type ProcessStatus, read } from "./status";
import { makeVolume } from "./volumes";

describe("start", function () {
  this.timeout(3 * hangMs);
  let scope: Scope;
  let signal: AbortSignal;
  beforeEach(async () => {
    scope = await makeScope();
    signal = AbortSignal.timeout(3 * hangMs);
  });
  afterEach(() => dropScope(scope));

  const run = (spec: ProcessSpec): Promise<ProcessStatus> =>
    start(scope, spec, { searchPath: testPath, signal });
  const sleeper: ProcessSpec = { name: "sleeper", command: ["sleep", "1000"] };

  it("runs a program in a session of its own, with nothing in its environment but PATH, mark and what was declared", async () => {
    const status = await run({ ...sleeper, env: { GREETING: "hello {name}" } });
    const pid = status.pid ?? 0;
    assert.equal(status.state, "running");
    assert.equal(status.running, true);
    assert.equal(statOf(pid)?.session, pid);
    const environ = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter(Boolean).sort();
    assert.deepEqual(environ, [
      "GREETING=hello sleeper",
      `PATH=${testPath}`,
      `SUPERVISED_BY=${status.directory}`,
    ]);
    assert.deepEqual(await list(scope), [status]);
  });

  it("adopts a process that runs with the same spec and replaces it when the spec has changed", async () => {
    const first = await run(sleeper);
    const again = await start(scope, sleeper, { searchPath: testPath, signal, incarnation: "another" });
    assert.deepEqual(again, first);
    const changed = await run({ ...sleeper, env: { A: "changed" } });
    assert.notEqual(changed.pid, first.pid);
    assert.notEqual(changed.incarnation, first.incarnation);
    assert.equal(identityOf(first.pid ?? 0), undefined);
  });

  it("writes declared files with their modes and expands placeholders", async () => {
    const data = await makeVolume(scope, "vol");
    const status = await run({
      name: "files",
      command: ["sh", "-c", "cat {conf}/a/b.txt; echo {data} {state}; exec sleep 1000"],
      files: [
        { path: "a/b.txt", content: "secret of {name}\n" },
        { path: "run.sh", content: "#!/bin/sh\n", mode: "0755" },
      ],
      volume: "vol",
      ready: { logLine: "^/.*vol " },
    });
    const conf = join(status.directory, "conf");
    assert.equal(statSync(join(conf, "a/b.txt")).mode & 0o777, 0o600);
    assert.equal(statSync(join(conf, "run.sh")).mode & 0o777, 0o755);
    assert.equal(statSync(status.directory).mode & 0o777, 0o700);
    assert.equal(readFileSync(status.logFile, "utf8"), `secret of files\n${data} ${scope.root}\n`);
  });

  it("writes the live files of a program anew while it runs, and removes those that are not declared any more", async () => {
    const live = (path: string, content: string) => ({ path, content, mode: "640", live: true });
    const fixed = { path: "fixed", content: "1" };
    const first = await run({ ...sleeper, files: [fixed, live("c/a.pem", "one"), live("c/b.pem", "two")] });
    const conf = join(first.directory, "conf");
    const untouched = statSync(join(conf, "c/a.pem"));
    const again = await run({ ...sleeper, files: [fixed, live("c/a.pem", "one"), live("d/c.pem", "three")] });
    assert.deepEqual([again.pid, again.incarnation], [first.pid, first.incarnation]);
    assert.equal(statSync(join(conf, "c/a.pem")).ino, untouched.ino);
    assert.deepEqual(
      [readFileSync(join(conf, "d/c.pem"), "utf8"), readdirSync(join(conf, "c"))],
      ["three", ["a.pem"]],
    );
    const changed = await run({ ...sleeper, files: [fixed, live("c/a.pem", "changed")] });
    assert.equal(changed.pid, first.pid);
    const { ino, mode } = statSync(join(conf, "c/a.pem"));
    assert.deepEqual([readFileSync(join(conf, "c/a.pem"), "utf8"), mode & 0o777], ["changed", 0o640]);
    assert.notEqual(ino, untouched.ino, "it was replaced in one step");
    const another = await run({
      ...sleeper,
      files: [{ ...fixed, content: "2" }, live("c/a.pem", "changed")],
    });
    assert.notEqual(another.pid, first.pid);
  });

  it("keeps secrets out of every command line, the record and the log", async () => {
    const secret = "s3cret-in-the-environment";
    const status = await run({ ...sleeper, env: { PASSWORD: secret } });
    const others = processes().filter((p) => argumentsOf(p.pid).join(" ").includes(secret));
    assert.deepEqual(others, []);
    const record = join(status.directory, "record.json");
    assert.equal(statSync(record).mode & 0o777, 0o600);
    assert.equal(readFileSync(record, "utf8").includes(secret), false);
    const supervisor = readRecord(status.directory)?.supervisor?.pid ?? 0;
    assert.equal(readFileSync(`/proc/${supervisor}/environ`, "utf8").includes(secret), false);
    assert.equal(readFileSync(status.logFile, "utf8").includes(secret), false);
  });

  it("fails when the program is missing, and leaves nothing behind", async () => {
    await assert.rejects(run({ name: "none", command: ["no-such-program"] }), {
      code: "MESOS_PROGRAM_MISSING",
    });
    assert.deepEqual(await list(scope), []);
  });

  it("fails when the program never becomes ready, with the log's last lines and declared values masked", async () => {
    const script = 'for i in $(seq 30); do echo "line $i"; done; echo "token is $TOKEN"; exit 3';
    const failing = run({
      name: "bad",
      command: ["sh", "-c", script],
      env: { TOKEN: "very-secret-token" },
      restart: "never",
      ready: { tcp: "127.81.0.1:9", timeoutSeconds: 60 },
    });
    await assert.rejects(failing, (error: Error & { code?: string }) => {
      assert.equal(error.code, "MESOS_PROCESS_NOT_READY");
      assert.match(error.message, /bad: it is dead, last exit code 3; the last lines of its log:\n/);
      assert.match(error.message, /token is \[TOKEN\]/);
      assert.doesNotMatch(error.message, /very-secret-token|line 10\n/);
      return true;
    });
    const status = await read(scope, "bad");
    assert.equal(status?.running, false);
    assert.equal(status?.state, "exited");
  });

  it("starts a program again after kill -9 and keeps its log", async () => {
    const status = await run(sleeper);
    process.kill(status.pid ?? 0, "SIGKILL");
    const back = await until(async () => {
      const now = await read(scope, "sleeper");
      return now?.state === "running" && now.pid !== undefined && now.pid !== status.pid;
    }, hangMs);
    assert.equal(back, true);
    const now = await read(scope, "sleeper");
    assert.equal(now?.restarts, 1);
    assert.equal(now?.lastExit?.signal, "SIGKILL");
    assert.equal(now?.incarnation, status.incarnation);
  });

  it("ends a program with everything that carries its mark, also in another session", async () => {
    const status = await run({
      name: "tree",
      command: ["sh", "-c", "setsid sleep 1001 & setsid sh -c 'sleep 1002 & wait' & exec sleep 1003"],
    });
    assert.equal(await until(async () => processesOf(status.directory).length >= 5, hangMs), true);
    await end(scope, "tree", { signal });
    assert.deepEqual(processesOf(status.directory), []);
    assert.equal(existsSync(status.directory), false);
    await end(scope, "tree", { signal });
  });
});
