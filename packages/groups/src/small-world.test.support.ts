// SPDX-License-Identifier: Apache-2.0
// A cluster in memory, one round of the controller at a time: what the tests of the plans run against.
import {
  type AgentPoolDeclaration,
  agentChange,
  type PoolTemplate,
  templateDigest,
} from "@pulumi-mesos/model";
import {
  type Agent,
  type App,
  type Applied,
  type Member,
  nothingYet,
  type PoolState,
  type Task,
} from "./observed";
import { type Action, type PoolPlan, planPool } from "./plan";
import { type Move, type MoveStep, planMoves } from "./plan-moves";
import type { PoolView } from "./pool-view";
import { poolStatus } from "./status";
import { countTasks } from "./world";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface WorldApp extends Mutable<Omit<App, "tasks" | "deployments">> {
  tasks: Mutable<Task>[];
  deployments: string[];
  /** Its instances before anybody moved them. */
  declared: number;
}

/** What agents run; a `flag` of another value needs a restart, `cpus` that grow are additive, another `rack` replaces. */
export function templateOf({ flag = "", cpus = 1, rack = "a" } = {}): PoolTemplate {
  const resources = `--resources=cpus:${cpus};ports:[{ports}]`;
  const more = ["--reconfiguration_policy=additive", ...(flag === "" ? [] : [`--flag=${flag}`])];
  return { command: ["mesos-agent", "--ip={address}", resources, `--attributes=rack:${rack}`, ...more] };
}

export function declarationOf(size: number): AgentPoolDeclaration {
  return {
    name: "web",
    size,
    template: { command: ["mesos-agent", "--ip={address}", "--resources=cpus:2;mem:1024;ports:[{ports}]"] },
    backend: { kind: "local", network: "127.81.9.0/24", taskPorts: [31000, 31999], portsPerMember: 100 },
    drain: { graceSeconds: 5, timeoutSeconds: 600 },
  };
}

export class SmallWorld {
  declaration: AgentPoolDeclaration;
  version = 0;
  now = 1_000_000;
  state: PoolState = nothingYet;
  moves: Readonly<Record<string, Move>> = {};
  members: Mutable<Member>[] = [];
  agents: Mutable<Agent>[] = [];
  apps: WorldApp[] = [];
  /** Whether Marathon does not answer. */
  silent = false;
  /** Tasks of other frameworks, by agent; a drain ends them. */
  readonly foreign = new Map<string, number>();
  /** Whether tasks that are told to end do not. */
  stubborn = false;
  /** How many tasks fit on an agent. */
  room = 100;
  /** How many members fit. */
  capacity = 10;
  /** Templates whose members never become ready. */
  bad: (template: PoolTemplate) => boolean = () => false;
  /** The member that is being started. */
  starting = "";
  /** How many tasks were killed to run elsewhere. */
  kills = 0;
  /** On whose data each member runs: what it was made with, or last started with. */
  readonly #data = new Map<number, Applied>();
  /** What went wrong: an app below its minimum, a task lost with its agent. */
  readonly harm: string[] = [];
  /** Answers whether the controller dies before this effect. */
  cut: () => boolean = () => false;
  /** Members that did not come up, and why. */
  readonly failures = new Map<string, string>();
  #ids = 0;

  constructor(size: number) {
    this.declaration = declarationOf(size);
  }

  view(): PoolView {
    this.#count();
    return {
      declaration: this.declaration,
      version: this.version,
      state: this.state,
      size: this.declaration.size,
      most: this.declaration.size,
      members: this.members,
      agents: { registered: this.agents, recovering: [] },
      movable: this.silent ? undefined : countTasks(this.apps),
      ...(this.silent ? { unmovable: "nobody answers" } : {}),
      busy: new Set(),
      failures: this.failures,
      addressOf: (index) => `127.81.9.${index}`,
      capacity: this.capacity,
      now: this.now,
    };
  }

  declare(size: number, template: PoolTemplate = this.declaration.template): void {
    this.declaration = { ...this.declaration, size, template };
    this.version++;
    this.failures.clear();
  }

