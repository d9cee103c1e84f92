// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { Fixture, until } from "../test-cluster.test";
import { ZooKeeperSession } from "../zookeeper";

describe("mesos-master: --zk with user:password (mesos.md 1.1)", function () {
  this.timeout(60_000);

  it("writes nodes that all may read and only its user may change", async () => {
    const fixture = new Fixture();
    try {
      const { servers } = await fixture.zooKeeper();
      const zk = `--zk=zk://joe:secret@${servers}/mesos`;
      const master = await fixture.master("m", [zk, "--quorum=1"], "127.113.6.1");
      await until("a leader", () => master.program.leader);
      const session = await ZooKeeperSession.connect({ servers }, AbortSignal.timeout(60_000));
      try {
        const names = await session.children("/mesos");
        const name = names.find((n) => n.startsWith("json.info_")) ?? assert.fail(names.join());
        assert.match((await session.get(`/mesos/${name}`))?.data.toString() ?? "", /"pid":"master@/);
        await assert.rejects(session.create("/mesos/json.info_", Buffer.from("{}"), "ephemeral-sequential"));
        await assert.rejects(session.remove(`/mesos/${name}`));
      } finally {
        await session.close();
      }
    } finally {
      await fixture.end();
    }
  });
});
