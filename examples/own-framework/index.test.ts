// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";

describe("the example own-framework", function () {
  this.timeout(60_000);
  let cluster: Cluster;
  afterEach(async () => {
    await cluster.close();
  });

  it("prints the offers of every agent, whichever master it is given, and ends on SIGINT", async () => {
    cluster = await startCluster({ masters: 3, agents: 2, marathons: 0 });
    const leader = await cluster.leader();
    const standby = cluster.masters.find((m) => m.name !== leader.name);
    const child = spawn(process.execPath, [join(__dirname, "index.js"), standby?.url ?? ""]);
    let printed = "";
    for (const output of [child.stdout, child.stderr])
      output.on("data", (chunk) => (printed += String(chunk)));
    const ended = new Promise((resolve) => child.once("close", resolve));
    try {
      for (const agent of ["agent-1", "agent-2"]) {
        const line = `${agent}: cpus 4, mem 4096, disk 10240, ports 31000-32000\n`;
        await cluster.waitFor(`${line} in ${printed}`, () => printed.includes(line));
      }
    } finally {
      child.kill("SIGINT");
    }
    assert.equal(await ended, 0, printed);
    assert.match(printed, /^subscribed as \S+-0000\n/);
  });
});
