// SPDX-License-Identifier: Apache-2.0
import { isEmpty } from "../protocol/resources";
import type { Value } from "../protocol/types";
import type { Agents } from "./agents";
import { type Context, rescind } from "./context";
import {
  agentsOn,
  invalidMachines,
  invalidSchedule,
  type Machine,
  type MachineId,
  machineKey,
  machineOf,
  type Schedule,
  scheduled,
  type Unavailability,
} from "./machines";
import type { CallRefusal } from "./scheduler-call";
import type { Agent, Framework } from "./state";

const defaultRefuseSeconds = 5;

/** Asks a framework to leave an agent. */
interface InverseOffer {
  readonly id: string;
  readonly framework: Framework;
  readonly agent: Agent;
}

interface Response {
  readonly status: "ACCEPT" | "DECLINE";
  readonly framework_id: Value;
  readonly timestamp: { readonly nanoseconds: number };
}

/** Machines that are to be worked on: schedule, inverse offers, down and up (docs/maintenance.md). */
export class Maintenance {
  readonly #context: Context;
  readonly #agents: Agents;
  readonly #inverse = new Map<string, InverseOffer>();
  /** By agent, by framework; forgotten in a failover, as in Mesos. */
  readonly #responses = new Map<string, Map<string, Response>>();
  /** Until when a framework is not asked again, by framework and agent. */
  readonly #quiet = new Map<string, number>();

  constructor(context: Context, agents: Agents) {
    this.#context = context;
    this.#agents = agents;
  }

  get schedule(): Schedule {
    return this.#context.registrar.registry.schedule ?? {};
  }

