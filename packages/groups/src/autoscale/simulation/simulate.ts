// SPDX-License-Identifier: Apache-2.0
import type { World } from "../world";
import { type SimAgent, SimCluster, type SimTask } from "./cluster";
import { EventQueue } from "./event-queue";
import { Meter, type Result, type Terms } from "./meter";
import { Random } from "./random";
import type { Trace, TraceGroup } from "./trace";

/** What an autoscaler asks of a group. */
export interface Order {
  readonly size: number;
  readonly leave: readonly string[];
  readonly end: readonly string[];
}

/** An autoscaler under simulation; it keeps its own memory. */
export interface Autoscaler {
  readonly name: string;
  /** How often it decides. */
  readonly periodSeconds: number;
  /** What still runs on an agent that leaves is killed so long after it was told to. */
  readonly killAfterSeconds: number;
  /** Whether an agent that leaves ends as soon as it is empty, or when it is asked to. */
  readonly endsWhenEmpty: boolean;
  decide(world: World): Readonly<Record<string, Order>>;
}

type Event =
  | { readonly kind: "arrival"; readonly index: number }
  | { readonly kind: "over"; readonly task: SimTask; readonly run: number }
  | { readonly kind: "ready" }
  | { readonly kind: "loss"; readonly index: number }
  | { readonly kind: "reclaim"; readonly agent: SimAgent }
  | { readonly kind: "tick" };

const tickSeconds = 10;
/** From the order to leave until a task of a service runs, healthy, elsewhere. */
const moveSeconds = 30;

/** Replays a trace against an autoscaler in simulated time; the same arguments give the same result. */
export function simulate(trace: Trace, autoscaler: Autoscaler, terms: readonly Terms[], seed = 1): Result {
  return new Simulation(trace, autoscaler, terms, seed).run();
}

class Simulation {
  readonly #trace: Trace;
  readonly #autoscaler: Autoscaler;
  readonly #cluster: SimCluster;
  readonly #events = new EventQueue<Event>();
  readonly #meter: Meter;
  readonly #random: Random;
  readonly #refused: { at: number | undefined; until: number }[];
  #now = 0;
  #decidedAt = Number.NEGATIVE_INFINITY;

  constructor(trace: Trace, autoscaler: Autoscaler, terms: readonly Terms[], seed: number) {
    this.#trace = trace;
    this.#autoscaler = autoscaler;
    this.#random = new Random(seed);
    this.#cluster = new SimCluster(trace, this.#random);
    this.#meter = new Meter(trace, terms);
    this.#refused = trace.groups.map(() => ({ at: undefined, until: 0 }));
  }

  run(): Result {
    const { groups, tasks, losses = [], seconds } = this.#trace;
    groups.forEach(({ start }, g) => {
      for (let i = 0; i < start; i++) this.#cluster.start(g, 0, 0);
    });
    if (tasks.length > 0) this.#events.add(tasks[0]?.[0] ?? 0, { kind: "arrival", index: 0 });
    losses.forEach(({ at }, index) => {
      this.#events.add(at, { kind: "loss", index });
    });
    this.#events.add(0, { kind: "tick" });
    while (this.#events.next <= seconds) {
      const at = this.#events.next;
      this.#meter.advance(at, this.#cluster.waitingCount);
      this.#now = at;
      while (this.#events.next === at) this.#handle(this.#events.take());
      this.#cluster.placeWaiting(at, (task) => this.#began(task));
    }
    this.#meter.advance(seconds, this.#cluster.waitingCount);
    for (const agent of this.#cluster.agents) this.#meter.paid(agent.group, agent.startedAt, seconds);
    return this.#meter.result(this.#autoscaler.name);
  }

  #handle(event: Event | undefined): void {
    if (event?.kind === "arrival") this.#arrive(event.index);
    else if (event?.kind === "over") this.#finish(event.task, event.run);
    else if (event?.kind === "loss") this.#lose(event.index);
    else if (event?.kind === "reclaim") this.#endAgent(event.agent);
    else if (event?.kind === "tick") this.#tick();
  }

  #arrive(index: number): void {
    const [at = 0, app = 0, seconds = 0] = this.#trace.tasks[index] ?? [];
    const task: SimTask = { app, until: at + seconds, seconds, agent: undefined, run: 0 };
    this.#cluster.enqueue(task);
    if (this.#trace.apps[app]?.kind === "service")
      this.#events.add(task.until, { kind: "over", task, run: -1 });
    const next = this.#trace.tasks[index + 1]?.[0];
    if (next !== undefined) this.#events.add(next, { kind: "arrival", index: index + 1 });
  }

  #began(task: SimTask): void {
    if (this.#trace.apps[task.app]?.kind !== "batch") return;
    this.#events.add(this.#now + task.seconds, { kind: "over", task, run: task.run });
  }

  /** A task ends; `run` is -1 for the end of a service, whichever agent it is on. */
  #finish(task: SimTask, run: number): void {
    if (run >= 0 && (task.agent === undefined || task.run !== run)) return;
    if (task.agent === undefined) this.#cluster.forget(task);
    else this.#cluster.takeOff(task);
  }

