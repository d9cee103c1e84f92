// SPDX-License-Identifier: Apache-2.0
import {
  AgentPoolDeclaration,
  type AgentPoolStatus,
  type Decoder,
  decoder,
  describeFailures,
  digestOf,
  messageOf,
  within,
} from "@pulumi-mesos/model";
import { applyStep, withDeployments } from "./apply";
import { addressIn, type Backend, ofKind } from "./backends/backend";
import type { Clock } from "./clock";
import { Jobs } from "./jobs";
import type { Agents, App, PoolState } from "./observed";
import { type Action, planPool } from "./plan";
import { planMoves } from "./plan-moves";
import type { PoolStore } from "./pool-store";
import type { PoolView } from "./pool-view";
import { poolStatus } from "./status";
import { countTasks, type Marathon, type Mesos, observeAgents, observeApp } from "./world";

/** What the controller writes about its work. */
export interface Log {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export interface ControllerParts {
  readonly store: PoolStore;
  readonly mesos: Mesos;
  /** Nothing where the cluster has no Marathon: then nothing is moved before an agent is drained. */
  readonly marathon: Marathon | undefined;
  /** As which framework the masters know Marathon, for the time when it is silent. */
  readonly marathonName: string;
  readonly backend: Backend;
  readonly clock: Clock;
  readonly log: Log;
}

/** Pause between two rounds while something is under way, and while nothing is. */
const pauses = { unsettledMs: 250, settledMs: 2000 } as const;
/** How long Mesos or Marathon may take to answer before a round goes on without them. */
const askMs = 5000;
const parallelJobs = 8;

interface Pool {
  readonly name: string;
  readonly declaration: AgentPoolDeclaration;
  readonly version: number;
  readonly state: PoolState;
  readonly members: PoolView["members"];
}

/** What Marathon said in this round. */
interface Asked {
  readonly apps: readonly App[] | undefined;
  readonly reason?: string;
}

/**
 * Keeps every declared pool at its size, one look at the world after the other: what is to be done follows from what is
 * seen and what ZooKeeper keeps, so that a controller that was killed anywhere goes on.
 */
export class GroupsController {
  readonly #parts: ControllerParts;
  readonly #jobs: Jobs;
  readonly #declarations: Decoder<AgentPoolDeclaration> = decoder(AgentPoolDeclaration);
  readonly #versions = new Map<string, number>();
  readonly #statuses = new Map<string, AgentPoolStatus>();
  #waker = new AbortController();
  readonly #wake = (): void => this.#waker.abort();