  /** The answer of /maintenance/status; empty lists are left out. */
  get status(): Record<string, unknown> {
    const machines = Object.values(this.#context.registrar.registry.machines ?? {});
    const draining = machines.filter((m) => m.mode === "DRAINING");
    const down = machines.filter((m) => m.mode === "DOWN");
    const answers = (id: MachineId): Response[] =>
      agentsOn(this.#context.state.agents.values(), id).flatMap((a) => [
        ...(this.#responses.get(a.id)?.values() ?? []),
      ]);
    return {
      ...(draining.length === 0
        ? {}
        : {
            draining_machines: draining.map(({ id }) => {
              const statuses = answers(id);
              return { id, ...(statuses.length === 0 ? {} : { statuses }) };
            }),
          }),
      ...(down.length === 0 ? {} : { down_machines: down.map(({ id }) => id) }),
    };
  }

  /** Replaces the whole schedule. */
  async update(schedule: Schedule): Promise<CallRefusal | undefined> {
    const { registrar, state } = this.#context;
    const wrong = invalidSchedule(schedule, registrar.registry);
    if (wrong !== undefined) return { status: 400, message: wrong };
    const windows = schedule.windows ?? [];
    const before = registrar.registry.machines ?? {};
    const machines = Object.fromEntries(
      windows.flatMap(({ machine_ids: ids = [], unavailability }) =>
        ids.map((id): [string, Machine] => {
          const key = machineKey(id);
          return [key, { id, mode: before[key]?.mode ?? "DRAINING", unavailability }];
        }),
      ),
    );
    await registrar.apply((registry) => ({ ...registry, schedule: { windows }, machines }));
    for (const agent of state.agents.values()) {
      const key = machineKey(machineOf(agent));
      if (machines[key] !== undefined || before[key] !== undefined) this.#changed(agent);
    }
    this.#context.allocate();
    return undefined;
  }

  /** Agents on these machines shut down, and nothing registers from there. */
  async down(ids: readonly MachineId[]): Promise<CallRefusal | undefined> {
    const { registrar, state } = this.#context;
    const refused = this.#refused(ids, "DRAINING", "down");
    if (refused !== undefined) return refused;
    const keys = new Set(ids.map(machineKey));
    await registrar.apply(({ machines = {}, ...rest }) => ({
      ...rest,
      machines: Object.fromEntries(
        Object.entries(machines).map(([key, m]) => [
          key,
          keys.has(key) ? { ...m, mode: "DOWN" as const } : m,
        ]),
      ),
    }));
    for (const id of ids) {
      for (const agent of agentsOn(state.agents.values(), id)) {
        this.#forget(agent);
        await this.#agents.removeDown(agent);
      }
    }
    return undefined;
  }

  /** Machines work again and are no longer in the schedule. */
  async up(ids: readonly MachineId[]): Promise<CallRefusal | undefined> {
    const refused = this.#refused(ids, "DOWN", "up");
    if (refused !== undefined) return refused;
    const keys = new Set(ids.map(machineKey));
    await this.#context.registrar.apply(({ machines = {}, schedule, ...rest }) => ({
      ...rest,
      machines: Object.fromEntries(Object.entries(machines).filter(([key]) => !keys.has(key))),
      schedule: {
        windows: (schedule?.windows ?? [])
          .map((w) => ({
            ...w,
            machine_ids: (w.machine_ids ?? []).filter((id) => !keys.has(machineKey(id))),
          }))
          .filter((w) => w.machine_ids.length > 0),
      },
    }));
    return undefined;
  }

  /** Asks frameworks that hold something of machines in the schedule, each once until it has answered. */
  run(): void {
    const { registrar, state, info, next, clock } = this.#context;
    if (Object.keys(registrar.registry.machines ?? {}).length === 0) return;
    const made = new Map<Framework, Record<string, unknown>[]>();
    const asked = new Set([...this.#inverse.values()].map((o) => `${o.framework.id}/${o.agent.id}`));
    for (const agent of state.agents.values()) {
      const machine = scheduled(registrar.registry, agent);
      if (machine === undefined || agent.link === undefined) continue;
      for (const framework of holders(state.frameworks, agent)) {
        const key = `${framework.id}/${agent.id}`;
        if (framework.link === undefined || asked.has(key)) continue;
        if ((this.#quiet.get(key) ?? 0) > clock.now()) continue;
        const offer = { id: `${info.id}-O${next("offer")}`, framework, agent };
        this.#inverse.set(offer.id, offer);
        made.set(framework, [...(made.get(framework) ?? []), inverseJson(offer, machine.unavailability)]);
      }
    }
    for (const [framework, offers] of made) {
      framework.link?.send({ type: "INVERSE_OFFERS", inverse_offers: { inverse_offers: offers } });
    }
  }

  /** A framework's answer to inverse offers; unknown ones are ignored. */
  answer(
    framework: Framework,
    status: "ACCEPT" | "DECLINE",
    call: {
      readonly inverse_offer_ids?: readonly Value[];
      readonly filters?: { readonly refuse_seconds?: number };
    },
  ): void {
    const now = this.#context.clock.now();
    for (const { value } of call.inverse_offer_ids ?? []) {
      const offer = this.#inverse.get(value);
      if (offer === undefined || offer.framework !== framework) continue;
      this.#inverse.delete(value);
      const answers = this.#responses.get(offer.agent.id) ?? new Map<string, Response>();
      this.#responses.set(offer.agent.id, answers);
      answers.set(framework.id, {
        status,
        framework_id: { value: framework.id },
        timestamp: { nanoseconds: now * 1e6 },
      });
      const seconds = Math.max(0, call.filters?.refuse_seconds ?? defaultRefuseSeconds);
      this.#quiet.set(`${framework.id}/${offer.agent.id}`, now + seconds * 1000);
    }
  }

  /** A scheduler that is gone or back has no inverse offers. */
  forgetFramework(framework: Framework): void {
    for (const [id, offer] of this.#inverse) if (offer.framework === framework) this.#inverse.delete(id);
  }

  #refused(ids: readonly MachineId[], mode: Machine["mode"], to: string): CallRefusal | undefined {
    const wrong = invalidMachines(ids);
    if (wrong !== undefined) return { status: 400, message: wrong };
    const machines = this.#context.registrar.registry.machines ?? {};
    for (const id of ids) {
      const machine = machines[machineKey(id)];
      const name = `Machine '${JSON.stringify(id)}'`;
      if (machine === undefined)
        return { status: 400, message: `${name} is not part of a maintenance schedule` };
      if (machine.mode !== mode) {
        return { status: 400, message: `${name} is not in ${mode} mode and cannot be brought ${to}` };
      }
    }
    return undefined;
  }

  /** Offers say when the machine is away, so all begin anew. */
  #changed(agent: Agent): void {
    for (const offer of [...agent.offers]) rescind(this.#context, offer);
    for (const [id, offer] of this.#inverse) {
      if (offer.agent !== agent) continue;
      this.#inverse.delete(id);
      offer.framework.link?.send({
        type: "RESCIND_INVERSE_OFFER",
        rescind_inverse_offer: { inverse_offer_id: { value: id } },
      });
    }
    this.#forget(agent);
  }

  #forget(agent: Agent): void {
    this.#responses.delete(agent.id);
    for (const [id, offer] of this.#inverse) if (offer.agent === agent) this.#inverse.delete(id);
    for (const key of this.#quiet.keys()) if (key.endsWith(`/${agent.id}`)) this.#quiet.delete(key);
  }
}

function holders(frameworks: ReadonlyMap<string, Framework>, agent: Agent): Set<Framework> {
  const all = new Set([...agent.offers].map((o) => o.framework));
  for (const [id, used] of agent.frameworks) {
    const framework = frameworks.get(id);
    if (framework !== undefined && !isEmpty(used)) all.add(framework);
  }
  return all;
}

function inverseJson(offer: InverseOffer, unavailability: Unavailability): Record<string, unknown> {
  return {
    id: { value: offer.id },
    framework_id: { value: offer.framework.id },
    agent_id: { value: offer.agent.id },
    unavailability,
  };
}
