// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { startCluster } from "..";
import { TestScheduler, until } from "../test-cluster.test";

describe("HEARTBEAT of POST /api/v1/scheduler (mesos.md 2.3)", function () {
  this.timeout(60_000);

  it("comes every 15 s", async () => {
    const cluster = await startCluster({
      masters: 1,
      agents: 0,
      marathons: 0,
      clock: "stepped",
      network: "127.113.5",
    });
    try {
      const scheduler = new TestScheduler((await cluster.leader()).url);
      await scheduler.subscribe();
      const beats = () => scheduler.events.filter((e) => e.type === "HEARTBEAT").length;
      await until("the first", () => beats() === 1);
      await cluster.clock.step(14_900);
      assert.equal(beats(), 1);
      await cluster.clock.step(30_100);
      await until("three more", () => beats() === 4);
      scheduler.disconnect();
    } finally {
      await cluster.close();
    }
  });
});
