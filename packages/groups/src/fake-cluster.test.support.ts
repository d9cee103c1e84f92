// SPDX-License-Identifier: Apache-2.0
// A master and a Marathon over HTTP with just enough behind them for the controller, and a ZooKeeper in memory.
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { MesosError } from "@pulumi-mesos/model";
import { addressIn, type Backend, withNotice } from "./backends/backend";
import type { Notice } from "./notice";
import type { Store } from "./pool-store";

interface FakeAgent {
  id: string;
  host: string;
  deactivated: boolean;
  /** Its tasks have ended, and it gets no others. */
  drained?: boolean;
}
interface FakeApp {
  id: string;
  instances: number;
  cpus?: number;
  mem?: number;
  resourceLimits?: object;
  constraints?: string[][];
  /** Another one than Marathon runs it, and Marathon knows nothing of it. */
  framework?: string;
  /** Deployments that lock it; only `force` gets past them. */
  deployments?: { id: string }[];
  tasks: { id: string; slaveId: string; state: string }[];
}

export class FakeCluster {
  agents: FakeAgent[] = [];
  apps: FakeApp[] = [];
  /** Every changing call, in words. */
  readonly calls: string[] = [];
  /** How many of Marathon's changes are refused because a deployment locks the app. */
  locks = 0;
  members: string[] = [];
  /** Members whose process has died. */
  readonly dead = new Set<string>();
  /** What each agent offers. */
  readonly offer = { cpus: 2, mem: 1024 };
  /** Tasks of another framework, which end when somebody takes them off this list: the id of the agent of each. */
  others: { id: string; agentId: string; cpus: number }[] = [];
  /** What Marathon's queue says of the offers that it refused. */
  rejects: object[] = [];
  /** Answers that are errors instead, by the first word of a call: `/v2/queue`, `GET_AGENTS`. */
  readonly broken = new Set<string>();
  /** Answers of others that a group listens to, by path. */
  readonly answers = new Map<string, unknown>();
  /** Windows of maintenance, as an operator posts them. */
  maintenance: { readonly machine_ids: readonly { readonly hostname: string }[]; unavailability: object }[] =
    [];
  /** What was said about the end of members, by name. */
  readonly notices = new Map<string, Notice>();
  /** Why a backend starts no member. */
  refusal: string | undefined;
  /** Whether a new leader knows its agents from before and none has come back to it yet. */
  recovering = false;
  /** Whether an agent at this address may be drained with tasks of Marathon on it: its machine goes anyway. */
  mayForce: (host: string) => boolean = () => false;
  /** Whether the program of the agent at an address is kept running: told to go, it registers as another one. */
  isKept: (host: string) => boolean = (host) => {
    const kept = this.members.filter((name) => !this.dead.has(name));
    return kept.some((name) => host.endsWith(`.${name.slice(name.lastIndexOf("-") + 1)}`));
  };
  /** What must never happen: a member ended twice, or with an agent that was not drained. */
  readonly harm: string[] = [];
  #server: Server | undefined;
  #ids = 0;

