// SPDX-License-Identifier: Apache-2.0
import { isConversion } from "../protocol/operations";
import { add, noResources, type Resources } from "../protocol/resources";
import type { FrameworkInfo, Value } from "../protocol/types";
import type { Allocator } from "./allocator";
import { type Context, rescind } from "./context";
import { allocated, allocatedExecutor, type Conversions } from "./conversions";
import { removeExecutor, tellExecutor } from "./executors";
import type { Maintenance } from "./maintenance";
import { OfferConstraints } from "./offer-constraints";
import { frameworkJson } from "./operator-json";
import { invalidFramework, rolesOf } from "./roles";
import type { CallRefusal, SchedulerCall } from "./scheduler-call";
import { foreignRole, missing, notWhitelisted, unauthorizedRoles, unchangeable } from "./scheduler-checks";
import { type Agent, type Framework, newFramework, type Offer, type SchedulerLink } from "./state";
import type { Tasks } from "./tasks";

export type { CallRefusal, SchedulerCall };

export const heartbeatSeconds = 15;
const defaultRefuseSeconds = 5;

type SubscribeOptions = Pick<
  NonNullable<SchedulerCall["subscribe"]>,
  "suppressed_roles" | "offer_constraints"
>;

/** Frameworks: subscription and failover, and the calls of the scheduler API (mesos.md 2.3). */
export class Schedulers {
  readonly #context: Context;
  readonly #allocator: Allocator;
  readonly #tasks: Tasks;
  readonly #conversions: Conversions;
  /** Set once there is one. */
  maintenance: Maintenance | undefined;

  constructor(context: Context, allocator: Allocator, tasks: Tasks, conversions: Conversions) {
    this.#context = context;
    this.#allocator = allocator;
    this.#tasks = tasks;
    this.#conversions = conversions;
  }

