// SPDX-License-Identifier: Apache-2.0
import { type Instance, isActive } from "../instances/instance";
import { livesOnReservations } from "../offers/residents";
import { configVersion, type RunSpec } from "../run-spec/run-spec";
import { rollingBounds } from "./rolling";

/** What an action sees and may do; the runner gives it. */
export interface Stage {
  instances(specId: string): Instance[];
  /** Running, every health check passed, and the readiness check too. */
  ready(instance: Instance, spec: RunSpec): boolean;
  /** Running and every health check passed. */
  healthy(instance: Instance, spec: RunSpec): boolean;
  /** The definition that an instance runs now. */
  definition(instance: Instance): RunSpec | undefined;
  schedule(spec: RunSpec, count: number): Instance[];
  decommission(instance: Instance): void;
  /** Ends all instances of the spec, with what is reserved for them. */
  wipe(specId: string): void;
  victims(spec: RunSpec, candidates: readonly Instance[], count: number): Instance[];
  resetDelay(specId: string): void;
  terminated(specId: string): void;
}

/** One action of a step. `advance` is called after every change of the app's instances until it says true. */
export interface RunningAction {
  advance(): boolean;
}

/** StartApplication: the spec begins with no instances, so there is nothing to wait for. */
export class StartAction implements RunningAction {
  advance(): boolean {
    return true;
  }
}

export class StopAction implements RunningAction {
  readonly #specId: string;
  readonly #stage: Stage;

  constructor(specId: string, stage: Stage) {
    this.#specId = specId;
    this.#stage = stage;
  }

  advance(): boolean {
    this.#stage.wipe(this.#specId);
    if (this.#stage.instances(this.#specId).length > 0) return false;
    this.#stage.terminated(this.#specId);
    return true;
  }
}

/** Brings an spec to its number of instances; waits for those it started and those it stopped. */
export class ScaleAction implements RunningAction {
  readonly #spec: RunSpec;
  readonly #stage: Stage;
  readonly #named: readonly string[];
  readonly #awaited: Set<string>;
  readonly #stopping = new Set<string>();

  /** `resumed`: another leader began it; then every instance that is not healthy yet is waited for. */
  constructor(spec: RunSpec, stage: Stage, named: readonly string[], resumed: boolean) {
    this.#spec = spec;
    this.#stage = stage;
    this.#named = named;
    this.#awaited = new Set(
      resumed
        ? stage
            .instances(spec.id)
            .filter(isActive)
            .map((i) => i.id)
        : [],
    );
  }

  advance(): boolean {
    const spec = this.#spec;
    for (const instance of this.#stage.instances(spec.id)) {
      if (this.#named.includes(instance.id) && instance.wanted) this.#stop(instance);
    }
    const active = this.#stage.instances(spec.id).filter(isActive);
    if (active.length > spec.instances) {
      for (const victim of this.#stage.victims(spec, active, active.length - spec.instances))
        this.#stop(victim);
    } else if (active.length < spec.instances) {
      for (const i of this.#stage.schedule(spec, spec.instances - active.length)) this.#awaited.add(i.id);
    }
    const now = this.#stage.instances(spec.id);
    if (now.some((i) => this.#stopping.has(i.id))) return false;
    return now.filter((i) => isActive(i) && this.#awaited.has(i.id)).every((i) => this.#stage.ready(i, spec));
  }

  #stop(instance: Instance): void {
    this.#stopping.add(instance.id);
    this.#stage.decommission(instance);
  }
}

/** The rolling restart of marathon.md §2.4. */
export class RestartAction implements RunningAction {
  readonly #spec: RunSpec;
  readonly #stage: Stage;
  readonly #maxCapacity: number;
  /** New instances that were healthy already, or have stopped an old one in exchange. */
  readonly #counted = new Set<string>();
  #mayKill: number;

  constructor(spec: RunSpec, stage: Stage) {
    this.#spec = spec;
    this.#stage = stage;
    const { old, fresh } = this.#split();
    const healthyOld = old.filter((i) => i.wanted && this.#healthyOld(i)).length;
    const healthyNew = fresh.filter((i) => stage.ready(i, spec));
    const bounds = rollingBounds(
      spec,
      { running: old.length, healthy: healthyOld + healthyNew.length },
      livesOnReservations(spec),
    );
    this.#maxCapacity = bounds.maxCapacity;
    this.#mayKill = Math.max(0, bounds.killNow - old.filter((i) => !i.wanted).length);
    for (const instance of healthyNew) this.#counted.add(instance.id);
    stage.resetDelay(spec.id);
  }

  advance(): boolean {
    const spec = this.#spec;
    for (const instance of this.#split().old) {
      if (instance.condition === "Scheduled" && instance.wanted) this.#stage.decommission(instance);
    }
    const { old, fresh } = this.#split();
    const ready = fresh.filter((i) => this.#stage.ready(i, spec));
    for (const instance of ready) {
      if (this.#counted.has(instance.id)) continue;
      this.#counted.add(instance.id);
      this.#mayKill += 1;
    }
    const wanted = old.filter((i) => i.wanted);
    const kills = ready.length >= spec.instances ? wanted.length : Math.min(this.#mayKill, wanted.length);
    this.#kill(wanted, kills);
    const surplus = fresh.length - spec.instances;
    if (surplus > 0) {
      for (const victim of this.#stage.victims(spec, fresh, surplus)) this.#stage.decommission(victim);
    }
    const present = this.#stage
      .instances(spec.id)
      .filter((i) => !this.#isFresh(i) && i.condition !== "UnreachableInactive");
    const room = this.#maxCapacity - present.length - fresh.length;
    const missing = Math.min(spec.instances - fresh.length, room);
    if (missing > 0) this.#stage.schedule(spec, missing);
    const now = this.#split();
    return (
      now.old.length === 0 &&
      now.fresh.length === spec.instances &&
      now.fresh.every((i) => this.#stage.ready(i, spec))
    );
  }

  /** Stops unhealthy ones first, then the others in the order of the app's killSelection. */
  #kill(wanted: readonly Instance[], count: number): void {
    if (count <= 0) return;
    const ordered = this.#stage.victims(this.#spec, wanted, wanted.length);
    const chosen = [
      ...ordered.filter((i) => !this.#healthyOld(i)),
      ...ordered.filter((i) => this.#healthyOld(i)),
    ].slice(0, count);
    for (const instance of chosen) this.#stage.decommission(instance);
    this.#mayKill = Math.max(0, this.#mayKill - chosen.length);
  }

  #healthyOld(instance: Instance): boolean {
    const definition = this.#stage.definition(instance);
    return definition !== undefined && this.#stage.healthy(instance, definition);
  }

  #isFresh(instance: Instance): boolean {
    return isActive(instance) && instance.version >= configVersion(this.#spec);
  }

  #split(): { old: Instance[]; fresh: Instance[] } {
    const all = this.#stage.instances(this.#spec.id);
    return {
      old: all.filter((i) => !this.#isFresh(i) && !(isActive(i) === false && i.wanted)),
      fresh: all.filter((i) => this.#isFresh(i)),
    };
  }
}
