// SPDX-License-Identifier: Apache-2.0
import type { ToAgent } from "../protocol/messages";
import type { ConversionJson } from "../protocol/operations";
import { add, isEmpty, noResources, type Resources, subtract, toJson } from "../protocol/resources";
import {
  type AgentInfo,
  type DrainConfig,
  type FrameworkInfo,
  isTerminal,
  type OperationStatus,
  type ResourceJson,
  type TaskInfo,
  type TaskState,
  type TaskStatus,
} from "../protocol/types";
import { Timings } from "../timings";
import type { ExecutorRecord } from "./executors";
import { FrameworkCounts } from "./framework-counts";
import type { Unavailability } from "./machines";
import { OfferConstraints } from "./offer-constraints";

/** The way to an agent's program; it ends when either side goes. */
export interface AgentLink {
  readonly stream: string;
  send(message: ToAgent): void;
  close(): void;
}

/** The way to a subscribed scheduler. */
export interface SchedulerLink {
  readonly stream: string;
  /** Of the framework that it belongs to, once that is known. */
  counts?: FrameworkCounts;
  send(event: Readonly<Record<string, unknown>>): void;
  close(): void;
}

export interface TaskRecord {
  readonly info: TaskInfo;
  readonly frameworkId: string;
  readonly agentId: string;
  readonly resources: Resources;
  state: TaskState;
  statuses: TaskStatus[];
  /** The last update that its scheduler has not acknowledged. */
  pending: TaskStatus | undefined;
}

