// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { startCluster } from "../index";

interface Slave {
  readonly id: string;
  readonly hostname: string;
  readonly pid: string;
}

/** SPEC-marathon.md, "Placement": `--draining_seconds` (docs/maintenance.md). */
describe("marathon: agents whose maintenance begins soon", function () {
  this.timeout(60_000);

  for (const [seconds, used] of [
    ["120", 1],
    ["0", 2],
  ] as const) {
    it(`uses ${used} of two agents when one goes in a minute, with --draining_seconds ${seconds}`, async () => {
      const marathon = { draining_seconds: seconds };
      const cluster = await startCluster({ agents: 2, network: "127.106.4", flags: { marathon } });
      try {
        const master = (await cluster.leader()).url;
        const { slaves } = (await (await fetch(`${master}/slaves`)).json()) as { slaves: Slave[] };
        const [leaving = assert.fail(), staying = assert.fail()] = slaves;
        const ip = leaving.pid.split("@")[1]?.split(":")[0];
        const unavailability = { start: { nanoseconds: (Date.now() + 60_000) * 1e6 } };
        const windows = [{ machine_ids: [{ hostname: leaving.hostname, ip }], unavailability }];
        const planned = await fetch(`${master}/maintenance/schedule`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ windows }),
        });
        assert.equal(planned.status, 200, await planned.text());
        const constraints = [["hostname", "MAX_PER", "1"]];
        const app = { id: "/a", cmd: "sleep 100", instances: used, cpus: 0.1, mem: 16, constraints };
        await fetch(`${cluster.marathon.url}/v2/apps`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(app),
        });
        await cluster.waitForApp("/a");
        const answer = await fetch(`${cluster.marathon.url}/v2/apps/a/tasks`);
        const { tasks } = (await answer.json()) as { tasks: { slaveId: string }[] };
        const ids = tasks.map((task) => task.slaveId).sort();
        assert.deepEqual(ids, used === 1 ? [staying.id] : [leaving.id, staying.id].sort());
      } finally {
        await cluster.close();
      }
    });
  }
});
