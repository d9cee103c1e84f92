// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { until } from "../testing/edge-bench.test.support";
import { FakeMarathon } from "../testing/fake-marathon.test.support";
import { TestEdge } from "../testing/test-edge.test.support";

/** By the nodes that Curator's LeaderLatch makes for Marathon. */
describe("mesos-edge that finds Marathon by ZooKeeper", function () {
  this.timeout(240_000);
  const edge = new TestEdge("127.86.14");
  const [first, second] = [edge.marathon, new FakeMarathon()];
  const latches = "/elsewhere/leader-curator";

  const stand = (marathon: FakeMarathon): Promise<string> =>
    edge.client.create(
      `${latches}/_c_id-latch-`,
      Buffer.from(new URL(marathon.url).host),
      "ephemeral-sequential",
    );

  before(async () => {
    await Promise.all([edge.prepare(), second.listen()]);
    await edge.start({ raw: { marathon: `zk://${edge.zookeeper.servers}/elsewhere` } });
  });
  after(() => Promise.all([edge.remove(), second.close()]));

  let leader: string;

  it("says that nobody stands for election", async () => {
    await until("the reason", async () =>
      /\/elsewhere\/leader-curator of .* names no marathon/.test(
        (await edge.health()).marathon.problem ?? "",
      ),
    );
  });

  it("asks the leader as soon as there is one", async () => {
    first.put({ id: "/app", tasks: [await edge.task("by-first", 21000)] });
    second.put({ id: "/app", tasks: [await edge.task("by-second", 21001)] });
    leader = await stand(first);
    await stand(second);
    await edge.answers("/app", "by-first");
    await edge.serving();
    assert.deepEqual([second.lists, second.singles], [0, 0]);
  });

  it("keeps what it routes when the leader dies, and follows the next", async () => {
    await first.close();
    assert.equal(await edge.who("/app"), "by-first");
    await edge.client.remove(leader);
    await edge.answers("/app", "by-second");
    await until("the stream", async () => second.listeners > 0);
    second.put({ id: "/app", tasks: [await edge.task("by-event", 21002)] });
    await edge.answers("/app", "by-event");
  });
});