  run(app: Partial<WorldApp> & { id: string; instances: number }): WorldApp {
    const whole: WorldApp = {
      declared: app.instances,
      minimumHealthCapacity: 1,
      resident: false,
      guarded: false,
      tasks: [],
      deployments: [],
      ...app,
    };
    this.apps.push(whole);
    for (let n = 0; n < whole.instances; n++) this.#place(whole);
    for (const task of whole.tasks) task.healthy = true;
    this.tick();
    return whole;
  }

  /** One round as the controller does it; a cut ends it in the middle. */
  round(): { plan: PoolPlan; settled: boolean; message: string; failed: boolean } {
    const view = this.view();
    const plan = planPool(view);
    const next = this.silent ? undefined : planMoves(this.apps, new Set(plan.vacate), this.moves);
    const status = poolStatus(view, plan, next?.stuck ?? new Map());
    const result = { plan, ...status, settled: status.settled && Object.keys(this.moves).length === 0 };
    this.state = plan.state;
    for (const action of plan.actions) {
      if (this.cut()) return result;
      this.#act(action);
    }
    if (next !== undefined) this.moves = next.moves;
    for (const step of next?.steps ?? []) {
      if (this.cut()) return result;
      this.#step(step);
    }
    this.tick();
    return result;
  }

  /** Time passes: new tasks become healthy, killed ones end, deployments end, agents that are to go are gone. */
  tick(): void {
    this.now += 250;
    for (const app of this.apps) {
      app.tasks = app.tasks.filter((task) => !task.killing);
      for (const task of app.tasks) task.healthy = true;
      while (!this.silent && app.tasks.length < app.instances && this.#place(app));
      if (app.tasks.length === app.instances && app.tasks.every((task) => task.healthy)) app.deployments = [];
    }
    this.check();
    for (const agent of this.agents.filter(({ drain }) => drain !== undefined)) this.#drain(agent);
    this.#count();
  }

  /** What the master says of its agents, also to whoever goes on after a controller that was killed. */
  #count(): void {
    for (const agent of this.agents) {
      agent.ofMarathon = this.apps.flatMap((app) => app.tasks).filter((t) => t.agentId === agent.id).length;
      agent.tasks = agent.ofMarathon + (this.foreign.get(agent.id) ?? 0);
    }
  }

  check(): void {
    for (const app of this.apps) {
      const healthy = app.tasks.filter((task) => task.healthy && !task.killing).length;
      if (healthy < Math.ceil(app.declared * app.minimumHealthCapacity)) {
        this.harm.push(`${app.id}: ${healthy} of ${app.declared} healthy`);
      }
    }
  }

