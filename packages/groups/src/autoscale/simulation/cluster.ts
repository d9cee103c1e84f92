// SPDX-License-Identifier: Apache-2.0
import { satisfies } from "../constraints";
import { epsilon } from "../shapes";
import type { Constraint, SizedAgent, Work } from "../world";
import type { Random } from "./random";
import type { Trace, TraceApp, TraceGroup } from "./trace";

export interface SimTask {
  readonly app: number;
  /** Of a service: when it is not wanted any more; of a batch: how long it runs. */
  readonly until: number;
  readonly seconds: number;
  agent: SimAgent | undefined;
  /** Counts placements, so that an end that was meant for an earlier one is known. */
  run: number;
}

export interface SimAgent {
  readonly id: string;
  readonly group: number;
  readonly startedAt: number;
  readonly readyAt: number;
  readonly tasks: Set<SimTask>;
  cpus: number;
  mem: number;
  /** Since when it leaves. */
  leavingSince: number | undefined;
  doomed: boolean;
  isGone: boolean;
}

/** Agents and tasks of a simulated cluster; who goes where is left to luck, as with Mesos' shuffled offers. */
export class SimCluster {
  readonly trace: Trace;
  readonly agents: SimAgent[] = [];
  /** By app. */
  readonly waiting: SimTask[][];
  readonly running: Set<SimTask>[];
  waitingCount = 0;
  readonly #random: Random;
  readonly #eligible: boolean[][];
  #named = 0;

  constructor(trace: Trace, random: Random) {
    this.trace = trace;
    this.#random = random;
    this.waiting = trace.apps.map(() => []);
    this.running = trace.apps.map(() => new Set<SimTask>());
    this.#eligible = trace.apps.map((app) =>
      trace.groups.map((group) => satisfies(constraintsOf(app), group.attributes ?? {}, undefined)),
    );
  }

  start(group: number, now: number, readyAt: number): SimAgent {
    const { name, cpus, mem } = this.trace.groups[group] as TraceGroup;
    const agent: SimAgent = {
      id: `${name}-${++this.#named}`,
      group,
      startedAt: now,
      readyAt,
      tasks: new Set(),
      cpus,
      mem,
      leavingSince: undefined,
      doomed: false,
      isGone: false,
    };
    this.agents.push(agent);
    return agent;
  }

  /** Takes the agent away and gives back the tasks that it had. */
  end(agent: SimAgent): SimTask[] {
    const tasks = [...agent.tasks];
    for (const task of tasks) this.takeOff(task);
    agent.isGone = true;
    this.agents.splice(this.agents.indexOf(agent), 1);
    return tasks;
  }

  enqueue(task: SimTask): void {
    this.waiting[task.app]?.push(task);
    this.waitingCount++;
  }

  /** Takes a task out of its queue that is not wanted any more. */
  forget(task: SimTask): void {
    const queue = this.waiting[task.app];
    const i = queue?.indexOf(task) ?? -1;
    if (i < 0) return;
    queue?.splice(i, 1);
    this.waitingCount--;
  }

  takeOff(task: SimTask): void {
    const { agent } = task;
    if (agent === undefined) return;
    const app = this.trace.apps[task.app] as TraceApp;
    agent.cpus += app.cpus;
    agent.mem += app.mem;
    agent.tasks.delete(task);
    this.running[task.app]?.delete(task);
    task.agent = undefined;
  }

  /** Places what waits as far as there is room; `placed` hears of each. */
  placeWaiting(now: number, placed: (task: SimTask) => void): void {
    if (this.waitingCount === 0) return;
    this.waiting.forEach((queue, app) => {
      let done = 0;
      for (const task of queue) {
        const agent = this.find(app, now);
        if (agent === undefined) break;
        this.put(task, agent);
        placed(task);
        done++;
      }
      queue.splice(0, done);
      this.waitingCount -= done;
    });
  }

  /** An agent with room for a task of the app: the first from a random one on. */
  find(app: number, now: number): SimAgent | undefined {
    const { cpus, mem } = this.trace.apps[app] as TraceApp;
    const eligible = this.#eligible[app] ?? [];
    const n = this.agents.length;
    const first = n === 0 ? 0 : this.#random.below(n);
    for (let i = 0; i < n; i++) {
      const agent = this.agents[(first + i) % n] as SimAgent;
      if (agent.cpus + epsilon < cpus || agent.mem + epsilon < mem || agent.readyAt > now) continue;
      if (agent.leavingSince === undefined && !agent.doomed && eligible[agent.group] === true) return agent;
    }
    return undefined;
  }

  put(task: SimTask, agent: SimAgent): void {
    const app = this.trace.apps[task.app] as TraceApp;
    agent.cpus -= app.cpus;
    agent.mem -= app.mem;
    agent.tasks.add(task);
    this.running[task.app]?.add(task);
    task.agent = agent;
    task.run++;
  }

  /** As a policy sees it; times are in ms. */
  view(now: number): {
    readonly agents: SizedAgent[];
    readonly works: Work[];
    readonly waiting: Map<string, number>;
  } {
    const agents = this.agents.map(
      (agent): SizedAgent => ({
        id: agent.id,
        group: this.trace.groups[agent.group]?.name ?? "",
        state: agent.readyAt > now ? "booting" : "ready",
        startedAt: agent.startedAt * 1000,
        leaving: agent.leavingSince !== undefined,
        doomed: agent.doomed,
      }),
    );
    const waiting = new Map<string, number>();
    const works = this.trace.apps.flatMap((app, i): Work[] => {
      const n = this.waiting[i]?.length ?? 0;
      const running = this.running[i] as Set<SimTask>;
      if (n > 0) waiting.set(app.id, n);
      if (n === 0 && running.size === 0) return [];
      const need = { cpus: app.cpus, mem: app.mem, disk: 0, gpus: 0 };
      const on = Array.from(running, ({ agent }) => agent?.id ?? "");
      return [{ id: app.id, kind: app.kind, need, constraints: constraintsOf(app), on, ailing: false }];
    });
    return { agents, works, waiting };
  }
}

function constraintsOf({ attributes = {} }: TraceApp): Constraint[] {
  return Object.entries(attributes).map(([field, value]) => [field, "CLUSTER", value]);
}
