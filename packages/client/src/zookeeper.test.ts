// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { isMesosError, userAndPassword, zookeeperId } from "@pulumi-mesos/model";
import { isRefused, isUnreachable, probeMember, ZooKeeper } from "./index";
import { type TestZooKeeper, testZooKeeper } from "./zookeeper-server.test.support";

const signal = new AbortController().signal;

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((r) => {
    resolve = r;
  });
  return { promise, resolve };
}
const text = (value: string): Buffer => Buffer.from(value);

describe("ZooKeeper", function () {
  this.timeout(60_000);
  let server: TestZooKeeper;
  const open: ZooKeeper[] = [];

  async function connect(sessionTimeoutMs = 4_000): Promise<ZooKeeper> {
    const zk = await ZooKeeper.connect({ servers: server.servers, sessionTimeoutMs }, signal);
    open.push(zk);
    return zk;
  }

  before(async () => {
    server = await testZooKeeper("127.83.1.1");
    await server.start();
  });
  after(() => server.remove());
  afterEach(async () => {
    await Promise.all(open.splice(0).map((zk) => zk.close()));
  });

  it("puts a node with its parents, reads it, and replaces it", async () => {
    const zk = await connect();
    assert.equal(await zk.get("/put/a/b"), undefined);
    await zk.put("/put/a/b", text("one"));
    await zk.put("/put/a/b", text("two"));
    const node = await zk.get("/put/a/b");
    assert.equal(node?.data.toString(), "two");
    assert.equal(node?.version, 1);
    assert.deepEqual(await zk.children("/put"), ["a"]);
    assert.equal((await zk.get("/put/a"))?.data.length, 0);
  });

  it("fails when a version is not the current one or a node exists", async () => {
    const zk = await connect();
    await zk.create("/versions", text("a"), "persistent");
    await zk.set("/versions", text("b"), 0);
    await assert.rejects(zk.set("/versions", text("c"), 0), { code: "MESOS_ZOOKEEPER_VERSION" });
    await assert.rejects(zk.create("/versions", text("a"), "persistent"), { code: "MESOS_ZOOKEEPER_EXISTS" });
    await assert.rejects(zk.set("/versions-missing", text("c")), { code: "MESOS_ZOOKEEPER_MISSING" });
  });

  it("removes a tree and counts what is gone as removed", async () => {
    const zk = await connect();
    await zk.put("/tree/a/b/c", text(""));
    await zk.put("/tree/d", text(""));
    await assert.rejects(zk.remove("/tree"), { code: "MESOS_ZOOKEEPER_NOT_EMPTY" });
    await zk.removeTree("/tree");
    await zk.removeTree("/tree");
    await zk.remove("/tree");
    assert.equal(await zk.exists("/tree"), false);
  });

  it("numbers sequential nodes and drops ephemeral ones with the session", async () => {
    const [zk, other] = [await connect(), await connect()];
    assert.match(await zk.create("/election/n_", text("x"), "ephemeral-sequential"), /\/n_0000000000$/);
    assert.match(await other.create("/election/n_", text("y"), "ephemeral-sequential"), /\/n_0000000001$/);
    const { promise: changed, resolve } = withResolvers();
    assert.equal((await other.children("/election", resolve)).length, 2);
    await zk.close();
    await changed;
    assert.deepEqual(await other.children("/election"), ["n_0000000001"]);
  });

  it("tells once of a change, a creation and a new child", async () => {
    const zk = await connect();
    // A watch stands from the moment its read is answered; a change before that is in the answer.
    const created = withResolvers();
    assert.equal(await zk.watch("/watched", created.resolve), undefined);
    await zk.put("/watched", text("1"));
    await created.promise;
    let changes = 0;
    const changed = withResolvers();
    const count = (): void => {
      changes += 1;
      if (changes === 20) changed.resolve();
    };
    await Promise.all(Array.from({ length: 20 }, () => zk.watch("/watched", () => count())));
    await zk.put("/watched", text("2"));
    await changed.promise;
    await zk.put("/watched", text("3"));
    await zk.get("/watched");
    assert.equal(changes, 20);
    const children = withResolvers();
    await zk.children("/watched", children.resolve);
    await zk.put("/watched/child", text(""));
    await children.promise;
  });

  it("goes on over a restart of the server with session, watches and ephemeral nodes", async () => {
    const zk = await connect(40_000);
    const states: string[] = [];
    zk.onStateChange((state) => states.push(state));
    await zk.create("/restart/me", text("e"), "ephemeral");
    const changed = withResolvers();
    await zk.watch("/restart/data", changed.resolve);
    await server.stop("SIGTERM");
    const during = zk.put("/restart/data", text("written during the outage"));
    await server.start();
    await during;
    await changed.promise;
    assert.equal((await zk.get("/restart/me"))?.data.toString(), "e");
    assert.deepEqual(states, ["disconnected", "connected"]);
  });

  it("fails when the session expires, and says so to whoever waits", async () => {
    const zk = await connect(1_500);
    const expired = new Promise<void>((resolve) => {
      zk.onStateChange((state) => state === "expired" && resolve());
    });
    await server.stop();
    const waiting = zk.get("/anything");
    await Promise.all([expired, assert.rejects(waiting, { code: "MESOS_ZOOKEEPER_EXPIRED" })]);
    await assert.rejects(zk.get("/anything"), { code: "MESOS_ZOOKEEPER_EXPIRED" });
    await server.start();
  });

  it("fails what is under way when it is closed", async () => {
    const zk = await connect();
    const reading = Array.from({ length: 20 }, () => zk.get("/closing"));
    const closed = zk.close();
    const late = zk.get("/closing");
    const results = await Promise.allSettled([...reading, late]);
    await closed;
    assert.equal(results.at(-1)?.status, "rejected");
  });

  it("notices a server that is silent on an open connection", async () => {
    const zk = await connect(1_500);
    const lost = new Promise<void>((resolve) => {
      zk.onStateChange((state) => state === "disconnected" && resolve());
    });
    server.pause();
    await lost;
    server.resume();
  });

  it("fails when every address refuses", async () => {
    const connecting = ZooKeeper.connect(
      { servers: "127.83.1.8:2181,127.83.1.9:2181", connectTimeoutMs: 500 },
      signal,
    );
    await assert.rejects(connecting, (error) => isRefused(error) && isUnreachable(error));
  });

  it("fails when the caller stops waiting for a server that accepts and never answers", async () => {
    const silent = createServer(() => {}).listen(2181, "127.83.1.7");
    try {
      const stop = AbortSignal.timeout(300);
      const connecting = ZooKeeper.connect({ servers: "127.83.1.7:2181" }, stop);
      await assert.rejects(connecting, (error) => isMesosError(error) && !isRefused(error));
    } finally {
      silent.close();
    }
  });

  it("makes nodes for its own credential alone, and says so to whoever else wants one", async () => {
    const { servers } = server;
    const [own, other] = await Promise.all(
      ["joe:pass", "joe:guessed"].map((credential) => ZooKeeper.connect({ servers, credential }, signal)),
    );
    assert.ok(own && other);
    open.push(own, other);
    await own.put("/owned/a", text("mine"));
    assert.equal((await own.get("/owned/a"))?.data.toString(), "mine");
    const denied = { code: "MESOS_ZOOKEEPER_DENIED" };
    for (const stranger of [other, await connect()]) {
      await assert.rejects(stranger.get("/owned/a"), denied);
      await assert.rejects(stranger.put("/owned/a", text("theirs")), denied);
      await assert.rejects(stranger.create("/owned/b", text("theirs"), "persistent"), denied);
    }
  });

  it("gives a node to others by name, each to all of it or to make below it alone", async () => {
    const { servers } = server;
    const users = ["joe", "maker"].map((user) => ({ user, password: "pass" }));
    const [owner, maker] = await Promise.all(
      users.map((user) => ZooKeeper.connect({ servers, credential: userAndPassword(user) }, signal)),
    );
    assert.ok(owner && maker);
    open.push(owner, maker);
    const [joe = "", other = ""] = users.map(zookeeperId);
    await owner.put("/given", text("a"));
    await owner.setAccess("/given", [
      { id: joe, may: "all" },
      { id: other, may: "make" },
    ]);
    await maker.put("/given/below", text("b"));
    assert.equal((await maker.get("/given"))?.data.toString(), "a");
    const denied = { code: "MESOS_ZOOKEEPER_DENIED" };
    await assert.rejects(maker.set("/given", text("c")), denied);
    await assert.rejects(maker.setAccess("/given", [{ id: other, may: "all" }]), denied);
    await owner.set("/given", text("d"));
  });

  it("is probed as a standalone leader, and as down when nothing listens", async () => {
    const up = await probeMember("zookeeper", { name: "zk-1", host: "127.83.1.1", port: 2181 }, signal);
    assert.deepEqual(up, {
      name: "zk-1",
      up: true,
      joined: true,
      leading: true,
      told: 1,
      voters: 1,
      detail: "standalone",
    });
    const down = await probeMember("zookeeper", { name: "zk-2", host: "127.83.1.8", port: 2181 }, signal);
    assert.equal(down.up, false);
    assert.match(down.detail, /ECONNREFUSED 127\.83\.1\.8:2181/);
  });

  it("is probed as one that only follows where its own configuration gives it no weight or lets it observe", async () => {
    const servers = [1, 2, 3, 4].map((id) => `server.${id}=10.0.0.${id}:2888:3888:participant;0.0.0.0:2181`);
    const observer = "server.5=10.0.0.5:2888:3888:observer;0.0.0.0:2181";
    const weights = [1, 1, 1, 0, 1].map((weight, i) => `weight.${i + 1}=${weight}`);
    const conf = (id: number) =>
      [`serverId=${id}`, "membership: ", ...servers, observer, "group.1=1:2:3:4:5", ...weights].join("\n");
    let id = 1;
    const answers = createServer((socket) =>
      socket.once("data", (word: Buffer) =>
        socket.end(word.toString() === "conf" ? conf(id) : "Mode: follower\n"),
      ),
    );
    await new Promise<void>((resolve) => answers.listen(2181, "127.83.1.7", resolve));
    try {
      for (id = 1; id <= 5; id++) {
        const member = { name: `zk-${id}`, host: "127.83.1.7", port: 2181 };
        const { told, voters, voteless } = await probeMember("zookeeper", member, signal);
        assert.deepEqual(
          { id, told, voters, voteless },
          { id, told: 5, voters: 3, voteless: id > 3 || undefined },
        );
      }
    } finally {
      await new Promise((resolve) => answers.close(resolve));
    }
  });
});
