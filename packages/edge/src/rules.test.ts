// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { ZooKeeper } from "@pulumi-mesos/client";
import { encodeBambooNode, goQueryEscape } from "@pulumi-mesos/model";
import { type Clock, systemClock } from "./clock";
import { RuleStore } from "./rules";
import { type TestZooKeeper, until, zooKeeper } from "./testing/edge-bench.test.support";
import { silent } from "./testing/test-edge.test.support";

/** A minute takes two seconds. */
const hurried: Clock = {
  ...systemClock,
  now: () => systemClock.now() * 30,
  pause: (ms, signal) => systemClock.pause(ms / 30, signal),
  every: (ms, action) => systemClock.every(ms / 30, action),
};

describe("the rules", function () {
  this.timeout(240_000);
  let server: TestZooKeeper;
  const over = new AbortController();
  let running: Promise<void>;
  let store: RuleStore;

  const connect = (): Promise<ZooKeeper> => ZooKeeper.connect({ servers: server.servers }, over.signal);
  const write = async (id: string, acl: string): Promise<void> => {
    const client = await connect();
    await client.put(`/bamboo/${goQueryEscape(id)}`, encodeBambooNode(acl, null));
    await client.close();
  };
  const acl = (id: string): string | undefined => store.rules.get(id)?.Acl;

  before(async () => {
    server = await zooKeeper("127.86.15.1");
    await server.start();
    store = new RuleStore({
      ...{ servers: server.servers, root: "/bamboo", sessionMs: 1_000 },
      ...{ clock: hurried, log: silent, onChange: () => {} },
    });
    running = store.run(over.signal);
    await write("/app", "path_beg /before");
    await until("the rule", async () => acl("/app") === "path_beg /before");
  });
  after(async () => {
    over.abort();
    await running;
    await server.remove();
  });

  it("are the very same as long as all that is read again is as it was", async () => {
    const { rules } = store;
    const began = hurried.now();
    await until("a regular reading", async () => hurried.now() - began > 35_000);
    assert.equal(store.rules, rules);
  });

  it("stay for a minute without ZooKeeper, and are those that were written meanwhile afterwards", async () => {
    await server.stop();
    await until("the end of the session", async () =>
      /expired|accepted no session/.test(store.problem ?? ""),
    );
    const gone = hurried.now();
    await until("a minute", async () => hurried.now() - gone > 60_000);
    assert.equal(acl("/app"), "path_beg /before");
    await assert.rejects(store.put("/app", "path_beg /refused", null), { code: "MESOS_EDGE_ZOOKEEPER_AWAY" });
    await server.start();
    await write("/app", "path_beg /after");
    await until("the rule", async () => acl("/app") === "path_beg /after");
    await until("the session", async () => store.problem === undefined);
    await write("/app", "path_beg /watched");
    await until("the watch", async () => acl("/app") === "path_beg /watched");
  });
});
