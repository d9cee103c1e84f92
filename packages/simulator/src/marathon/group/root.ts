// SPDX-License-Identifier: Apache-2.0

import { ancestorsOf, isBelow } from "../app/path-id";
import type { App } from "../app/types";
import type { Pod } from "../pod/types";
import { isPod, type RunSpec } from "../run-spec/run-spec";
import { isTopLevel } from "./roles";

/** What a group is besides its apps, pods and groups, which follow from their paths. */
export interface Group {
  readonly id: string;
  readonly dependencies: readonly string[];
  readonly enforceRole?: boolean;
  readonly version: string;
}

/** Everything that is declared: the unit of every change. Never altered in place. */
export interface RootGroup {
  readonly version: string;
  readonly groups: ReadonlyMap<string, Group>;
  readonly apps: ReadonlyMap<string, App>;
  readonly pods: ReadonlyMap<string, Pod>;
}

/** The app or pod of that id. */
export function specOf(root: RootGroup, id: string): RunSpec | undefined {
  return root.apps.get(id) ?? root.pods.get(id);
}

/** All apps, then all pods. */
export function specsOf(root: RootGroup): RunSpec[] {
  return [...root.apps.values(), ...root.pods.values()];
}

export function emptyRoot(version: string): RootGroup {
  return {
    version,
    groups: new Map([["/", { id: "/", dependencies: [], version }]]),
    apps: new Map(),
    pods: new Map(),
  };
}

/** A draft of a root that a change fills; `groupsFor` makes groups like mkdir -p. */
export class RootDraft {
  readonly groups: Map<string, Group>;
  readonly apps: Map<string, App>;
  readonly pods: Map<string, Pod>;
  /** Apps whose tasks restart though their definition stays. */
  readonly restarted = new Set<string>();
  readonly version: string;

  readonly #enforceNewGroups: boolean;

  /** @param enforceNewGroups whether top-level groups that come on the way enforce their role */
  constructor(from: RootGroup, version: string, enforceNewGroups = false) {
    this.#enforceNewGroups = enforceNewGroups;
    this.groups = new Map(from.groups);
    this.apps = new Map(from.apps);
    this.pods = new Map(from.pods);
    this.version = version;
  }

  putApp(app: App): void {
    this.groupsFor(app.id);
    this.apps.set(app.id, app);
  }

  putPod(pod: Pod): void {
    this.groupsFor(pod.id);
    this.pods.set(pod.id, pod);
  }

  put(spec: RunSpec): void {
    if (isPod(spec)) this.putPod(spec);
    else this.putApp(spec);
  }

  /** Replaces everything by what `root` declares. */
  become(root: RootGroup): void {
    for (const map of [this.groups, this.apps, this.pods]) map.clear();
    for (const [id, group] of root.groups) this.groups.set(id, group);
    for (const [id, app] of root.apps) this.apps.set(id, app);
    for (const [id, pod] of root.pods) this.pods.set(id, pod);
  }

  groupsFor(id: string): void {
    for (const group of ancestorsOf(id)) {
      if (this.groups.has(group)) continue;
      const enforced = this.#enforceNewGroups && isTopLevel(group) ? { enforceRole: true } : {};
      this.groups.set(group, { id: group, dependencies: [], version: this.version, ...enforced });
    }
  }

  /** Removes the group with all that is below it; the root keeps itself. */
  removeGroup(id: string): void {
    for (const app of [...this.apps.keys()]) if (isBelow(app, id)) this.apps.delete(app);
    for (const pod of [...this.pods.keys()]) if (isBelow(pod, id)) this.pods.delete(pod);
    for (const group of [...this.groups.keys()]) if (isBelow(group, id)) this.groups.delete(group);
    if (id !== "/") this.groups.delete(id);
  }

  done(): RootGroup {
    return { version: this.version, groups: this.groups, apps: this.apps, pods: this.pods };
  }
}
