// SPDX-License-Identifier: Apache-2.0
import type { DrainConfig, DurationInfo } from "../protocol/types";
import type { Agents } from "./agents";
import { type Context, rescind } from "./context";
import { machineOf, printMachine, scheduled } from "./machines";
import { update } from "./registry";
import type { CallRefusal } from "./scheduler-call";
import type { Agent } from "./state";

/** What an operator does to agents (mesos.md 3.1). Each resolves once the registry has it. */
export class Operations {
  readonly #context: Context;
  readonly #agents: Agents;

  constructor(context: Context, agents: Agents) {
    this.#context = context;
    this.#agents = agents;
  }

  async drain(
    id: string,
    grace: DurationInfo | undefined,
    markGone: boolean,
  ): Promise<CallRefusal | undefined> {
    const { registrar, state, clock, log } = this.#context;
    const refused = this.#unknown(id) ?? this.#undrainable(id);
    if (refused !== undefined) return refused;
    const config: DrainConfig = {
      ...(grace === undefined ? {} : { max_grace_period: grace }),
      mark_gone: markGone,
    };
    await registrar.apply(
      update(id, (a) => ({ ...a, deactivated: true, drain: { state: "DRAINING", config } })),
    );
    const agent = state.agents.get(id);
    log(`agent ${id} is being drained`);
    if (agent === undefined) return undefined;
    agent.drain = { state: "DRAINING", config, startedAt: clock.now() };
    this.#deactivate(agent);
    agent.link?.send({ type: "DrainSlaveMessage", config });
    this.#agents.drained(agent);
    return undefined;
  }

  async deactivate(id: string): Promise<CallRefusal | undefined> {
    const refused = this.#unknown(id);
    if (refused !== undefined) return refused;
    await this.#context.registrar.apply(update(id, (a) => ({ ...a, deactivated: true })));
    const agent = this.#context.state.agents.get(id);
    if (agent !== undefined) this.#deactivate(agent);
    return undefined;
  }

  async reactivate(id: string): Promise<CallRefusal | undefined> {
    const { registrar, state } = this.#context;
    const refused = this.#unknown(id);
    if (refused !== undefined) return refused;
    const { slaves, unreachable } = registrar.registry;
    const kept = slaves[id] ?? unreachable[id]?.agent;
    if (kept?.deactivated !== true) return { status: 400, message: "Agent is not deactivated" };
    if (kept.drain?.state === "DRAINING") {
      return { status: 400, message: "Agent is still in the DRAINING state" };
    }
    await registrar.apply(update(id, ({ drain: _drain, ...a }) => ({ ...a, deactivated: false })));
    const agent = state.agents.get(id);
    if (agent === undefined) return undefined;
    agent.deactivated = false;
    agent.drain = undefined;
    agent.link?.send({ type: "ReactivateSlaveMessage" });
    this.#context.allocate([agent]);
    return undefined;
  }

  async markGone(id: string): Promise<CallRefusal | undefined> {
    if (await this.#agents.markGone(id)) return undefined;
    return { status: 404, message: `Agent '${id}' not found` };
  }

  #deactivate(agent: Agent): void {
    agent.deactivated = true;
    for (const offer of [...agent.offers]) rescind(this.#context, offer);
  }

  #undrainable(id: string): CallRefusal | undefined {
    const { state, registrar } = this.#context;
    const agent = state.agents.get(id);
    if (agent === undefined) return undefined;
    if (scheduled(registrar.registry, agent) !== undefined) {
      const machine = printMachine(machineOf(agent));
      return {
        status: 400,
        message: `Agent ${id} is part of a maintenance schedule under Machine ${machine}`,
      };
    }
    const capable = agent.capabilities.some((c) => c.type === "AGENT_DRAINING");
    return capable ? undefined : { status: 400, message: `Agent ${id} is not capable of draining` };
  }

  #unknown(id: string): CallRefusal | undefined {
    const { slaves, unreachable } = this.#context.registrar.registry;
    if (this.#agents.isGoing(id)) return { status: 409, message: "Agent is currently being marked gone" };
    if (slaves[id] !== undefined || unreachable[id] !== undefined) return undefined;
    return { status: 400, message: "Unknown agent" };
  }
}
