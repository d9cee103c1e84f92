// SPDX-License-Identifier: Apache-2.0
import {
  type AgentPoolDeclaration,
  type AgentPoolStatus,
  boundsOf,
  digestOf,
  messageOf,
  within,
} from "@pulumi-mesos/model";
import { applyStep, withDeployments } from "./apply";
import { addressIn, type Backend } from "./backends/backend";
import type { Clock } from "./clock";
import { Jobs } from "./jobs";
import { type Asked, askMs, type Log, lookAtMarathon, lookAtMesos } from "./look";
import type { Agents, Member, ScaleState } from "./observed";
import { type Action, type PoolPlan, planPool } from "./plan";
import { type Move, planMoves } from "./plan-moves";
import { decodeDeclaration, hostsOf, type Pool, scaledPool, withPlaces } from "./pool";
import type { PoolStore } from "./pool-store";
import { isActive, type PoolView } from "./pool-view";
import { type RoleResources, resourcesByRole } from "./scaling/resources";
import { Scaler, type ScalingReport } from "./scaling/scaler";
import { type ScaledPool, sizeOf } from "./scaling/sense";
import { poolStatus } from "./status";
import { countTasks, type Marathon, type Mesos, type Seen } from "./world";

export interface ControllerParts {
  readonly store: PoolStore;
  readonly mesos: Mesos;
  /** Nothing where the cluster has no Marathon: then nothing is moved before an agent is drained. */
  readonly marathon: Marathon | undefined;
  /** As which framework the masters know Marathon, for the time when it is silent. */
  readonly marathonName: string;
  readonly backend: Backend;
  /** Apps that are about to be scaled, of which no task sets out meanwhile. @default none */
  readonly held?: () => ReadonlySet<string>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Pause between two rounds while something is under way, and while nothing is. */
const pauses = { unsettledMs: 250, settledMs: 2000 } as const;
const parallelJobs = 8;

/**
 * Keeps every declared pool at its size, one look at the world after the other: what is to be done follows from what is
 * seen and what ZooKeeper keeps, so that a controller that was killed anywhere goes on.
 */
export class GroupsController {
  readonly #parts: ControllerParts;
  readonly #jobs: Jobs;
  readonly #scaler: Scaler;
  readonly #begun: number;
  readonly #versions = new Map<string, number>();
  readonly #refusals = new Map<string, number>();
  readonly #statuses = new Map<string, AgentPoolStatus>();
  #looked: { readonly pools: readonly Pool[]; readonly seen: Seen | undefined } = {
    pools: [],
    seen: undefined,
  };
  #waker = new AbortController();
  readonly #wake = (): void => this.#waker.abort();

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    this.#begun = parts.clock.now();
    this.#jobs = new Jobs({ limit: parallelJobs, now: parts.clock.now });
    this.#scaler = new Scaler(parts);
  }

  /** The last decisions about groups that size themselves. */
  get scaling(): ScalingReport {
    return this.#scaler.report;
  }

  /** What the agents of each pool have, hold and offer by role, as the leading master said last; nothing while none leads. */
  get resources(): Readonly<Record<string, readonly RoleResources[]>> {
    const { pools, seen } = this.#looked;
    if (seen === undefined) return {};
    return Object.fromEntries(
      pools.map((pool) => {
        const hosts = new Set(hostsOf([pool]));
        return [pool.name, resourcesByRole(seen.offers.filter(({ hostname }) => hosts.has(hostname)))];
      }),
    );
  }

  /** The last status of each pool. */
  get statuses(): Readonly<Record<string, AgentPoolStatus>> {
    return Object.fromEntries(this.#statuses);
  }

  /** Works until `signal` aborts; rejects when ZooKeeper's session is over. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    try {
      while (!signal.aborted) {
        this.#waker = new AbortController();
        const settled = await this.reconcile(signal);
        const pause = settled ? pauses.settledMs : pauses.unsettledMs;
        await clock.pause(pause, AbortSignal.any([this.#waker.signal, signal]));
      }
    } finally {
      await this.#jobs.idle();
    }
  }

  /** One round; answers whether everything is as declared and nothing under way. */
  async reconcile(signal: AbortSignal): Promise<boolean> {
    const { store } = this.#parts;
    const names = await store.pools(this.#wake);
    const looked = await Promise.all(names.map((name) => this.#look(name)));
    const found = looked.filter((pool) => pool !== undefined).map((pool) => this.#scaled(pool));
    for (const name of this.#statuses.keys()) {
      if (found.some((pool) => pool.name === name)) continue;
      this.#forget(name);
      this.#scaler.forget(name);
    }
    const moves = await store.moves();
    const seen = found.length === 0 ? undefined : await lookAtMesos(this.#parts, hostsOf(found), signal);
    this.#looked = { pools: found, seen };
    const due = this.#scaler.isDue(found);
    const someMove = found.some((pool) => mayMove(pool, sizeOf(pool), seen?.agents));
    const asked: Asked =
      due || someMove || Object.keys(moves).length > 0
        ? await lookAtMarathon(this.#parts, signal)
        : { apps: undefined };
    const pools = due ? await this.#rescaled(found, { seen, asked, moves }, signal) : found;
    const plans = pools.map((pool) => {
      const view = this.#view(pool, seen?.agents, asked);
      return { name: pool.name, view, plan: planPool(view) };
    });
    const vacate = new Set(plans.flatMap(({ plan }) => plan.vacate));
    const known = found.length === 0 ? undefined : new Set(seen?.agents.registered.map(({ id }) => id));
    const next = asked.apps && planMoves(asked.apps, vacate, moves, this.#parts.held?.(), known);
    let settled = Object.keys(moves).length === 0;
    for (const { name, view, plan } of plans) {
      await store.writeState(name, plan.state);
      const status = poolStatus(view, plan, next?.stuck ?? new Map());
      await this.#report(name, status);
      settled &&= status.settled && isIdle(view, plan);
      for (const action of plan.actions) await this.#act(name, action, signal);
    }
    if (next !== undefined) await this.#move(next, signal);
    return settled;
  }

  async #look(name: string): Promise<Pool | undefined> {
    const { store, backend, log } = this.#parts;
    const node = await store.declaration(name, this.#wake);
    if (node === undefined) return undefined;
    if (node.data.length === 0) {
      await store.clear(name);
      return undefined;
    }
    const isNew = this.#versions.get(name) !== node.version;
    if (isNew) {
      this.#forget(name);
      this.#versions.set(name, node.version);
      this.#jobs.forgive(`${name}-`);
    }
    const decoded = decodeDeclaration(node.data, backend.kind);
    if ("failure" in decoded) {
      log.warn({ pool: name }, decoded.failure);
      const generation = decoded.value === undefined ? "" : digestOf(decoded.value);
      const message = `${name}: ${decoded.failure}`;
      await this.#report(name, { generation, settled: false, failed: true, message, members: [] });
      return undefined;
    }
    const { declaration } = decoded;
    const [state, members] = await Promise.all([store.state(name), backend.members(name)]);
    const scale = await this.#scale(name, declaration, isNew);
    const known = members.map((member) => inOwnTime(member, this.#parts.clock));
    return { name, declaration, version: node.version, state, members: known, scale };
  }

  /** What autoscaling goes on from; a pool that has a size of its own again begins anew the next time. */
  async #scale(
    name: string,
    { autoscale }: AgentPoolDeclaration,
    isNew: boolean,
  ): Promise<ScaleState | undefined> {
    const { store } = this.#parts;
    if (autoscale !== undefined)
      return this.#scaler.state(name, this.#scaler.knows(name) ? undefined : await store.scale(name));
    if (isNew) await store.removeScale(name);
    if (this.#scaler.knows(name)) this.#scaler.forget(name);
    return undefined;
  }

  /** The pools with their new sizes, which are written before anything follows from them. */
  async #rescaled(
    pools: readonly ScaledPool[],
    o: {
      readonly seen: Seen | undefined;
      readonly asked: Asked;
      readonly moves: Readonly<Record<string, Move>>;
    },
    signal: AbortSignal,
  ): Promise<ScaledPool[]> {
    const states = await this.#scaler.decide(
      await withPlaces(pools, this.#parts.backend, this.#parts.log),
      o.seen,
      { apps: o.asked.documents, moves: o.moves },
      signal,
    );
    for (const [name, state] of states) await this.#parts.store.writeScale(name, state);
    return pools.map((pool) => ({ ...pool, scale: states.get(pool.name) }));
  }

  #scaled(pool: Pool): ScaledPool {
    return scaledPool(pool, this.#parts.backend, this.#refusals.get(pool.name));
  }

  #view(pool: ScaledPool, agents: Agents | undefined, asked: Asked): PoolView {
    const { backend, clock, marathon } = this.#parts;
    const where = pool.state.backend ?? pool.declaration.backend;
    const mine = [...this.#jobs.failures].filter(([name]) => isMember(pool.name, name));
    return {
      declaration: pool.declaration,
      version: pool.version,
      state: pool.state,
      size: sizeOf(pool),
      most: boundsOf(pool.declaration).max,
      scale: pool.scale,
      members: pool.members,
      agents,
      movable: marathon === undefined ? new Map() : asked.apps && countTasks(asked.apps),
      guarded: new Set(
        asked.apps?.filter(({ guarded }) => guarded).flatMap(({ tasks }) => tasks.map((t) => t.agentId)),
      ),
      unmovable: asked.reason,
      busy: this.#jobs.busy,
      failures: new Map(mine),
      addressOf: (index) => addressIn(where, pool.members, index),
      capacity: backend.capacity(where),
      now: clock.now(),
      begun: this.#begun,
    };
  }

  async #act(pool: string, action: Action, signal: AbortSignal): Promise<void> {
    const { backend, mesos, log } = this.#parts;
    if (action.kind === "start" || action.kind === "terminate") {
      const name = action.kind === "start" ? `${pool}-${action.index}` : action.name;
      const work = (): Promise<void> =>
        action.kind === "start"
          ? backend.start(pool, action.index, action.applied, signal)
          : backend.terminate(name, signal);
      this.#jobs.begin(name, work, (error) => {
        if (action.kind === "start") this.#note(pool, error);
        if (error === undefined) log.info({ pool, member: name }, `${action.kind} done`);
        else if (!signal.aborted)
          log.warn({ pool, member: name, reason: messageOf(error) }, `${action.kind} failed`);
        this.#wake();
      });
      return;
    }
    const bound = within(signal, askMs);
    log.info({ pool, agent: action.agentId }, action.kind);
    try {
      if (action.kind === "deactivate") await mesos.deactivateAgent(action.agentId, bound);
      else if (action.kind === "reactivate") await mesos.reactivateAgent(action.agentId, bound);
      else if (action.kind === "gone") await mesos.markAgentGone(action.agentId, bound);
      else await mesos.drainAgent(action.agentId, { graceSeconds: action.graceSeconds }, bound);
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ pool, agent: action.agentId, reason: messageOf(error) }, `${action.kind} failed`);
    }
  }

  /** A backend that refuses a member is not counted on for a while, so that another group may grow instead. */
  #note(pool: string, refusal: unknown): void {
    if (refusal === undefined) this.#refusals.delete(pool);
    else this.#refusals.set(pool, this.#parts.clock.now());
  }

  async #move(next: ReturnType<typeof planMoves>, signal: AbortSignal): Promise<void> {
    const { store, marathon, log } = this.#parts;
    await store.writeMoves(next.moves);
    if (marathon === undefined) return;
    const started = new Map<string, string>();
    await Promise.all(
      next.steps.slice(0, parallelJobs).map(async (step) => {
        log.info({ ...step }, `move: ${step.kind}`);
        try {
          const bound = within(signal, askMs);
          const result = await applyStep(marathon, step, bound);
          if (result.ok && result.deployment !== undefined) started.set(step.appId, result.deployment);
        } catch (error) {
          signal.throwIfAborted();
          log.warn({ ...step, reason: messageOf(error) }, `move: ${step.kind} failed`);
        }
      }),
    );
    await store.writeMoves(withDeployments(next.moves, started));
  }

  async #report(pool: string, status: AgentPoolStatus): Promise<void> {
    const { store, log } = this.#parts;
    if (this.#statuses.get(pool)?.message !== status.message) log.info({ pool }, status.message);
    this.#statuses.set(pool, status);
    await store.writeStatus(pool, status);
  }

  #forget(pool: string): void {
    this.#statuses.delete(pool);
    this.#versions.delete(pool);
    this.#parts.store.forget(pool);
  }
}

