// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { request } from "./support/http";
import { PluginDriver } from "./support/plugin";
import { TestStack } from "./support/test-stack";

const type = "mesos:index:Quota";

interface Config {
  readonly role: string;
  readonly guarantees?: object;
  readonly limits?: object;
}

/** Masters of the simulator, the plugin over its protocol and below the real engine. */
describe("mesos:index:Quota", function () {
  this.timeout(1_200_000);
  let cluster: Cluster;
  let plugin: PluginDriver;

  before(async () => {
    cluster = await startCluster({
      network: "127.125.6",
      masters: 3,
      agents: 1,
      flags: { marathon: { mesos_role: "apps" } },
    });
    plugin = await PluginDriver.start({ mesosUrls: cluster.masters.map((m) => m.url) });
  });
  after(async () => {
    plugin?.close();
    const unknown = cluster?.unknownRequests;
    await cluster?.close();
    assert.deepEqual(unknown, [], "a request that masters do not know");
  });

  async function operator(call: object): Promise<string> {
    const leader = await cluster.leader();
    const answer = await request(`${leader.url}/api/v1`, { method: "POST", json: call });
    assert.equal(answer.status, 200, answer.body);
    return answer.body;
  }

  /** What the masters keep of a role. */
  async function kept(role: string): Promise<Config | undefined> {
    const answer = JSON.parse(await operator({ type: "GET_QUOTA" })) as {
      get_quota: { status?: { configs?: readonly Config[] } };
    };
    return answer.get_quota.status?.configs?.find((config) => config.role === role);
  }

  async function byHand(config: Config): Promise<void> {
    await operator({ type: "UPDATE_QUOTA", update_quota: { quota_configs: [config] } });
  }

  async function limit(role: string): Promise<object | undefined> {
    return (await kept(role))?.limits;
  }

  describe("over the plugin's protocol", () => {
    it("is made, read, changed and given up, and what is gone may be given up again", async () => {
      const inputs = { role: "life", guarantees: { cpus: 0.5, mem: 0 }, limits: { cpus: 2, mem: 512 } };
      const made = await plugin.create(type, inputs);
      assert.equal(made.id, "life");
      assert.deepEqual(await kept("life"), {
        role: "life",
        guarantees: { cpus: { value: 0.5 } },
        limits: { cpus: { value: 2 }, mem: { value: 512 } },
      });
      assert.deepEqual((await plugin.read(made))?.inputs, made.inputs);
      const less = { role: "life", limits: { cpus: 1 } };
      assert.deepEqual(await plugin.diff(made, less), [
        "guarantees: DELETE",
        "limits.cpus: UPDATE",
        "limits.mem: DELETE",
      ]);
      await plugin.previewUpdate(made, less);
      assert.match(plugin.warnings.join(), /a limit goes down: what runs goes on/);
      const changed = await plugin.update(made, less);
      assert.deepEqual(await kept("life"), { role: "life", limits: { cpus: { value: 1 } } });
      assert.deepEqual(await plugin.diff(changed, { role: "other", limits: { cpus: 1 } }), [
        "role: UPDATE_REPLACE",
      ]);
      await plugin.delete(changed);
      assert.equal(await kept("life"), undefined);
      assert.equal(await plugin.read(changed), undefined);
      await plugin.delete(changed);
    });

    it("adopts an equal quota, and fails with the way to import another one", async () => {
      await byHand({ role: "there", limits: { cpus: { value: 2 } } });
      const adopted = await plugin.create(type, {
        role: "there",
        guarantees: { mem: 0 },
        limits: { cpus: 2 },
      });
      await assert.rejects(plugin.create(type, { role: "there", limits: { cpus: 3 } }), {
        details:
          "role there has another quota already (limits cpus 2); to take it over run `pulumi import mesos:index:Quota r there`, or give it up",
      });
      assert.deepEqual(await limit("there"), { cpus: { value: 2 } });
      const found = await plugin.import(type, "there");
      assert.deepEqual(found?.inputs, { role: "there", limits: { cpus: 2 } });
      assert.equal(await plugin.import(type, "nobody"), undefined);
      await plugin.delete(adopted);
    });

    it("fails in one line where the role has more already, and is set by force, which ends nothing", async () => {
      const app = { id: "/greedy", cmd: "sleep 1000", cpus: 1, mem: 64, instances: 2 };
      await request(`${cluster.marathon.url}/v2/apps`, { method: "POST", json: app });
      await cluster.waitForApp("/greedy");
      const inputs = { role: "apps", limits: { cpus: 1 } };
      await assert.rejects(plugin.create(type, inputs), {
        details:
          /^Role 'apps' is already consuming 'cpus:2; mem:128; ports:2'; this is more than the requested limits 'cpus:1'; raise the limits, free some of it, or set force: true, which ends nothing that runs$/,
      });
      assert.equal(await kept("apps"), undefined);
      const forced = await plugin.create(type, { ...inputs, force: true });
      const [one, another] = await cluster.tasks.list();
      assert.ok(one !== undefined && another !== undefined, "both tasks run on");
      const unforced = await plugin.update(forced, inputs);
      assert.deepEqual(await plugin.diff(unforced, inputs), []);
      await assert.rejects(
        plugin.update(unforced, { role: "apps", limits: { cpus: 0.5 } }),
        /set force: true/,
      );
      await plugin.delete(unforced);
      assert.equal(await kept("apps"), undefined);
    });

    it("fails in one line where the cluster has less than all guarantees", async () => {
      await assert.rejects(plugin.create(type, { role: "much", guarantees: { cpus: 1000 } }), {
        details:
          /^total quota guarantees .* exceed cluster capacity .*; lower the guarantees, add agents, or set/,
      });
    });

    it("fails to read where no master can be reached, and counts as deleted with the stack's own cluster", async () => {
      const alone = await PluginDriver.start({
        mesosUrls: ["http://127.125.7.9:5050"],
        clusterInStack: true,
      });
      try {
        const gone = { type, id: "web", inputs: { role: "web" }, state: { role: "web" } };
        await assert.rejects(alone.read(gone), /ECONNREFUSED/);
        await alone.delete(gone);
        assert.match(alone.warnings.join(), /no master listens any more/);
      } finally {
        alone.close();
      }
    });

    it("goes on with the next leader", async () => {
      const made = await plugin.create(type, { role: "lasting", limits: { cpus: 2 } });
      const leader = await cluster.leader();
      await cluster.kill(leader);
      const changed = await plugin.update(made, { role: "lasting", limits: { cpus: 3 } });
      assert.deepEqual((await plugin.read(changed))?.inputs, { role: "lasting", limits: { cpus: 3 } });
      await cluster.restart(leader);
      await plugin.delete(changed);
    });

    it("refuses at preview what Mesos would refuse, all at once, and says which provider lacks masters", async () => {
      const wrong = { role: "a/b", guarantees: { cpus: 2 }, limits: { cpus: 1, memory: 1 }, limit: {} };
      await assert.rejects(plugin.check(type, wrong), ({ message }: Error) => {
        const paths = message.split("\n").map((line) => line.split(": ")[0]);
        assert.deepEqual(paths.sort(), ["guarantees.cpus", "limit", "limits.memory", "role"]);
        return true;
      });
      const none = await PluginDriver.start({});
      try {
        await assert.rejects(none.create(type, { role: "web", limits: { cpus: 1 } }), /mesosUrls: /);
      } finally {
        none.close();
      }
    });
  });

  describe("below the engine", () => {
    let stack: TestStack;
    const batch = (args: object, name = "batch") =>
      `new mesos.Quota(${JSON.stringify(name)}, ${JSON.stringify(args)}, { provider });`;

    function rewrite(...quotas: string[]): void {
      const source = `
const mesos = require("pulumi-mesos");
const urls = new (require("@pulumi/pulumi").Config)().requireObject("mesosUrls");
const provider = new mesos.Provider("mine", { mesosUrls: urls });
${quotas.join("\n")}
`;
      writeFileSync(path.join(stack.directory, "index.js"), source);
    }

    before(async () => {
      stack = await TestStack.create({
        program: { source: "" },
        config: { mesosUrls: JSON.stringify(cluster.masters.map((m) => m.url)) },
      });
    });
    after(() => stack?.close());

    it("is made, and then nothing changes any more", async () => {
      rewrite(batch({ role: "batch", guarantees: { cpus: 1 }, limits: { cpus: 2, mem: 256 } }));
      await stack.up();
      assert.deepEqual(await limit("batch"), { cpus: { value: 2 }, mem: { value: 256 } });
      await stack.unchanged();
      await stack.ok("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    });

    it("shows what somebody changed by hand, and is repaired", async () => {
      await byHand({ role: "batch", limits: { cpus: { value: 3 } } });
      const refreshed = await stack.ok("refresh", "--yes", "--skip-preview", "--diff");
      assert.match(refreshed, /cpus *: 2 => 3/);
      await stack.up();
      assert.deepEqual(await limit("batch"), { cpus: { value: 2 }, mem: { value: 256 } });
    });

    it("comes back after somebody gave it up", async () => {
      await byHand({ role: "batch" });
      await stack.ok("refresh", "--yes", "--skip-preview");
      await stack.up();
      assert.deepEqual(await limit("batch"), { cpus: { value: 2 }, mem: { value: 256 } });
    });

    it("is changed, and one made by hand is imported without a change", async () => {
      await byHand({ role: "hand", limits: { cpus: { value: 1 } } });
      const changed = batch({ role: "batch", limits: { cpus: 1 } });
      rewrite(changed);
      await stack.up();
      assert.deepEqual(await kept("batch"), { role: "batch", limits: { cpus: { value: 1 } } });
      const provider = (await stack.resources()).find((r) => r.urn.endsWith("::mine"))?.urn ?? "";
      await stack.ok(
        ...["import", type, "hand", "hand", "--provider", `mine=${provider}`],
        ...["--protect=false", "--generate-code=false", "--yes", "--skip-preview"],
      );
      rewrite(changed, batch({ role: "hand", limits: { cpus: 1 } }, "hand"));
      await stack.unchanged();
    });

    it("goes with its stack", async () => {
      await stack.ok("destroy", "--yes", "--skip-preview");
      assert.deepEqual([await kept("batch"), await kept("hand")], [undefined, undefined]);
    });
  });
});
