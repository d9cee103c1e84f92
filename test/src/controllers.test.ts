// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { list } from "@pulumi-mesos/supervisor";
import { ClusterView } from "./support/cluster-view";
import { eventually, hangMs } from "./support/eventually";
import { getJson } from "./support/http";
import { TestStack } from "./support/test-stack";

const octet = 119;
const cluster = new ClusterView(`127.${octet}`);
const program = `
const pulumi = require("@pulumi/pulumi");
const mesos = require("pulumi-mesos");
const config = new pulumi.Config();
new mesos.Cluster("demo", {
  platform: new mesos.LocalPlatform({ network: config.require("network") }),
  secret: config.requireSecret("clusterSecret"),
  zookeeper: { size: 1 },
  masters: { size: 3 },
  agents: { web: { size: config.requireNumber("agents"), resources: { cpus: 1, mem: 256 } } },
  agentController: { size: 2 },
  marathon: { size: 1 },
  edge: { size: 1 },
});`;

describe("two controllers of agent groups", function () {
  this.timeout(600_000);
  let stack: TestStack;
  before(async () => {
    stack = await TestStack.create({
      program: { source: program },
      config: { network: `127.${octet}.0.0/16`, agents: "1" },
      secrets: { clusterSecret: "a-secret-of-thirty-two-characters" },
    });
    await stack.up();
  });
  after(() => stack.close());

  /** Which of the two leads, of those that answer. */
  async function leading(): Promise<string[]> {
    const names = cluster.hosts("groups", 2).map(async (host, i) => {
      const answer = await getJson<{ leading: boolean }>(`http://${host}:8010/health`).catch(() => undefined);
      return answer?.leading === true ? [`demo-groups-${i + 1}`] : [];
    });
    return (await Promise.all(names)).flat();
  }
  const pidOf = async (name: string): Promise<number> => {
    const found = (await list({ root: stack.state })).find((one) => one.name === name);
    assert.ok(found?.pid, name);
    return found.pid;
  };

  it("are one that works and one that goes on when the first has stopped", async () => {
    const [first = "", ...others] = await leading();
    assert.deepEqual(others, []);
    const pid = await pidOf(first);
    process.kill(pid, "SIGSTOP");
    try {
      await stack.ok("config", "set", "agents", "2");
      const host = cluster.hosts("groups", 2)[first === "demo-groups-1" ? 1 : 0];
      await eventually(hangMs, async () => {
        assert.equal((await getJson<{ leading: boolean }>(`http://${host}:8010/health`)).leading, true);
      });
      await eventually(hangMs, async () => {
        const { pools } = await getJson<{ pools: object }>(`http://${host}:8010/status`);
        assert.deepEqual(Object.keys(pools), ["demo-web"]);
      });
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await eventually(hangMs, async () => assert.equal((await leading()).length, 1));
    await stack.up();
    await stack.unchanged();
  });
});
