// SPDX-License-Identifier: Apache-2.0
import { MesosError, messageOf } from "@pulumi-mesos/model";
import type { AgentInfo, DrainConfig, Value } from "../protocol/types";
import type { Machine, Schedule } from "./machines";

/** An agent as the registry keeps it. */
export interface RegistryAgent {
  readonly info: AgentInfo;
  readonly deactivated?: boolean;
  readonly drain?: { readonly state: "DRAINING" | "DRAINED"; readonly config: DrainConfig };
}

/** What masters keep about agents across failovers (Mesos's Registry message, in the parts that are simulated). */
export interface Registry {
  readonly slaves: Readonly<Record<string, RegistryAgent>>;
  /** Times in milliseconds. */
  readonly unreachable: Readonly<Record<string, { readonly at: number; readonly agent: RegistryAgent }>>;
  readonly gone: Readonly<Record<string, { readonly at: number }>>;
  /** By role; absent is 1. */
  readonly weights?: Readonly<Record<string, number>>;
  /** By role. */
  readonly quotas?: Readonly<Record<string, QuotaConfig>>;
  readonly schedule?: Schedule;
  /** In the schedule, by host name and address. */
  readonly machines?: Readonly<Record<string, Machine>>;
}

/** Limits and guarantees of a role, by resource name. */
export interface QuotaConfig {
  readonly role: string;
  readonly limits?: Readonly<Record<string, Value<number>>>;
  readonly guarantees?: Readonly<Record<string, Value<number>>>;
}

export const emptyRegistry: Registry = { slaves: {}, unreachable: {}, gone: {} };

export type RegistryChange = (registry: Registry) => Registry;

function without<T>(record: Readonly<Record<string, T>>, id: string): Record<string, T> {
  const { [id]: _gone, ...rest } = record;
  return rest;
}

export function admit(id: string, agent: RegistryAgent): RegistryChange {
  return (r) => ({
    ...r,
    slaves: { ...r.slaves, [id]: agent },
    unreachable: without(r.unreachable, id),
  });
}

export function remove(id: string): RegistryChange {
  return (r) => ({ ...r, slaves: without(r.slaves, id), unreachable: without(r.unreachable, id) });
}

/** Remembers at most `limit` unreachable agents, the newest. */
export function markUnreachable(id: string, agent: RegistryAgent, at: number, limit: number): RegistryChange {
  return (r) => {
    const all = Object.entries({ ...r.unreachable, [id]: { at, agent } }).sort((a, b) => b[1].at - a[1].at);
    return { ...r, slaves: without(r.slaves, id), unreachable: Object.fromEntries(all.slice(0, limit)) };
  };
}

export function markGone(id: string, at: number, limit: number): RegistryChange {
  return (r) => {
    const all = Object.entries({ ...r.gone, [id]: { at } }).sort((a, b) => b[1].at - a[1].at);
    return { ...remove(id)(r), gone: Object.fromEntries(all.slice(0, limit)) };
  };
}

/** Changes what is kept about an agent that is admitted or unreachable. */
export function update(id: string, change: (agent: RegistryAgent) => RegistryAgent): RegistryChange {
  return (r) => {
    const slave = r.slaves[id];
    if (slave !== undefined) return { ...r, slaves: { ...r.slaves, [id]: change(slave) } };
    const lost = r.unreachable[id];
    if (lost === undefined) return r;
    return { ...r, unreachable: { ...r.unreachable, [id]: { ...lost, agent: change(lost.agent) } } };
  };
}

/** Applies changes in order and stores them; those that come during a store go together with the next. */
export class Registrar {
  #registry: Registry;
  readonly #store: (registry: Registry) => Promise<void>;
  readonly #onFailure: (error: Error) => void;
  #waiting: { readonly change: RegistryChange; readonly done: () => void }[] = [];
  #busy = false;

  /** @param onFailure a store that failed: the leader cannot go on */
  constructor(
    registry: Registry,
    store: (registry: Registry) => Promise<void>,
    onFailure: (error: Error) => void,
  ) {
    this.#registry = registry;
    this.#store = store;
    this.#onFailure = onFailure;
  }

  get registry(): Registry {
    return this.#registry;
  }

  get queued(): number {
    return this.#waiting.length;
  }

  /** Resolves once the change is stored; never when that fails, because then the leader ends. */
  apply(change: RegistryChange): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ change, done });
      if (!this.#busy) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#busy = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const next = batch.reduce((registry, { change }) => change(registry), this.#registry);
      try {
        if (next !== this.#registry) await this.#store(next);
      } catch (error) {
        this.#onFailure(
          new MesosError(
            "MESOS_SIMULATOR_REGISTRY_STORE",
            `Registrar aborting: Failed to update registry: ${messageOf(error)}`,
            { cause: error },
          ),
        );
        return;
      }
      this.#registry = next;
      for (const { done } of batch) done();
    }
    this.#busy = false;
  }
}
