// SPDX-License-Identifier: Apache-2.0
import { MesosError, messageOf } from "@pulumi-mesos/model";
import { Background } from "../background";
import type { Clock } from "../clock";
import type { Log } from "../log";
import type { RenderSettings } from "../routing/render";
import type { Routes } from "../routing/route";
import { loaded, planSlots, type SlotTable } from "../routing/slots";
import type { Stats } from "../stats";
import { Acceptance } from "./acceptance";
import { CertificateKeeper } from "./certificate-keeper";
import { ConfigFile, type Files } from "./config-file";
import { isDiskFault, Launcher } from "./launcher";
import type { Master } from "./master";
import { type HeldPort, portsIn } from "./port-judge";
import { Pulse } from "./pulse";
import { Reload } from "./reload";
import type { Runtime } from "./runtime";
import { noRoutes, Snapshot, withoutTls } from "./snapshot";
import { type AppTraffic, TrafficCounter } from "./traffic";
import { type Check, removeScratch } from "./validate";
import { mapsOf, type Running, Worker } from "./worker";
import { heldAtStart } from "./worker-certificates";

/** At most one reload in this time. */
const reloadEveryMs = 200;
/** Nothing to do but to wait for the next word. */
const idleMs = 60_000;
/** How often HAProxy is looked at. A master that was started here tells its end by itself, an adopted one does not. */
const watchEveryMs = { started: 1_000, adopted: 250 };

export interface ApplierOptions {
  readonly master: Master;
  readonly runtime: Runtime;
  readonly check: Check;
  readonly settings: RenderSettings;
  readonly directory: string;
  readonly configFile: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly stats: Stats;
  /** A worker that owes an answer for so long is replaced; a master that does not hear of a reload for twice as long, too. */
  readonly hungMs: number;
  /** Told when something of `routes` has begun to count. */
  readonly onEffective?: (routes: Routes) => void;
}

/** What HAProxy runs with. */
export interface Applied extends Running {
  readonly routes: Routes;
}

/**
 * Brings HAProxy to what is wanted: tasks through its runtime API, everything else by a reload of a checked file.
 *
 * One thing is done at a time. Whatever fails is tried again, and meanwhile HAProxy keeps what it had.
 */
export class Applier {
  readonly #o: ApplierOptions;
  readonly #acceptance: Acceptance;
  readonly #snapshot: Snapshot;
  readonly #file: ConfigFile;
  readonly #launcher: Launcher;
  readonly #traffic = new TrafficCounter();
  readonly certificates: CertificateKeeper;
  #wanted: Routes | undefined;
  #applied: Routes | undefined;
  /** Ports that an adopted HAProxy has open. */
  #adopted: readonly HeldPort[] = [];
  /** The wish that StatsD has heard of. */
  #counted: Routes | undefined;
  readonly #worker: Worker;
  #reloading: Reload | undefined;
  readonly #background = new Background(() => this.wake());
  #fileIsOld = false;
  #failures = 0;
  #lastReload = Number.NEGATIVE_INFINITY;
  #wake = new AbortController();
  #problem: string | undefined;
  #down = false;
  #stopWatching: (() => void) | undefined;
  /** Reloads by this controller. */
  reloads = 0;

