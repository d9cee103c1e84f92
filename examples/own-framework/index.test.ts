// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";

describe("the example own-framework", function () {
  this.timeout(60_000);
  let cluster: Cluster;
  afterEach(async () => {
    await cluster.close();
  });

  /** Runs the example with an environment until it has printed what is waited for, or until it ends by itself. */
  async function run(
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    awaited: readonly string[],
  ): Promise<{ printed: string; code: unknown }> {
    const child = spawn(process.execPath, [join(__dirname, "index.js"), ...args], {
      env: { ...process.env, ...env },
    });
    let printed = "";
    for (const output of [child.stdout, child.stderr])
      output.on("data", (chunk) => (printed += String(chunk)));
    let code: unknown;
    const ended = new Promise((resolve) =>
      child.once("close", (status) => {
        code = status ?? "killed";
        resolve(code);
      }),
    );
    try {
      const isThere = () => code !== undefined || awaited.every((text) => printed.includes(text));
      await cluster.waitFor(awaited.join(", "), isThere);
    } finally {
      child.kill("SIGINT");
    }
    await ended;
    return { printed, code };
  }

  it("signs in at masters that ask who it is, and registers with the role that its principal may have and no other", async () => {
    const directory = mkdtempSync(join(tmpdir(), "own-framework-"));
    try {
      const file = join(directory, "credentials.json");
      const credential = { principal: "my-framework", secret: "s3cret" };
      writeFileSync(file, JSON.stringify({ credentials: [credential] }));
      const acls = {
        register_frameworks: [
          { principals: { values: ["my-framework"] }, roles: { values: ["batch"] } },
          { principals: { type: "NONE" }, roles: { type: "ANY" } },
        ],
      };
      const master = {
        credentials: file,
        acls: JSON.stringify(acls),
        authenticate_http_frameworks: "true",
        http_framework_authenticators: "basic",
      };
      cluster = await startCluster({ agents: 1, marathons: 0, flags: { master } });
      const { url } = await cluster.leader();
      const own = { MESOS_PRINCIPAL: "my-framework", MESOS_SECRET: "s3cret", MESOS_ROLE: "batch" };
      const well = await run([url], own, ["agent-1: cpus 4"]);
      assert.equal(well.code, 0, well.printed);
      const foreign = await run([url], { ...own, MESOS_ROLE: "web" }, ["never"]);
      assert.deepEqual([foreign.code, /Not authorized to use roles/.test(foreign.printed)], [1, true]);
      for (const wrong of [{ MESOS_ROLE: "batch" }, { ...own, MESOS_SECRET: "guess" }]) {
        const { code, printed } = await run([url], wrong, ["never"]);
        assert.deepEqual([code, / 401 /.test(printed)], [1, true], printed);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("prints the offers of every agent, whichever master it is given, and ends on SIGINT", async () => {
    cluster = await startCluster({ masters: 3, agents: 2, marathons: 0 });
    const leader = await cluster.leader();
    const standby = cluster.masters.find((m) => m.name !== leader.name);
    const lines = ["agent-1", "agent-2"].map(
      (agent) => `${agent}: cpus 4, mem 4096, disk 10240, ports 31000-32000\n`,
    );
    const { printed, code } = await run([standby?.url ?? ""], {}, lines);
    assert.equal(code, 0, printed);
    assert.match(printed, /^subscribed as \S+-0000\n/);
  });
});
