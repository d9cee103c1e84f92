// SPDX-License-Identifier: Apache-2.0
import { type Clock, timestamp } from "../clock";
import type { EventBus } from "../events";
import type { SchedulerDriver, TaskStatus } from "../mesos/messages";
import { isPod, type RunSpec } from "../run-spec/run-spec";
import { keyOf, type StateStore } from "../store/state-store";
import { conditionOf, type Instance, instanceIdOf, isTerminal } from "./instance";
import { isSuspended, released, suspended } from "./reservation";
import { isOver, livingTasks, runsTask, tellsNews, withStatus } from "./status-update";
import type { Tracker } from "./tracker";

/** Why an app's last task ended badly, as `lastTaskFailure` shows it. */
export interface TaskFailure {
  readonly appId: string;
  readonly host: string;
  readonly message: string;
  readonly state: string;
  readonly taskId: string;
  readonly timestamp: string;
  readonly version: string;
  readonly slaveId: string;
  /** Of pods only: what their terminationHistory shows. */
  readonly instance?: { readonly id: string; readonly startedAt: string };
}

const killRetryMs = 10_000;
const lookMs = 10_000;
const delaying: ReadonlySet<string> = new Set(["Failed", "Finished", "Error"]);

export interface TaskKeeperOptions {
  readonly launchTimeoutMs: number;
  readonly confirmTimeoutMs: number;
  /** When a leader first forgets unreachable instances that are due. */
  readonly expungeInitialMs: number;
  readonly expungeIntervalMs: number;
}

/** Follows what Mesos says of tasks, kills the unwanted, replaces the lost, and finds out after a failover. */
export class TaskKeeper {
  readonly failures = new Map<string, TaskFailure>();
  readonly #clock: Clock;
  readonly #tracker: Tracker;
  readonly #store: StateStore;
  readonly #events: EventBus;
  readonly #driver: SchedulerDriver;
  readonly #options: TaskKeeperOptions;
  readonly #failed: (instance: Instance) => void;
  readonly #kills = new Map<string, () => void>();
  readonly #unreachable = new Map<string, () => void>();
  #cancelLook: () => void = () => undefined;
  #cancelExpunge: () => void = () => undefined;

  constructor(parts: {
    clock: Clock;
    tracker: Tracker;
    store: StateStore;
    events: EventBus;
    driver: SchedulerDriver;
    options: TaskKeeperOptions;
    /** A task ended in a way that delays the next launch. */
    failed: (instance: Instance) => void;
  }) {
    this.#clock = parts.clock;
    this.#tracker = parts.tracker;
    this.#store = parts.store;
    this.#events = parts.events;
    this.#driver = parts.driver;
    this.#options = parts.options;
    this.#failed = parts.failed;
  }

  /** Kills that Mesos has not confirmed yet. */
  get openKills(): number {
    return this.#kills.size;
  }

  /** This Marathon leads. */
  begin(): void {
    this.#expungeAfter(this.#options.expungeInitialMs);
  }