  constructor(parts: ControllerParts) {
    this.#parts = parts;
    this.#jobs = new Jobs({ limit: parallelJobs, now: parts.clock.now });
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

  /** One round; answers whether everything is as declared. */
  async reconcile(signal: AbortSignal): Promise<boolean> {
    const { store } = this.#parts;
    const names = await store.pools(this.#wake);
    const pools = (await Promise.all(names.map((name) => this.#look(name)))).filter((p) => p !== undefined);
    for (const name of this.#statuses.keys()) {
      if (!pools.some((pool) => pool.name === name)) this.#forget(name);
    }
    const moves = await store.moves();
    const agents = pools.length === 0 ? undefined : await this.#agents(hostsOf(pools), signal);
    const asked: Asked =
      Object.keys(moves).length > 0 || pools.some((pool) => mayMove(pool, agents))
        ? await this.#apps(signal)
        : { apps: undefined };
    const plans = pools.map((pool) => {
      const view = this.#view(pool, agents, asked);
      return { name: pool.name, view, plan: planPool(view) };
    });
    const vacate = new Set(plans.flatMap(({ plan }) => plan.vacate));
    const next = asked.apps && planMoves(asked.apps, vacate, moves);
    let settled = Object.keys(moves).length === 0;
    for (const { name, view, plan } of plans) {
      await store.writeState(name, plan.state);
      const status = poolStatus(view, plan, next?.stuck ?? new Map());
      await this.#report(name, status);
      settled &&= status.settled;
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
    if (this.#versions.get(name) !== node.version) {
      this.#forget(name);
      this.#versions.set(name, node.version);
      this.#jobs.forgive(`${name}-`);
    }
    const decoded = this.#decode(node.data);
    if ("failure" in decoded) {
      log.warn({ pool: name }, decoded.failure);
      const generation = decoded.value === undefined ? "" : digestOf(decoded.value);
      const message = `${name}: ${decoded.failure}`;
      await this.#report(name, { generation, settled: false, failed: true, message, members: [] });
      return undefined;
    }
    const [state, members] = await Promise.all([store.state(name), backend.members(name)]);
    return { name, declaration: decoded.declaration, version: node.version, state, members };
  }

  #decode(data: Buffer): { declaration: AgentPoolDeclaration } | { failure: string; value: unknown } {
    let value: unknown;
    try {
      value = JSON.parse(data.toString("utf8"));
    } catch (error) {
      return { failure: `the declaration is not JSON: ${messageOf(error)}`, value: undefined };
    }
    const result = this.#declarations.decode(value);
    if (result.ok) return this.#suited(result.value);
    return { failure: `the declaration does not fit: ${describeFailures(result.failures)}`, value };
  }

  /** A declaration whose members can be made here. */
  #suited(
    declaration: AgentPoolDeclaration,
  ): { declaration: AgentPoolDeclaration } | { failure: string; value: unknown } {
    try {
      ofKind(declaration.backend, this.#parts.backend.kind);
      return { declaration };
    } catch (error) {
      return { failure: `the declaration does not fit: ${messageOf(error)}`, value: declaration };
    }
  }

  #view(pool: Pool, agents: Agents | undefined, asked: Asked): PoolView {
    const { backend, clock, marathon } = this.#parts;
    const where = pool.state.backend ?? pool.declaration.backend;
    const mine = [...this.#jobs.failures].filter(([name]) => isMember(pool.name, name));
    return {
      declaration: pool.declaration,
      version: pool.version,
      state: pool.state,
      members: pool.members,
      agents,
      movable: marathon === undefined ? new Map() : asked.apps && countTasks(asked.apps),
      unmovable: asked.reason,
      busy: this.#jobs.busy,
      failures: new Map(mine),
      addressOf: (index) => addressIn(where, pool.members, index),
      capacity: backend.capacity(where),
      now: clock.now(),
    };
  }

  async #agents(hosts: readonly string[], signal: AbortSignal): Promise<Agents | undefined> {
    const { mesos, marathonName, log } = this.#parts;
    try {
      return await observeAgents(mesos, hosts, marathonName, within(signal, askMs));
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ reason: messageOf(error) }, "no master answers");
      return undefined;
    }
  }

  async #apps(signal: AbortSignal): Promise<Asked> {
    const { marathon, log } = this.#parts;
    if (marathon === undefined) return { apps: [] };
    try {
      const apps = await marathon.getApps(within(signal, askMs));
      return { apps: apps.map(observeApp) };
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ reason: messageOf(error) }, "Marathon does not answer");
      return { apps: undefined, reason: messageOf(error) };
    }
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
      else {
        const drain = { graceSeconds: action.graceSeconds, markGone: true };
        await mesos.drainAgent(action.agentId, drain, bound);
      }
    } catch (error) {
      signal.throwIfAborted();
      log.warn({ pool, agent: action.agentId, reason: messageOf(error) }, `${action.kind} failed`);
    }
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

function isMember(pool: string, name: string): boolean {
  return name.startsWith(`${pool}-`) && /^\d+$/.test(name.slice(pool.length + 1));
}

/** The addresses of all members that there are. */
function hostsOf(pools: readonly Pool[]): string[] {
  return pools.flatMap(({ state, declaration, members }) =>
    members.map(({ index }) => addressIn(state.backend ?? declaration.backend, members, index)),
  );
}

/** Whether tasks of Marathon may have to leave a pool: only then is it asked, for it may be silent, or not there yet. */
function mayMove(pool: Pool, agents: Agents | undefined): boolean {
  const { members, declaration, state } = pool;
  if (members.length <= declaration.size && Object.keys(state.leaving).length === 0) return false;
  const hosts = new Set(hostsOf([pool]));
  return agents?.registered.some(({ host, ofMarathon }) => hosts.has(host) && ofMarathon > 0) ?? false;
}