export interface Offer {
  readonly id: string;
  readonly framework: Framework;
  /** To which its resources are allocated. */
  readonly role: string;
  readonly agent: Agent;
  readonly resources: Resources;
  /** When its machine is to be worked on. */
  readonly unavailability: Unavailability | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** An agent that is registered, or was and is disconnected. */
export interface Agent {
  readonly id: string;
  info: AgentInfo;
  pid: string;
  version: string;
  capabilities: readonly { readonly type: string }[];
  readonly registeredAt: number;
  reregisteredAt: number | undefined;
  total: Resources;
  used: Resources;
  offered: Resources;
  link: AgentLink | undefined;
  /** Pings in a row without an answer. */
  missed: number;
  pingTimer: NodeJS.Timeout | undefined;
  deactivated: boolean;
  drain:
    | { state: "DRAINING" | "DRAINED"; readonly config: DrainConfig; readonly startedAt: number }
    | undefined;
  readonly tasks: Set<TaskRecord>;
  /** Those of its tasks that are to be killed: a kill may not have reached it. */
  readonly killed: Set<TaskRecord>;
  /** Those that frameworks named, by framework and executor id. */
  readonly executors: Map<string, ExecutorRecord>;
  readonly offers: Set<Offer>;
  readonly frameworks: Map<string, Resources>;
  /** Operations on its resources that are not settled, by uuid. */
  readonly operations: Map<string, OperationRecord>;
}

/** An operation that converts an agent's resources, until its last status is acknowledged. */
export interface OperationRecord {
  readonly uuid: string;
  readonly agentId: string;
  /** None when an operator asked for it. */
  readonly frameworkId: string | undefined;
  readonly info: ConversionJson;
  readonly statuses: OperationStatus[];
}

/** What is not offered to a role again for a while. */
export interface Refused {
  readonly role: string;
  readonly resources: Resources;
  readonly until: number;
}

export interface Framework {
  readonly id: string;
  info: FrameworkInfo;
  link: SchedulerLink | undefined;
  readonly registeredAt: number;
  reregisteredAt: number | undefined;
  unregisteredAt: number | undefined;
  readonly tasks: Map<string, TaskRecord>;
  readonly unreachableTasks: Map<string, TaskRecord>;
  readonly completedTasks: TaskRecord[];
  /** Those that it named and that live, on all agents. */
  readonly executors: Set<ExecutorRecord>;
  readonly offers: Set<Offer>;
  used: Resources;
  offered: Resources;
  /** By role. */
  readonly usedBy: Map<string, Resources>;
  readonly offeredBy: Map<string, Resources>;
  /** Roles for which it wants no offers. */
  suppressed: ReadonlySet<string>;
  /** What it refused, by agent. */
  readonly filters: Map<string, Refused[]>;
  /** Known from agents only, since this master began to lead. */
  recovered: boolean;
  failoverTimer: NodeJS.Timeout | undefined;
  readonly counts: FrameworkCounts;
  /** Which agents it wants offers of. */
  constraints: OfferConstraints;
}

/** A framework that is not connected (yet). */
export function newFramework(
  id: string,
  info: FrameworkInfo,
  registeredAt: number,
  recovered: boolean,
): Framework {
  return {
    id,
    info,
    link: undefined,
    registeredAt,
    reregisteredAt: undefined,
    unregisteredAt: undefined,
    tasks: new Map(),
    unreachableTasks: new Map(),
    completedTasks: [],
    executors: new Set(),
    offers: new Set(),
    used: noResources,
    offered: noResources,
    usedBy: new Map(),
    offeredBy: new Map(),
    suppressed: new Set(),
    filters: new Map(),
    recovered,
    failoverTimer: undefined,
    counts: new FrameworkCounts(),
    constraints: OfferConstraints.none,
  };
}

export function hasCapability(framework: Framework, type: string): boolean {
  return framework.info.capabilities?.some((c) => c.type === type) ?? false;
}

/** The role to which the resources of a task or an executor are allocated. */
export function roleOfTask(info: { readonly resources?: readonly ResourceJson[] }): string {
  return info.resources?.[0]?.allocation_info?.role ?? "*";
}

/** Adds to or takes from what is held of a role. */
export function adjust(
  by: Map<string, Resources>,
  role: string,
  change: (a: Resources, b: Resources) => Resources,
  resources: Resources,
): void {
  const next = change(by.get(role) ?? noResources, resources);
  if (isEmpty(next)) by.delete(role);
  else by.set(role, next);
}

/** Whether what it has is offered: it is connected and nobody deactivated it. */
export function isActive(agent: Agent): boolean {
  return agent.link !== undefined && !agent.deactivated;
}

/** What runs on an agent holds, by the role to which it is allocated. */
export function usedBy(agent: Agent): Map<string, Resources> {
  const by = new Map<string, Resources>();
  for (const { info, resources } of [...agent.tasks, ...agent.executors.values()]) {
    adjust(by, roleOfTask(info), add, resources);
  }
  return by;
}

/** What of an agent is offered, by the role to which it is allocated. */
export function offeredBy(agent: Agent): Map<string, Resources> {
  const by = new Map<string, Resources>();
  for (const { role, resources } of agent.offers) adjust(by, role, add, resources);
  return by;
}

/** Allocated resources in the v1 JSON, each with the role that has it. */
export function allocatedJson(by: ReadonlyMap<string, Resources>): ResourceJson[] {
  return [...by].flatMap(([role, resources]) => toJson(resources, role));
}

/** What this master saw of the states of tasks, and how often agents came and went: never goes down. */
export interface Counters {
  readonly tasks: Map<string, number>;
  readonly sources: Map<string, number>;
  registrations: number;
  reregistrations: number;
  removals: number;
  readonly removalReasons: Map<string, number>;
  unreachableScheduled: number;
  unreachableCompleted: number;
  recoveryRemovals: number;
  readonly messages: Map<string, number>;
}

/** Everything a leading master knows; it changes only through these methods, so that sums stay right. */
export class ClusterState {
  readonly agents = new Map<string, Agent>();
  readonly frameworks = new Map<string, Framework>();
  readonly completedFrameworks = new Map<string, Framework>();
  readonly offers = new Map<string, Offer>();
  readonly counters: Counters = {
    tasks: new Map(),
    sources: new Map(),
    registrations: 0,
    reregistrations: 0,
    removals: 0,
    removalReasons: new Map(),
    unreachableScheduled: 0,
    unreachableCompleted: 0,
    recoveryRemovals: 0,
    messages: new Map(),
  };
  /** Runs of the allocator. */
  readonly allocations = new Timings();
  /** Writes of the registry. */
  readonly stores = new Timings();
  readonly #listeners = new Map<(event: Readonly<Record<string, unknown>>) => void, () => void>();
  readonly #maxCompletedTasks: number;

  constructor(maxCompletedTasks: number) {
    this.#maxCompletedTasks = maxCompletedTasks;
  }