  #lose(index: number): void {
    const loss = this.#trace.losses?.[index];
    const group = this.#trace.groups.findIndex(({ name }) => name === loss?.group);
    const refused = this.#refused[group];
    if (loss === undefined || refused === undefined) return;
    refused.until = this.#now + loss.refusedSeconds;
    const agents = this.#cluster.agents.filter((agent) => agent.group === group && !agent.doomed);
    const count = Math.round(agents.length * loss.share);
    for (let i = 0; i < count; i++) {
      const [agent] = agents.splice(this.#random.below(agents.length), 1);
      if (agent === undefined) break;
      agent.doomed = true;
      this.#events.add(this.#now + loss.noticeSeconds, { kind: "reclaim", agent });
    }
  }

  /** Ends an agent; what runs on it is killed. */
  #endAgent(agent: SimAgent): void {
    if (agent.isGone) return;
    for (const task of this.#cluster.end(agent)) this.#kill(task);
    this.#meter.paid(agent.group, agent.startedAt, this.#now);
    this.#meter.changed(this.#now);
  }

  #kill(task: SimTask): void {
    this.#meter.killed(this.#now);
    this.#cluster.enqueue(task);
  }

  #tick(): void {
    this.#cluster.placeWaiting(this.#now, (task) => this.#began(task));
    this.#moveTasks();
    const { periodSeconds, endsWhenEmpty } = this.#autoscaler;
    if (this.#now - this.#decidedAt >= periodSeconds) {
      this.#decidedAt = this.#now;
      this.#follow();
    }
    if (endsWhenEmpty) {
      for (const agent of [...this.#cluster.agents]) {
        if (agent.leavingSince !== undefined && agent.tasks.size === 0) this.#endAgent(agent);
      }
    }
    this.#events.add(this.#now + tickSeconds, { kind: "tick" });
  }

  /** Services of agents that leave or are about to be lost go where there is room; what stays for too long is killed. */
  #moveTasks(): void {
    for (const agent of [...this.#cluster.agents]) {
      const since = agent.doomed ? Number.NEGATIVE_INFINITY : agent.leavingSince;
      if (since === undefined || this.#now - since < moveSeconds) continue;
      for (const task of [...agent.tasks]) {
        if (this.#trace.apps[task.app]?.kind !== "service") continue;
        const target = this.#cluster.find(task.app, this.#now);
        if (target === undefined) continue;
        this.#cluster.takeOff(task);
        this.#cluster.put(task, target);
        this.#meter.moved(this.#now);
      }
      if (agent.doomed || this.#now - since < this.#autoscaler.killAfterSeconds) continue;
      for (const task of [...agent.tasks]) {
        this.#cluster.takeOff(task);
        this.#kill(task);
      }
    }
  }

  #follow(): void {
    const orders = this.#autoscaler.decide({
      now: this.#now * 1000,
      groups: this.#trace.groups.map((group, g) => this.#groupView(group, g)),
      ...this.#cluster.view(this.#now),
    });
    this.#trace.groups.forEach(({ name, bootSeconds }, g) => {
      const order = orders[name];
      if (order !== undefined) this.#obey(order, g, bootSeconds);
    });
  }

  #groupView({ name, cpus, mem, attributes = {} }: TraceGroup, g: number): World["groups"][number] {
    const size = this.#cluster.agents.filter(
      (a) => a.group === g && a.leavingSince === undefined && !a.doomed,
    ).length;
    const refusedAt = this.#refused[g]?.at;
    return {
      name,
      size,
      attributes,
      resources: { cpus, mem, disk: 0, gpus: 0 },
      ...(refusedAt === undefined ? {} : { refusedAt: refusedAt * 1000 }),
    };
  }

  #obey({ size, leave, end }: Order, g: number, bootSeconds: number): void {
    const [leaving, ending] = [new Set(leave), new Set(end)];
    let stays = 0;
    for (const agent of this.#cluster.agents.filter((a) => a.group === g && !a.doomed)) {
      if (leaving.has(agent.id)) agent.leavingSince ??= this.#now;
      else agent.leavingSince = undefined;
      if (ending.has(agent.id) && agent.tasks.size === 0) this.#endAgent(agent);
      else if (agent.leavingSince === undefined) stays++;
    }
    const refused = this.#refused[g];
    if (size > stays && refused !== undefined && this.#now < refused.until) {
      refused.at = this.#now;
      return;
    }
    for (; stays < size; stays++) {
      const agent = this.#cluster.start(g, this.#now, this.#now + bootSeconds);
      this.#events.add(agent.readyAt, { kind: "ready" });
      this.#meter.changed(this.#now);
    }
  }
}
