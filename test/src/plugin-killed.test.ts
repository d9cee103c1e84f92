// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { eventually, hangMs } from "./support/eventually";
import { FaultProxy } from "./support/fault-proxy";
import { getJson } from "./support/http";
import { appThing, groupThing, marathonThings } from "./support/marathon-things";
import { type Kept, PluginDriver } from "./support/plugin";

describe("a plugin that is killed in the middle of a change", function () {
  this.timeout(300_000);
  let cluster: Cluster;
  let proxy: FaultProxy;
  let next: PluginDriver;

  before(async () => {
    cluster = await startCluster({ network: "127.130.4", agents: 1, tasks: "process" });
    proxy = await FaultProxy.start("127.130.4.200", () => cluster.marathon.url);
    next = await PluginDriver.start({ marathonUrls: [proxy.url] });
  });
  afterEach(() => proxy.reset());
  after(async () => {
    next?.close();
    await proxy?.close();
    await cluster?.close();
  });

  /** Kills the plugin at its first request of this line: before Marathon has it, or as soon as it has. */
  async function killed(
    when: "before" | "after",
    line: string,
    work: (plugin: PluginDriver) => Promise<unknown>,
  ): Promise<void> {
    proxy.reset();
    const plugin = await PluginDriver.spawn({ marathonUrls: [proxy.url] });
    proxy.next(line, when === "before" ? "silent" : "reset after");
    const ended = work(plugin).then(
      () => "done",
      () => "failed",
    );
    const seen = when === "before" ? proxy.came : proxy.passed;
    await eventually(hangMs, () => assert.ok(seen.includes(line)), 5);
    plugin.close();
    assert.equal(await ended, "failed");
    proxy.reset();
  }

  const executorOf = async (path: string): Promise<unknown> =>
    (await getJson<{ app: Record<string, unknown> }>(`${cluster.marathon.url}/v2/apps${path}`)).app[
      "executorResources"
    ];

  it("between PUT and PATCH of executorResources has both at the next run, which takes no lost field for another's change", async () => {
    const executorResources = { cpus: 0.2, mem: 32, disk: 10 };
    const inputs = (env: string) => appThing.inputs("/executor", { env, more: { executorResources } });
    const made = await next.create(appThing.type, inputs("1"));
    await killed("before", "PATCH /v2/apps/executor", (plugin) => plugin.update(made, inputs("2")));
    assert.equal(await executorOf("/executor"), undefined, "the PUT lost it");
    const done = await next.update(made, inputs("2"));
    assert.deepEqual(await executorOf("/executor"), executorResources);
    assert.deepEqual(await next.diff(done, inputs("2")), []);
    assert.deepEqual((await next.read(done))?.inputs, inputs("2"));
    await next.delete(done);
  });

  for (const thing of [...marathonThings, groupThing]) {
    it(`has the ${thing.word} once at the next run, wherever it was killed`, async () => {
      const path = `/killed-${thing.word}`;
      const inputs = (env: string) => thing.inputs(path, { env });
      const one = thing.one(path);
      for (const when of ["before", "after"] as const) {
        await killed(when, `POST ${thing.collection}`, (plugin) => plugin.create(thing.type, inputs("1")));
      }
      const made = await next.create(thing.type, inputs("1"));
      await holds(made, inputs("1"));
      for (const when of ["before", "after"] as const) {
        await killed(when, `PUT ${one}`, (plugin) => plugin.update(made, inputs("2")));
      }
      const changed = await next.update(made, inputs("2"));
      await holds(changed, inputs("2"));
      for (const when of ["before", "after"] as const) {
        await killed(when, `DELETE ${one}`, (plugin) => plugin.delete(changed));
      }
      await next.delete(changed);
      assert.equal(await next.read(changed), undefined);
      assert.deepEqual(await cluster.tasks.list(), []);
    });
  }

  async function holds(kept: Kept, inputs: Record<string, unknown>): Promise<void> {
    assert.deepEqual((await next.read(kept))?.inputs, inputs);
    const tasks = (await cluster.tasks.list()).filter(({ appId }) => `${appId}/`.startsWith(`${kept.id}/`));
    assert.equal(tasks.length, 2);
  }
});
