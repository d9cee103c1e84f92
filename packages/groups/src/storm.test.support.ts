// SPDX-License-Identifier: Apache-2.0
// Seeded storms: the controller, its clients and its backend for AWS as they are, in a world in which things go wrong, in
// simulated time. Only the services that they talk to are in memory: a master, a Marathon, ZooKeeper and an auto-scaling group.
import { MarathonClient, MesosClient } from "@pulumi-mesos/client";
import { type AgentPoolDeclaration, isMesosError } from "@pulumi-mesos/model";
import { Random } from "./autoscale/simulation/random";
import { awsBackend, type Machine } from "./backends/aws";
import { FakeAws } from "./backends/fake-aws.test.support";
import type { Clock } from "./clock";
import { GroupsController } from "./controller";
import { FakeCluster, MemoryStore } from "./fake-cluster.test.support";
import { noticeMs } from "./notice";
import { movesPath, PoolStore } from "./pool-store";

const pool = "/pulumi-mesos/c/pools/web";
const group = "p-s-web";
const largest = 6;
/** Rounds with faults, and rounds within which all must be well again. */
const rounds = 60;
const calmRounds = 400;
const dayMs = 86_400_000;

/** Time that passes only when a storm says so. */
class SimulatedTime {
  elapsed = 0;
  /** How far the clock on the wall is from where it was. */
  jumped = 0;
  readonly #pauses = new Set<{ readonly until: number; readonly over: () => void }>();

  get wall(): number {
    return 1_800_000_000_000 + this.elapsed + this.jumped;
  }

  /** The clock of a program that begins now. */
  clock(): Clock {
    const began = this.wall - this.elapsed;
    return {
      now: () => began + this.elapsed,
      wall: () => this.wall,
      pause: (ms, wake) =>
        new Promise((resolve) => {
          const over = (): void => {
            this.#pauses.delete(pause);
            wake.removeEventListener("abort", over);
            resolve();
          };
          const pause = { until: this.elapsed + ms, over };
          this.#pauses.add(pause);
          wake.addEventListener("abort", over, { once: true });
          if (wake.aborted) over();
        }),
    };
  }

