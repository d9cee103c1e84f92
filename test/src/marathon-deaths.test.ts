// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { eventually, hangMs } from "./support/eventually";
import { getJson } from "./support/http";
import { groupThing, type MarathonThing, marathonThings } from "./support/marathon-things";
import { failed, type Kept, PluginDriver } from "./support/plugin";

/** While it is shut, no deployment ends: tasks neither become healthy nor end. Those that are healthy stay it. */
class Gate {
  readonly #directory = mkdtempSync(join(tmpdir(), "pulumi-mesos-gate-"));
  readonly #file = join(this.#directory, "open");

  open(): void {
    writeFileSync(this.#file, "");
  }

  shut(): void {
    rmSync(this.#file, { force: true });
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Inputs of a thing whose tasks wait at the gate. */
  inputs(thing: MarathonThing): MarathonThing["inputs"] {
    const wait = `while [ ! -e '${this.#file}' ]; do sleep 0.1; done`;
    const shell = `trap "${wait}; exit 0" TERM; ${wait}; touch "$MESOS_SANDBOX/ready"; while :; do sleep 0.1; done`;
    const isReady = `test -e "$MESOS_SANDBOX/ready"`;
    const times = { intervalSeconds: 2, delaySeconds: 0, timeoutSeconds: 1, maxConsecutiveFailures: 100 };
    const killGracePeriodSeconds = 300;
    const app = {
      cmd: shell,
      taskKillGracePeriodSeconds: killGracePeriodSeconds,
      healthChecks: [{ protocol: "COMMAND", command: { value: isReady }, ...times }],
    };
    const container = {
      name: "main",
      resources: { cpus: 0.1, mem: 16 },
      exec: { command: { shell } },
      healthCheck: { exec: { command: { shell: isReady } }, ...times },
      lifecycle: { killGracePeriodSeconds },
    };
    const more = thing.word === "pod" ? { containers: [container] } : app;
    return (path, o) => thing.inputs(path, { ...o, more });
  }
}

/** Whether an app or pod is the one at `path` or below it. */
const isOf = (path: string, appId: string): boolean => `${appId}/`.startsWith(`${path}/`);

for (const marathons of [1, 2]) {
  const where = marathons === 1 ? "the only Marathon" : "the leading Marathon of two";
  describe(`Marathon's resources when ${where} dies`, function () {
    this.timeout(600_000);
    let cluster: Cluster;
    let plugin: PluginDriver;
    const gate = new Gate();

    before(async () => {
      const network = `127.130.${1 + marathons}`;
      cluster = await startCluster({ network, agents: 1, marathons, tasks: "process" });
      plugin = await PluginDriver.start({ marathonUrls: cluster.marathons.map((m) => m.url) });
    });
    after(async () => {
      plugin?.close();
      await cluster?.close();
      gate.remove();
    });

    const deployments = () => getJson<unknown[]>(`${cluster.marathon.url}/v2/deployments`);
    const running = () => eventually(hangMs, async () => assert.equal((await deployments()).length, 1), 20);

    async function leader(): Promise<string> {
      const found = await getJson<{ leader: string }>(`${cluster.marathon.url}/v2/leader`);
      const member = cluster.marathons.find((m) => m.address === found.leader);
      assert.ok(member, `a member leads: ${found.leader}`);
      return member.name;
    }

    /** Kills the leader while the work's deployment runs; a lone one comes back at once. */
    async function amid<T>(begin: () => Promise<T>): Promise<T> {
      gate.shut();
      const work = begin();
      await Promise.race([running(), work]);
      const name = await leader();
      await cluster.kill(name);
      gate.open();
      if (marathons === 1) await cluster.restart(name);
      try {
        return await work;
      } finally {
        if (marathons > 1) await cluster.restart(name);
        await cluster.waitUntilUp();
      }
    }

    async function holds(kept: Kept, inputs: Record<string, unknown>): Promise<void> {
      assert.deepEqual((await plugin.read(kept))?.inputs, inputs);
      assert.deepEqual(await plugin.diff(kept, inputs), []);
      const tasks = (await cluster.tasks.list()).filter(({ appId }) => isOf(kept.id, appId));
      assert.deepEqual(
        tasks.map(({ state }) => state),
        ["TASK_RUNNING", "TASK_RUNNING"],
      );
    }

    for (const thing of marathons === 1 ? [...marathonThings, groupThing] : marathonThings) {
      const inputs = gate.inputs(thing);

      it(`several leaders: follow leader, survive failover mid-wait: ${thing.word} made, changed, read and deleted`, async () => {
        const path = `/dies-${thing.word}`;
        const made = await amid(() => plugin.create(thing.type, inputs(path)));
        await holds(made, inputs(path));
        const changed = await amid(() => plugin.update(made, inputs(path, { env: "2" })));
        await holds(changed, inputs(path, { env: "2" }));
        assert.deepEqual(
          await plugin.update(changed, inputs(path, { env: "2" })).then(({ state }) => state["version"]),
          changed.state["version"],
        );
        await amid(() => plugin.delete(changed));
        assert.equal(await plugin.read(changed), undefined);
        const left = (await cluster.tasks.list()).filter(({ appId }) => isOf(path, appId));
        assert.deepEqual(left, []);
      });
    }

    if (marathons > 1) return;

    for (const thing of marathonThings) {
      it(`fails with the ${thing.word} in the state when Marathon stays dead, and the next run has it once`, async () => {
        const inputs = gate.inputs(thing);
        const path = `/dead-${thing.word}`;
        gate.shut();
        const creating = failed(plugin.create(thing.type, inputs(path), 4));
        await running();
        const name = await leader();
        await cluster.kill(name);
        const half = await creating;
        assert.match(
          half.reasons.join("\n"),
          /^not done after 4 s.*\nmarathon cannot be asked why: .*ECONNREFUSED/,
        );
        await assert.rejects(plugin.read(half.kept), { details: /ECONNREFUSED/ });
        await assert.rejects(plugin.update(half.kept, inputs(path), 4), { details: /ECONNREFUSED/ });
        await assert.rejects(plugin.delete(half.kept, 4), { details: /so the \w+ stays in the state/ });
        gate.open();
        await cluster.restart(name);
        await cluster.waitUntilUp();
        const done = await plugin.update(half.kept, inputs(path));
        assert.equal(done.state["version"], half.kept.state["version"]);
        await holds(done, inputs(path));
        await plugin.delete(done);
      });
    }
  });
}
