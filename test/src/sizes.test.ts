// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { ZooKeeper } from "@pulumi-mesos/client";
import { eventually, hangMs } from "./support/eventually";
import { getJson, request } from "./support/http";
import { MastersStack } from "./support/masters-stack";
import { QuorumWatch } from "./support/quorum-watch";

const octet = 99;
const never = new AbortController().signal;

describe("a change of an ensemble's size", function () {
  this.timeout(1_200_000);
  let masters: MastersStack;

  before(async () => {
    masters = await MastersStack.up({ size: 3, octet });
    await eventually(hangMs, () => operator({ type: "UPDATE_QUOTA", update_quota: quota("kept") }));
  });

  after(() => masters?.close());

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

  /** Fails unless masters are so many, each with that quorum, and the registry has what was put there at first. */
  async function assertMasters(size: number, quorum: number): Promise<void> {
    const members = await masters.members();
    assert.equal(members.size, size);
    for (const host of masters.cluster.hosts("masters", size)) {
      const { flags } = await getJson<{ flags: { quorum: string } }>(`http://${host}:5050/flags`);
      assert.equal(Number(flags.quorum), quorum, host);
    }
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

  it("takes masters from three to five in one step: all know the new quorum before the new ones come", async () => {
    const before = await masters.members();
    await up(["masters", "5"]);
    await assertMasters(5, 3);
    const started = [...(await masters.members())].sort(([, a], [, b]) =>
      (a.startedAt ?? "") < (b.startedAt ?? "") ? -1 : 1,
    );
    const isNew = started.map(([host]) => !before.has(host));
    assert.deepEqual(isNew, [false, false, false, true, true]);
  });

  it("refuses five masters to three at once, and takes them there in the two steps that it names", async () => {
    await masters.stack.ok("config", "set", "masters", "3");
    const refused = await masters.stack.pulumi(["preview"]);
    assert.notEqual(refused.code, 0);
    assert.match(refused.output, /first size: 3 with quorumOf: 5, then size: 3 alone/);
    await up(["quorumOf", "5"]);
    await assertMasters(3, 3);
    await up(["quorumOf", undefined]);
    await assertMasters(3, 2);
  });
});
