// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { MarathonClient, MesosClient } from "@pulumi-mesos/client";
import type { AutoscalePolicy } from "@pulumi-mesos/model";
import { Random } from "../autoscale/simulation/random";
import { GroupsController } from "../controller";
import { FakeCluster, MemoryStore } from "../fake-cluster.test.support";
import { PoolStore } from "../pool-store";
import { declarationOf } from "../small-world.test.support";

const signal = new AbortController().signal;
const seeds = 4;
const rounds = 30;
const autoscale: AutoscalePolicy = {
  ...{ min: 1, max: 6, targetUtilization: 1, headroom: { maxShare: 0 } },
  scaleDown: { stabilizationSeconds: 30, cooldownSeconds: 0, maxStep: 6 },
};

/** One world, and everything that may go wrong in it. */
class Storm {
  readonly cluster = new FakeCluster();
  readonly store = new MemoryStore();
  readonly #random: Random;
  now = 1_000_000_000;
  #address = "";
  #controller: GroupsController | undefined;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  async begin(): Promise<void> {
    this.#address = await this.cluster.listen();
    const declaration = { ...declarationOf(0), autoscale };
    await this.store.create("/pulumi-mesos/c/pools/web", Buffer.from(JSON.stringify(declaration)));
    this.cluster.apps = ["/a", "/b"].map((id) => ({ id, instances: 1, cpus: 1, mem: 64, tasks: [] }));
  }

  readonly #faults: readonly (() => void)[] = [
    () => this.cluster.broken.add("GET_AGENTS"),
    () => this.cluster.broken.add("GET_TASKS"),
    () => this.cluster.broken.add("/v2/queue"),
    () => this.cluster.broken.add("/v2/apps"),
    () => {
      this.cluster.refusal = "no room left";
    },
    () => {
      this.store.writesLeft = this.#random.below(4);
    },
    () => {
      this.#controller = undefined;
    },
    () => {
      this.#controller = undefined;
      this.now += (this.#random.below(3) - 1) * 86_400_000;
    },
    () => {
      const [name] = this.cluster.members.slice(this.#random.below(this.cluster.members.length + 1));
      if (name !== undefined) this.cluster.kill(name);
    },
    () => {
      const app = this.cluster.apps[this.#random.below(2)];
      if (app === undefined) return;
      app.instances = 1 + this.#random.below(6);
      app.tasks = app.tasks.slice(0, app.instances);
      this.cluster.schedule();
    },
    () => {
      this.cluster.locks = this.#random.below(3);
    },
  ];

  /** A round in which something goes wrong, and is well again afterwards. */
  async round(): Promise<void> {
    if (this.#random.below(3) > 0) this.#faults[this.#random.below(this.#faults.length)]?.();
    await this.calm();
    this.cluster.broken.clear();
    this.cluster.refusal = undefined;
    this.cluster.locks = 0;
    this.store.writesLeft = Number.POSITIVE_INFINITY;
  }

  async calm(): Promise<void> {
    this.now += 5_000;
    this.#controller ??= this.#made();
    try {
      await this.#controller.reconcile(signal);
    } catch (error) {
      assert.match(String(error), /the session is over/);
      this.#controller = undefined;
    }
    this.cluster.schedule();
  }

  #made(): GroupsController {
    return new GroupsController({
      store: new PoolStore(this.store, "c"),
      mesos: new MesosClient({ masters: [this.#address], electionMs: 0 }),
      marathon: new MarathonClient({ urls: [`http://${this.#address}`], electionMs: 0 }),
      marathonName: "marathon",
      backend: this.cluster.backend(),
      clock: { now: () => this.now, wall: () => this.now, pause: async () => {} },
      log: { info() {}, warn() {} },
    });
  }
}

describe("a group that sizes itself in bad times", function () {
  this.timeout(120_000);

  for (let seed = 1; seed <= seeds; seed++) {
    it(`ends nobody twice or undrained, keeps its bounds and comes to rest (seed ${seed})`, async () => {
      const storm = new Storm(seed);
      await storm.begin();
      const { cluster } = storm;
      try {
        for (let n = 0; n < rounds; n++) {
          await storm.round();
          assert.ok(cluster.members.length <= 6, "never more than max");
        }
        const needed = Math.ceil(cluster.apps.reduce((sum, { instances }) => sum + instances, 0) / 2);
        for (let n = 0; n < 100 && (n < 10 || cluster.members.length !== needed); n++) await storm.calm();
        assert.deepEqual(cluster.harm, []);
        assert.deepEqual(
          cluster.apps.map(({ instances, tasks }) => tasks.length === instances),
          [true, true],
        );
        assert.equal(cluster.members.length, needed);
        assert.ok(
          cluster.calls.some((call) => call.startsWith("terminate")),
          "some have left on the way",
        );
        assert.ok(cluster.agents.every(({ deactivated }) => !deactivated));
      } finally {
        await cluster.close();
      }
    });
  }
});