  /** Mesos listens (again): asks after every task, and repeats every kill that is still open. */
  subscribed(): void {
    this.reconcile();
    for (const instance of [...this.#tracker.all()]) {
      if (!instance.wanted && !isSuspended(instance)) this.#kill(instance);
      if (instance.condition === "Unreachable" || instance.condition === "UnreachableInactive")
        this.#watch(instance);
    }
    this.#cancelLook();
    this.#look();
  }

  reconcile(): void {
    const tasks = [...this.#tracker.all()].flatMap(({ task }) =>
      task === undefined ? [] : livingTasks(task).map((taskId) => ({ taskId, agentId: task.agentId })),
    );
    if (tasks.length > 0) this.#driver.reconcile(tasks);
    this.#driver.reconcile([]);
  }

  close(): void {
    this.#cancelLook();
    this.#cancelExpunge();
    for (const cancel of [...this.#kills.values(), ...this.#unreachable.values()]) cancel();
  }

  /** Ends an instance for good; what has a reservation is only suspended, unless it is to be wiped. */
  decommission(instance: Instance, wipe = false): void {
    const unwanted = { ...instance, wanted: false, ...(wipe ? { wipe: true as const } : {}) };
    if (instance.task === undefined || instance.condition.startsWith("Unreachable")) {
      this.#leave(unwanted, "Killed");
      return;
    }
    this.#tracker.put(unwanted);
    this.#kill(unwanted);
  }

  /** Kills the task only; a wanted instance then starts another. */
  killTask(instance: Instance): void {
    this.#kill(instance);
  }

  async update(status: TaskStatus): Promise<void> {
    const taskId = status.task_id.value;
    const instance = this.#tracker.get(instanceIdOf(taskId) ?? "");
    const condition = conditionOf(status.state, status.reason);
    if (instance !== undefined && runsTask(instance, taskId)) {
      this.#apply(instance, status, condition);
      await this.#store.durable();
    } else if (!isTerminal(condition) && !condition.startsWith("Unreachable")) {
      this.#driver.kill(taskId, status.agent_id?.value, undefined);
    } else {
      this.#events.emit("unknown_instance_terminated_event", {
        instanceId: instanceIdOf(taskId) ?? taskId,
        condition,
      });
    }
    if (status.uuid !== undefined && status.agent_id !== undefined) {
      this.#driver.acknowledge(status.agent_id.value, taskId, status.uuid);
    }
  }

  #apply(instance: Instance, status: TaskStatus, condition: Instance["condition"]): void {
    if (instance.task === undefined) return;
    const updated = withStatus(instance, status, condition, this.#clock.now());
    if (tellsNews(instance, status, condition)) this.#announce(updated, status);
    if (updated.task?.containers !== undefined && updated.task.healthy !== instance.task.healthy)
      this.#announceHealth(updated);
    if (isTerminal(condition) && condition !== "Killed" && condition !== "Finished")
      this.#recordFailure(updated, status);
    if (isOver(updated)) {
      this.#ended(updated);
    } else if (updated.condition === "Unreachable") {
      if (instance.condition === "UnreachableInactive") return;
      this.#tracker.put(updated);
      this.#watch(updated);
    } else {
      this.#unreachable.get(instance.id)?.();
      this.#unreachable.delete(instance.id);
      if (JSON.stringify(updated) !== JSON.stringify(instance)) this.#tracker.put(updated);
    }
  }

  #ended(instance: Instance): void {
    const task = instance.task;
    if (task === undefined) return;
    this.#kills.get(task.id)?.();
    this.#kills.delete(task.id);
    this.#unreachable.get(instance.id)?.();
    this.#unreachable.delete(instance.id);
    if (instance.wanted && delaying.has(instance.condition)) this.#failed(instance);
    if (!instance.wanted) {
      this.#leave(instance, instance.condition);
      return;
    }
    this.#tracker.announce(instance);
    const { task: _ended, ...rest } = instance;
    this.#tracker.put({ ...rest, ...released(instance), condition: "Scheduled", since: this.#clock.now() });
  }

  #recordFailure(instance: Instance, status: TaskStatus): void {
    const failure: TaskFailure = {
      appId: instance.runSpecId,
      host: instance.task?.host ?? "",
      message: status.message ?? "",
      state: status.state,
      taskId: status.task_id.value,
      timestamp: timestamp(this.#clock.now()),
      version: instance.version,
      slaveId: instance.task?.agentId ?? "",
      ...failedContainerOf(instance, status),
    };
    this.failures.set(instance.runSpecId, failure);
    this.#store.put(`taskFailures/${keyOf(instance.runSpecId)}`, failure);
  }

