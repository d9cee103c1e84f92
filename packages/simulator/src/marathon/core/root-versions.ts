// SPDX-License-Identifier: Apache-2.0
import type { StateStore } from "../store/state-store";

/** What a kept root needs to have; ids of apps and pods with the version that it had them in. */
interface KeptRoot {
  readonly version: string;
  readonly groups: readonly { readonly id: string }[];
  readonly apps: Readonly<Record<string, string>>;
  readonly pods?: Readonly<Record<string, string>>;
}

/** Every kept state of the whole tree, the newest `max` of them (`--zk_max_versions`): what groups roll back to. */
export class RootVersions<T extends KeptRoot> {
  readonly #store: StateStore;
  readonly #max: number;
  #roots: T[] = [];

  constructor(store: StateStore, max: number) {
    this.#store = store;
    this.#max = max;
  }

  /** Takes over what the store has; states newer than `current` were never answered and are dropped. */
  restore(roots: readonly T[], current: T): void {
    for (const { version } of roots) {
      if (version > current.version) this.#store.remove(keyOfRoot(version));
    }
    const older = roots.filter((r) => r.version < current.version);
    this.#roots = [...older.sort((a, b) => (a.version < b.version ? -1 : 1)), current];
  }

  /** Keeps `root`; gives the definitions (id, version) that only a state that goes for it used. */
  put(root: T): { id: string; version: string }[] {
    this.#roots.push(root);
    this.#store.put(keyOfRoot(root.version), root);
    const dropped: { id: string; version: string }[] = [];
    while (this.#roots.length > this.#max) {
      const oldest = this.#roots.shift();
      if (oldest === undefined) break;
      this.#store.remove(keyOfRoot(oldest.version));
      const next = this.#roots[0];
      for (const specs of [oldest.apps, oldest.pods ?? {}]) {
        for (const id in specs) {
          const version = specs[id] ?? "";
          if (versionIn(next, id) !== version) dropped.push({ id, version });
        }
      }
    }
    return dropped;
  }

  get(version: string): T | undefined {
    return this.#roots.find((r) => r.version === version);
  }

  /** The versions in which the group was there, newest first. */
  list(groupId: string): string[] {
    return this.#roots
      .filter((root) => root.groups.some((g) => g.id === groupId))
      .map((root) => root.version)
      .reverse();
  }

  uses(specId: string, version: string): boolean {
    return this.#roots.some((root) => versionIn(root, specId) === version);
  }
}

function keyOfRoot(version: string): string {
  return `roots/${version}`;
}

function versionIn(root: KeptRoot | undefined, specId: string): string | undefined {
  return root?.apps[specId] ?? root?.pods?.[specId];
}
