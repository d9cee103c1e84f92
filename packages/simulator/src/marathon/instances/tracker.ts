// SPDX-License-Identifier: Apache-2.0
import type { EventBus } from "../events";
import type { StateStore } from "../store/state-store";
import type { Instance } from "./instance";
import { isSuspended } from "./reservation";

type Listener = (instance: Instance, gone: boolean) => void;

/** Wanted instances of one version of an app or pod that wait for an offer: all have the same definition. */
export interface WaitingGroup {
  readonly ids: ReadonlySet<string>;
  /** One of them. */
  readonly sample: Instance;
}

/** Every instance there is, by app or pod; each change is stored and told. */
export class Tracker {
  readonly #store: StateStore;
  readonly #events: EventBus;
  readonly #instances = new Map<string, Instance>();
  readonly #bySpec = new Map<string, Set<string>>();
  readonly #listeners = new Set<Listener>();
  /** In the order in which they began to wait. */
  readonly #scheduled = new Set<string>();
  readonly #groups = new Map<string, Set<string>>();
  #grown = new Set<string>();

  constructor(store: StateStore, events: EventBus) {
    this.#store = store;
    this.#events = events;
  }

  /** Takes over what the store had, without an event. */
  restore(instance: Instance): void {
    this.#index(instance);
  }

  get(id: string): Instance | undefined {
    return this.#instances.get(id);
  }

  all(): Iterable<Instance> {
    return this.#instances.values();
  }

  /** Those that run, shall run, or still end; not the suspended. */
  ofSpec(runSpecId: string): Instance[] {
    return this.#of(runSpecId, false);
  }

  /** Those that were scaled away and keep their reservation. */
  suspended(runSpecId: string): Instance[] {
    return this.#of(runSpecId, true);
  }

  /** Wanted instances that wait for an offer, the longest waiting first; those that cease to wait meanwhile are left out. */
  *scheduled(): Generator<Instance> {
    for (const id of this.#scheduled) {
      const instance = this.#instances.get(id);
      if (instance !== undefined) yield instance;
    }
  }

  /** The same by {@link groupOf}: there are far fewer groups than instances. */
  *scheduledGroups(): Generator<[string, WaitingGroup]> {
    for (const [key, ids] of this.#groups) {
      const [first] = ids;
      const sample = this.#instances.get(first ?? "");
      if (sample !== undefined) yield [key, { ids, sample }];
    }
  }

  isWaiting(group: string): boolean {
    return this.#groups.has(group);
  }

  /** The groups that instances came to since it was asked last. */
  takeGrown(): ReadonlySet<string> {
    const grown = this.#grown;
    this.#grown = new Set();
    return grown;
  }

  specIds(): string[] {
    return [...this.#bySpec.keys()];
  }

  listen(listener: Listener): void {
    this.#listeners.add(listener);
  }

  put(instance: Instance): void {
    const before = this.#instances.get(instance.id);
    this.#index(instance);
    this.#store.put(`instance/${instance.id}`, instance);
    if (before?.condition !== instance.condition) this.announce(instance);
    for (const listener of this.#listeners) listener(instance, false);
  }

  /** Forgets an instance; `last` is the condition in which it ends, for the event. */
  expunge(instance: Instance, last: Instance["condition"]): void {
    this.#unschedule(this.#instances.get(instance.id));
    this.#instances.delete(instance.id);
    const ids = this.#bySpec.get(instance.runSpecId);
    ids?.delete(instance.id);
    if (ids?.size === 0) this.#bySpec.delete(instance.runSpecId);
    this.#store.remove(`instance/${instance.id}`);
    const ended = { ...instance, condition: last };
    this.announce(ended);
    for (const listener of this.#listeners) listener(ended, true);
  }

  announce(instance: Instance): void {
    this.#events.emit("instance_changed_event", {
      instanceId: instance.id,
      condition: instance.condition,
      runSpecId: instance.runSpecId,
      ...(instance.task === undefined ? {} : { agentId: instance.task.agentId, host: instance.task.host }),
      runSpecVersion: instance.version,
    });
  }

  #of(runSpecId: string, areSuspended: boolean): Instance[] {
    const found: Instance[] = [];
    for (const id of this.#bySpec.get(runSpecId) ?? []) {
      const instance = this.#instances.get(id);
      if (instance !== undefined && isSuspended(instance) === areSuspended) found.push(instance);
    }
    return found;
  }

  #index(instance: Instance): void {
    const before = this.#instances.get(instance.id);
    const waits = instance.wanted && instance.condition === "Scheduled";
    const group = groupOf(instance);
    if (!waits || (before !== undefined && groupOf(before) !== group)) this.#unschedule(before);
    this.#instances.set(instance.id, instance);
    if (waits && !this.#scheduled.has(instance.id)) this.#schedule(instance.id, group);
    const ids = this.#bySpec.get(instance.runSpecId) ?? new Set<string>();
    ids.add(instance.id);
    this.#bySpec.set(instance.runSpecId, ids);
  }

  #schedule(id: string, group: string): void {
    this.#scheduled.add(id);
    const ids = this.#groups.get(group) ?? new Set<string>();
    ids.add(id);
    this.#groups.set(group, ids);
    this.#grown.add(group);
  }

  #unschedule(instance: Instance | undefined): void {
    if (instance === undefined || !this.#scheduled.delete(instance.id)) return;
    const group = groupOf(instance);
    const ids = this.#groups.get(group);
    ids?.delete(instance.id);
    if (ids?.size === 0) this.#groups.delete(group);
  }
}

/** Instances of one group have the same definition. */
export function groupOf({ runSpecId, version }: Pick<Instance, "runSpecId" | "version">): string {
  return `${runSpecId} ${version}`;
}
