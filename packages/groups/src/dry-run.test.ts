// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { MarathonClient, MesosClient } from "@pulumi-mesos/client";
import { dryRun } from "./dry-run";
import { FakeCluster, MemoryStore } from "./fake-cluster.test.support";
import { PoolStore } from "./pool-store";
import { declarationOf } from "./small-world.test.support";

describe("a dry run", () => {
  let cluster: FakeCluster;
  let store: MemoryStore;
  let address: string;
  const lines = (): Promise<string[]> =>
    dryRun(
      {
        store: new PoolStore(store, "c"),
        mesos: new MesosClient({ masters: [address] }),
        marathon: new MarathonClient({ urls: [`http://${address}`] }),
        marathonName: "marathon",
        backend: cluster.backend(),
        edges: [],
        clock: { now: () => 1_000_000_000, wall: () => 0, pause: async () => {} },
        log: { info() {}, warn() {} },
      },
      new AbortController().signal,
    );
  const declare = (more: object): Promise<string> =>
    store.create("/pulumi-mesos/c/pools/web", Buffer.from(JSON.stringify({ ...declarationOf(1), ...more })));
  beforeEach(async () => {
    cluster = new FakeCluster();
    store = new MemoryStore();
    address = await cluster.listen();
  });
  afterEach(() => cluster.close());

  it("says what would be done and why, and does and writes nothing", async () => {
    await declare({ autoscale: { min: 1, max: 5, targetUtilization: 1, headroom: { maxShare: 0 } } });
    cluster.apps = [
      { id: "/a", instances: 4, cpus: 1, mem: 64, tasks: [] },
      { id: "/huge", instances: 1, cpus: 64, mem: 64, tasks: [] },
    ];
    cluster.rejects = [{ reason: "InsufficientCpus", declined: 1, processed: 1 }];
    const nodes = [...store.nodes];
    const [policy, ...rest] = await lines();
    assert.match(policy ?? "", /^web: 1 to 5 agents by load, at most 100 % in use/);
    assert.deepEqual(rest, [
      "  now 1 agents; would be 2: 1 to 2 agents",
      "  1 more for 2 tasks of /a that fit on no agent",
      "/a: 4 tasks wait; Marathon refused offers: InsufficientCpus (1 offer)",
      "/huge: 1 task waits; Marathon refused offers: InsufficientCpus (1 offer)",
      "/huge: 1 in vain: no agent of any group has cpus 64, mem 64, disk 0, gpus 0",
    ]);
    assert.deepEqual([...store.nodes], nodes);
    assert.deepEqual([cluster.members, cluster.calls], [[], []]);
  });

  it("has nothing to say where every group has a size of its own", async () => {
    await declare({});
    assert.deepEqual(await lines(), ["no group sizes itself"]);
  });
});
