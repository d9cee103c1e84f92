// SPDX-License-Identifier: Apache-2.0

import { Authorizer } from "../authorizer";
import type { Clock } from "../clock";
import type { MasterInfo } from "../protocol/types";
import { Agents } from "./agents";
import { Allocator } from "./allocator";
import type { Context } from "./context";
import { Conversions } from "./conversions";
import type { MasterFlags } from "./flags";
import { Maintenance } from "./maintenance";
import { Operations } from "./operations";
import { emptyRegistry, Registrar, type Registry } from "./registry";
import { Schedulers } from "./schedulers";
import { ClusterState } from "./state";
import { Tasks } from "./tasks";

export interface LeaderOptions {
  readonly info: MasterInfo;
  readonly flags: MasterFlags;
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly log: (message: string) => void;
  /** What a quorum of masters had stored. */
  readonly registry: Registry | undefined;
  readonly store: (registry: Registry) => Promise<void>;
  readonly onFailure: (error: Error) => void;
  /** Numbers that go on over a second election of the same program. */
  readonly numbers: { agent: number; framework: number; offer: number };
}

/** A leading master: the state machine without HTTP, ZooKeeper and disk. */
export class Leader {
  readonly context: Context;
  readonly agents: Agents;
  readonly schedulers: Schedulers;
  readonly tasks: Tasks;
  readonly operations: Operations;
  readonly conversions: Conversions;
  readonly maintenance: Maintenance;
  readonly allocator: Allocator;
  #stopped = false;

  constructor(options: LeaderOptions) {
    const { flags, clock, info, uuid, log, numbers } = options;
    const state = new ClusterState(flags.max_completed_tasks_per_framework);
    const store = async (registry: Registry): Promise<void> => {
      const began = clock.now();
      await options.store(registry);
      state.stores.record(clock.now() - began);
    };
    this.context = {
      state,
      registrar: new Registrar(options.registry ?? emptyRegistry, store, options.onFailure),
      clock,
      info,
      flags,
      authorizer: flags.acls ?? Authorizer.open,
      electedAt: clock.now(),
      next: (kind) => numbers[kind]++,
      uuid,
      log,
      fail: options.onFailure,
      allocate: (agents) => {
        if (!this.#stopped) this.allocator.soon(agents);
      },
      stopped: () => this.#stopped,
    };
    this.allocator = new Allocator(this.context);
    this.tasks = new Tasks(this.context);
    this.conversions = new Conversions(this.context);
    this.schedulers = new Schedulers(this.context, this.allocator, this.tasks, this.conversions);
    this.agents = new Agents(this.context, this.schedulers, this.tasks, this.conversions);
    this.maintenance = new Maintenance(this.context, this.agents);
    this.allocator.onRun = () => this.maintenance.run();
    this.schedulers.maintenance = this.maintenance;
    this.operations = new Operations(this.context, this.agents);
    const { weights } = flags;
    if (weights !== undefined && this.context.registrar.registry.weights === undefined)
      void this.context.registrar.apply((registry) => ({ ...registry, weights }));
    this.conversions.onSettled = (agent) => this.agents.drained(agent);
    this.tasks.onRemoved = (agentId) => {
      const agent = this.context.state.agents.get(agentId);
      if (agent !== undefined) this.agents.drained(agent);
    };
  }

  /** Ends its timers and streams. */
  stop(): void {
    this.#stopped = true;
    this.allocator.stop();
    this.agents.stop();
    for (const framework of this.context.state.frameworks.values()) {
      this.context.clock.clear(framework.failoverTimer);
      framework.link?.close();
    }
  }
}
