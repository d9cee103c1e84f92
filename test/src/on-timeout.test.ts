// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { getJson } from "./support/http";
import { appThing, groupThing, type MarathonThing, marathonThings } from "./support/marathon-things";
import { failed, PluginDriver } from "./support/plugin";

/** So much that no agent has it. */
const cpus = 100;

/** Inputs that can never be deployed, with what is then to become of the deployment. */
function tooBig(thing: MarathonThing, path: string, onTimeout: string): Record<string, unknown> {
  const main = { name: "main", resources: { cpus, mem: 16 } };
  const more = thing.word === "pod" ? { containers: [main] } : { cpus };
  const inputs = thing.inputs(path, { env: "2", more });
  // Of a group the first step already, so that nothing has been started that a rollback would have to end.
  const db = { id: "db", cmd: "sleep 1000", cpus, mem: 16, instances: 1 };
  const first = thing.word === "group" ? { groups: [{ id: "back", apps: [db] }] } : {};
  return { ...inputs, ...first, onTimeout };
}

describe("on timeout: cancel, roll back or keep, chosen, for every verb", function () {
  this.timeout(300_000);
  let cluster: Cluster;
  let plugin: PluginDriver;

  before(async () => {
    cluster = await startCluster({ network: "127.130.8", agents: 1, tasks: "process" });
    plugin = await PluginDriver.start({ marathonUrls: [cluster.marathon.url] });
  });
  after(async () => {
    plugin?.close();
    await cluster?.close();
  });

  const deployments = async () => (await getJson<unknown[]>(`${cluster.marathon.url}/v2/deployments`)).length;

  for (const thing of marathonThings) {
    for (const [choice, words, left] of [
      ["cancel", /cancelled deployment \S+, .*\(onTimeout: cancel\)/, 0],
      ["leave", /left as it is \(onTimeout: leave\)/, 1],
    ] as const) {
      it(`${choice}s a create and an update of the ${thing.word}, and the next run converges`, async () => {
        const path = `/${choice}-${thing.word}`;
        const half = await failed(plugin.create(thing.type, tooBig(thing, path, choice), 2));
        assert.match(half.reasons.join("\n"), words);
        assert.equal(await deployments(), left);
        const made = await plugin.update(half.kept, thing.inputs(path));
        assert.deepEqual((await plugin.read(made))?.inputs, thing.inputs(path));
        const again = await failed(plugin.update(made, tooBig(thing, path, choice), 2));
        assert.match(again.reasons.join("\n"), words);
        assert.equal(await deployments(), left);
        const done = await plugin.update(again.kept, thing.inputs(path));
        assert.deepEqual((await plugin.read(done))?.inputs, thing.inputs(path));
        await plugin.delete(done);
      });
    }
  }

  for (const thing of [...marathonThings, groupThing]) {
    it(`rolls a create and an update of the ${thing.word} back, also in the state`, async () => {
      const path = `/rollback-${thing.word}`;
      const big = tooBig(thing, path, "rollback");
      await assert.rejects(plugin.create(thing.type, big, 2), { details: /rolled back by deployment \S+/ });
      assert.equal(await plugin.import(thing.type, path), undefined);
      const made = await plugin.create(thing.type, thing.inputs(path));
      const half = await failed(plugin.update(made, big, 2));
      assert.match(half.reasons.join("\n"), /rolled back by deployment \S+ \(onTimeout: rollback\)/);
      assert.deepEqual((await plugin.read(half.kept))?.inputs, thing.inputs(path));
      assert.equal(await deployments(), 0);
      await plugin.delete(half.kept);
    });
  }

  it("fails to delete what does not end in time, keeps it in the state, and the next run waits for it", async () => {
    const cmd = "trap 'sleep 5; exit 0' TERM; while true; do sleep 0.1; done";
    const inputs = appThing.inputs("/slow-end", {
      more: { cmd, taskKillGracePeriodSeconds: 20, onTimeout: "rollback" },
    });
    const made = await plugin.create(appThing.type, inputs);
    await assert.rejects(plugin.delete(made, 2), { details: /not done after 2 s/ });
    await plugin.delete(made);
    assert.equal(await plugin.read(made), undefined);
    assert.deepEqual(await cluster.tasks.list(), []);
  });
});
