// SPDX-License-Identifier: Apache-2.0
// A cluster in memory, one round of the controller at a time: what the tests of the plans run against.
import type { AgentPoolDeclaration } from "@pulumi-mesos/model";
import type { Agent, App, Member, PoolState, Task } from "./observed";
import { type Action, type PoolPlan, type PoolView, planPool } from "./plan";
import { type Move, type MoveStep, planMoves } from "./plan-moves";
import { poolStatus } from "./status";
import { countTasks } from "./world";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface WorldApp extends Mutable<Omit<App, "tasks" | "deployments">> {
  tasks: Mutable<Task>[];
  deployments: string[];
  /** Its instances before anybody moved them. */
  declared: number;
}

export function declarationOf(size: number): AgentPoolDeclaration {
  return {
    name: "web",
    size,
    template: { command: ["mesos-agent", "--ip={address}", "--resources=ports:[{ports}]"] },
    backend: { kind: "local", network: "127.81.9.0/24", taskPorts: [31000, 31999], portsPerMember: 100 },
    drain: { graceSeconds: 5, timeoutSeconds: 600 },
  };
}

export class SmallWorld {
  declaration: AgentPoolDeclaration;
  version = 0;
  now = 1_000_000;
  state: PoolState = { leaving: {} };
  moves: Readonly<Record<string, Move>> = {};
  members: Mutable<Member>[] = [];
  agents: Mutable<Agent>[] = [];
  apps: WorldApp[] = [];
  /** How many tasks fit on an agent. */
  room = 100;
  /** What went wrong: an app below its minimum, a task lost with its agent. */
  readonly harm: string[] = [];
  /** Answers whether the controller dies before this effect. */
  cut: () => boolean = () => false;
  #ids = 0;

  constructor(size: number) {
    this.declaration = declarationOf(size);
  }

  view(): PoolView {
    return {
      declaration: this.declaration,
      version: this.version,
      state: this.state,
      members: this.members,
      agents: { registered: this.agents, recovering: [] },
      movable: countTasks(this.apps),
      busy: new Set(),
      failures: new Map(),
      addressOf: (index) => `127.81.9.${index}`,
      capacity: 10,
      now: this.now,
    };
  }

  declare(size: number): void {
    this.declaration = { ...this.declaration, size };
    this.version++;
  }

  run(app: Partial<WorldApp> & { id: string; instances: number }): WorldApp {
    const whole: WorldApp = {
      declared: app.instances,
      minimumHealthCapacity: 1,
      resident: false,
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
    const next = planMoves(this.apps, new Set(plan.vacate), this.moves);
    const status = poolStatus(view, plan, next.stuck);
    const result = { plan, ...status, settled: status.settled && Object.keys(next.moves).length === 0 };
    this.state = plan.state;
    for (const action of plan.actions) {
      if (this.cut()) return result;
      this.#act(action);
    }
    this.moves = next.moves;
    for (const step of next.steps) {
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
      while (app.tasks.length < app.instances && this.#place(app));
      if (app.tasks.length === app.instances && app.tasks.every((task) => task.healthy)) app.deployments = [];
    }
    this.check();
    for (const agent of this.agents) {
      agent.tasks = this.apps.flatMap((app) => app.tasks).filter((t) => t.agentId === agent.id).length;
    }
    this.agents = this.agents.filter((agent) => agent.drain === undefined);
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
      const member = { index: action.index, name: `web-${action.index}`, running: true };
      this.members = [...this.members.filter((m) => m.index !== action.index), member];
      const host = `127.81.9.${action.index}`;
      if (this.agents.some((agent) => agent.host === host)) return;
      this.agents.push({ id: `S${++this.#ids}`, host, active: true, deactivated: false, tasks: 0 });
      return;
    }
    if (action.kind === "terminate") {
      this.members = this.members.filter((member) => member.name !== action.name);
      return;
    }
    const agent = this.agents.find((a) => a.id === action.agentId);
    if (agent === undefined) return;
    if (action.kind === "drain") {
      const lost = this.apps.flatMap((app) => app.tasks).filter((task) => task.agentId === agent.id);
      if (lost.length > 0) this.harm.push(`${agent.id} drained with ${lost.length} tasks of Marathon`);
      agent.drain = "DRAINING";
    }
    agent.deactivated = action.kind !== "reactivate";
    agent.active = !agent.deactivated; // as masters say it
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