  async listen(): Promise<string> {
    const server = createServer(async (request, response) => {
      const [status, body] = this.#answer(request, await textOf(request));
      response.writeHead(status, { "Content-Type": "application/json" });
      response.end(body === undefined ? "" : JSON.stringify(body));
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise<void>((resolve) => {
      if (this.#server === undefined) resolve();
      else this.#server.close(() => resolve());
    });
  }

  backend(): Backend {
    return {
      kind: "local",
      capacity: () => 10,
      members: async (pool) =>
        this.members.map((name) => {
          const index = Number(name.slice(pool.length + 1));
          return withNotice({ name, index, running: !this.dead.has(name) }, this.notices.get(name));
        }),
      start: async (pool, index, { backend }) => {
        if (this.refusal !== undefined) throw new MesosError("MESOS_TEST_FULL", this.refusal);
        const name = `${pool}-${index}`;
        if (this.members.includes(name) && !this.dead.delete(name)) return;
        if (!this.members.includes(name)) this.members.push(name);
        this.register(addressIn(backend, [], index));
      },
      terminate: async (name) => {
        this.calls.push(`terminate ${name}`);
        if (!this.members.includes(name)) this.harm.push(`${name} ended twice`);
        const end = `.${name.slice(name.lastIndexOf("-") + 1)}`;
        const here = this.agents.filter(({ host }) => host.endsWith(end));
        if (here.some(({ drained }) => drained !== true)) this.harm.push(`${name} was not drained`);
        this.members = this.members.filter((member) => member !== name);
        this.notices.delete(name);
        this.dead.delete(name);
        for (const { host } of here) this.lose(host); // it unregisters
      },
    };
  }

  /** A member dies with its agent and everything on it. */
  kill(name: string): void {
    const end = `.${name.slice(name.lastIndexOf("-") + 1)}`;
    this.dead.add(name);
    for (const { host } of this.agents.filter((agent) => agent.host.endsWith(end))) this.lose(host);
  }

  /** An agent registers. */
  register(host: string): void {
    this.agents.push({ id: `S${++this.#ids}`, host, deactivated: false });
    this.schedule();
  }

  /** An agent is gone with everything on it. */
  lose(host: string): void {
    const ids = this.agents.filter((agent) => agent.host === host).map(({ id }) => id);
    this.agents = this.agents.filter(({ id }) => !ids.includes(id));
    this.others = this.others.filter(({ agentId }) => !ids.includes(agentId));
    for (const app of this.apps) app.tasks = app.tasks.filter(({ slaveId }) => !ids.includes(slaveId));
    this.schedule();
  }

  place(app: FakeApp, agentId: string): void {
    app.tasks.push({ id: `t${++this.#ids}`, slaveId: agentId, state: "TASK_RUNNING" });
  }

  /** Gives every task that waits an agent with room, if there is one. */
  schedule(): void {
    for (const app of this.apps) {
      while (app.tasks.length < app.instances) {
        const agent = this.agents.find(
          (a) =>
            !a.deactivated &&
            !this.#isMaintained(a.host) &&
            this.#used(a.id) + cpusOf(app) <= this.offer.cpus,
        );
        if (agent === undefined) return;
        this.place(app, agent.id);
      }
    }
  }

  #isMaintained(host: string): boolean {
    return this.maintenance.some(({ machine_ids: ids }) => ids.some(({ hostname }) => hostname === host));
  }

  #used(agentId: string): number {
    const own = this.apps.flatMap((app) =>
      app.tasks.filter((task) => task.slaveId === agentId).map(() => cpusOf(app)),
    );
    const foreign = this.others.filter((task) => task.agentId === agentId).map(({ cpus }) => cpus);
    return [...own, ...foreign].reduce((sum, cpus) => sum + cpus, 0);
  }

  #answer(request: IncomingMessage, text: string): [number, unknown?] {
    const body = (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
    const path = request.url?.split("?")[0] ?? "";
    if (path === "/api/v1") return this.#operator(body);
    if (this.broken.has(path)) return [500, { message: "out of order" }];
    if (this.answers.has(path)) return [200, this.answers.get(path)];
    if (path === "/v2/queue") return [200, { queue: this.#queue() }];
    if (request.method === "GET" && path === "/v2/apps") {
      return [200, { apps: this.apps.filter(({ framework }) => framework === undefined) }];
    }
    const app = this.apps.find(({ id }) => path === `/v2/apps${id}`);
    if (request.method === "GET" && app !== undefined) return [200, { app }];
    if (this.locks-- > 0) {
      return [409, { message: "App is locked by one or more deployments.", deployments: [{ id: "other" }] }];
    }
    if (path === "/v2/tasks/delete") return this.#kill(request, body["ids"] as string[]);
    if (app === undefined) return [404, { message: "App does not exist" }];
    const { deployments = [] } = app;
    const force = request.url?.includes("force=true") ?? false;
    if (deployments.length > 0 && !force) return [409, { message: "App is locked", deployments }];
    this.calls.push(`patch ${app.id} ${text}${deployments.length > 0 ? " by force" : ""}`);
    app.instances = body["instances"] as number;
    app.tasks = app.tasks.slice(0, app.instances);
    this.schedule();
    return [200, { version: "2026-01-01T00:00:00.000Z", deploymentId: `d${++this.#ids}` }];
  }

  #queue(): object[] {
    return this.apps
      .filter(({ tasks, instances, framework }) => framework === undefined && tasks.length < instances)
      .map(({ id, tasks, instances }) => ({
        app: { id },
        count: instances - tasks.length,
        processedOffersSummary: { rejectSummaryLastOffers: this.rejects },
      }));
  }

  #kill(request: IncomingMessage, ids: readonly string[]): [number, unknown?] {
    const scale = request.url?.includes("scale=true") ?? false;
    this.calls.push(`kill ${ids.length} ${scale ? "with scale" : ""}`.trim());
    for (const app of this.apps) {
      const before = app.tasks.length;
      app.tasks = app.tasks.filter(({ id }) => !ids.includes(id));
      if (scale) app.instances -= before - app.tasks.length;
    }
    return [200, { version: "2026-01-01T00:00:00.000Z", deploymentId: `d${++this.#ids}` }];
  }

  #operator(body: Record<string, unknown>): [number, unknown?] {
    const type = String(body["type"]);
    if (this.broken.has(type)) return [500, { message: "out of order" }];
    if (type === "GET_AGENTS") {
      const agents = this.agents.map(({ id, host, deactivated, drained }) => ({
        agent_info: { id: { value: id }, hostname: host },
        active: !deactivated, // as masters say it
        deactivated,
        ...(drained === true ? { drain_info: { state: "DRAINED" } } : {}),
        total_resources: scalars(this.offer),
        allocated_resources: scalars({ cpus: this.#used(id) }),
      }));
      const known = agents.map(({ agent_info }) => agent_info);
      const told = this.recovering
        ? { agents: [], recovered_agents: known }
        : { agents, recovered_agents: [] };
      return [200, { type, get_agents: told }];
    }
    if (type === "GET_MAINTENANCE_SCHEDULE")
      return [200, { type, get_maintenance_schedule: { schedule: { windows: this.maintenance } } }];
    if (type === "GET_FRAMEWORKS") {
      const frameworks = ["marathon", "cron"].map((name) => ({
        framework_info: { id: { value: `F-${name}` }, name },
      }));
      return [200, { type, get_frameworks: { frameworks } }];
    }
    if (type === "GET_TASKS") {
      const tasks = this.apps.flatMap((app) =>
        app.tasks.map((task) => ({
          task_id: { value: task.id },
          framework_id: { value: app.framework ?? "F-marathon" },
          agent_id: { value: task.slaveId },
          state: task.state,
          resources: scalars({ cpus: cpusOf(app), mem: app.mem ?? 0 }),
        })),
      );
      for (const { id, agentId, cpus } of this.others) {
        tasks.push({
          task_id: { value: id },
          framework_id: { value: "F-cron" },
          agent_id: { value: agentId },
          state: "TASK_RUNNING",
          resources: scalars({ cpus }),
        });
      }
      return [200, { type, get_tasks: { tasks } }];
    }
    this.calls.push(JSON.stringify(body));
    const inner = body[type.toLowerCase()] as { agent_id: { value: string } };
    const agent = this.agents.find(({ id }) => id === inner.agent_id.value);
    if (agent === undefined) return [200];
    if (type === "DRAIN_AGENT" && this.#isMaintained(agent.host)) {
      this.harm.push(`${agent.host} drained in maintenance`);
      return [400, { message: `Agent ${agent.id} is part of a maintenance schedule` }];
    }
    agent.deactivated = type !== "REACTIVATE_AGENT";
    if (type === "MARK_AGENT_GONE") this.#bar(agent);
    if (type === "DRAIN_AGENT") this.#drain(agent, body["drain_agent"] as { mark_gone?: boolean });
    return [200];
  }

  #drain(agent: FakeAgent, drain: { readonly mark_gone?: boolean }): void {
    const { id, host } = agent;
    const ours = this.apps.filter(({ framework }) => framework === undefined).flatMap(({ tasks }) => tasks);
    if (ours.some(({ slaveId }) => slaveId === id) && !this.mayForce(host))
      this.harm.push(`${host} drained with tasks of Marathon`);
    for (const app of this.apps) app.tasks = app.tasks.filter(({ slaveId }) => slaveId !== id);
    agent.drained = true;
    if (drain.mark_gone === true) this.#bar(agent);
  }

  /** Its program ends, and is started again where it is kept running. */
  #bar({ host }: FakeAgent): void {
    this.lose(host);
    if (this.isKept(host)) this.register(host);
  }
}

