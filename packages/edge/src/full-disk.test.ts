// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type SmallDisk, smallDisk, whyNoSmallDisk } from "@pulumi-mesos/client/testing";
import type { HaproxyProgram } from "./haproxy/validate";
import { until } from "./testing/edge-bench.test.support";
import { TestEdge } from "./testing/test-edge.test.support";

/** HAProxy that knows the disk by its own name, which it wants of the directory that it works in. */
async function haproxyOn({ beside, enter }: SmallDisk, program: HaproxyProgram): Promise<HaproxyProgram> {
  const file = join(beside, "haproxy");
  const lines = [
    "#!/bin/sh",
    'work=.; [ "$1" != -c ] || work=/',
    `exec ${enter.join(" ")} --wd=$work ${program.file} "$@"`,
  ];
  await writeFile(file, [...lines, ""].join("\n"), { mode: 0o755 });
  return { ...program, file };
}

describe("mesos-edge on a disk without room", function () {
  this.timeout(240_000);
  const edge = new TestEdge("127.86.13");
  let disk: SmallDisk | undefined;
  let program: HaproxyProgram;

  before(async function () {
    const why = await whyNoSmallDisk();
    if (why !== undefined) {
      for (const test of this.test?.parent?.tests ?? []) test.title += ` (not on this machine: ${why})`;
      return this.skip();
    }
    disk = await smallDisk();
    await edge.prepare(disk.directory);
    program = await haproxyOn(disk, edge.program);
    await edge.start({ program });
    edge.marathon.put({ id: "/app", tasks: [await edge.task("first", 21000)] });
    await edge.answers("/app", "first");
    await until("the file", async () => (await config()).includes(":21000"));
    await disk.fill();
  });
  after(async () => {
    if (!disk) return;
    await edge.remove();
    await disk.remove();
  });

  const config = (): Promise<string> => readFile(join(edge.directory, "haproxy.cfg"), "utf8");
  const isNamed = async (): Promise<boolean> =>
    /ENOSPC|no space left/i.test((await edge.health()).haproxy.problem ?? "");

  it("moves tasks on, and says that its files are old", async () => {
    edge.marathon.put({ id: "/app", tasks: [await edge.task("second", 21001)] });
    await edge.answers("/app", "second");
    await until("the report", isNamed);
    assert.ok(!(await config()).includes(":21001"));
  });

  it("starts a HAProxy that is killed with the file of before, and moves its tasks to where they are", async () => {
    const { pid } = (await edge.health()).haproxy;
    process.kill(Number(pid), "SIGKILL");
    await until("another", async () => {
      const { haproxy } = await edge.health();
      return haproxy.alive && haproxy.pid !== pid;
    });
    await edge.answers("/app", "second");
    await until("the report", isNamed);
  });

  it("keeps what it routes when a new app needs a reload, which it makes once there is room", async () => {
    edge.marathon.put({ id: "/new", tasks: [await edge.task("new", 21002)] });
    await until("the report", isNamed);
    assert.equal(await edge.who("/app"), "second");
    await disk?.free();
    await edge.answers("/new", "new");
    assert.equal(await edge.who("/app"), "second");
    await until("the file", async () => {
      const text = await config();
      return text.includes(":21001") && text.includes(":21002");
    });
    await until("recovery", async () => (await edge.health()).haproxy.problem === null);
  });

  it("knows its HAProxy again", async () => {
    const { pid } = (await edge.health()).haproxy;
    await edge.stop();
    await edge.start({ program });
    await edge.serving();
    assert.equal((await edge.health()).haproxy.pid, pid);
    assert.equal(await edge.who("/new"), "new");
  });
});
