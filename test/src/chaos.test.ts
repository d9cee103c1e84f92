// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { describeFailure, runSchedule } from "./chaos/run";
import { describeSchedule, scheduleOf } from "./chaos/schedule";
import { run } from "./support/run";

const network = "127.109.1";
const least = 3;
const most = 20;
const budgetMs = 40_000;

describe("a cluster of programs under faults", function () {
  this.timeout(1_200_000);

  it("has the same schedule for the same seed, and others for others", () => {
    assert.deepEqual(scheduleOf(7), scheduleOf(7));
    assert.equal(
      new Set(Array.from({ length: 200 }, (_, seed) => describeSchedule(scheduleOf(seed)))).size,
      200,
    );
  });

  it(`agrees with itself after each of at least ${least} random schedules and keeps every task`, async () => {
    const began = Date.now();
    for (let seed = 1; seed <= most && (seed <= least || Date.now() - began < budgetMs); seed++) {
      const outcome = await runSchedule(scheduleOf(seed), network, () => undefined);
      assert.equal(outcome.wrong.length, 0, describeFailure(outcome));
    }
  });
});

describe("npm run test:chaos", () => {
  it("names the stages of its crashes to whoever asks for one that it does not have", async () => {
    const program = path.join(__dirname, "chaos/main.js");
    const asked = [program, "--only", "no such stage"];
    const { code, output } = await run(process.execPath, asked, { cwd: __dirname, env: process.env });
    assert.equal(code, 2);
    assert.match(output, /^stages of the crashes: everything is made, .*, everything is destroyed$/m);
  });

  it("ends what it has started when somebody interrupts it, however often", async () => {
    const ending = `
      const { endOnInterrupt, onInterrupt } = require(${JSON.stringify(path.join(__dirname, "support/interrupt.js"))});
      endOnInterrupt();
      onInterrupt(() => console.log("forgotten"))();
      onInterrupt(() => new Promise((resolve) => process.stdin.once("data", resolve)).then(() => console.log("ended")));
      setInterval(() => undefined, 60_000); // works
      console.log("started");`;
    const child = spawn(process.execPath, ["-e", ending], { stdio: ["pipe", "pipe", "inherit"] });
    let said = "";
    const heard = once(child.stdout, "data");
    child.stdout.on("data", (chunk: Buffer) => {
      said += chunk;
    });
    const ended = once(child, "close");
    await heard;
    child.kill("SIGINT");
    child.kill("SIGINT");
    child.stdin.end("go on");
    assert.deepEqual([await ended, said], [[130, null], "started\nended\n"]);
  });
});
