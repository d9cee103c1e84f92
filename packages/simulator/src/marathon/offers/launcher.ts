// SPDX-License-Identifier: Apache-2.0
import { type Clock, timestamp } from "../clock";
import { type Instance, isStarting } from "../instances/instance";
import { groupOf, type Tracker } from "../instances/tracker";
import type { Offer, Operation, SchedulerDriver } from "../mesos/messages";
import { configVersion, type RunSpec } from "../run-spec/run-spec";
import type { StateStore } from "../store/state-store";
import type { Place } from "./constraints";
import { type Launch, launchOf, operationsOf } from "./launch";
import { LaunchDelays } from "./launch-delays";
import { type Match, matchOffer, type OfferRules } from "./match";
import { OfferStatistics } from "./offer-statistics";
import { type SplitOffer, splitOffer } from "./reservations";
import { livesOnReservations, type ResidentMatch, Residents } from "./residents";
import type { TaskOptions } from "./task-info";

/** Flags that shape launching. */
export interface LaunchOptions extends TaskOptions {
  readonly declineSeconds: number;
  readonly maxInstancesPerOffer: number;
  readonly minReviveMs: number;
  readonly offerRules?: OfferRules;
  /** The principal that reserves (`--mesos_authentication_principal`). */
  readonly principal?: string;
  /** `--task_reservation_timeout`. */
  readonly reservationTimeoutMs?: number;
}

/** How long an offer that did not fit is refused while something waits: soon again, so that reasons stay fresh. */
const refuseWhileWaitingSeconds = 5;

/** Brings scheduled instances and offers together; asks Mesos for offers only while something waits for one. */
export class Launcher {
  readonly delays = new LaunchDelays();
  readonly residents: Residents;
  readonly #clock: Clock;
  readonly #tracker: Tracker;
  readonly #store: StateStore;
  readonly #driver: SchedulerDriver;
  readonly #options: LaunchOptions;
  readonly #definition: (instance: Instance) => RunSpec | undefined;
  readonly #statistics = new Map<string, OfferStatistics>();
  readonly #nextPort = new Map<string, number>();
  /** The groups of instances that wait and may be launched now. */
  #ready: ReadonlySet<string> = new Set();
  /** The roles in which Mesos is asked for offers at all. */
  #roles: readonly string[] = [];
  /** Those for which something waits. */
  #wantedRoles = new Set<string>();
  readonly #suppressed = new Set<string>();
  #homeRegion: string | undefined;
  #lastRevive = Number.NEGATIVE_INFINITY;
  #cancelTimer: () => void = () => undefined;
  #cancelRevive: (() => void) | undefined;

  constructor(parts: {
    clock: Clock;
    tracker: Tracker;
    store: StateStore;
    driver: SchedulerDriver;
    options: LaunchOptions;
    /** The definition that `instance` shall run. */
    definition: (instance: Instance) => RunSpec | undefined;
    newId: () => string;
  }) {
    this.#clock = parts.clock;
    this.#tracker = parts.tracker;
    this.#store = parts.store;
    this.#driver = parts.driver;
    this.#options = parts.options;
    this.#definition = parts.definition;
    this.residents = new Residents({
      clock: parts.clock,
      tracker: parts.tracker,
      newId: parts.newId,
      principal: parts.options.principal,
      timeoutMs: parts.options.reservationTimeoutMs ?? 20_000,
      changed: (wanted) => {
        if (wanted) this.#revive(this.#clock.now(), true);
        this.refresh();
      },
    });
  }

  /** After (re)subscribing Mesos knows of no wish: says it again. */
  subscribed(frameworkId: string, homeRegion?: string): void {
    this.#homeRegion = homeRegion;
    this.residents.subscribed(frameworkId);
    this.#suppressed.clear();
    this.#lastRevive = Number.NEGATIVE_INFINITY;
    this.#ready = new Set();
    this.refresh();
  }

