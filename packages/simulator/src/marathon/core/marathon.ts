// SPDX-License-Identifier: Apache-2.0
import { flatName } from "../app/path-id";
import { type Clock, timestamp } from "../clock";
import type { Stage } from "../deployments/actions";
import { type Deployment, fromStored } from "../deployments/deployment";
import { DeploymentRunner } from "../deployments/deployment-runner";
import { EventBus } from "../events";
import { type RootGroup, specOf, specsOf } from "../group/root";
import { CheckAnnouncer } from "../health/check-announcer";
import { HealthMonitor } from "../health/health-monitor";
import { ReadinessMonitor } from "../health/readiness-monitor";
import { type Instance, instanceIdOf, isActive } from "../instances/instance";
import { podIsHealthy } from "../instances/pod-tasks";
import { isLeavingItsVolumes } from "../instances/reservation";
import { selectVictims } from "../instances/select-victims";
import { newInstance, type TaskFailure, TaskKeeper } from "../instances/task-keeper";
import { Tracker } from "../instances/tracker";
import type { Offer, SchedulerListener, TaskStatus } from "../mesos/messages";
import { bindMetrics, countCalls } from "../metrics/core-metrics";
import { Metrics } from "../metrics/metrics";
import { Launcher } from "../offers/launcher";
import { asApp, configVersion, isPod, type RunSpec } from "../run-spec/run-spec";
import { SpecVersions } from "../run-spec/spec-versions";
import { Changes, type StoredRoot } from "./changes";
import type { CoreOptions, CoreParts } from "./options";

/**
 * Marathon without sockets: the declared apps and groups, the deployments that bring the world there, and the instances.
 * Everything it knows is in `store` before anybody is told of it.
 */
export class Marathon implements SchedulerListener {
  readonly events: EventBus;
  readonly tracker: Tracker;
  readonly health: HealthMonitor;
  readonly readiness: ReadinessMonitor;
  readonly deployments: DeploymentRunner;
  readonly launcher: Launcher;
  readonly tasks: TaskKeeper;
  readonly versions: SpecVersions;
  readonly options: CoreOptions;
  readonly changes: Changes;
  readonly startedAt: string;
  readonly metrics: Metrics;
  frameworkId: string | undefined;
  readonly #parts: CoreParts;
  readonly #checks: CheckAnnouncer;
  #dirty = new Set<string>();
  /** The root whose roles Mesos knows. */
  #rolesOf: RootGroup | undefined;
  #roleGone = false;
  #settling = false;
  #closed = false;
  #cancelReconcile: () => void = () => undefined;
  #cancelSettle: () => void = () => undefined;

  constructor(parts: CoreParts) {
    const { clock, store, options, probe } = parts;
    this.metrics = new Metrics(clock);
    const driver = countCalls(parts.driver, this.metrics);
    this.#parts = parts;
    this.options = options;
    this.startedAt = timestamp(clock.now());
    this.events = new EventBus(clock);
    const { events } = this;
    this.tracker = new Tracker(store, events);
    const { tracker } = this;
    const changed = (specId: string) => this.#touch(specId);
    this.versions = new SpecVersions(store, options.maxVersions);
    this.readiness = new ReadinessMonitor({ clock, probe, changed });
    this.launcher = new Launcher({
      clock,
      tracker,
      store,
      driver,
      options,
      definition: (i) => this.definition(i),
      newId: parts.newId,
    });
    const failed = (instance: Instance) => {
      const spec = this.definition(instance);
      if (spec !== undefined) this.launcher.delays.add(spec, clock.now());
    };
    this.tasks = new TaskKeeper({ clock, tracker, store, events, driver, options, failed });
    this.health = new HealthMonitor({
      clock,
      events,
      probe,
      changed,
      kill: (instance, reason) => this.#killUnhealthy(instance, reason),
    });
    this.#checks = new CheckAnnouncer(events);
    this.deployments = new DeploymentRunner({
      checks: this.#checks,
      store,
      events,
      readiness: this.readiness,
      stage: this.#stage(),
      released: (ids) => {
        for (const id of ids) this.#touch(id);
      },
    });
    const { versions, deployments } = this;
    this.changes = new Changes(parts, {
      events,
      tracker,
      versions,
      deployments,
      metrics: this.metrics,
      closed: () => this.#closed,
    });
    bindMetrics(this, this.metrics);
    tracker.listen((instance, gone) => {
      const app = asApp(this.definition(instance));
      if (gone) {
        this.health.forget(instance.id);
        if (instance.role !== this.options.role) this.#roleGone = true;
        if (instance.reservation !== undefined) this.launcher.residents.gone(instance);
      } else {
        this.health.sync(instance, app);
      }
      this.#touch(instance.runSpecId);
    });
  }

  get root(): RootGroup {
    return this.changes.root;
  }

  get clock(): Clock {
    return this.#parts.clock;
  }

