// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProcessSpec } from "@pulumi-mesos/model";
import { until } from "./clock";
import { end } from "./end";
import { dropScope, hangMs, makeScope, testPath } from "./fixture.test";
import { identityOf, isAlive } from "./identity";
import { argumentsOf, processesOf } from "./marked";
import { readRecord, writeRecord } from "./record";
import { processDirectory, type Scope } from "./scope";
import { start } from "./start";
import { type ProcessStatus, read } from "./status";

/** The pids of a record's processes: supervisors and programs apart. */
function census(scope: Scope, name: string): { supervisors: number[]; programs: number[] } {
  const pids = processesOf(processDirectory(scope, name)).map((p) => p.pid);
  const isSupervisor = (pid: number): boolean => argumentsOf(pid).some((arg) => arg.endsWith("/main.js"));
  return { supervisors: pids.filter(isSupervisor), programs: pids.filter((pid) => !isSupervisor(pid)) };
}

describe("a fault", function () {
  this.timeout(3 * hangMs);
  let scope: Scope;
  let signal: AbortSignal;
  beforeEach(async () => {
    scope = await makeScope();
    signal = AbortSignal.timeout(3 * hangMs);
  });
  afterEach(() => dropScope(scope));

  const sleeper: ProcessSpec = { name: "sleeper", command: ["sleep", "1000"] };
  const run = (spec: ProcessSpec = sleeper): Promise<ProcessStatus> =>
    start(scope, spec, { searchPath: testPath, signal });
  const supervisorOf = (): number =>
    readRecord(processDirectory(scope, "sleeper"))?.supervisor?.pid ?? assert.fail("no supervisor");
  const killed = async (pid: number): Promise<void> => {
    process.kill(pid, "SIGKILL");
    assert.equal(await until(async () => identityOf(pid) === undefined, hangMs), true);
  };

  it("kill -9 of the supervisor leaves the program alive and is reported; the next start begins anew", async () => {
    const first = await run();
    await killed(supervisorOf());
    const dead = await read(scope, "sleeper");
    assert.equal(dead?.running, false);
    assert.equal(dead?.state, "dead");
    assert.equal(dead?.pid, first.pid);
    const second = await run();
    assert.equal(second.running, true);
    assert.equal(identityOf(first.pid ?? 0), undefined);
    assert.equal(census(scope, "sleeper").programs.length, 1);
  });

  it("kill -9 of the supervisor leaves what made a session of its own to the program's next start", async () => {
    const spec = { name: "sleeper", command: ["sh", "-c", "setsid sleep 2000 & exec sleep 1000"] };
    const first = await run(spec);
    assert.equal(await until(async () => census(scope, "sleeper").programs.length === 2, hangMs), true);
    const task = census(scope, "sleeper").programs.find((pid) => pid !== first.pid) ?? 0;
    await killed(supervisorOf());
    await run({ ...spec });
    assert.notEqual(identityOf(task), undefined);
    await end(scope, "sleeper", { signal });
    assert.equal(identityOf(task), undefined);
  });

  it("a start with another spec leaves what made a session of its own alone where it is asked to, also when it begins anew", async () => {
    const specOf = (n: number): ProcessSpec => ({
      name: "sleeper",
      command: ["sh", "-c", `setsid sleep ${n} & exec sleep 1000`],
    });
    const keeping = { searchPath: testPath, signal, keepSessions: true };
    const programs = (): number[] => census(scope, "sleeper").programs;
    const grown = (count: number) => until(async () => programs().length === count, hangMs);
    const first = await start(scope, specOf(2001), keeping);
    assert.equal(await grown(2), true);
    const task = programs().find((pid) => pid !== first.pid) ?? 0;
    const second = await start(scope, specOf(2002), keeping);
    assert.equal(await grown(3), true);
    assert.equal(identityOf(first.pid ?? 0), undefined);
    // As if the start had been cut before the supervisor wrote down whom it runs.
    const directory = processDirectory(scope, "sleeper");
    const { child: _, ...record } = readRecord(directory) ?? assert.fail("no record");
    writeRecord(directory, record);
    await start(scope, specOf(2003), keeping);
    assert.equal(await grown(4), true);
    assert.equal(identityOf(second.pid ?? 0), undefined);
    assert.notEqual(identityOf(task), undefined);
    await end(scope, "sleeper", { signal });
    assert.deepEqual(programs(), []);
  });

  it("a recycled pid is neither adopted nor killed", async () => {
    const bystander = spawn("sleep", ["1000"], { stdio: "ignore" });
    try {
      await run();
      const directory = processDirectory(scope, "sleeper");
      const record = readRecord(directory) ?? assert.fail("no record");
      await killed(supervisorOf());
      await killed(record.child?.pid ?? 0);
      const identity = identityOf(bystander.pid ?? 0) ?? assert.fail("no bystander");
      const recycled = { ...identity, ticks: identity.ticks - 1 };
      writeRecord(directory, { ...record, supervisor: recycled, child: recycled });
      assert.equal((await read(scope, "sleeper"))?.running, false);
      await run();
      await end(scope, "sleeper", { signal });
      assert.equal(isAlive(identity), true);
    } finally {
      bystander.kill("SIGKILL");
    }
  });

  it("another boot makes every record dead", async () => {
    const status = await run();
    const directory = processDirectory(scope, "sleeper");
    const record = readRecord(directory) ?? assert.fail("no record");
    const old = { pid: status.pid ?? 0, ticks: identityOf(status.pid ?? 0)?.ticks ?? 0, bootId: "before" };
    writeRecord(directory, { ...record, supervisor: old, child: old });
    const now = await read(scope, "sleeper");
    assert.equal(now?.state, "dead");
    assert.equal(now?.pid, undefined);
  });

  it("an unreadable record does not hide what carries the mark", async () => {
    const status = await run();
    writeFileSync(join(status.directory, "record.json"), "{");
    assert.equal(await read(scope, "sleeper"), undefined);
    const again = await run();
    assert.notEqual(again.pid, status.pid);
    assert.equal(census(scope, "sleeper").programs.length, 1);
  });

  it("concurrent starts of one name give one process", async () => {
    const statuses = await Promise.all([run(), run(), run(), run()]);
    assert.equal(new Set(statuses.map((status) => status.pid)).size, 1);
    const { supervisors, programs } = census(scope, "sleeper");
    assert.deepEqual([supervisors.length, programs.length], [1, 1]);
  });

  it("a crash loop is named and the program still started again", async () => {
    const spec: ProcessSpec = {
      name: "sleeper",
      command: ["sh", "-c", "echo born; exit 1"],
      ready: { tcp: "127.81.0.1:9", timeoutSeconds: 120 },
    };
    await assert.rejects(run(spec), /it died 5 times, last exit code 1; the last lines of its log:\n.*born/s);
    const status = await read(scope, "sleeper");
    assert.equal(status?.state, "crash-loop");
    assert.equal(status?.running, true);
  });

  it("a program that ends well is started again only when its policy says so", async () => {
    const spec: ProcessSpec = { name: "sleeper", command: ["true"], restart: "on-failure" };
    await run(spec);
    assert.equal(await until(async () => (await read(scope, "sleeper"))?.state === "exited", hangMs), true);
    assert.equal((await read(scope, "sleeper"))?.restarts, 0);
    // The supervisor says so first and ends then.
    assert.equal(await until(async () => census(scope, "sleeper").supervisors.length === 0, hangMs), true);
    assert.deepEqual(census(scope, "sleeper").programs, []);
  });

  it("SIGTERM to the supervisor stops the program for good", async () => {
    await run();
    process.kill(supervisorOf(), "SIGTERM");
    assert.equal(await until(async () => (await read(scope, "sleeper"))?.state === "exited", hangMs), true);
    assert.equal(await until(async () => census(scope, "sleeper").programs.length === 0, hangMs), true);
  });

  it("a program that ignores its stop signal is killed with its whole group after the grace", async () => {
    const script = "trap '' TERM; sleep 1000 & while :; do sleep 1; done";
    await run({ ...sleeper, command: ["sh", "-c", script], stop: { signal: "SIGTERM", graceSeconds: 0.3 } });
    await end(scope, "sleeper", { signal });
    assert.deepEqual(census(scope, "sleeper"), { supervisors: [], programs: [] });
  });

  it("an orphan of a killed program does not outlive it, so that its address is free for the next", async () => {
    const first = await run({ ...sleeper, command: ["sh", "-c", "sleep 1001 & wait"] });
    assert.equal(await until(async () => census(scope, "sleeper").programs.length === 2, hangMs), true);
    const before = census(scope, "sleeper").programs;
    process.kill(first.pid ?? 0, "SIGKILL");
    assert.equal(await until(async () => before.every((pid) => identityOf(pid) === undefined), hangMs), true);
  });

  it("kill -9 of whoever starts, at any step, leaves something that the next start adopts or cleans up", async function () {
    this.timeout(300_000);
    signal = AbortSignal.timeout(300_000);
    const index = JSON.stringify(join(__dirname, "index.js"));
    const cut = (step: number, after: boolean): string => `
      const fs = require("node:fs"), processes = require("node:child_process"), streams = require("node:net");
      const root = ${JSON.stringify(scope.root)};
      let left = ${step};
      const die = () => process.kill(process.pid, "SIGKILL");
      const cutAt = (object, name) => {
        const real = object[name];
        object[name] = function (...args) {
          const elsewhere = typeof args[0] === "string" && args[0].startsWith("/proc/");
          const now = !elsewhere && left-- === 0;
          if (now && !${after}) die();
          const result = real.apply(this, args);
          if (now) die();
          return result;
        };
      };
      for (const name of ["openSync", "fchmodSync", "writeSync", "renameSync"]) cutAt(fs, name);
      for (const name of ["mkdir", "rm"]) cutAt(fs.promises, name);
      cutAt(processes, "spawn");
      cutAt(streams.Socket.prototype, "end");
      const { start } = require(${index});
      start({ root },
        { name: "sleeper", command: ["sleep", "1000"], files: [{ path: "f", content: "x" }] },
        { searchPath: ${JSON.stringify(testPath)}, signal: new AbortController().signal },
      ).then(() => console.log("whole"));`;
    let cuts = 0;
    for (const after of [false, true]) {
      for (let step = 0, whole = false; !whole; step++) {
        const starter = spawn(process.execPath, ["-e", cut(step, after)], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        let output = "";
        starter.stdout.on("data", (data) => {
          output += String(data);
        });
        const [, death] = await once(starter, "close");
        whole = output.includes("whole");
        if (!whole) {
          assert.equal(death, "SIGKILL");
          cuts++;
        }
        const status = await run({ ...sleeper, files: [{ path: "f", content: "x" }] });
        assert.equal(status.running, true, `step ${step}`);
        const { supervisors, programs } = census(scope, "sleeper");
        assert.deepEqual([supervisors.length, programs], [1, [status.pid]], `step ${step}`);
        await end(scope, "sleeper", { signal });
        assert.deepEqual(census(scope, "sleeper"), { supervisors: [], programs: [] });
      }
    }
    assert.ok(cuts >= 20, `${cuts} steps were cut`);
  });
});
