// SPDX-License-Identifier: Apache-2.0
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { encodeRecord } from "../../recordio";
import type { Operation } from "../mesos/messages";
import { FakeReservations } from "./fake-reservations";

type Json = Record<string, unknown>;

/** An agent as the fake master offers it. */
export interface FakeAgent {
  readonly id: string;
  readonly hostname: string;
  cpus: number;
  mem: number;
  disk: number;
  readonly ports: readonly [number, number];
  readonly attributes?: Readonly<Record<string, string>>;
  /** More of the offer, over what follows from the rest. */
  readonly offer?: Json;
  /** Resources offered beside the usual ones. */
  readonly resources?: readonly Json[];
}

interface Task {
  readonly id: string;
  readonly agent: FakeAgent;
  readonly info: Record<string, unknown>;
  readonly cpus: number;
  readonly mem: number;
  readonly ports: readonly number[];
  state: string;
}

interface Resource {
  readonly name: string;
  readonly reservations?: readonly unknown[];
  readonly scalar?: { readonly value: number };
  readonly ranges?: { readonly range?: readonly { readonly begin: number; readonly end: number }[] };
}

/**
 * A v1 scheduler API with agents that run nothing: tasks are RUNNING as soon as they are launched and KILLED as soon as
 * they are killed, unless a test says otherwise. Knows one framework.
 */
export class FakeMaster {
  readonly calls: Json[] = [];
  readonly tasks = new Map<string, Task>();
  readonly agents: FakeAgent[];
  frameworkId = "fake-0000";
  /** Tasks of this name prefix stay where they are when they are launched. */
  hold: (task: Task) => boolean = () => false;
  /** The region that this master says it is in. */
  region: string | undefined;
  /** Operations on reservations are lost on their way. */
  dropReservations = false;
  readonly #reserved = new Map<string, FakeReservations>();
  /** The roles that the framework subscribed with, and those in which it wants no offers. */
  roles: readonly string[] = ["*"];
  readonly #suppressed = new Set<string>();
  readonly #server: http.Server;
  #stream: http.ServerResponse | undefined;
  #streamId = 0;
  #offers = new Map<string, FakeAgent>();
  #offered = 0;
  #uuid = 0;
  readonly #refused = new Map<string, number>();

  private constructor(agents: FakeAgent[]) {
    this.agents = agents;
    this.#server = http.createServer((request, response) => this.#serve(request, response));
  }

