// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { runCli } from "@pulumi-mesos/cli";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { eventually, hangMs } from "./support/eventually";
import { request } from "./support/http";

/** `pulumi-mesos` at a cluster that no stack made: what the flags say is all that it knows. */
describe("pulumi-mesos status and validate by addresses", function () {
  this.timeout(120_000);
  let cluster: Cluster;

  before(async () => {
    cluster = await startCluster({ network: "127.125.9", masters: 3, agents: 2, marathons: 2 });
  });
  after(async () => {
    const unknown = cluster?.unknownRequests;
    await cluster?.close();
    assert.deepEqual(unknown, [], "a request that nobody knows");
  });

  async function says(command: "status" | "validate", code: number, ...words: RegExp[]): Promise<void> {
    const lines: string[] = [];
    const masters = cluster.masters.flatMap(({ url }) => ["--masters", url]);
    const marathons = cluster.marathons.flatMap(({ url }) => ["--marathon", url]);
    const got = await runCli([command, ...masters, ...marathons], {
      directory: cluster.directory,
      environment: {},
      out: (line) => lines.push(line),
      err: (line) => lines.push(line),
      signal: AbortSignal.timeout(60_000),
    });
    const text = lines.join("\n");
    assert.equal(got, code, text);
    for (const word of words) assert.match(text, word);
  }

  it("are 0 where all is well", async () => {
    await says(
      "status",
      0,
      /^the given addresses: all well$/m,
      /^Masters: 3 of 3, quorum 2$/m,
      /^ {2}leads +127\.125\.9\.\d+:\d+ +leading$/m,
      /^Agents: 2 active; cpus 0 of 8 used/m,
      /^Apps: 0; 0 of 0 tasks run; deployments: 0$/m,
    );
    await says("validate", 0, /^the given addresses: safe to change$/m);
  });

  it("are 1 while no master could be spared, and 0 again when the one that died is back", async () => {
    const leader = await cluster.leader();
    await cluster.kill(leader);
    await cluster.leader();
    await cluster.waitForAgents();
    await says("status", 1, /^ {2}DOWN .*ECONNREFUSED/m, /^! masters: .* is down: /m);
    // The other standby hears of the new leader a moment later.
    await eventually(hangMs, () =>
      says("validate", 1, /2 of 3 have joined and 2 must stay, so none may leave/),
    );
    await cluster.restart(leader);
    await cluster.waitUntilUp();
    await eventually(hangMs, () => says("status", 0, /all well/));
  });

  it("count a pod's instances", async () => {
    const container = {
      name: "a",
      exec: { command: { shell: "sleep 1000" } },
      resources: { cpus: 0.1, mem: 16 },
    };
    const pod = { id: "/worker", containers: [container], scaling: { kind: "fixed", instances: 2 } };
    await request(`${cluster.marathon.url}/v2/pods`, { method: "POST", json: pod });
    const line = /^Apps: 0; 0 of 0 tasks run; pods: 1; 2 of 2 instances run; deployments: 0$/m;
    await eventually(hangMs, () => says("status", 0, line));
  });

  it("hold a change back while a deployment runs, which is no fault", async () => {
    cluster.tasks.script("/slow", { startMs: 3_600_000 });
    const app = { id: "/slow", cmd: "sleep 1000", cpus: 0.1, mem: 16 };
    await request(`${cluster.marathon.url}/v2/apps`, { method: "POST", json: app });
    await says("status", 0, /^ {2}deploying +\/slow/m);
    await says("validate", 1, /^! Marathon marathon: deployment .* is running \(\/slow/m);
  });
});
