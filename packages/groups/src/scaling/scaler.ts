// SPDX-License-Identifier: Apache-2.0
import { describeAutoscalePolicy, messageOf, within } from "@pulumi-mesos/model";
import { decide } from "../autoscale/decide";
import type { Decision, GroupDecision, Memory } from "../autoscale/world";
import type { Clock } from "../clock";
import type { ScaleState } from "../observed";
import type { Move } from "../plan-moves";
import type { Marathon, Seen } from "../world";
import { History, type Sample, type Told } from "./history";
import { resumed } from "./memory";
import { orderedSize, rememberMembers, type ScaledPool, senseWorld } from "./sense";
import { listen } from "./signals";
import { type Asked, type Demand, demandOf, type Queued } from "./works";

/** How often it decides; whatever is declared anew is decided at once. */
const periodMs = 5_000;
const askMs = 5_000;

export interface ScalerParts {
  readonly marathon: Pick<Marathon, "getPods" | "getQueue"> | undefined;
  readonly clock: Pick<Clock, "now" | "wall">;
  readonly log: {
    info(details: object, message: string): void;
    warn(details: object, message: string): void;
  };
}

/** What is told about groups that size themselves. */
export interface ScalingReport {
  readonly groups: Readonly<
    Record<
      string,
      {
        /** Bounds and rules in words. */
        readonly policy: string;
        /** The newest first. */
        readonly decisions: readonly Told[];
        readonly samples: readonly Sample[];
      }
    >
  >;
  /** Tasks that no agent of any group could take, and why. */
  readonly unplaceable: Decision["unplaceable"];
  /** Tasks that wait, and what Marathon says of the offers that it refused. */
  readonly queued: readonly Queued[];
}

/** Sizes groups by their policies: looks, lets `decide` decide, and remembers why. It changes nothing itself. */
export class Scaler {
  readonly #parts: ScalerParts;
  readonly #histories = new Map<string, History>();
  readonly #states = new Map<string, ScaleState>();
  readonly #versions = new Map<string, number>();
  #others: Memory = {};
  #last: Pick<ScalingReport, "unplaceable" | "queued"> = { unplaceable: [], queued: [] };
  #decidedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: ScalerParts) {
    this.#parts = parts;
  }

  get report(): ScalingReport {
    const groups = [...this.#histories].map(([name, { policy, decisions, samples }]) => [
      name,
      { policy, decisions, samples },
    ]);
    return { groups: Object.fromEntries(groups), ...this.#last };
  }

  /** What was decided last about a pool; `stored`: what another controller left, to go on from. */
  state(pool: string, stored: ScaleState | undefined): ScaleState | undefined {
    const known = this.#states.get(pool) ?? (stored && resumed(stored, this.#parts.clock.now()));
    if (known !== undefined) this.#states.set(pool, known);
    return known;
  }

  knows(pool: string): boolean {
    return this.#states.has(pool);
  }

  forget(pool: string): void {
    this.#states.delete(pool);
    this.#versions.delete(pool);
    this.#histories.delete(pool);
  }

  /** Whether it is time for a decision about any of these. */
  isDue(pools: readonly ScaledPool[]): boolean {
    const scaled = pools.filter(({ declaration }) => declaration.autoscale !== undefined);
    if (scaled.length === 0) return false;
    if (scaled.some(({ name, version }) => this.#versions.get(name) !== version)) return true;
    return this.#parts.clock.now() - this.#decidedAt >= periodMs;
  }

  /** Decides about all of them; answers the new states of those that size themselves. */
  async decide(
    given: readonly ScaledPool[],
    seen: Seen | undefined,
    marathon: { readonly apps: Asked["apps"] | undefined; readonly moves: Readonly<Record<string, Move>> },
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, ScaleState>> {
    const { clock } = this.#parts;
    const { apps, moves } = marathon;
    const demand = demandOf(apps && (await this.#ask(apps, signal)), seen, moves);
    const pools = await Promise.all(given.map((pool) => withSignals(pool, clock.wall(), signal)));
    const now = clock.now();
    const { world, policies } = senseWorld(pools, seen, demand, now);
    const memory = Object.fromEntries([...this.#states].map(([name, state]) => [name, state.memory]));
    const decision = decide(world, policies, { ...this.#others, ...memory });
    this.#others = decision.memory;
    this.#decidedAt = now;
    this.#last = { unplaceable: decision.unplaceable, queued: demand.queued };
    const states = new Map<string, ScaleState>();
    for (const pool of pools) {
      const made = decision.groups[pool.name];
      if (pool.declaration.autoscale === undefined || made === undefined) continue;
      const state: ScaleState = {
        size: made.size,
        leave: made.leave,
        end: made.end,
        members: rememberMembers(pool, seen, now),
        memory: decision.memory[pool.name] ?? { demand: [], needed: [], leave: [] },
        at: now,
      };
      this.#tell(pool, made, state, demand);
      this.#states.set(pool.name, state);
      this.#versions.set(pool.name, pool.version);
      states.set(pool.name, state);
    }
    return states;
  }

  /** What waits at Marathon; without its answer nobody leaves. */
  async #ask(apps: Asked["apps"], signal: AbortSignal): Promise<Asked | undefined> {
    const { marathon, log } = this.#parts;
    if (marathon === undefined) return { apps, pods: [], queue: [] };
    const bound = within(signal, askMs);
    try {
      const queue = await marathon.getQueue(bound);
      const pods = queue.some(({ pod }) => pod !== undefined) ? await marathon.getPods(bound) : [];
      return { apps, pods, queue };
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ reason: messageOf(error) }, "Marathon does not say what waits");
      return undefined;
    }
  }

  #tell(pool: ScaledPool, made: GroupDecision, state: ScaleState, { queued }: Demand): void {
    const agents = pool.members.length;
    const before = orderedSize(pool);
    const began = made.leave.filter((name) => pool.state.leaving[name] === undefined);
    const change =
      made.size === before && began.length === 0
        ? undefined
        : [
            `${before} to ${made.size} agents`,
            ...(began.length === 0 ? [] : [`${began.join(", ")} to leave`]),
          ].join(", ");
    const demand = state.memory.demand.at(-1)?.[1] ?? 0;
    const waiting = queued.reduce((sum, { tasks }) => sum + tasks, 0);
    const { autoscale } = pool.declaration;
    const price = autoscale?.billing?.price;
    const told = { ...made, agents, demand, waiting, change, at: new Date(state.at).toISOString() };
    const sample = { at: state.at, size: made.size, agents, demand, waiting };
    const history = this.#histories.get(pool.name) ?? new History();
    this.#histories.set(pool.name, history);
    history.policy = autoscale === undefined ? "" : describeAutoscalePolicy(autoscale);
    history.add(told, price === undefined ? sample : { ...sample, cost: price * agents });
    if (change !== undefined)
      this.#parts.log.info({ pool: pool.name, reasons: made.reasons }, `autoscale: ${change}`);
  }
}

/** The pool with what schedule and signals make of its bounds now. */
async function withSignals(pool: ScaledPool, now: number, signal: AbortSignal): Promise<ScaledPool> {
  const { autoscale } = pool.declaration;
  return autoscale === undefined ? pool : { ...pool, ...(await listen(autoscale, now, signal)) };
}