  /** Takes over what earlier leaders left; deployments go on. */
  async load(): Promise<void> {
    const documents = await this.#parts.store.load();
    const of = <T>(category: string): T[] =>
      [...documents].filter(([key]) => key.startsWith(`${category}/`)).map(([, value]) => value as T);
    for (const spec of [...of<RunSpec>("apps"), ...of<RunSpec>("pods")]) this.versions.restore(spec);
    this.changes.restore(documents.get("group/root") as StoredRoot | undefined, of<StoredRoot>("roots"));
    const byAge = (a: Instance, b: Instance) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
    for (const instance of of<Instance>("instance").sort(byAge)) this.tracker.restore(instance);
    for (const failure of of<TaskFailure>("taskFailures")) this.tasks.failures.set(failure.appId, failure);
    this.frameworkId = (documents.get("framework-id/id") as { value: string } | undefined)?.value;
    for (const instance of this.tracker.all()) {
      const app = asApp(this.definition(instance));
      this.health.sync(instance, app);
      if (instance.task?.healthy !== undefined) this.health.told(instance, app, instance.task.healthy);
    }
    this.#followRoles();
    this.#resume(of<unknown>("deployment").map(fromStored));
    this.#reconcileChecks();
    this.#touchAll();
    this.#settleAfter(this.options.scaleInitialMs);
    this.tasks.begin();
  }