  /** Takes offers in `roles` from now on. */
  setRoles(roles: readonly string[]): void {
    this.#roles = roles;
    this.#driver.roles(roles);
    for (const role of this.#suppressed) if (!roles.includes(role)) this.#suppressed.delete(role);
  }

  /** Looks again at what waits; called after every change of instances, definitions or delays. */
  refresh(): void {
    const now = this.#clock.now();
    const ready = new Set<string>();
    const scheduled = new Set<string>();
    const roles = new Set<string>();
    let next = Number.POSITIVE_INFINITY;
    for (const [group, { sample }] of this.#tracker.scheduledGroups()) {
      const spec = this.#definition(sample);
      if (spec === undefined) continue;
      scheduled.add(spec.id);
      if (!this.#statistics.has(spec.id)) this.#statistics.set(spec.id, new OfferStatistics(now));
      const until = this.delays.until(spec, now);
      if (until <= now) {
        ready.add(group);
        roles.add(spec.role);
      } else next = Math.min(next, until);
    }
    for (const id of [...this.#statistics.keys()]) if (!scheduled.has(id)) this.#statistics.delete(id);
    this.#cancelTimer();
    if (next < Number.POSITIVE_INFINITY) {
      this.#cancelTimer = this.#clock.after(next - now, () => this.refresh());
    }
    const grown = this.#tracker.takeGrown();
    const fresh = [...ready].some((group) => grown.has(group) || !this.#ready.has(group));
    this.#ready = ready;
    this.#wantedRoles = roles;
    if (fresh) this.#revive(now);
    const idle = this.#roles.filter((role) => !roles.has(role) && !this.#suppressed.has(role));
    if (idle.length === 0 || this.residents.cleaning) return;
    for (const role of idle) this.#suppressed.add(role);
    this.#driver.suppress(idle);
  }

  /** Uses each offer for whatever fits, and declines the others. */
  async offers(offers: readonly Offer[]): Promise<void> {
    for (const offer of offers) {
      const { launches, operations } = this.#match(offer);
      if (launches.length === 0 && operations.length === 0) {
        this.#driver.decline([offer.id.value], this.#declineSeconds());
        continue;
      }
      await this.#store.durable();
      const alive = launches.filter(
        ({ instance: { id, task } }) => this.#tracker.get(id)?.task?.id === task.id,
      );
      this.#driver.accept(
        offer.id.value,
        [...operations, ...operationsOf(alive)],
        this.#wantsMore ? 0 : this.#options.declineSeconds,
      );
    }
    this.refresh();
  }

  close(): void {
    this.residents.close();
    this.#cancelTimer();
    this.#cancelRevive?.();
  }

  /** The entries of `/v2/queue`. */
  queue(withOffers: boolean): ({ readonly spec: RunSpec } & Record<string, unknown>)[] {
    const now = this.#clock.now();
    return [...this.#statistics].flatMap(([id, statistics]) => {
      const waiting = this.#tracker
        .ofSpec(id)
        .filter((i) => i.wanted && (i.condition === "Scheduled" || i.condition === "Provisioned"));
      const first = waiting[0];
      const spec = first === undefined ? undefined : this.#definition(first);
      if (spec === undefined) return [];
      const left = Math.max(0, Math.ceil((this.delays.until(spec, now) - now) / 1000));
      return [
        {
          spec,
          count: waiting.length,
          role: spec.role,
          delay: { timeLeftSeconds: left, overdue: left === 0 },
          since: timestamp(statistics.since),
          processedOffersSummary: statistics.summary(),
          ...(withOffers ? { lastUnusedOffers: statistics.lastUnusedOffers() } : {}),
        },
      ];
    });
  }

  get #wantsMore(): boolean {
    if (this.residents.cleaning) return true;
    for (const group of this.#ready) if (this.#tracker.isWaiting(group)) return true;
    return false;
  }

  #declineSeconds(): number {
    return this.#wantsMore ? refuseWhileWaitingSeconds : this.#options.declineSeconds;
  }

  /** Asks for offers in the roles that something waits for, or in `all`. */
  #revive(now: number, all = false): void {
    if (this.#cancelRevive !== undefined) return;
    const wait = this.#lastRevive + this.#options.minReviveMs - now;
    const send = () => {
      this.#cancelRevive = undefined;
      this.#lastRevive = this.#clock.now();
      const roles = this.#roles.filter(
        (role) => all || this.#wantedRoles.has(role) || this.residents.cleaning,
      );
      if (roles.length === 0) return;
      for (const role of roles) this.#suppressed.delete(role);
      this.#driver.revive(roles);
    };
    if (wait <= 0) send();
    else this.#cancelRevive = this.#clock.after(wait, send);
  }

  #match(offer: Offer): { launches: Launch[]; operations: Operation[] } {
    const split = splitOffer(offer, this.residents.frameworkId);
    const operations = this.residents.release(split);
    const launches: Launch[] = [];
    const full = new Set<string>();
    const open = new Set([...this.#ready].filter((group) => this.#tracker.isWaiting(group)));
    for (const instance of this.#tracker.scheduled()) {
      if (launches.length >= this.#options.maxInstancesPerOffer || open.size === 0) break;
      const group = groupOf(instance);
      if (!open.has(group)) continue;
      const spec = this.#definition(instance);
      if (spec === undefined || full.has(spec.id)) {
        open.delete(group);
        continue;
      }
      const found = this.#matchOne(instance, spec, offer, split);
      const statistics = this.#statistics.get(spec.id);
      const now = this.#clock.now();
      if ("refused" in found) {
        if (instance.reservation === undefined) full.add(spec.id);
        statistics?.refused(offer, found.refused, now);
        continue;
      }
      statistics?.used(offer, now);
      if ("reserve" in found) {
        operations.push(...found.reserve);
        continue;
      }
      const last = found.launch.hostPorts.findLast((p) => p !== undefined);
      if (last !== undefined) this.#nextPort.set(offer.agent_id.value, last + 1);
      launches.push(this.#provision(instance, spec, offer, found.launch));
    }
    return { launches, operations };
  }

  #matchOne(instance: Instance, spec: RunSpec, offer: Offer, split: SplitOffer): ResidentMatch {
    const around = {
      placed: this.#placed(spec, instance),
      now: this.#clock.now(),
      rules: this.#options.offerRules ?? {},
      portFrom: this.#nextPort.get(offer.agent_id.value),
      homeRegion: this.#homeRegion,
    };
    if (livesOnReservations(spec)) return this.residents.match(instance, spec, offer, split, around);
    const match = matchOffer(spec, offer, split.free, around);
    return Array.isArray(match) ? { refused: match } : { launch: match };
  }

  #provision(instance: Instance, spec: RunSpec, offer: Offer, match: Match): Launch {
    const now = this.#clock.now();
    const launch = launchOf({ instance, spec, offer, match, options: this.#options, now });
    this.#tracker.put(launch.instance);
    return launch;
  }

  /** Where the other instances of the present configuration are, or have their reservations. */
  #placed(spec: RunSpec, self: Instance): Place[] {
    const from = configVersion(spec);
    return this.#tracker
      .ofSpec(spec.id)
      .filter((i) => i.id !== self.id && i.version >= from)
      .flatMap((i): Place[] => {
        if (i.task !== undefined && (i.condition === "Running" || isStarting(i))) return [i.task];
        return i.reservation === undefined ? [] : [i.reservation];
      });
  }
}