  async pass(ms: number): Promise<void> {
    this.elapsed += ms;
    for (const pause of [...this.#pauses]) if (pause.until <= this.elapsed) pause.over();
    // Whoever goes on has asked what it asks, and pauses again or is done.
    for (let turn = 0; turn < 40; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

interface Program {
  readonly controller: GroupsController;
  readonly store: MemoryStore;
  readonly stop: AbortController;
}

/** One storm: what happened in it, and what was wrong. */
export class Storm {
  readonly #cluster = new FakeCluster();
  readonly #nodes = new MemoryStore();
  readonly #aws = new FakeAws(group, "lt-1:1");
  readonly #time = new SimulatedTime();
  readonly #random: Random;
  /** Agents that each machine has had. */
  readonly #registered = new Set<string>();
  /** Machines that died or were taken, by no doing of the controller, and when those with a notice are. */
  readonly #struck = new Set<string>();
  readonly #taken = new Map<string, number>();
  readonly #harm: string[] = [];
  readonly #log: string[] = [];
  #size = 3;
  #template = 1;
  #address = "";
  #program: Program | undefined;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#aws.hooks = true;
    this.#aws.onEnd = (machine) => {
      const here = this.#cluster.agents.filter(({ host }) => host === machine.address);
      if (here.some(({ drained }) => drained !== true))
        this.#harm.push(`${machine.id} (${machine.member}) ended before it was drained`);
    };
    this.#cluster.isKept = (host) => this.#aws.live().some(({ address }) => address === host);
    this.#cluster.mayForce = (host) => {
      const machine = this.#aws.live().find(({ address }) => address === host);
      const left = (this.#taken.get(machine?.id ?? "") ?? Number.POSITIVE_INFINITY) - this.#time.elapsed;
      // A clock that jumped may make the controller hurry, but for nobody without a notice.
      return left < noticeMs + 1000;
    };
  }

  /** What is wrong after it; nothing when all held. */
  async play(): Promise<readonly string[]> {
    this.#address = await this.#cluster.listen();
    try {
      await this.#declare();
      this.#cluster.apps = ["/a", "/b"].map((id) => ({ id, instances: 2, cpus: 0.5, mem: 64, tasks: [] }));
      for (let n = 0; n < 15; n++) await this.#round();
      for (let n = 0; n < rounds; n++) {
        if (this.#random.below(3) === 0) this.#strike();
        await this.#round();
        if (this.#random.below(4) === 0) this.#heal();
      }
      this.#heal();
      this.#log.push("the faults end");
      for (let n = 0; n < calmRounds && (n < 20 || this.#wrong().length > 0); n++) await this.#round();
      return [...this.#harm, ...this.#aws.harm, ...this.#cluster.harm, ...this.#wrong()];
    } finally {
      this.#program?.stop.abort();
      await this.#time.pass(0);
      await this.#cluster.close();
    }
  }

  /** What happened, for whoever looks for a fault. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** What is not as it should be in the end. */
  #wrong(): string[] {
    const { agents, apps } = this.#cluster;
    const live = this.#aws.live();
    const hosts = live.map(({ address }) => address);
    const is = (what: string, holds: boolean): string[] => (holds ? [] : [what]);
    return [
      ...is(`${live.length} of ${this.#size} machines`, live.length === this.#size),
      ...is(`the group desires ${this.#aws.desired}`, this.#aws.desired === this.#size),
      ...is(
        `machines wait: ${JSON.stringify(this.#aws.waiting)}`,
        Object.keys(this.#aws.waiting).length === 0,
      ),
      ...live.flatMap((m) =>
        is(
          `${m.id} is nobody's or ${m.launched}`,
          m.template !== undefined && m.launched === `lt-1:${this.#template}`,
        ),
      ),
      ...is(`${agents.length} agents at ${agents.map(({ host }) => host)}`, agents.length === this.#size),
      ...agents.flatMap((a) =>
        is(`${a.host} is without a machine or tasks`, hosts.includes(a.host) && !a.deactivated),
      ),
      ...apps.flatMap((app) =>
        is(
          `${app.id} has ${app.tasks.length} of ${app.instances}`,
          app.tasks.length === app.instances && app.instances === 2,
        ),
      ),
      ...is("tasks are on their way", this.#document(movesPath("c")) === "{}"),
      ...is(this.#document(`${pool}/status`), this.#document(`${pool}/status`).includes('"settled":true')),
    ];
  }

  #document(path: string): string {
    return this.#nodes.nodes.get(path)?.data.toString() ?? "{}";
  }

  async #declare(): Promise<void> {
    const declaration: AgentPoolDeclaration = {
      ...{ name: "web", size: this.#size, backend: { kind: "aws", group } },
      template: { command: ["mesos-agent"], launchTemplate: `lt-1:${this.#template}` },
      drain: { graceSeconds: 5, timeoutSeconds: 600 },
    };
    const data = Buffer.from(JSON.stringify(declaration));
    if (this.#nodes.nodes.has(pool)) await this.#nodes.set(pool, data);
    else await this.#nodes.create(pool, data);
  }

  readonly #faults: Readonly<Record<string, () => void>> = {
    "AWS throttles": () => {
      this.#aws.throttled = 1 + this.#random.below(6);
    },
    "AWS tells what was": () => {
      this.#aws.stale = 1 + this.#random.below(4);
    },
    "AWS has no capacity": () => {
      this.#aws.exhausted = true;
    },
    "no master leads": () => this.#cluster.broken.add(this.#random.pick(["GET_AGENTS", "GET_TASKS"])),
    "another master leads": () => {
      this.#cluster.recovering = true;
    },
    "Marathon is down": () => this.#cluster.broken.add("/v2/apps"),
    "an app is locked": () => {
      this.#cluster.locks = 1 + this.#random.below(3);
    },
    "ZooKeeper is lost": () => {
      if (this.#program !== undefined) this.#program.store.writesLeft = this.#random.below(4);
    },
    "the controller is killed": () => this.#end(),
    "the clock jumps": () => {
      this.#time.jumped += (this.#random.below(3) - 1) * this.#random.pick([60_000, dayMs]);
      if (this.#random.below(2) === 0) this.#end();
    },
    "a machine dies": () => this.#die(this.#victim()),
    "a machine dies while it is drained": () => {
      const leaving = Object.keys(
        (JSON.parse(this.#document(`${pool}/state`)) as { leaving?: object }).leaving ?? {},
      );
      this.#die(this.#aws.live().find(({ member = "" }) => leaving.includes(member)));
    },
    "a spot machine is interrupted": () => this.#interrupt(this.#victim()),
    "a spot machine is interrupted while the group grows": () => {
      this.#resize(largest);
      this.#interrupt(this.#victim());
    },
    "a spot machine may be interrupted": () => {
      const machine = this.#victim();
      if (machine !== undefined && machine.notice === undefined) this.#aws.say(machine.id, "rebalance");
    },
    "somebody ends a machine": () => {
      const machine = this.#victim();
      if (machine === undefined) return;
      this.#aws.endByHand(machine.id);
      this.#aws.say(machine.id, "termination");
    },
    "the size changes": () => this.#resize(1 + this.#random.below(largest)),
    "the template changes": () => {
      this.#template++;
      this.#aws.launches = `lt-1:${this.#template}`;
      void this.#declare();
    },
  };

  #strike(): void {
    const fault = this.#random.pick(Object.keys(this.#faults));
    this.#log.push(`${this.#time.elapsed / 1000} s: ${fault}`);
    this.#faults[fault]?.();
  }

  #heal(): void {
    this.#aws.throttled = 0;
    this.#aws.stale = 0;
    this.#aws.exhausted = false;
    this.#cluster.broken.clear();
    this.#cluster.recovering = false;
    this.#cluster.locks = 0;
  }

  #victim(): Machine | undefined {
    const live = this.#aws.live().filter(({ member }) => member !== undefined);
    return live.length === 0 ? undefined : this.#random.pick(live);
  }

  #die(machine: Machine | undefined): void {
    if (machine === undefined) return;
    this.#log.push(`  ${machine.id} (${machine.member})`);
    this.#struck.add(machine.id);
    this.#cluster.lose(machine.address ?? "");
    this.#aws.kill(machine.id);
  }

  #interrupt(machine: Machine | undefined): void {
    if (machine === undefined || this.#taken.has(machine.id)) return;
    this.#log.push(`  ${machine.id} (${machine.member})`);
    this.#taken.set(machine.id, this.#time.elapsed + noticeMs);
    this.#aws.say(machine.id, `interruption ${new Date(this.#time.wall + noticeMs).toISOString()}`);
  }

  #resize(size: number): void {
    this.#size = size;
    void this.#declare();
  }

  /** The controller's process ends: what it has asked for is carried out, and no more. */
  #end(): void {
    this.#program?.stop.abort();
    this.#program = undefined;
  }

  async #round(): Promise<void> {
    this.#program ??= this.#begin();
    const { controller, stop } = this.#program;
    try {
      await controller.reconcile(stop.signal);
    } catch (error) {
      const isOver = isMesosError(error) && error.code === "MESOS_ZOOKEEPER_EXPIRED";
      // Whatever fails in a round but a look at Mesos or Marathon ends the program, which is started again.
      if (!isOver && !String(error).includes("Throttling")) throw error;
      this.#end();
    }
    for (let second = 0; second < 2; second++) {
      this.#aws.step();
      await this.#time.pass(1000);
      this.#machinesAndAgents();
    }
  }

  /** Machines whose time is over are taken; agents come with a machine of a member, and go with it. */
  #machinesAndAgents(): void {
    for (const machine of this.#aws.live())
      if ((this.#taken.get(machine.id) ?? Number.POSITIVE_INFINITY) <= this.#time.elapsed) this.#die(machine);
    const live = this.#aws.live();
    for (const { id, state, member, address = "" } of live) {
      if (state !== "running" || member === undefined || this.#registered.has(id)) continue;
      this.#registered.add(id);
      this.#cluster.register(address);
    }
    for (const { host, drained } of this.#cluster.agents.filter(
      (agent) => !live.some((m) => m.address === agent.host),
    )) {
      if (drained !== true) this.#harm.push(`the machine of ${host} is gone, and it was not drained`);
      this.#cluster.lose(host);
    }
    this.#cluster.schedule();
  }

  #begin(): Program {
    // Its session alone is over when it is.
    const store = this.#nodes.session();
    const clock = this.#time.clock();
    const controller = new GroupsController({
      store: new PoolStore(store, "c"),
      mesos: new MesosClient({ masters: [this.#address], electionMs: 0 }),
      marathon: new MarathonClient({ urls: [`http://${this.#address}`], electionMs: 0 }),
      marathonName: "marathon",
      backend: awsBackend(this.#aws, clock),
      clock,
      log: {
        info: (details, message) => this.#log.push(`    ${message} ${JSON.stringify(details)}`),
        warn: (details, message) => this.#log.push(`    ${message} ${JSON.stringify(details)}`),
      },
    });
    return { controller, store, stop: new AbortController() };
  }
}