function cpusOf({ cpus = 0 }: FakeApp): number {
  return cpus;
}

function scalars(amounts: Readonly<Record<string, number>>): object[] {
  return Object.entries(amounts).map(([name, value]) => ({ name, type: "SCALAR", scalar: { value } }));
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** Nodes in memory; a change calls the watches of its path, as ZooKeeper's do, once. */
export class MemoryStore implements Store {
  readonly nodes: Map<string, { data: Buffer; version: number }>;
  /** How many more writes are taken before the session is over. */
  writesLeft = Number.POSITIVE_INFINITY;
  readonly #watches: Map<string, Set<() => void>>;

  constructor(nodes = new Map(), watches = new Map()) {
    this.nodes = nodes;
    this.#watches = watches;
  }

  /** Another session on the same nodes. */
  session(): MemoryStore {
    return new MemoryStore(this.nodes, this.#watches);
  }

  async get(path: string): Promise<{ data: Buffer; version: number } | undefined> {
    return this.nodes.get(path);
  }
  async watch(path: string, onChange: () => void): Promise<{ data: Buffer; version: number } | undefined> {
    this.#watches.set(path, (this.#watches.get(path) ?? new Set()).add(onChange));
    return this.nodes.get(path);
  }
  async children(path: string): Promise<string[]> {
    const below = [...this.nodes.keys()].filter((key) => key.startsWith(`${path}/`));
    return [...new Set(below.map((key) => key.slice(path.length + 1).split("/")[0] ?? ""))];
  }
  async set(path: string, data: Buffer): Promise<void> {
    if (this.writesLeft-- <= 0) throw new MesosError("MESOS_ZOOKEEPER_EXPIRED", "the session is over");
    const node = this.nodes.get(path);
    if (node === undefined) throw new MesosError("MESOS_ZOOKEEPER_MISSING", `zookeeper ${path}: missing`);
    this.nodes.set(path, { data, version: node.version + 1 });
    this.#changed(path);
  }
  async create(path: string, data: Buffer): Promise<string> {
    if (this.nodes.has(path)) throw new MesosError("MESOS_ZOOKEEPER_EXISTS", `zookeeper ${path}: exists`);
    this.nodes.set(path, { data, version: 0 });
    this.#changed(path);
    return path;
  }
  async remove(path: string): Promise<void> {
    this.nodes.delete(path);
    this.#changed(path);
  }
  #changed(path: string): void {
    const callbacks = this.#watches.get(path) ?? [];
    this.#watches.delete(path);
    for (const callback of callbacks) callback();
  }
}