/** Whether nothing is under way that another look soon would carry on. */
function isIdle(view: PoolView, { leavers, missing, staying }: PoolPlan): boolean {
  const isMade = missing.length === 0 && staying.every((member) => isActive(view, member));
  return isMade && leavers.every(({ resting }) => resting);
}

function isMember(pool: string, name: string): boolean {
  return name.startsWith(`${pool}-`) && /^\d+$/.test(name.slice(pool.length + 1));
}

/** The time of a notice by the clock that never jumps. */
function inOwnTime(member: Member, clock: Clock): Member {
  const { notice } = member;
  if (notice?.until === undefined) return member;
  return { ...member, notice: { ...notice, until: notice.until - clock.wall() + clock.now() } };
}

/** Whether tasks of Marathon may have to leave a pool: only then is it asked, for it may be silent, or not there yet. */
function mayMove(pool: Pool, size: number, agents: Agents | undefined): boolean {
  const { members, state } = pool;
  const isNoticed = members.some(({ notice }) => notice !== undefined);
  if (members.length <= size && Object.keys(state.leaving).length === 0 && !isNoticed) return false;
  const hosts = new Set(hostsOf([pool]));
  return agents?.registered.some(({ host, ofMarathon }) => hosts.has(host) && ofMarathon > 0) ?? false;
}
