// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeBambooNode, goQueryEscape } from "@pulumi-mesos/model";
import { readIfThere } from "./haproxy/master";
import { ask, haproxies, masterPid, until } from "./testing/edge-bench.test.support";
import { silent, TestEdge } from "./testing/test-edge.test.support";

/** What an edge has of its own when it starts. */
describe("mesos-edge that starts again", function () {
  this.timeout(240_000);
  const edge = new TestEdge("127.86.12");
  const network = "127.86.12";
  const snapshot = (): string => join(edge.directory, "routes.json");
  const portOf = (port: number): string => `http://${network}.2:${port}`;
  const opened = async (): Promise<boolean> => {
    try {
      return (await ask(portOf(9100), "/")).body === "ported";
    } catch (error) {
      if (/ECONNREFUSED/.test(String(error))) return false;
      throw error;
    }
  };

  before(async () => {
    await edge.prepare();
    await edge.start();
    await edge.client.put(`/bamboo/${goQueryEscape("/ruled")}`, encodeBambooNode("path_beg /by-rule", null));
    edge.marathon.put({ id: "/plain", tasks: [await edge.task("plain", 21000)] });
    edge.marathon.put({ id: "/ruled", tasks: [await edge.task("ruled", 21001)] });
    const labels = { HAPROXY_GROUP: "external", HAPROXY_0_MODE: "tcp", HAPROXY_0_PORT: "9100" };
    edge.marathon.put({ id: "/ported", labels, tasks: [await edge.task("ported", 21002)] });
    await edge.answers("/plain", "plain");
    await edge.answers("/by-rule", "ruled");
    await until("the port", opened);
    await until("the snapshot", async () => /9100/.test((await readIfThere(snapshot())) ?? ""));
  });
  after(() => edge.remove());

  it("keeps the ports that the HAProxy of before has open", async () => {
    const pid = await masterPid(edge.directory);
    await edge.stop();
    await edge.start();
    await edge.serving();
    edge.marathon.put({ id: "/later", tasks: [await edge.task("later", 21003)] });
    await edge.answers("/later", "later");
    assert.deepEqual((await edge.health()).leftOut, {});
    assert.ok(await opened());
    assert.equal(await masterPid(edge.directory), pid);
  });

  describe("and finds HAProxy, Marathon and ZooKeeper dead", () => {
    before(async () => {
      await end();
      await Promise.all([edge.marathon.close(), edge.zookeeper.stop()]);
    });

    /** Ends the edge with its HAProxy. */
    async function end(): Promise<void> {
      await edge.stop();
      await edge.start({ raw: { onExit: "stop" } });
      await edge.stop();
      assert.deepEqual(await haproxies(edge.directory), []);
    }

    it("routes by the snapshot, and says that nobody else answers", async () => {
      await edge.start();
      await edge.answers("/plain", "plain");
      await edge.answers("/by-rule", "ruled");
      await until("the port", opened);
      await until("the reasons", async () => {
        const { serving, marathon, zookeeper, haproxy } = await edge.health();
        return !serving && marathon.problem !== null && zookeeper.problem !== null && haproxy.alive;
      });
    });

    it("begins without routes when the snapshot is damaged, with a line about it", async () => {
      const whole = await readFile(snapshot(), "utf8");
      const damaged = [whole.slice(0, whole.length / 2), whole.replace("21000", "21009"), "{}", ""];
      for (const text of damaged) {
        await end();
        await writeFile(snapshot(), text);
        const lines: string[] = [];
        await edge.start({ log: { ...silent, warn: (_, line) => void lines.push(line) } });
        await until("haproxy", async () => (await edge.health()).haproxy.alive);
        assert.equal(await edge.who("/plain"), "503");
        assert.ok(lines.some((line) => line.startsWith("the snapshot is damaged and refused")));
      }
      await end();
      await writeFile(snapshot(), whole);
      await edge.start();
      await edge.answers("/plain", "plain");
    });

    it("follows Marathon and ZooKeeper once they are back", async () => {
      await Promise.all([edge.marathon.listen(), edge.zookeeper.start()]);
      await edge.serving();
      edge.marathon.put({ id: "/plain", tasks: [await edge.task("newer", 21004)] });
      await edge.answers("/plain", "newer");
      assert.equal(await edge.who("/by-rule"), "ruled");
    });
  });
});
