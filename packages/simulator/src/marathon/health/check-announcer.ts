// SPDX-License-Identifier: Apache-2.0
import type { App } from "../app/types";
import type { EventBus } from "../events";

type Checks = App["healthChecks"];

/** Says which versions of apps have health checks: every version has its own, one that only scales too. */
export class CheckAnnouncer {
  readonly #events: EventBus;
  readonly #active = new Map<string, Map<string, Checks>>();

  constructor(events: EventBus) {
    this.#events = events;
  }

  /** Adds the checks of this version, once. A step of a deployment does so before it acts. */
  add(app: App): void {
    const versions = this.#active.get(app.id) ?? new Map<string, Checks>();
    if (app.healthChecks.length === 0 || versions.has(app.version)) return;
    this.#active.set(app.id, versions.set(app.version, app.healthChecks));
    for (const healthCheck of app.healthChecks) {
      this.#events.emit("add_health_check_event", { appId: app.id, version: app.version, healthCheck });
    }
  }

  /** The app stops. */
  removeAll(appId: string): void {
    for (const version of [...(this.#active.get(appId)?.keys() ?? [])]) this.#remove(appId, version);
  }

  /** Ends the checks of older versions that no instance has; adds those that are missing. */
  reconcile(app: App, inUse: readonly (readonly [version: string, app: App | undefined])[]): void {
    const used = new Set(inUse.map(([version]) => version));
    for (const version of [...(this.#active.get(app.id)?.keys() ?? [])]) {
      if (version < app.version && !used.has(version)) this.#remove(app.id, version);
    }
    this.add(app);
    for (const [, of] of inUse) if (of !== undefined) this.add(of);
  }

  #remove(appId: string, version: string): void {
    const versions = this.#active.get(appId);
    for (const _ of versions?.get(version) ?? []) this.#events.emit("remove_health_check_event", { appId });
    versions?.delete(version);
    if (versions?.size === 0) this.#active.delete(appId);
  }
}