  static async start(agents: FakeAgent[] = [agent(1), agent(2)]): Promise<FakeMaster> {
    const master = new FakeMaster(agents);
    await new Promise<void>((resolve) => {
      master.#server.listen(0, "127.0.0.1", resolve);
    });
    return master;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#stream?.destroy();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  /** Cuts the event stream, as a master that fails over does. */
  cut(): void {
    this.#stream?.destroy();
  }

  callsOf(type: string): Json[] {
    return this.calls.filter((call) => call["type"] === type);
  }

  /** Says that a task is in `state` now. */
  update(taskId: string, state: string, more: Json = {}): void {
    const task = this.tasks.get(taskId);
    if (task === undefined) return;
    task.state = state;
    const ended = /KILLED|FAILED|FINISHED|LOST|GONE|ERROR|DROPPED/.test(state);
    if (ended) this.tasks.delete(taskId);
    this.#status(taskId, task.agent.id, state, {
      uuid: Buffer.from(`u${this.#uuid++}`).toString("base64"),
      ...more,
    });
    if (ended) this.offer();
  }

  /** Offers what every agent has left, where the framework wants offers. */
  offer(): void {
    const roles = this.roles.filter((role) => !this.#suppressed.has(role));
    if (roles.length === 0) return;
    const offers = this.agents.flatMap((a) => {
      const left = this.#left(a);
      if (left.ports.length === 0 || left.cpus < 0.01 || (this.#refused.get(a.id) ?? 0) > Date.now())
        return [];
      if ([...this.#offers.values()].includes(a)) return [];
      const id = `O${this.#offered++}`;
      this.#offers.set(id, a);
      return [
        {
          id: { value: id },
          framework_id: { value: this.frameworkId },
          agent_id: { value: a.id },
          hostname: a.hostname,
          allocation_info: { role: roles[this.#offered % roles.length] },
          resources: [
            { name: "cpus", type: "SCALAR", scalar: { value: left.cpus } },
            { name: "mem", type: "SCALAR", scalar: { value: left.mem } },
            { name: "disk", type: "SCALAR", scalar: { value: left.disk } },
            {
              name: "ports",
              type: "RANGES",
              ranges: { range: left.ports.map((p) => ({ begin: p, end: p })) },
            },
            ...(a.resources ?? []),
            ...left.reserved,
          ],
          attributes: Object.entries(a.attributes ?? {}).map(([name, value]) => ({
            name,
            type: "TEXT",
            text: { value },
          })),
          ...a.offer,
        },
      ];
    });
    if (offers.length > 0) this.#send({ type: "OFFERS", offers: { offers } });
  }

  /** What is reserved on an agent. */
  reservations(a: FakeAgent): FakeReservations {
    const known = this.#reserved.get(a.id) ?? new FakeReservations();
    this.#reserved.set(a.id, known);
    return known;
  }

  #left(a: FakeAgent): { cpus: number; mem: number; disk: number; ports: number[]; reserved: unknown[] } {
    const tasks = [...this.tasks.values()].filter((t) => t.agent === a);
    const reserved = this.reservations(a);
    const used = new Set([...tasks.flatMap((t) => t.ports), ...reserved.ports]);
    const all = Array.from({ length: a.ports[1] - a.ports[0] + 1 }, (_, i) => a.ports[0] + i);
    return {
      cpus: a.cpus - tasks.reduce((sum, t) => sum + t.cpus, 0) - reserved.amount("cpus"),
      mem: a.mem - tasks.reduce((sum, t) => sum + t.mem, 0) - reserved.amount("mem"),
      disk: a.disk - reserved.amount("disk"),
      ports: all.filter((p) => !used.has(p)),
      reserved: reserved.unused(tasks.map((t) => t.id)),
    };
  }

  #send(event: Json): void {
    this.#stream?.write(encodeRecord(JSON.stringify(event)));
  }

  #status(taskId: string, agentId: string | undefined, state: string, more: Json = {}): void {
    const status = {
      task_id: { value: taskId },
      ...(agentId === undefined ? {} : { agent_id: { value: agentId } }),
      state,
      container_status: {
        network_infos: [{ ip_addresses: [{ ip_address: "172.17.0.2", protocol: "IPv4" }] }],
      },
      ...more,
    };
    this.#send({ type: "UPDATE", update: { status } });
  }

  #serve(request: http.IncomingMessage, response: http.ServerResponse): void {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const call = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Json;
      this.calls.push(call);
      if (call["type"] === "SUBSCRIBE") {
        const { framework_info: info } = call["subscribe"] as { framework_info: { role?: string } };
        this.roles = rolesIn(info);
        this.#subscribe(response);
      } else if (request.headers["mesos-stream-id"] !== String(this.#streamId)) response.writeHead(400).end();
      else {
        response.writeHead(202).end();
        this.#call(call);
      }
    });
  }

  #subscribe(response: http.ServerResponse): void {
    this.#stream?.destroy();
    this.#stream = response;
    this.#streamId += 1;
    this.#offers.clear();
    this.#refused.clear();
    this.#suppressed.clear();
    response.writeHead(200, {
      "content-type": "application/json",
      "mesos-stream-id": String(this.#streamId),
    });
    this.#send({
      type: "SUBSCRIBED",
      subscribed: {
        framework_id: { value: this.frameworkId },
        heartbeat_interval_seconds: 15,
        ...(this.region === undefined
          ? {}
          : { master_info: { domain: { fault_domain: { region: { name: this.region } } } } }),
      },
    });
    this.offer();
  }

  #call(call: Json): void {
    switch (call["type"]) {
      case "ACCEPT":
        this.#accept(call["accept"] as Json);
        break;
      case "DECLINE": {
        const decline = call["decline"] as {
          offer_ids: { value: string }[];
          filters: { refuse_seconds: number };
        };
        for (const { value } of decline.offer_ids) {
          const a = this.#offers.get(value);
          if (a !== undefined) this.#refused.set(a.id, Date.now() + decline.filters.refuse_seconds * 1000);
          this.#offers.delete(value);
        }
        break;
      }
      case "REVIVE":
        for (const role of rolesIn(call["revive"])) this.#suppressed.delete(role);
        this.#refused.clear();
        this.offer();
        break;
      case "SUPPRESS":
        for (const role of rolesIn(call["suppress"])) this.#suppressed.add(role);
        break;
      case "UPDATE_FRAMEWORK":
        this.roles = rolesIn((call["update_framework"] as Json)["framework_info"]);
        break;
      case "KILL":
        this.#kill((call["kill"] as { task_id: { value: string } }).task_id.value);
        break;
      case "RECONCILE":
        this.#reconcile((call["reconcile"] as { tasks: { task_id: { value: string } }[] }).tasks);
        break;
      default:
        break;
    }
  }

  #accept(accept: Json): void {
    const ids = accept["offer_ids"] as { value: string }[];
    const a = this.#offers.get(ids[0]?.value ?? "");
    for (const { value } of ids) this.#offers.delete(value);
    const operations = accept["operations"] as Operation[];
    if (a !== undefined && !this.dropReservations)
      for (const operation of operations) this.reservations(a).apply(operation);
    for (const { info, shared } of launchesIn(operations)) {
      const id = (info["task_id"] as { value: string }).value;
      const all = [...(info["resources"] as readonly Resource[]), ...shared];
      const resources = all.filter((r) => r.reservations === undefined);
      const amount = (name: string) =>
        resources.filter((r) => r.name === name).reduce((sum, r) => sum + (r.scalar?.value ?? 0), 0);
      if (a === undefined) {
        this.#status(id, undefined, "TASK_LOST", { reason: "REASON_INVALID_OFFERS" });
        continue;
      }
      const ports = resources
        .flatMap((r) => r.ranges?.range ?? [])
        .flatMap((r) => Array.from({ length: r.end - r.begin + 1 }, (_, i) => r.begin + i));
      const task: Task = {
        id,
        agent: a,
        info,
        cpus: amount("cpus"),
        mem: amount("mem"),
        ports,
        state: "TASK_STAGING",
      };
      this.tasks.set(id, task);
      if (!this.hold(task)) {
        this.update(id, "TASK_STARTING");
        this.update(id, "TASK_RUNNING");
      }
    }
    this.offer();
  }

  #kill(taskId: string): void {
    if (!this.tasks.has(taskId)) {
      this.#status(taskId, undefined, "TASK_LOST", { reason: "REASON_RECONCILIATION" });
      return;
    }
    this.update(taskId, "TASK_KILLING");
    this.update(taskId, "TASK_KILLED");
  }

  #reconcile(named: readonly { task_id: { value: string } }[]): void {
    const ids = named.length === 0 ? [...this.tasks.keys()] : named.map((n) => n.task_id.value);
    for (const id of ids) {
      const task = this.tasks.get(id);
      if (task === undefined) this.#status(id, undefined, "TASK_GONE", { reason: "REASON_RECONCILIATION" });
      else this.#status(id, task.agent.id, task.state, { reason: "REASON_RECONCILIATION" });
    }
  }
}

/** The tasks of all operations; what a group's executor takes counts with its first task. */
function launchesIn(operations: readonly Operation[]): { info: Json; shared: readonly Resource[] }[] {
  return operations.flatMap((operation): { info: Json; shared: readonly Resource[] }[] => {
    if (operation.type === "LAUNCH") return operation.launch.task_infos.map((info) => ({ info, shared: [] }));
    if (operation.type !== "LAUNCH_GROUP") return [];
    const { executor, task_group } = operation.launch_group;
    return task_group.tasks.map((info, i) => ({ info, shared: i === 0 ? executor.resources : [] }));
  });
}

export function agent(n: number, more: Partial<FakeAgent> = {}): FakeAgent {
  return {
    id: `S${n}`,
    hostname: `127.85.0.${n}`,
    cpus: 4,
    mem: 4096,
    disk: 10_000,
    ports: [31_000 + n * 100 - 100, 31_099 + n * 100 - 100],
    ...more,
  };
}

function rolesIn(value: unknown): readonly string[] {
  return (value as { roles: readonly string[] }).roles;
}
