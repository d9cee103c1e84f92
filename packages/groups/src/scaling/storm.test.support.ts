// SPDX-License-Identifier: Apache-2.0
// Seeded bad times of a group that sizes itself: the controller and its clients as they are, in simulated time; only the
// services that they talk to are in memory.
import { MarathonClient, MesosClient } from "@pulumi-mesos/client";
import type { AutoscalePolicy } from "@pulumi-mesos/model";
import { Random } from "../autoscale/simulation/random";
import { GroupsController } from "../controller";
import { FakeCluster, MemoryStore } from "../fake-cluster.test.support";
import { noticeMs } from "../notice";
import { PoolStore } from "../pool-store";
import { declarationOf } from "../small-world.test.support";

const signal = new AbortController().signal;
/** Rounds with faults, and rounds within which all must be well again. */
const rounds = 30;
const calmRounds = 100;
const largest = 6;
const autoscale: AutoscalePolicy = {
  ...{ min: 1, max: largest, targetUtilization: 1, headroom: { maxShare: 0 } },
  scaleDown: { stabilizationSeconds: 30, cooldownSeconds: 0, maxStep: 6 },
};

/** One world, and everything that may go wrong in it. */
export class ScalingStorm {
  readonly #cluster = new FakeCluster();
  readonly #store = new MemoryStore();
  readonly #random: Random;
  readonly #wrong: string[] = [];
  #now = 1_000_000_000;
  #address = "";
  #controller: GroupsController | undefined;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /** What is wrong after it; nothing when all held. */
  async play(): Promise<readonly string[]> {
    await this.#begin();
    try {
      for (let n = 0; n < rounds; n++) {
        await this.#round();
        // One whose machine goes leaves while its replacement is there already.
        const count = this.#cluster.members.filter((name) => !this.#cluster.notices.has(name)).length;
        if (count > largest) this.#wrong.push(`${count} agents, of ${largest} at most`);
      }
      this.#cluster.maintenance = [];
      for (let n = 0; n < calmRounds && (n < 10 || this.#unsettled().length > 0); n++) await this.#calm();
      return [...this.#wrong, ...this.#cluster.harm, ...this.#unsettled()];
    } finally {
      await this.#cluster.close();
    }
  }

  /** How many agents have left on the way. */
  get left(): number {
    return this.#cluster.calls.filter((call) => call.startsWith("terminate")).length;
  }

  /** What is not as it should be in the end: as many agents as the tasks need, and every task on one. */
  #unsettled(): string[] {
    const { apps, agents, members } = this.#cluster;
    const needed = Math.max(1, Math.ceil(apps.reduce((sum, { instances }) => sum + instances, 0) / 2));
    const closed = agents.filter(({ deactivated }) => deactivated);
    return [
      ...(members.length === needed ? [] : [`${members.length} agents, needed ${needed}`]),
      ...apps.flatMap(({ id, instances, tasks }) =>
        tasks.length === instances ? [] : [`${id} has ${tasks.length} of ${instances}`],
      ),
      ...closed.map(({ host }) => `${host} takes no tasks`),
    ];
  }

  async #begin(): Promise<void> {
    this.#address = await this.#cluster.listen();
    this.#cluster.mayForce = (host) =>
      [...this.#cluster.notices.keys()].some((name) => host.endsWith(`.${name.slice("web-".length)}`));
    const declaration = { ...declarationOf(0), autoscale };
    await this.#store.create("/pulumi-mesos/c/pools/web", Buffer.from(JSON.stringify(declaration)));
    this.#cluster.apps = ["/a", "/b"].map((id) => ({ id, instances: 1, cpus: 1, mem: 64, tasks: [] }));
  }

  readonly #faults: readonly (() => void)[] = [
    () => this.#cluster.broken.add("GET_AGENTS"),
    () => this.#cluster.broken.add("GET_TASKS"),
    () => this.#cluster.broken.add("/v2/queue"),
    () => this.#cluster.broken.add("/v2/apps"),
    () => {
      this.#cluster.refusal = "no room left";
    },
    () => {
      this.#store.writesLeft = this.#random.below(4);
    },
    () => {
      this.#controller = undefined;
    },
    () => {
      this.#controller = undefined;
      this.#now += (this.#random.below(3) - 1) * 86_400_000;
    },
    () => {
      const [name] = this.#cluster.members.slice(this.#random.below(this.#cluster.members.length + 1));
      if (name !== undefined) this.#cluster.kill(name);
    },
    () => {
      const app = this.#cluster.apps[this.#random.below(2)];
      if (app === undefined) return;
      app.instances = 1 + this.#random.below(6);
      app.tasks = app.tasks.slice(0, app.instances);
      this.#cluster.schedule();
    },
    () => {
      this.#cluster.locks = this.#random.below(3);
    },
    () => {
      this.#cluster.recovering = true;
    },
    () => this.#interrupt(),
    () => {
      // A crowd comes at the same time.
      this.#interrupt();
      for (const app of this.#cluster.apps) {
        app.instances = 5;
        app.tasks = app.tasks.slice(0, app.instances);
      }
      this.#cluster.schedule();
    },
    () => {
      const hosts = this.#cluster.agents.map(({ host }) => host);
      const hostname = hosts[this.#random.below(hosts.length)];
      if (hostname === undefined) return;
      const unavailability = { start: { nanoseconds: (this.#now + 60_000) * 1e6 } };
      this.#cluster.maintenance = [{ machine_ids: [{ hostname }], unavailability }];
    },
    () => {
      this.#cluster.maintenance = [];
    },
  ];

  /** A member's machine is told that it is taken in two minutes. */
  #interrupt(): void {
    const [name] = this.#cluster.members.slice(this.#random.below(this.#cluster.members.length + 1));
    if (name === undefined || this.#cluster.notices.has(name)) return;
    this.#cluster.notices.set(name, { kind: "interruption", until: this.#now + noticeMs });
  }

  /** Machines whose time is over are taken, whatever is on them. */
  #take(): void {
    for (const [name, { until = 0 }] of this.#cluster.notices)
      if (until <= this.#now && !this.#cluster.dead.has(name)) this.#cluster.kill(name);
  }

  /** A round in which something goes wrong, and is well again afterwards. */
  async #round(): Promise<void> {
    if (this.#random.below(3) > 0) this.#faults[this.#random.below(this.#faults.length)]?.();
    await this.#calm();
    this.#cluster.broken.clear();
    this.#cluster.refusal = undefined;
    this.#cluster.locks = 0;
    this.#cluster.recovering = false;
    this.#store.writesLeft = Number.POSITIVE_INFINITY;
  }

  async #calm(): Promise<void> {
    this.#now += 5_000;
    this.#take();
    this.#controller ??= this.#made();
    try {
      await this.#controller.reconcile(signal);
    } catch (error) {
      if (!String(error).includes("the session is over")) throw error;
      this.#controller = undefined;
    }
    this.#cluster.schedule();
  }

  #made(): GroupsController {
    return new GroupsController({
      store: new PoolStore(this.#store, "c"),
      mesos: new MesosClient({ masters: [this.#address], electionMs: 0 }),
      marathon: new MarathonClient({ urls: [`http://${this.#address}`], electionMs: 0 }),
      marathonName: "marathon",
      backend: this.#cluster.backend(),
      clock: { now: () => this.#now, wall: () => this.#now, pause: async () => {} },
      log: { info() {}, warn() {} },
    });
  }
}
