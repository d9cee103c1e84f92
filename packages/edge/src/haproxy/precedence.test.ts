// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { getPriority, setPriority } from "node:os";
import { haproxies, masterPid, until } from "../testing/edge-bench.test.support";
import { TestEdge } from "../testing/test-edge.test.support";
import { readIfThere } from "./master";
import { goFirst } from "./precedence";

describe("HAProxy beside whoever else wants the processor", function () {
  this.timeout(120_000);
  const edge = new TestEdge("127.86.31");
  before(function () {
    if (!mayGoFirst()) this.skip();
  });
  before(async () => {
    await edge.prepare();
    await edge.start();
    await edge.serving();
  });
  after(() => edge.remove());

  /** Of master and workers. */
  async function priorities(): Promise<number[]> {
    return (await haproxies(edge.directory)).map(getPriority);
  }
  /** How its session stands among the others, where the kernel shares the processor among sessions. */
  async function session(): Promise<string | undefined> {
    const text = await readIfThere(`/proc/${await masterPid(edge.directory)}/autogroup`);
    return text?.trim().replace(/^\/autogroup-\d+ /, "");
  }

  it("goes first, with its workers and those of a reload", async () => {
    assert.deepEqual(await priorities(), [-10, -10]);
    assert.ok([undefined, "nice -10"].includes(await session()));
    const labels = { HAPROXY_GROUP: "external", HAPROXY_0_MODE: "tcp", HAPROXY_0_PORT: "9100" };
    const before = await haproxies(edge.directory);
    edge.marathon.put({ id: "/ported", labels, tasks: [await edge.task("ported", 21002)] });
    await until("another worker", async () => {
      const now = await haproxies(edge.directory);
      return now.length === 2 && now.some((pid) => !before.includes(pid));
    });
    assert.deepEqual(await priorities(), [-10, -10]);
  });

  it("goes first when another edge has started it", async () => {
    await edge.stop();
    const pid = await masterPid(edge.directory);
    setPriority(pid, 0);
    await edge.start();
    await edge.serving();
    assert.equal(await masterPid(edge.directory), pid);
    assert.equal(getPriority(pid), -10);
  });

  it("is left alone where it may not be asked, or is gone", () => {
    // No process has a pid above the kernel's largest.
    goFirst(1 << 23);
  });
});

/** Whether this user may let a process go before others. */
function mayGoFirst(): boolean {
  const child = spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
  try {
    setPriority(child.pid ?? 0, -10);
    return true;
  } catch {
    return false;
  } finally {
    child.kill("SIGKILL");
  }
}
