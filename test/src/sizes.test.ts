// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { probeEnsemble, ZooKeeper } from "@pulumi-mesos/client";
import { CrashPlugin } from "./support/crash-plugin";
import { eventually, hangMs } from "./support/eventually";
import { getJson, request } from "./support/http";
import { MastersStack } from "./support/masters-stack";
import { QuorumWatch } from "./support/quorum-watch";
import { ZooKeeperWatch } from "./support/zookeeper-watch";

const octet = 99;
const never = new AbortController().signal;

describe("a change of an ensemble's size", function () {
  this.timeout(1_200_000);
  let masters: MastersStack;
  let plugin: CrashPlugin;

  before(async () => {
    plugin = new CrashPlugin();
    masters = await MastersStack.up({ size: 3, octet, plugin: plugin.directory });
    await eventually(hangMs, () => operator({ type: "UPDATE_QUOTA", update_quota: quota("kept") }));
  });

  after(async () => {
    await masters?.close();
    plugin.remove();
  });

  const quota = (role: string): object => ({
    force: true,
    quota_configs: [{ role, limits: { cpus: { value: 7 } } }],
  });

  async function operator(call: object): Promise<string> {
    const [leader] = await masters.cluster.leadingMasters(5);
    assert.ok(leader, "a master leads");
    const answer = await request(`http://${leader}:5050/api/v1`, { method: "POST", json: call });
    assert.equal(answer.status, 200, answer.body);
    return answer.body;
  }

  /** The quorums by which masters run, the smallest first. */
  async function quorums(hosts: Iterable<string>): Promise<number[]> {
    const flags = [...hosts].map((host) =>
      getJson<{ flags: { quorum: string } }>(`http://${host}:5050/flags`),
    );
    return (await Promise.all(flags)).map((answer) => Number(answer.flags.quorum)).sort();
  }

  /** Fails unless masters are so many, each with that quorum, and the registry has what was put there at first. */
  async function assertMasters(size: number, quorum: number): Promise<void> {
    const members = await masters.members();
    assert.equal(members.size, size);
    const all = masters.cluster.hosts("masters", size);
    assert.deepEqual(await quorums(all), Array(size).fill(quorum));
    await eventually(hangMs, async () => assert.match(await operator({ type: "GET_QUOTA" }), /"kept"/));
    assert.equal((await masters.cluster.leadingMasters(size)).length, 1);
  }

  /** `up` while a majority of the first three masters answers every 100 ms. */
  async function up(...config: [key: string, value: string | undefined][]): Promise<void> {
    for (const [key, value] of config) {
      if (value === undefined) await masters.stack.ok("config", "rm", key);
      else await masters.stack.ok("config", "set", key, value);
    }
    const watch = new QuorumWatch(masters.cluster.hosts("masters", 3), 2);
    try {
      await masters.stack.up();
    } finally {
      await watch.stop();
    }
    assert.deepEqual(watch.losses, []);
    await masters.stack.unchanged();
  }

  /** `up` that Ctrl-C ends before a member is stopped or started. */
  async function interruptedAt(point: { verb: "Create" | "Delete"; name: string }): Promise<void> {
    plugin.arm({ ...point, type: "mesos:local:Process", signal: "SIGINT", moment: "before the work" });
    const { code, output } = await masters.stack.pulumi(["up", "--yes", "--skip-preview"]);
    assert.ok(plugin.fired && code !== 0, output);
  }

  it("takes ZooKeeper from one server to three with what it holds, and masters with it", async () => {
    const hosts = masters.cluster.hosts("zookeeper", 3).map((host) => `${host}:2181`);
    const before = await ZooKeeper.connect({ servers: hosts[0] ?? "" }, never);
    await before.put("/kept", Buffer.from("from one"));
    await before.close();
    await up(["zookeeper", '{"size":3}']);
    for (const servers of hosts) {
      const session = await ZooKeeper.connect({ servers }, never);
      assert.equal((await session.get("/kept"))?.data.toString(), "from one", servers);
      await session.close();
    }
    await assertMasters(3, 2);
  });

  /**
   * `up` to a number of servers of which so many vote, while a majority of those before and of those now listens every 100 ms, and what
   * a writer was acknowledged stays on every server.
   */
  async function upZooKeeper(
    { size, quorumOf }: { size: number; quorumOf?: number },
    votedBefore: number,
    ...config: [key: string, value: string | undefined][]
  ): Promise<void> {
    const hosts = masters.cluster.hosts("zookeeper", 5);
    const votes = quorumOf ?? size;
    const watch = await ZooKeeperWatch.start(hosts, [votedBefore, votes]);
    try {
      await up(["zookeeper", JSON.stringify({ size, quorumOf })], ...config);
    } finally {
      assert.deepEqual(await watch.stop(hosts.slice(0, size)), []);
    }
    assert.deepEqual(watch.losses, []);
    assert.ok(watch.polls > 10 && watch.acknowledged > 10);
    const members = hosts.slice(0, size).map((host) => ({ name: host, host, port: 2181 }));
    const statuses = await probeEnsemble("zookeeper", members, never);
    for (const [i, { name, told, voters, voteless = false, joined }] of statuses.entries()) {
      const said = { name, told, voters, voteless, joined };
      assert.deepEqual(said, { name, told: size, voters: votes, voteless: i >= votes, joined: true });
    }
  }

  it("refuses three ZooKeeper servers to five at once and says before the first step what it does", async () => {
    await masters.stack.ok("config", "set", "zookeeper", '{"size":5}');
    const refused = await masters.stack.pulumi(["preview"]);
    assert.notEqual(refused.code, 0);
    assert.match(
      refused.output,
      /first size: 5 with quorumOf: 3, then size: 5 with quorumOf: 4, then size: 5 alone/,
    );
    await masters.stack.ok("config", "set", "zookeeper", '{"size":5,"quorumOf":3}');
    const { output } = await masters.stack.pulumi(["preview"]);
    assert.match(
      output,
      /3 to 5 \(quorumOf 3\): members restart one at a time, the leader last, 2 come, 3 vote/,
    );
  });

  it("takes masters from three to five in one step, also where it was interrupted and flags change with it: all know the new quorum before the new ones come; two ZooKeeper servers come without a vote", async () => {
    const before = await masters.members();
    const [leader] = await masters.cluster.leadingMasters(3);
    const [first, second = ""] = [...before.keys()].filter((host) => host !== leader).sort();
    await masters.stack.ok("config", "set", "masters", "5");
    await interruptedAt({ verb: "Delete", name: before.get(second)?.name ?? "no second master" });
    assert.deepEqual(await quorums([first ?? "", leader ?? ""]), [2, 3]);
    const flags = '{"agent_ping_timeout":"20secs"}';
    await upZooKeeper({ size: 5, quorumOf: 3 }, 3, ["masterFlags", flags]);
    await assertMasters(5, 3);
    const started = [...(await masters.members())].sort(([, a], [, b]) =>
      (a.startedAt ?? "") < (b.startedAt ?? "") ? -1 : 1,
    );
    const isNew = started.map(([host]) => !before.has(host));
    assert.deepEqual(isNew, [false, false, false, true, true]);
  });

  it("refuses five masters to three at once, and takes them there in the two steps that it names, and ZooKeeper to five that vote", async () => {
    await masters.stack.ok("config", "set", "masters", "3");
    const refused = await masters.stack.pulumi(["preview"]);
    assert.notEqual(refused.code, 0);
    assert.match(refused.output, /first size: 3 with quorumOf: 5, then size: 3 alone/);
    await upZooKeeper({ size: 5, quorumOf: 4 }, 3, ["quorumOf", "5"]);
    await assertMasters(3, 3);
    const between = await masters.members();
    await masters.stack.ok("config", "rm", "masterFlags");
    const unfit = await masters.stack.pulumi(["up", "--yes", "--skip-preview"]);
    assert.notEqual(unfit.code, 0);
    assert.match(
      unfit.output,
      /must not leave its mesos-master ensemble: its 3 members count with 5, so that none/,
    );
    assert.deepEqual(await masters.startedSince(between), []);
    await upZooKeeper({ size: 5 }, 4, ["quorumOf", undefined]);
    await assertMasters(3, 2);
  });

  it("takes ZooKeeper from five servers to three, one vote at a time, and goes on where an up was interrupted", async () => {
    const zookeepers = masters.cluster.hosts("zookeeper", 5);
    const watch = await ZooKeeperWatch.start(zookeepers, [5, 4]);
    await masters.stack.ok("config", "set", "zookeeper", '{"size":5,"quorumOf":4}');
    await interruptedAt({ verb: "Create", name: "demo-zookeeper-3" });
    assert.deepEqual(await watch.stop(zookeepers), []);
    assert.deepEqual(watch.losses, []);
    await upZooKeeper({ size: 5, quorumOf: 4 }, 5);
    await upZooKeeper({ size: 5, quorumOf: 3 }, 4);
    await upZooKeeper({ size: 3 }, 3);
    await assertMasters(3, 2);
  });
});