  /** Begins or takes over a framework; the link is told what follows from it. */
  subscribe(
    info: FrameworkInfo,
    link: SchedulerLink,
    { suppressed_roles: suppressed = [], offer_constraints = {} }: SubscribeOptions = {},
  ): void {
    const { state, clock, log } = this.#context;
    const constraints = OfferConstraints.read(offer_constraints, rolesOf(info));
    const wrong =
      invalidFramework(info, suppressed) ??
      notWhitelisted(this.#context.flags, info) ??
      unauthorizedRoles(this.#context, info);
    if (wrong !== undefined || typeof constraints === "string") {
      link.send({ type: "ERROR", error: { message: wrong ?? constraints } });
      link.close();
      return;
    }
    const known = info.id?.value;
    if (known !== undefined && state.completedFrameworks.has(known)) {
      link.send({ type: "ERROR", error: { message: "Framework has been removed" } });
      link.close();
      return;
    }
    const existing = known === undefined ? undefined : state.frameworks.get(known);
    const framework = existing ?? this.adopt({ ...info, id: { value: known ?? this.#newId() } }, false);
    const before = framework.link;
    framework.link = link;
    link.counts = framework.counts;
    framework.counts.call({ type: "SUBSCRIBE" });
    if (before !== undefined) {
      before.send({ type: "ERROR", error: { message: "Framework failed over" } });
      before.close();
    }
    clock.clear(framework.failoverTimer);
    framework.failoverTimer = undefined;
    framework.info = { ...info, id: { value: framework.id } };
    framework.suppressed = new Set(suppressed);
    framework.constraints = constraints;
    framework.recovered = false;
    if (existing !== undefined) framework.reregisteredAt = clock.now();
    for (const offer of [...framework.offers]) {
      clock.clear(offer.timer);
      state.removeOffer(offer);
    }
    framework.filters.clear();
    this.maintenance?.forgetFramework(framework);
    log(
      `framework ${framework.id} (${info.name}) has ${existing === undefined ? "subscribed" : "re-subscribed"}`,
    );
    link.send({
      type: "SUBSCRIBED",
      subscribed: {
        framework_id: { value: framework.id },
        heartbeat_interval_seconds: heartbeatSeconds,
        master_info: this.#context.info,
      },
    });
    link.send({ type: "HEARTBEAT" });
    const type = existing === undefined ? "FRAMEWORK_ADDED" : "FRAMEWORK_UPDATED";
    state.emit(() => ({ type, [type.toLowerCase()]: { framework: frameworkJson(framework) } }));
    this.#tasks.resend(framework);
    this.#conversions.resend(framework);
    this.#context.allocate();
  }

  /** A framework that is not connected (yet). */
  adopt(info: FrameworkInfo, recovered: boolean): Framework {
    const id = info.id?.value ?? this.#newId();
    const framework = newFramework(id, info, this.#context.clock.now(), recovered);
    this.#context.state.frameworks.set(framework.id, framework);
    // Schedulers look for the new leader while agents come back, so even those without a failover_timeout get this long.
    if (recovered) this.#startFailover(framework, this.#context.flags.agent_reregister_timeout);
    return framework;
  }

  /** The scheduler's stream has ended: its tasks live on for failover_timeout. */
  disconnected(link: SchedulerLink): void {
    if (this.#context.stopped()) return;
    const { state, clock, log } = this.#context;
    const framework = [...state.frameworks.values()].find((f) => f.link === link);
    if (framework === undefined) return;
    log(`framework ${framework.id} (${framework.info.name}) has disconnected`);
    framework.link = undefined;
    for (const offer of [...framework.offers]) {
      clock.clear(offer.timer);
      state.removeOffer(offer);
    }
    this.maintenance?.forgetFramework(framework);
    this.#startFailover(framework);
    this.#context.allocate();
  }

  #startFailover(framework: Framework, leastMs = 0): void {
    const ms = Math.min(Math.max(leastMs, (framework.info.failover_timeout ?? 0) * 1000), 2_147_483_647);
    framework.failoverTimer = this.#context.clock.after(ms, () => {
      this.#context.log(`framework ${framework.id} did not come back within its failover_timeout`);
      this.teardown(framework);
    });
  }

  /** Kills all its tasks and forgets it. */
  teardown(framework: Framework): void {
    const { state, clock, flags } = this.#context;
    clock.clear(framework.failoverTimer);
    for (const offer of [...framework.offers]) {
      clock.clear(offer.timer);
      state.removeOffer(offer);
    }
    for (const agent of state.agents.values()) {
      if (!agent.frameworks.has(framework.id)) continue;
      agent.link?.send({ type: "ShutdownFrameworkMessage", framework_id: { value: framework.id } });
    }
    for (const task of [...framework.tasks.values()]) {
      this.#tasks.end(task, "TASK_KILLED", "REASON_FRAMEWORK_REMOVED", "Framework has been removed");
    }
    for (const executor of [...framework.executors]) removeExecutor(state, executor);
    framework.unregisteredAt = clock.now();
    framework.link?.close();
    framework.link = undefined;
    state.frameworks.delete(framework.id);
    state.completedFrameworks.set(framework.id, framework);
    for (const id of state.completedFrameworks.keys()) {
      if (state.completedFrameworks.size <= flags.max_completed_frameworks) break;
      state.completedFrameworks.delete(id);
    }
    state.emit(() => ({ type: "FRAMEWORK_REMOVED", framework_removed: { framework_info: framework.info } }));
    this.#context.allocate();
  }

  /** Any call but SUBSCRIBE of a framework whose stream is known to be its own. */
  call(framework: Framework, call: SchedulerCall): CallRefusal | undefined {
    const { state } = this.#context;
    state.count(state.counters.messages, call.type);
    framework.counts.call(call);
    switch (call.type) {
      case "TEARDOWN":
        this.teardown(framework);
        return undefined;
      case "ACCEPT":
        return this.#accept(framework, call.accept ?? {});
      case "DECLINE":
        this.#take(
          framework,
          call.decline?.offer_ids ?? [],
          call.decline?.filters?.refuse_seconds,
          noResources,
        );
        return undefined;
      case "ACCEPT_INVERSE_OFFERS":
        this.maintenance?.answer(framework, "ACCEPT", call.accept_inverse_offers ?? {});
        return undefined;
      case "DECLINE_INVERSE_OFFERS":
        this.maintenance?.answer(framework, "DECLINE", call.decline_inverse_offers ?? {});
        return undefined;
      case "REVIVE":
        return this.#revive(framework, call.revive?.roles ?? []);
      case "SUPPRESS":
        return this.#suppress(framework, call.suppress?.roles ?? []);
      case "KILL":
        return this.#kill(framework, call.kill ?? {});
      case "ACKNOWLEDGE":
        return this.#acknowledge(framework, call.acknowledge ?? {});
      case "RECONCILE": {
        const asked = call.reconcile?.tasks ?? [];
        const tasks = asked.flatMap((t) =>
          t.task_id === undefined ? [] : [{ taskId: t.task_id.value, agentId: t.agent_id?.value }],
        );
        this.#tasks.reconcile(framework, tasks);
        return undefined;
      }
      case "MESSAGE":
      case "SHUTDOWN": {
        const args = call.type === "MESSAGE" ? call.message : call.shutdown;
        const wrong = tellExecutor(this.#context, framework, call.type, args);
        return wrong === undefined
          ? undefined
          : { status: 400, message: `Failed to validate scheduler::Call: ${wrong}` };
      }
      case "UPDATE_FRAMEWORK":
        return this.#updateFramework(framework, call.update_framework ?? {});
      case "ACKNOWLEDGE_OPERATION_STATUS": {
        const { agent_id, uuid } = call.acknowledge_operation_status ?? {};
        if (uuid === undefined) return missing("acknowledge_operation_status.uuid");
        this.#conversions.acknowledge(framework, agent_id?.value, uuid);
        return undefined;
      }
      case "RECONCILE_OPERATIONS":
        this.#conversions.reconcile(framework, call.reconcile_operations?.operations ?? []);
        return undefined;
      case "REQUEST": // Mesos's allocator does not heed what a framework asks for either
        return undefined;
      default:
        return { status: 501, message: `scheduler call ${call.type} is not simulated` };
    }
  }

  /** For the roles named, or for all. */
  #revive(framework: Framework, roles: readonly string[]): CallRefusal | undefined {
    const wrong = foreignRole(framework, "REVIVE", roles);
    if (wrong !== undefined) return wrong;
    const all = roles.length === 0;
    framework.suppressed = new Set(all ? [] : [...framework.suppressed].filter((r) => !roles.includes(r)));
    for (const [agentId, filters] of framework.filters) {
      framework.filters.set(agentId, all ? [] : filters.filter((f) => !roles.includes(f.role)));
    }
    this.#context.allocate();
    return undefined;
  }

  #suppress(framework: Framework, roles: readonly string[]): CallRefusal | undefined {
    const wrong = foreignRole(framework, "SUPPRESS", roles);
    if (wrong !== undefined) return wrong;
    const more = roles.length === 0 ? rolesOf(framework.info) : roles;
    framework.suppressed = new Set([...framework.suppressed, ...more]);
    return undefined;
  }

  /** Takes over what may change; offers to roles that it leaves are taken back. */
  #updateFramework(
    framework: Framework,
    update: NonNullable<SchedulerCall["update_framework"]>,
  ): CallRefusal | undefined {
    const { framework_info: info, suppressed_roles: suppressed = [], offer_constraints = {} } = update;
    if (info === undefined) return missing("update_framework.framework_info");
    const wrong = invalidFramework(info, suppressed) ?? unchangeable(framework.info, info);
    if (wrong !== undefined) {
      return { status: 400, message: `'UpdateFramework.framework_info' is not valid: ${wrong}` };
    }
    const constraints = OfferConstraints.read(offer_constraints, rolesOf(info));
    if (typeof constraints === "string") {
      return { status: 400, message: `'UpdateFramework' is not valid: ${constraints}` };
    }
    framework.info = { ...info, id: { value: framework.id } };
    framework.suppressed = new Set(suppressed);
    framework.constraints = constraints;
    for (const offer of [...framework.offers]) {
      if (!rolesOf(info).includes(offer.role)) rescind(this.#context, offer);
    }
    this.#context.state.emit(() => ({
      type: "FRAMEWORK_UPDATED",
      framework_updated: { framework: frameworkJson(framework) },
    }));
    this.#context.allocate();
    return { status: 200, message: "" };
  }

  #accept(framework: Framework, accept: NonNullable<SchedulerCall["accept"]>): CallRefusal | undefined {
    const operations = accept.operations ?? [];
    const foreign = operations.find(
      (o) => o.type !== "LAUNCH" && o.type !== "LAUNCH_GROUP" && !isConversion(o.type),
    );
    if (foreign !== undefined) return { status: 400, message: `operation ${foreign.type} is not simulated` };
    const bad = operations.map(malformedLaunch).find((why) => why !== undefined);
    if (bad !== undefined) return { status: 400, message: `Failed to validate scheduler::Call: ${bad}` };
    const { agent, role, resources } = this.#take(framework, accept.offer_ids ?? [], undefined, undefined);
    let left = resources;
    for (const operation of operations) {
      if (isConversion(operation.type)) {
        left = this.#conversions.accept(framework, role, agent, operation, left);
        continue;
      }
      const { type, launch, launch_group: group } = operation;
      const infos = (type === "LAUNCH" ? launch?.task_infos : group?.task_group?.tasks) ?? [];
      const tasks = infos.map((info) => allocated(info, role));
      left =
        type === "LAUNCH" || group?.executor === undefined
          ? this.#tasks.launch(framework, agent, tasks, left)
          : this.#tasks.launchGroup(framework, agent, allocatedExecutor(group.executor, role), tasks, left);
    }
    if (agent !== undefined) {
      const refuse = accept.filters?.refuse_seconds ?? defaultRefuseSeconds;
      this.#allocator.refuse(framework, role, agent.id, left, refuse);
    }
    return undefined;
  }

  /** Uses up offers; what is left of them goes to others soon. All must be its own, of one agent and one role, otherwise there is no agent; `refuse` filters them. */
  #take(
    framework: Framework,
    ids: readonly Value[],
    refuseSeconds: number | undefined,
    refuse: Resources | undefined,
  ): { agent: Agent | undefined; role: string; resources: Resources } {
    const { state, clock } = this.#context;
    const freed = new Set<Agent>();
    let resources = noResources;
    let first: Offer | undefined;
    let valid = ids.length > 0;
    for (const id of ids) {
      const offer = state.offers.get(id.value);
      if (offer === undefined || offer.framework !== framework) {
        valid = false;
        continue;
      }
      if (first !== undefined && (first.agent !== offer.agent || first.role !== offer.role)) valid = false;
      first ??= offer;
      freed.add(offer.agent);
      clock.clear(offer.timer);
      state.removeOffer(offer);
      resources = add(resources, offer.resources);
      if (refuse !== undefined) {
        const seconds = refuseSeconds ?? defaultRefuseSeconds;
        this.#allocator.refuse(framework, offer.role, offer.agent.id, offer.resources, seconds);
      }
    }
    this.#context.allocate(freed);
    return { agent: valid ? first?.agent : undefined, role: first?.role ?? "*", resources };
  }

  #kill(framework: Framework, kill: NonNullable<SchedulerCall["kill"]>): CallRefusal | undefined {
    if (kill.task_id === undefined)
      return {
        status: 400,
        message: "Failed to validate scheduler::Call: Expecting 'kill.task_id' to be present",
      };
    const grace = kill.kill_policy?.grace_period?.nanoseconds;
    const graceMs = grace === undefined ? undefined : Number(grace) / 1e6;
    this.#tasks.kill(framework, kill.task_id.value, kill.agent_id?.value, graceMs);
    return undefined;
  }

  #acknowledge(
    framework: Framework,
    ack: NonNullable<SchedulerCall["acknowledge"]>,
  ): CallRefusal | undefined {
    if (ack.agent_id === undefined || ack.task_id === undefined || ack.uuid === undefined) {
      return {
        status: 400,
        message:
          "Failed to validate scheduler::Call: Expecting 'acknowledge' with agent_id, task_id and uuid",
      };
    }
    this.#tasks.acknowledge(framework, ack.agent_id.value, ack.task_id.value, ack.uuid);
    return undefined;
  }

  #newId(): string {
    return `${this.#context.info.id}-${String(this.#context.next("framework")).padStart(4, "0")}`;
  }
}

type Operation = NonNullable<NonNullable<SchedulerCall["accept"]>["operations"]>[number];

/** Why an operation that launches cannot even be read. */
function malformedLaunch(operation: Operation): string | undefined {
  const { type, launch, launch_group: group } = operation;
  const tasks = (type === "LAUNCH" ? launch?.task_infos : group?.task_group?.tasks) ?? [];
  if (tasks.some((t) => typeof t?.task_id?.value !== "string" || !Array.isArray(t.resources)))
    return "a task needs task_id and resources";
  if (type === "LAUNCH_GROUP" && typeof group?.executor?.executor_id?.value !== "string")
    return "launch_group needs an executor with executor_id";
  const executors = tasks.flatMap((t) => (t.executor === undefined ? [] : [t.executor]));
  return executors.some((e) => typeof e.executor_id?.value !== "string")
    ? "an executor needs executor_id"
    : undefined;
}