  /** A deployment newer than the root was never answered; of two that share an app the newer had replaced the older. */
  #resume(deployments: readonly Deployment[]): void {
    const newestFirst = [...deployments].sort((a, b) => (a.plan.version < b.plan.version ? 1 : -1));
    for (const deployment of newestFirst) {
      const { id, version, affected } = deployment.plan;
      const replaced = this.deployments.conflicting(affected.keys()).length > 0;
      if (version > this.root.version || replaced) this.#parts.store.remove(`deployment/${id}`);
      else this.deployments.start(deployment, true);
    }
  }

  close(): void {
    this.#closed = true;
    this.#cancelReconcile();
    this.#cancelSettle();
    this.health.close();
    this.launcher.close();
    this.tasks.close();
  }

  subscribed(frameworkId: string, master: string, region?: string): void {
    const again = this.frameworkId === frameworkId;
    if (!again) {
      this.frameworkId = frameworkId;
      this.#parts.store.put("framework-id/id", { value: frameworkId });
      this.#parts.log(`registered as framework ${frameworkId}`);
    }
    this.events.emit(again ? "scheduler_reregistered_event" : "scheduler_registered_event", {
      ...(again ? {} : { frameworkId }),
      master,
    });
    this.tasks.subscribed();
    this.launcher.subscribed(frameworkId, region);
    this.#cancelReconcile();
    this.#reconcileAfter(this.options.reconcileInitialMs);
  }

  disconnected(): void {
    this.events.emit("scheduler_disconnected_event", {});
  }

  offers(offers: readonly Offer[]): void {
    this.metrics.count("mesos.offers.incoming.counter", offers.length);
    this.launcher.offers(offers).catch((error: unknown) => this.#broken(error));
  }

  update(status: TaskStatus): void {
    const state = status.state.toLowerCase().replaceAll("_", "-");
    this.metrics.count(`mesos.task-updates.${state}.counter`);
    this.tasks.update(status).catch((error: unknown) => this.#broken(error));
    const instance = this.tracker.get(instanceIdOf(status.task_id.value) ?? "");
    if (instance !== undefined && status.healthy !== undefined)
      this.health.told(instance, asApp(this.definition(instance)), status.healthy);
  }

  /** The definition that `instance` runs, or will run when it is launched. */
  definition(instance: Instance): RunSpec | undefined {
    const spec = specOf(this.root, instance.runSpecId);
    const upToDate = spec !== undefined && instance.version >= configVersion(spec);
    return upToDate ? spec : this.versions.get(instance.runSpecId, instance.version);
  }

  async cancelDeployment(id: string): Promise<boolean> {
    if (this.deployments.get(id) === undefined) return false;
    this.deployments.cancel(id, "The upgrade has been cancelled");
    await this.#parts.store.durable();
    return true;
  }

  #stage(): Stage {
    const healthy = (instance: Instance, spec: RunSpec) =>
      instance.condition === "Running" &&
      (isPod(spec)
        ? podIsHealthy(instance, spec)
        : spec.healthChecks.length === 0 || this.health.healthy(instance.id) === true);
    return {
      instances: (specId) => this.tracker.ofSpec(specId),
      healthy,
      ready: (instance, spec) =>
        healthy(instance, spec) && (isPod(spec) || this.readiness.ready(instance, spec)),
      definition: (instance) => this.definition(instance),
      schedule: (spec, count) => this.#schedule(spec, count),
      decommission: (instance) => this.tasks.decommission(instance),
      wipe: (specId) => this.#wipe(specId),
      victims: (spec, candidates, count) => this.#victims(spec, candidates, count),
      resetDelay: (specId) => this.launcher.delays.reset(specId),
      terminated: (specId) => {
        this.events.emit("app_terminated_event", { appId: specId });
      },
    };
  }

  /** Ends all instances of what is no more, with what was reserved for them. */
  #wipe(specId: string): void {
    for (const instance of [...this.tracker.ofSpec(specId), ...this.tracker.suspended(specId)]) {
      const kept = instance.reservation !== undefined && instance.wipe !== true;
      if (instance.wanted || kept) this.tasks.decommission(instance, true);
    }
  }

  /** New instances; those that were suspended come back first. */
  #schedule(spec: RunSpec, count: number): Instance[] {
    const back = this.tracker.suspended(spec.id).slice(0, count);
    const resumed = back.map((instance) => {
      const fresh = newInstance(spec, instance.id, this.#parts.clock.now());
      const { createdAt, incarnation, reservation } = instance;
      const again = { ...fresh, createdAt, incarnation, reservation };
      this.tracker.put(again);
      return again;
    });
    const added = Array.from({ length: count - resumed.length }, () => {
      const id = `${flatName(spec.id)}.instance-${this.#parts.newId()}`;
      const instance = newInstance(spec, id, this.#parts.clock.now());
      this.tracker.put(instance);
      return instance;
    });
    return [...resumed, ...added];
  }

  #victims(spec: RunSpec, candidates: readonly Instance[], count: number): Instance[] {
    const config = configVersion(spec);
    return selectVictims(spec, candidates, count, (instance) => instance.version < config);
  }

  #killUnhealthy(instance: Instance, reason: string): void {
    const current = this.tracker.get(instance.id);
    if (
      current?.task === undefined ||
      current.task.id !== instance.task?.id ||
      current.condition !== "Running"
    )
      return;
    this.events.emit("unhealthy_instance_kill_event", {
      appId: instance.runSpecId,
      taskId: instance.task.id,
      instanceId: instance.id,
      version: instance.version,
      reason,
      host: instance.task.host,
      slaveId: instance.task.agentId,
    });
    this.tasks.killTask(current);
  }

  #touchAll(): void {
    for (const id of new Set([...specsOf(this.root).map((s) => s.id), ...this.tracker.specIds()]))
      this.#touch(id);
  }

  #touch(specId: string): void {
    this.#dirty.add(specId);
    if (this.#settling || this.#closed) return;
    this.#settling = true;
    queueMicrotask(() => {
      this.#settling = false;
      if (!this.#closed) this.#settle();
    });
  }

  #settle(): void {
    const dirty = [...this.#dirty];
    this.#dirty = new Set();
    for (const specId of dirty) {
      if (!this.deployments.advance(specId)) this.#keepCount(specId);
    }
    this.#followRoles();
    this.launcher.refresh();
  }

  /** Offers are taken in the server's role and in that of everything that is declared or still there. */
  #followRoles(): void {
    if (this.#rolesOf === this.root && !this.#roleGone) return;
    this.#rolesOf = this.root;
    this.#roleGone = false;
    const roles = new Set<string>();
    for (const { role } of this.root.apps.values()) roles.add(role);
    for (const { role } of this.root.pods.values()) roles.add(role);
    for (const instance of this.tracker.all()) roles.add(instance.role);
    roles.delete(this.options.role);
    this.launcher.setRoles([this.options.role, ...[...roles].sort()]);
  }

  /** Outside deployments an app or pod keeps its number of instances, and what is none any more has none. */
  #keepCount(specId: string): void {
    const spec = specOf(this.root, specId);
    const instances = this.tracker.ofSpec(specId);
    if (spec === undefined) {
      this.#wipe(specId);
      if (instances.length === 0) this.#forget(specId);
      return;
    }
    const active = instances.filter(isActive);
    const missing = spec.instances - active.length - instances.filter(isLeavingItsVolumes).length;
    if (missing > 0) this.#schedule(spec, missing);
    for (const victim of this.#victims(spec, active, active.length - spec.instances)) {
      this.tasks.decommission(victim);
    }
  }

  #forget(specId: string): void {
    this.versions.forget(specId, (version) => this.changes.keeps(specId, version));
    this.launcher.delays.reset(specId);
    if (this.tasks.failures.delete(specId)) {
      this.#parts.store.remove(`taskFailures/${specId.replaceAll("/", "_")}`);
    }
  }

  #reconcileAfter(delayMs: number): void {
    this.#cancelReconcile = this.#parts.clock.after(delayMs, () => {
      this.tasks.reconcile();
      this.#reconcileChecks();
      this.#reconcileAfter(this.options.reconcileMs);
    });
  }

  #reconcileChecks(): void {
    for (const app of this.root.apps.values()) {
      const instances = this.tracker.ofSpec(app.id);
      this.#checks.reconcile(
        app,
        instances.map((i) => [i.version, asApp(this.versions.get(app.id, i.version))]),
      );
    }
  }

  /** Whatever a change did not tell of is seen now and then. */
  #settleAfter(delayMs: number): void {
    this.#cancelSettle = this.#parts.clock.after(delayMs, () => {
      this.#touchAll();
      this.#settleAfter(this.options.scaleIntervalMs);
    });
  }

  #broken(error: unknown): void {
    this.#parts.log(
      `a message from Mesos could not be handled: ${error instanceof Error ? error.stack : String(error)}`,
    );
  }
}