  #announce(instance: Instance, status: TaskStatus): void {
    this.#events.emit("status_update_event", {
      slaveId: instance.task?.agentId ?? "",
      taskId: status.task_id.value,
      taskStatus: status.state,
      message: status.message ?? "",
      appId: instance.runSpecId,
      host: instance.task?.host ?? "",
      ipAddresses: instance.task?.ipAddresses ?? [],
      ports: instance.task?.ports ?? [],
      version: instance.version,
    });
  }

  /** Of pods: what the agents tell of an app's health goes through the health monitor. */
  #announceHealth(instance: Instance): void {
    this.#events.emit("instance_health_changed_event", {
      instanceId: instance.id,
      runSpecId: instance.runSpecId,
      healthy: instance.task?.healthy ?? null,
      runSpecVersion: instance.version,
    });
  }

  /** An unreachable instance is replaced after inactiveAfterSeconds. */
  #watch(instance: Instance): void {
    if (!instance.wanted) {
      this.#leave(instance, "Killed");
      return;
    }
    const strategy = instance.unreachable;
    if (strategy === "disabled") return;
    if (instance.condition !== "Unreachable") return;
    const left = instance.since + strategy.inactiveAfterSeconds * 1000 - this.#clock.now();
    if (left <= 0) {
      this.#tracker.put({ ...instance, condition: "UnreachableInactive" });
      return;
    }
    this.#unreachable.get(instance.id)?.();
    this.#unreachable.set(
      instance.id,
      this.#clock.after(left, () => {
        const current = this.#tracker.get(instance.id);
        if (current?.condition === "Unreachable") this.#watch(current);
      }),
    );
  }

  /** Forgets, after `delayMs` and again and again, what has been unreachable for longer than expungeAfterSeconds. */
  #expungeAfter(delayMs: number): void {
    this.#cancelExpunge = this.#clock.after(delayMs, () => {
      const now = this.#clock.now();
      for (const instance of [...this.#tracker.all()]) {
        const { unreachable, condition, since } = instance;
        if (unreachable === "disabled" || condition !== "UnreachableInactive") continue;
        if (now >= since + unreachable.expungeAfterSeconds * 1000) this.#forget(instance, "Killed");
      }
      this.#expungeAfter(this.#options.expungeIntervalMs);
    });
  }

  /** An unwanted instance has no task any more: only a reservation keeps it. */
  #leave(instance: Instance, last: Instance["condition"]): void {
    if (instance.reservation === undefined || instance.wipe === true) {
      this.#forget(instance, last);
      return;
    }
    this.#settleTimers(instance);
    this.#tracker.put(suspended(instance, this.#clock.now()));
  }

  #settleTimers(instance: Instance): void {
    if (instance.task !== undefined) {
      this.#kills.get(instance.task.id)?.();
      this.#kills.delete(instance.task.id);
    }
    this.#unreachable.get(instance.id)?.();
    this.#unreachable.delete(instance.id);
  }

  #forget(instance: Instance, last: Instance["condition"]): void {
    this.#settleTimers(instance);
    this.#tracker.expunge(instance, last);
  }

  #kill(instance: Instance): void {
    const task = instance.task;
    if (task === undefined) {
      if (!instance.wanted) this.#leave(instance, "Killed");
      return;
    }
    this.#kills.get(task.id)?.();
    for (const id of livingTasks(task)) this.#driver.kill(id, task.agentId, instance.killGraceSeconds);
    const again = this.#clock.after(killRetryMs, () => {
      const current = this.#tracker.get(instance.id);
      if (current?.task?.id === task.id) this.#kill(current);
      else this.#kills.delete(task.id);
    });
    this.#kills.set(task.id, again);
  }

  /** Kills what was launched and does not come up in time. */
  #look(): void {
    const now = this.#clock.now();
    for (const instance of [...this.#tracker.all()]) {
      const stagedAt = instance.task?.stagedAt;
      if (stagedAt === undefined) continue;
      const limit =
        instance.condition === "Provisioned"
          ? this.#options.confirmTimeoutMs
          : instance.condition === "Staging" || instance.condition === "Starting"
            ? this.#options.launchTimeoutMs
            : Number.POSITIVE_INFINITY;
      if (now > stagedAt + limit) this.#kill(instance);
    }
    this.#cancelLook = this.#clock.after(lookMs, () => this.#look());
  }
}

function failedContainerOf({ id, task }: Instance, status: TaskStatus): Pick<TaskFailure, "instance"> {
  const container = task?.containers?.find((c) => c.id === status.task_id.value);
  if (task === undefined || container === undefined) return {};
  return { instance: { id, startedAt: timestamp(container.startedAt ?? task.stagedAt) } };
}

/** A new instance of `spec` that waits for an offer. */
export function newInstance(spec: RunSpec, id: string, now: number): Instance {
  return {
    id,
    runSpecId: spec.id,
    version: spec.version,
    role: spec.role,
    condition: "Scheduled",
    wanted: true,
    incarnation: 0,
    since: now,
    createdAt: now,
    ...strategiesOf(spec),
  };
}

/** What of a definition an instance carries along; the grace of a pod's containers is in their tasks. */
export function strategiesOf(spec: RunSpec): Pick<Instance, "unreachable" | "killGraceSeconds"> {
  return {
    unreachable: spec.unreachableStrategy,
    killGraceSeconds: isPod(spec) ? undefined : spec.taskKillGracePeriodSeconds,
  };
}
