// SPDX-License-Identifier: Apache-2.0
import { regionOf } from "../protocol/domain";
import { isFor } from "../protocol/kinds";
import { covers, fromValues, type Quantities, quantitiesOf } from "../protocol/quantities";
import { amount, contains, isEmpty, only, type Resources, subtract } from "../protocol/resources";
import { type Context, rescind } from "./context";
import { FairShare } from "./fair-share";
import { scheduled } from "./machines";
import { offerJson } from "./offer-json";
import { QuotaBook } from "./quota-book";
import { randomFrom, shuffled } from "./random-order";
import { rolesOf } from "./roles";
import { type Agent, type Framework, hasCapability, type Offer, type Refused } from "./state";

const maxRefuseMs = 365 * 24 * 3_600_000;

/**
 * Gives the free resources of active agents as offers: first to roles that have less than they are guaranteed, then to
 * the role and in it the framework with the least dominant share.
 */
export class Allocator {
  readonly #context: Context;
  readonly #timer: NodeJS.Timeout;
  readonly #served = new Map<string, number>();
  readonly #random: () => number;
  /** Agents on which something may have become free since the last run. */
  #candidates: Set<Agent> | "all" = "all";
  /** Called at the end of each run. */
  onRun: () => void = () => undefined;
  #soon: NodeJS.Timeout | undefined;