  #place(app: WorldApp): boolean {
    const load = (agent: Agent): number =>
      this.apps.flatMap((a) => a.tasks).filter((task) => task.agentId === agent.id).length;
    const [agent] = this.agents
      .filter((a) => a.active && !a.deactivated && load(a) < this.room)
      .sort((a, b) => load(a) - load(b));
    if (agent === undefined) return false;
    app.tasks.push({ id: `${app.id}.${++this.#ids}`, agentId: agent.id, healthy: false, killing: false });
    return true;
  }

  #act(action: Action): void {
    if (action.kind === "start") {
      this.#start(action.index, action.applied);
      return;
    }
    if (action.kind === "terminate") {
      this.#terminate(action.name);
      return;
    }
    const agent = this.agents.find((a) => a.id === action.agentId);
    if (agent === undefined) return;
    if (action.kind === "gone") {
      this.agents = this.agents.filter((a) => a !== agent);
      this.#lose(agent);
      // Whoever keeps its program running starts it again.
      if (this.members.some((m) => m.running && agent.host === `127.81.9.${m.index}`))
        this.#register(agent.host);
      return;
    }
    if (action.kind === "drain") {
      const lost = this.apps.flatMap((app) => app.tasks).filter((task) => task.agentId === agent.id);
      const isGivenUp = this.declaration.drain.onTimeout === "end";
      if (lost.length > 0 && !isGivenUp)
        this.harm.push(`${agent.id} drained with ${lost.length} tasks of Marathon`);
      agent.drain = "DRAINING";
    }
    agent.deactivated = action.kind !== "reactivate";
    agent.active = !agent.deactivated; // as masters say it
  }

  /** Ends what runs with another template, then begins anew on its data; a cut leaves the data alone. */
  #start(index: number, applied: Applied): void {
    const name = `web-${index}`;
    const others = this.members.filter((m) => m.index !== index);
    const digest = templateDigest(applied.template, applied.backend);
    const before = this.members.find((m) => m.index === index);
    const agent = this.agents.find((a) => a.host === `127.81.9.${index}`);
    const on = this.#data.get(index);
    if (on !== undefined && agentChange(on.template, applied.template, on.backend).kind === "replace") {
      this.harm.push(`${name} started on data that Mesos refuses it`);
    }
    if (before?.template !== digest) {
      if (agent !== undefined) agent.active = false;
      this.members = [...others, { index, name, running: false }];
      if (this.cut()) return;
    }
    this.members = [...others, { index, name, running: true, template: digest }];
    this.#data.set(index, applied);
    this.starting = name;
    if (this.bad(applied.template)) {
      this.failures.set(name, `${name} did not become ready`);
      return;
    }
    if (agent === undefined) {
      this.#register(`127.81.9.${index}`);
    } else agent.active = !agent.deactivated;
  }

  /** Somebody else tells the agent of a member to go, and its program is started again. */
  comeBack(name: string): void {
    const member = this.members.find((m) => m.name === name);
    this.#act({
      kind: "gone",
      agentId: this.agents.find((a) => a.host === `127.81.9.${member?.index}`)?.id ?? "",
    });
  }

  #register(host: string): void {
    const id = `S${++this.#ids}`;
    this.agents.push({ id, host, active: true, deactivated: false, tasks: 0, ofMarathon: 0 });
  }

  /** The agent of a member unregisters at its end. */
  #terminate(name: string): void {
    const member = this.members.find((m) => m.name === name);
    if (member === undefined) return;
    this.members = this.members.filter((m) => m !== member);
    this.#data.delete(member.index);
    const agent = this.agents.find(({ host }) => host === `127.81.9.${member.index}`);
    if (agent === undefined) return;
    if (agent.drain !== "DRAINED" && !this.stubborn) this.harm.push(`${name} ended before it was drained`);
    this.agents = this.agents.filter((a) => a !== agent);
    this.#lose(agent);
  }

  #drain(agent: Mutable<Agent>): void {
    if (this.stubborn) return;
    this.foreign.delete(agent.id);
    this.#lose(agent);
    agent.drain = "DRAINED";
  }

  #lose(agent: Agent): void {
    for (const app of this.apps) app.tasks = app.tasks.filter((task) => task.agentId !== agent.id);
  }

  #step(step: MoveStep): void {
    const app = this.apps.find((a) => a.id === step.appId);
    if (app === undefined) return;
    if (step.kind === "scale") {
      if (app.deployments.length > 0 && !step.force) return;
      while (app.tasks.length > step.instances) app.tasks.pop();
      app.instances = step.instances;
      app.deployments = [`d${++this.#ids}`];
      this.moves = withDeployment(this.moves, app);
      while (app.tasks.length < app.instances && this.#place(app));
      return;
    }
    const task = app.tasks.find((t) => t.id === step.taskId);
    if (task === undefined || (step.scale && app.deployments.length > 0)) return;
    task.killing = true;
    this.kills++;
    if (step.scale) app.instances--;
    this.check();
  }
}

function withDeployment(
  moves: Readonly<Record<string, Move>>,
  app: WorldApp,
): Readonly<Record<string, Move>> {
  const move = moves[app.id];
  const [deployment] = app.deployments;
  return move === undefined || deployment === undefined
    ? moves
    : { ...moves, [app.id]: { ...move, deployment } };
}