  constructor(o: ApplierOptions) {
    this.#o = o;
    this.#worker = new Worker(o.runtime, o.directory, new Pulse(o.runtime, o.clock, o.hungMs));
    this.#acceptance = new Acceptance(o);
    this.certificates = new CertificateKeeper({ ...o, worker: this.#worker, onWant: () => this.wake() });
    this.#snapshot = new Snapshot(o.directory, o.log);
    const record = (): Promise<void> => o.master.record();
    this.#file = new ConfigFile({ ...o, path: o.configFile, snapshot: this.#snapshot, record });
    this.#launcher = new Launcher({ ...o, file: this.#file, onExit: () => this.#watch() });
  }

  /** Why HAProxy is not as wanted, if it is not. */
  get problem(): string | undefined {
    if (this.#worker.state !== "well") return "haproxy does not answer on its socket";
    return this.#problem ?? this.certificates.problem ?? this.#file.problem;
  }

  /** Whether HAProxy was found dead and is not back yet, or never ran. */
  get down(): boolean {
    return this.#down || this.#worker.running === undefined;
  }

  /** Rules and ports that HAProxy refuses, by app id. */
  get refused(): ReadonlyMap<string, string> {
    return this.#acceptance.refused;
  }

  /** Routes, slots and maps as HAProxy has them. */
  get applied(): Applied | undefined {
    const { running } = this.#worker;
    return running && this.#applied && { ...running, routes: this.#applied };
  }

  /** What HAProxy's worker has, also before anything was wanted. */
  get running(): Running | undefined {
    return this.#worker.running;
  }

  /** The slots that HAProxy has. */
  get table(): SlotTable {
    return this.running?.table ?? new Map();
  }

  /** What HAProxy has counted, by app; nothing while it does not answer. */
  async traffic(): Promise<ReadonlyMap<string, AppTraffic>> {
    const { applied } = this;
    const isWell = applied && !this.down && this.#worker.state === "well";
    return isWell ? this.#traffic.look(this.#o.runtime, applied.generation, applied.routes) : new Map();
  }

  /** Says what should be; the newest word counts. */
  want(routes: Routes): void {
    this.#wanted = routes;
    this.wake();
  }

  /** Looks at everything again. */
  wake(): void {
    this.#wake.abort();
  }

  /** Takes over the HAProxy of an earlier controller; {@link run} starts one when there is none. */
  async adopt(): Promise<void> {
    await removeScratch(this.#o.directory);
    await this.#file.ensureMaps();
    await this.certificates.open();
    if (!(await this.#o.master.adopt())) return;
    await this.#adoptWorker();
    this.#o.log.info({ pid: this.#o.master.pid }, "adopted haproxy");
  }

  async #adoptWorker(): Promise<boolean> {
    await this.#worker.adopt();
    this.#adopted = portsIn((await this.#file.read())?.text ?? "");
    return this.#worker.running !== undefined;
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    this.#watchRegularly(watchEveryMs.adopted);
    while (!signal.aborted) {
      this.#wake = new AbortController();
      let waitMs: number;
      let until = AbortSignal.any([signal, this.#wake.signal]);
      try {
        waitMs = await this.#step(signal);
        if (!this.#background.isBusy && !this.#reloading) {
          this.#failures = 0;
          this.#problem = undefined;
        }
      } catch (error) {
        if (signal.aborted) break;
        until = signal;
        waitMs = Math.min(5_000, 100 * 2 ** this.#failures++);
        this.#problem = messageOf(error);
        this.#o.stats.increment("haproxy.reload.error");
        this.#o.log.error({ err: error, retryInMs: waitMs }, "haproxy is not as wanted");
      }
      await this.#o.clock.pause(waitMs, until);
    }
    this.#stopWatching?.();
    await this.#background.ended();
    await this.#file.close();
  }

  #watchRegularly(ms: number): void {
    this.#stopWatching?.();
    this.#stopWatching = this.#o.clock.every(ms, () => this.#watch());
  }

  /** An adopted master tells nobody that it ended, and no worker that it hangs. */
  #watch(): void {
    if (this.#worker.running === undefined) return;
    if (!this.#o.master.alive) this.#down = true;
    if (this.#down || this.#worker.look()) this.wake();
  }

  /** Takes the slots from HAProxy itself, in case somebody else changed them. */
  async reread(): Promise<void> {
    await this.#worker.reread();
    this.wake();
  }

  /** One pass; returns how long nothing needs to be done. */
  async #step(signal: AbortSignal): Promise<number> {
    if (!this.#worker.running || !this.#o.master.alive) await this.#launch(signal);
    const wanted = this.#wanted;
    const state = this.#worker.state;
    const held = this.#applied?.ports ?? this.#adopted;
    if (state === "well" && !this.#reloading)
      await this.certificates.move([...held, ...(wanted?.ports ?? [])]);
    if (!wanted && state === "hung") this.#worker.isLost();
    if (!wanted) return state === "hung" ? 0 : idleMs;
    if (this.#reloading) return this.#awaitReload(this.#reloading, wanted, signal);
    if (state === "silent") return idleMs;
    if (state === "well") await this.#move(wanted);
    this.#background.throwError();
    const { running } = this.#worker;
    if (!running) return 0;
    const verdict = this.#acceptance.acceptable(wanted, held, signal);
    if ("judge" in verdict) return this.#inBackground(verdict.judge);
    const { routes } = verdict;
    const plan = planSlots(this.table, routes.backends).table;
    const shape = this.#acceptance.shape(routes, plan);
    if (shape !== running.shape || state === "hung" || this.certificates.mustReload) {
      const next = this.#next(routes, plan, shape);
      if (!this.#acceptance.hasAccepted(shape))
        return this.#inBackground(() => this.#acceptance.validate(routes, next, signal));
      const early = this.#lastReload + reloadEveryMs - this.#o.clock.now();
      if (early > 0) return early;
      return this.#reload(routes, next);
    }
    if (this.#counted !== wanted) this.#o.stats.increment("haproxy.reload.skipped");
    this.#counted = wanted;
    this.#applied = routes;
    if (this.#fileIsOld) {
      const is = { ...running, table: plan, maps: mapsOf(routes) };
      const files = (): Files => this.#acceptance.files(routes, is);
      this.#file.follow({ routes, files });
    }
    this.#fileIsOld = false;
    await this.certificates.collect(routes.ports);
    return idleMs;
  }

  /** HAProxy judges while tasks go on moving. */
  #inBackground(work: () => Promise<void>): number {
    this.#background.begin(work);
    return idleMs;
  }

  async #move(wanted: Routes): Promise<void> {
    if (!(await this.#worker.move(wanted))) return;
    this.#fileIsOld = true;
    this.#o.onEffective?.(wanted);
  }

  /** Begins a reload; {@link #awaitReload} sees it through. */
  async #reload(routes: Routes, next: Running): Promise<number> {
    const fileBefore = await this.#file.read();
    await this.#file.write(this.#acceptance.files(routes, next));
    this.#lastReload = this.#o.clock.now();
    this.#reloading = new Reload({ ...this.#o, worker: this.#worker, routes, next, fileBefore });
    await this.#reloading.begin();
    return 0;
  }

  /** Goes on moving tasks in the old worker until the new one answers. */
  async #awaitReload(reloading: Reload, wanted: Routes, signal: AbortSignal): Promise<number> {
    const state = await reloading.look();
    if (state === "under way") {
      if (await this.#worker.takesConnections()) await this.#move(wanted);
      return 10;
    }
    if (state === "over") await this.#o.master.endStopped(reloading.pid, signal);
    this.#reloading = undefined;
    if (state === "over") await this.#reloaded(reloading, wanted);
    else await this.#endFailed(reloading, state === "unheard");
    return 0;
  }

  async #reloaded({ next, routes, ageMs }: Reload, wanted: Routes): Promise<void> {
    const { runtime, log, stats } = this.#o;
    this.certificates.reloaded();
    this.#worker.becomes(next);
    this.#applied = routes;
    this.#o.onEffective?.(wanted);
    this.#fileIsOld = true;
    this.reloads++;
    this.#counted = wanted;
    stats.increment("haproxy.reload.marathon.reloaded");
    stats.timing("haproxy.reload.marathon.duration", ageMs);
    await runtime.forget(next.generation);
    log.info({ generation: next.generation, routes: routes.routes.length }, "haproxy reloaded");
  }

  /** Puts the file back; fails unless it is known which port is to blame, so that the next try is without it. */
  async #endFailed({ fileBefore, routes }: Reload, isUnheard: boolean): Promise<void> {
    const { master } = this.#o;
    if (fileBefore !== undefined) await this.#file.write(fileBefore);
    if (this.#acceptance.blamePorts(await master.lastWords(50), routes.ports)) return;
    // There is nobody left to be told: HAProxy is started anew.
    if (isUnheard || this.#worker.state === "hung") this.#worker.isLost();
    else if (!(await this.#worker.takesConnections())) this.#worker.leaves();
    const message = `haproxy did not reload: ${await master.lastWords()}`;
    throw new MesosError("MESOS_EDGE_RELOAD_FAILED", message, { retryable: true });
  }

  async #launch(signal: AbortSignal): Promise<void> {
    this.#reloading = undefined;
    try {
      await this.#launchWithRoutes(signal);
    } catch (error) {
      if (!isDiskFault(error)) throw error;
      this.#o.log.error({ err: error }, "nothing can be written, haproxy starts with the file of before");
      await this.#launcher.startAsIs(() => this.#adoptWorker(), signal);
      this.#fileIsOld = true;
    }
    this.#watchRegularly(watchEveryMs.started);
    this.#down = false;
  }

  /** Starts HAProxy with what was routed last, or with the snapshot of an earlier life. */
  async #launchWithRoutes(signal: AbortSignal): Promise<void> {
    let refusal = "";
    const presumable = this.#acceptance.presumable(this.#applied ?? (await this.#snapshot.read()));
    for (const routes of [presumable, withoutTls(presumable), noRoutes]) {
      const { table } = planSlots(this.table, routes.backends);
      const next = this.#next(routes, table, this.#acceptance.shape(routes, table));
      const reason = await this.#start(routes, next, signal);
      if (reason !== undefined) {
        refusal = reason;
        this.#o.log.warn({ reason }, "the last configuration is refused, beginning without routes");
        continue;
      }
      this.#worker.becomes(next);
      this.#applied = routes;
      await this.#o.runtime.forget(next.generation);
      this.#o.log.info({ pid: this.#o.master.pid, generation: next.generation }, "haproxy started");
      return;
    }
    throw new MesosError("MESOS_EDGE_CONFIG_INVALID", `haproxy refuses even to have no routes: ${refusal}`);
  }

  /** A HAProxy that cannot open a port ends: the next try is without it. */
  async #start(routes: Routes, next: Running, signal: AbortSignal): Promise<string | undefined> {
    const files = this.#acceptance.files(routes, next);
    try {
      return await this.#launcher.start(next, files, signal);
    } catch (error) {
      this.#acceptance.doubt();
      this.#acceptance.blamePorts(await this.#o.master.lastWords(50), routes.ports);
      throw error;
    }
  }

  #next(routes: Routes, table: SlotTable, shape: string): Running {
    const newest = Math.max(0, this.#worker.running?.generation ?? 0, ...this.#o.runtime.generations());
    const certificates = heldAtStart(routes, this.certificates.held);
    return { generation: newest + 1, shape, table: loaded(table), maps: mapsOf(routes), certificates };
  }
}