  /** Events of the operator API's SUBSCRIBE; the result stops them. `end` is how somebody else can. */
  onEvent(
    listener: (event: Readonly<Record<string, unknown>>) => void,
    end: () => void = () => undefined,
  ): () => void {
    this.#listeners.set(listener, end);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the oldest subscriptions, so that there is room for one more. */
  makeRoom(most: number): void {
    for (const [listener, end] of this.#listeners) {
      if (this.#listeners.size < most) return;
      this.#listeners.delete(listener);
      end();
    }
  }

  get subscribers(): number {
    return this.#listeners.size;
  }

  emit(event: () => Readonly<Record<string, unknown>>): void {
    if (this.#listeners.size === 0) return;
    const made = event();
    for (const listener of [...this.#listeners.keys()]) listener(made);
  }

  /** Counts something that happened. */
  count(map: Map<string, number>, key: string): void {
    map.set(key, (map.get(key) ?? 0) + 1);
  }

  addTask(task: TaskRecord): void {
    const agent = this.agents.get(task.agentId);
    const framework = this.frameworks.get(task.frameworkId);
    if (agent === undefined || framework === undefined) return;
    framework.tasks.set(task.info.task_id.value, task);
    framework.unreachableTasks.delete(task.info.task_id.value);
    framework.used = add(framework.used, task.resources);
    adjust(framework.usedBy, roleOfTask(task.info), add, task.resources);
    agent.tasks.add(task);
    agent.used = add(agent.used, task.resources);
    const before = agent.frameworks.get(framework.id) ?? noResources;
    agent.frameworks.set(framework.id, add(before, task.resources));
  }

  /** Frees the task's resources; it is remembered as completed or unreachable. */
  removeTask(task: TaskRecord): void {
    const agent = this.agents.get(task.agentId);
    const framework = this.frameworks.get(task.frameworkId);
    agent?.killed.delete(task);
    if (agent?.tasks.delete(task)) {
      agent.used = subtract(agent.used, task.resources);
      const rest = subtract(agent.frameworks.get(task.frameworkId) ?? noResources, task.resources);
      agent.frameworks.set(task.frameworkId, rest);
    }
    if (framework?.tasks.get(task.info.task_id.value) !== task) return;
    framework.tasks.delete(task.info.task_id.value);
    framework.used = subtract(framework.used, task.resources);
    adjust(framework.usedBy, roleOfTask(task.info), subtract, task.resources);
    task.pending = undefined;
    if (task.state === "TASK_UNREACHABLE") {
      framework.unreachableTasks.set(task.info.task_id.value, task);
      return;
    }
    framework.completedTasks.push(task);
    if (framework.completedTasks.length > this.#maxCompletedTasks) framework.completedTasks.shift();
  }

  /** Takes over a status; false when it changes nothing. */
  setStatus(task: TaskRecord, status: TaskStatus): boolean {
    if (status.uuid !== undefined) task.pending = status;
    if (isTerminal(task.state)) return false;
    const last = task.statuses.at(-1);
    if (last?.state === status.state && last.timestamp === status.timestamp) return false;
    task.state = status.state;
    const { uuid: _uuid, ...kept } = status;
    task.statuses = [...task.statuses.filter((s) => s.state !== status.state), kept];
    this.count(this.counters.tasks, status.state);
    if (isTerminal(status.state)) this.frameworks.get(task.frameworkId)?.counts.ended(status.state);
    if (isTerminal(status.state) || status.state === "TASK_UNREACHABLE") {
      const key = `${status.state}/${status.source ?? "SOURCE_MASTER"}/${status.reason ?? ""}`;
      this.count(this.counters.sources, key);
    }
    this.emit(() => ({
      type: "TASK_UPDATED",
      task_updated: { framework_id: { value: task.frameworkId }, status, state: status.state },
    }));
    return true;
  }

  addOffer(offer: Offer): void {
    this.offers.set(offer.id, offer);
    offer.framework.offers.add(offer);
    offer.framework.offered = add(offer.framework.offered, offer.resources);
    adjust(offer.framework.offeredBy, offer.role, add, offer.resources);
    offer.agent.offers.add(offer);
    offer.agent.offered = add(offer.agent.offered, offer.resources);
  }

  removeOffer(offer: Offer): void {
    if (!this.offers.delete(offer.id)) return;
    offer.framework.offers.delete(offer);
    offer.framework.offered = subtract(offer.framework.offered, offer.resources);
    adjust(offer.framework.offeredBy, offer.role, subtract, offer.resources);
    offer.agent.offers.delete(offer);
    offer.agent.offered = subtract(offer.agent.offered, offer.resources);
  }
}
