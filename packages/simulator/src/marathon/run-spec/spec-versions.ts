// SPDX-License-Identifier: Apache-2.0
import { keyOf, type StateStore } from "../store/state-store";
import { isPod, type RunSpec } from "./run-spec";

/** Every kept definition of every app and pod, the newest `max` of each (`--zk_max_versions`). */
export class SpecVersions {
  readonly #store: StateStore;
  readonly #max: number;
  readonly #versions = new Map<string, Map<string, RunSpec>>();

  constructor(store: StateStore, max: number) {
    this.#store = store;
    this.#max = max;
  }

  restore(spec: RunSpec): void {
    this.#of(spec.id).set(spec.version, spec);
  }

  put(spec: RunSpec, inUse: (version: string) => boolean): void {
    const versions = this.#of(spec.id);
    versions.set(spec.version, spec);
    this.#store.put(key(spec), spec);
    const surplus = [...versions.values()]
      .sort((a, b) => (a.version < b.version ? -1 : 1))
      .slice(0, Math.max(0, versions.size - this.#max));
    for (const old of surplus) {
      if (inUse(old.version)) continue;
      versions.delete(old.version);
      this.#store.remove(key(old));
    }
  }

  get(id: string, version: string): RunSpec | undefined {
    return this.#versions.get(id)?.get(version);
  }

  /** Newest first. */
  list(id: string): string[] {
    return [...(this.#versions.get(id)?.keys() ?? [])].sort().reverse();
  }

  /** Drops the definitions of what is gone, but for those that a kept state of the tree names. */
  forget(id: string, kept: (version: string) => boolean = () => false): void {
    const versions = this.#versions.get(id);
    if (versions === undefined) return;
    const directories = new Set([...versions.values()].map(directoryOf));
    for (const old of [...versions.values()].filter((s) => !kept(s.version))) {
      this.#store.remove(key(old));
      versions.delete(old.version);
    }
    if (versions.size > 0) return;
    this.#versions.delete(id);
    for (const directory of directories) this.#store.remove(directory);
  }

  #of(id: string): Map<string, RunSpec> {
    const known = this.#versions.get(id);
    if (known !== undefined) return known;
    const fresh = new Map<string, RunSpec>();
    this.#versions.set(id, fresh);
    return fresh;
  }
}

function directoryOf(spec: RunSpec): string {
  return `${isPod(spec) ? "pods" : "apps"}/${keyOf(spec.id)}`;
}

function key(spec: RunSpec): string {
  return `${directoryOf(spec)}/${spec.version}`;
}