  constructor(context: Context) {
    this.#context = context;
    this.#random = randomFrom(context.uuid());
    this.#timer = context.clock.every(context.flags.allocation_interval, () => {
      this.#candidates = "all"; // filters end without a word
      this.#run();
    });
  }

  stop(): void {
    this.#context.clock.clear(this.#timer);
    this.#context.clock.clear(this.#soon);
    for (const offer of this.#context.state.offers.values()) this.#context.clock.clear(offer.timer);
  }

  /** Once after what happens now, on these agents or on all. */
  soon(agents?: Iterable<Agent>): void {
    if (agents === undefined) this.#candidates = "all";
    else if (this.#candidates !== "all") for (const agent of agents) this.#candidates.add(agent);
    this.#soon ??= this.#context.clock.after(0, () => {
      this.#soon = undefined;
      this.#run();
    });
  }

  #run(): void {
    const { clock, state } = this.#context;
    const began = clock.now();
    this.#give();
    this.onRun();
    state.allocations.record(clock.now() - began);
  }

  #give(): void {
    const { state } = this.#context;
    const candidates = this.#candidates === "all" ? state.agents.values() : this.#candidates;
    this.#candidates = new Set();
    const takers = this.#takers();
    if (takers.size === 0) return;
    const free = new Map<Agent, Resources>();
    for (const agent of candidates) {
      const left = freeOf(agent);
      if (left !== undefined && state.agents.has(agent.id)) free.set(agent, left);
    }
    if (free.size === 0) return;
    const share = new FairShare(this.#context, this.#served, this.#random);
    const quotas = new QuotaBook(this.#context, () => allFree(state.agents.values()));
    const made = new Map<Framework, Offer[]>();
    for (const owed of quotas.empty ? [false] : [true, false]) {
      // In a new order each time, so that launches spread over the agents.
      for (const agent of shuffled([...free.keys()], this.#random)) {
        this.#allocate(agent, owed, { takers, free, share, quotas, made });
      }
    }
    for (const [framework, offers] of made) {
      framework.link?.send({
        type: "OFFERS",
        offers: { offers: offers.map(offerJson) },
      });
    }
  }

  /** Keeps `resources` of an agent from a role of a framework for a while. */
  refuse(
    framework: Framework,
    role: string,
    agentId: string,
    resources: Resources,
    refuseSeconds: number,
  ): void {
    const ms = Math.min(Math.max(0, refuseSeconds * 1000), maxRefuseMs);
    if (ms === 0 || isEmpty(resources)) return;
    const until = this.#context.clock.now() + ms;
    const covered = (f: Refused): boolean => f.role === role && contains(resources, f.resources);
    const before = (framework.filters.get(agentId) ?? []).filter((f) => !covered(f));
    framework.filters.set(agentId, [...before, { role, resources, until }]);
  }

  #allocate(agent: Agent, owed: boolean, round: Round): void {
    const { takers, free, share, quotas, made } = round;
    for (const role of share.roles([...takers.keys()])) {
      if (owed && !quotas.isOwed(role)) continue;
      for (const framework of share.frameworks(role, takers.get(role) ?? [])) {
        const left = free.get(agent);
        if (left === undefined || isEmpty(left)) return;
        const fit = this.#suitable(framework, role, agent, left);
        const some = owed ? quotas.guaranteed(role, fit) : quotas.shared(role, fit);
        if (!this.#isEnough(framework, role, some) || this.#filtered(framework, role, agent, some)) continue;
        free.set(agent, subtract(left, some));
        share.allocated(framework, role, some);
        quotas.allocated(role, some);
        const offers = made.get(framework) ?? [];
        offers.push(this.#offer(framework, role, agent, some));
        made.set(framework, offers);
      }
    }
  }

  /** Who wants offers, by role. */
  #takers(): Map<string, Framework[]> {
    const takers = new Map<string, Framework[]>();
    for (const framework of this.#context.state.frameworks.values()) {
      if (framework.link === undefined) continue;
      for (const role of rolesOf(framework.info)) {
        if (!framework.suppressed.has(role)) takers.set(role, [...(takers.get(role) ?? []), framework]);
      }
    }
    return takers;
  }

  /** What a framework that knows no better may see of an agent. */
  #suitable(framework: Framework, role: string, agent: Agent, left: Resources): Resources {
    const { flags, info } = this.#context;
    const gpus = flags.filter_gpu_resources && amount(agent.total, "gpus") > 0;
    const region = regionOf(agent.info.domain);
    const remote = region !== undefined && region !== regionOf(info.domain);
    const none =
      framework.constraints.excludes(role, agent.info) ||
      (gpus && !hasCapability(framework, "GPU_RESOURCES")) ||
      (remote && !hasCapability(framework, "REGION_AWARE"));
    const refined = hasCapability(framework, "RESERVATION_REFINEMENT");
    const revocable = hasCapability(framework, "REVOCABLE_RESOURCES");
    return only(left, (kind) => {
      if (none || !isFor(kind, role)) return false;
      return (refined || kind.reservations.length < 2) && (revocable || kind.revocable !== true);
    });
  }

  #isEnough(framework: Framework, role: string, some: Resources): boolean {
    if (isEmpty(some)) return false;
    const own = framework.info.offer_filters?.[role]?.min_allocatable_resources?.quantities;
    const least = own?.map((q) => fromValues(q.quantities)) ?? this.#context.flags.min_allocatable_resources;
    const has = quantitiesOf(some);
    return least.length === 0 || least.some((one: Quantities) => covers(has, one));
  }

  #filtered(framework: Framework, role: string, agent: Agent, some: Resources): boolean {
    const now = this.#context.clock.now();
    const filters = (framework.filters.get(agent.id) ?? []).filter((f) => f.until > now);
    if (filters.length === 0) framework.filters.delete(agent.id);
    else framework.filters.set(agent.id, filters);
    return filters.some((f) => f.role === role && contains(f.resources, some));
  }

  #offer(framework: Framework, role: string, agent: Agent, resources: Resources): Offer {
    const { state, info, clock, flags, next, registrar } = this.#context;
    const id = `${info.id}-O${next("offer")}`;
    const offer: Offer = {
      id,
      framework,
      role,
      agent,
      resources,
      unavailability: scheduled(registrar.registry, agent)?.unavailability,
      timer: undefined,
    };
    if (flags.offer_timeout !== undefined) {
      offer.timer = clock.after(flags.offer_timeout, () => {
        rescind(this.#context, offer);
        this.soon([agent]);
      });
    }
    state.addOffer(offer);
    return offer;
  }
}

/** What one run works on. */
interface Round {
  readonly takers: ReadonlyMap<string, readonly Framework[]>;
  readonly free: Map<Agent, Resources>;
  readonly share: FairShare;
  readonly quotas: QuotaBook;
  readonly made: Map<Framework, Offer[]>;
}

function allFree(agents: Iterable<Agent>): Resources[] {
  return [...agents].flatMap((agent) => freeOf(agent) ?? []);
}

/** What may be offered of an agent. */
function freeOf(agent: Agent): Resources | undefined {
  if (agent.link === undefined || agent.deactivated) return undefined;
  const { total, used, offered } = agent;
  const before = lastFree.get(agent);
  if (before?.total === total && before.used === used && before.offered === offered) return before.free;
  const left = subtract(subtract(total, used), offered);
  const free = isEmpty(left) ? undefined : left;
  lastFree.set(agent, { total, used, offered, free });
  return free;
}

/** Resources are replaced, never altered: between two runs little changes on most agents. */
const lastFree = new WeakMap<
  Agent,
  {
    readonly total: Resources;
    readonly used: Resources;
    readonly offered: Resources;
    readonly free: Resources | undefined;
  }
>();
