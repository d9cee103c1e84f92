// SPDX-License-Identifier: Apache-2.0
import { invalid } from "../api-error";
import { isBelow } from "../app/path-id";
import { type Group, type RootGroup, specOf, specsOf } from "../group/root";
import { isScaleOnly, isUpgrade, sameSpec } from "../run-spec/change-spec";
import { configVersion, dependenciesOf, isPod, type RunSpec } from "../run-spec/run-spec";

/** What an action does; answers name it after what it does it to: `StartApplication`, `StartPod`. */
export type Verb = "Start" | "Stop" | "Scale" | "Restart";

export type Action =
  | { readonly action: `${Verb}Application`; readonly app: string }
  | { readonly action: `${Verb}Pod`; readonly pod: string };

function actionOf(verb: Verb, spec: RunSpec): Action {
  return isPod(spec)
    ? { action: `${verb}Pod`, pod: spec.id }
    : { action: `${verb}Application`, app: spec.id };
}

export function specIdOf(action: Action): string {
  return "app" in action ? action.app : action.pod;
}

export function verbOf(action: Action): Verb {
  return action.action.replace(/Application$|Pod$/, "") as Verb;
}

export interface Step {
  readonly actions: readonly Action[];
}

/** One app or pod before and after a plan; undefined = was not there, or is not there any more. */
export interface Affected {
  readonly before?: RunSpec;
  readonly after?: RunSpec;
}

/** What a change does, in order, and what it takes to undo it. */
export interface Plan {
  readonly id: string;
  readonly version: string;
  readonly steps: readonly Step[];
  readonly affected: ReadonlyMap<string, Affected>;
  readonly groupsBefore: readonly Group[];
  readonly groupsAfter: readonly Group[];
}

/** `target` with version and versionInfo of all that changed set; the unchanged stay as they were in `original`. */
export function withVersions(
  original: RootGroup,
  target: RootGroup,
  restarted: ReadonlySet<string>,
): RootGroup {
  const { version, groups } = target;
  const versioned = <T extends RunSpec>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>) =>
    new Map(
      [...after].map(([id, spec]) => [id, withVersion(before.get(id), spec, version, restarted.has(id))]),
    );
  return {
    version,
    groups,
    apps: versioned(original.apps, target.apps),
    pods: versioned(original.pods, target.pods),
  };
}

function withVersion<T extends RunSpec>(old: T | undefined, spec: T, version: string, restarted: boolean): T {
  const all = { lastScalingAt: version, lastConfigChangeAt: version };
  if (old === undefined) return { ...spec, version, versionInfo: all };
  if (!restarted && (old === spec || sameSpec(old, spec))) return old;
  const info = old.versionInfo ?? { lastScalingAt: old.version, lastConfigChangeAt: old.version };
  const versionInfo = isUpgrade(old, spec)
    ? all
    : restarted
      ? { ...info, lastConfigChangeAt: version }
      : isScaleOnly(old, spec)
        ? { ...info, lastScalingAt: version }
        : info;
  return { ...spec, version, versionInfo };
}

/** The plan from `original` to `target` (marathon.md §2.2); `target` has its versions set. */
export function makePlan(id: string, original: RootGroup, target: RootGroup): Plan {
  const affected = new Map<string, Affected>();
  for (const before of specsOf(original)) {
    const after = specOf(target, before.id);
    if (after !== before) affected.set(before.id, { before, after });
  }
  for (const after of specsOf(target)) {
    if (specOf(original, after.id) === undefined) affected.set(after.id, { after });
  }
  const levels = dependencyLevels(target);
  const stops: Action[] = [];
  const starts: Action[] = [];
  const changes = new Map<number, Action[]>();
  for (const { before, after } of affected.values()) {
    if (after === undefined) {
      if (before !== undefined) stops.push(actionOf("Stop", before));
      continue;
    }
    if (before === undefined) starts.push(actionOf("Start", after));
    const verb = changeOf(before, after);
    if (verb === undefined) continue;
    const level = levels.get(after.id) ?? 0;
    changes.set(level, [...(changes.get(level) ?? []), actionOf(verb, after)]);
  }
  const ordered = [...changes].sort(([a], [b]) => a - b).map(([, actions]) => actions);
  return {
    id,
    version: target.version,
    steps: [stops, starts, ...ordered]
      .filter((actions) => actions.length > 0)
      .map((actions) => ({ actions })),
    affected,
    groupsBefore: [...original.groups.values()].filter((g) => target.groups.get(g.id) !== g),
    groupsAfter: [...target.groups.values()].filter((g) => original.groups.get(g.id) !== g),
  };
}

function changeOf(before: RunSpec | undefined, after: RunSpec): Verb | undefined {
  if (before === undefined || isScaleOnly(before, after)) return "Scale";
  if (configVersion(before) === configVersion(after)) return undefined;
  return after.instances === 0 ? "Scale" : "Restart";
}

function namesDependencies(
  named: ReadonlyMap<string, { readonly dependencies: readonly string[] }>,
): boolean {
  for (const { dependencies } of named.values()) if (dependencies.length > 0) return true;
  return false;
}

/** The longest path of dependencies below each app and pod that is not 0 for all; refused when they form a circle. */
export function dependencyLevels(root: RootGroup): Map<string, number> {
  // Pods name none themselves.
  if (!namesDependencies(root.apps) && !namesDependencies(root.groups)) return new Map();
  const specs = specsOf(root);
  const direct = new Map<string, Set<string>>();
  const ids = specs.map((s) => s.id);
  const named = (id: string) =>
    specOf(root, id) === undefined ? ids.filter((spec) => isBelow(spec, id)) : [id];
  for (const spec of specs) direct.set(spec.id, new Set(dependenciesOf(spec).flatMap(named)));
  for (const group of root.groups.values()) {
    if (group.dependencies.length === 0) continue;
    const needed = group.dependencies.flatMap(named);
    for (const id of ids) {
      if (isBelow(id, group.id)) for (const other of needed) direct.get(id)?.add(other);
    }
  }
  const levels = new Map<string, number>();
  const open = new Set<string>();
  const visit = (id: string): number => {
    const known = levels.get(id);
    if (known !== undefined) return known;
    if (open.has(id)) {
      throw invalid([{ path: "/", errors: ["Dependency graph has cyclic dependencies."] }]);
    }
    open.add(id);
    const below = [...(direct.get(id) ?? [])].map(visit);
    open.delete(id);
    const level = below.length === 0 ? 0 : Math.max(...below) + 1;
    levels.set(id, level);
    return level;
  };
  for (const id of ids) visit(id);
  return levels;
}

/** `current` with only what `plan` changed put back. */
export function reverted(current: RootGroup, plan: Plan, version: string): RootGroup {
  const apps = new Map(current.apps);
  const pods = new Map(current.pods);
  for (const [id, { before }] of plan.affected) {
    apps.delete(id);
    pods.delete(id);
    if (before === undefined) continue;
    if (isPod(before)) pods.set(id, before);
    else apps.set(id, before);
  }
  const groups = new Map(current.groups);
  const old = new Set(plan.groupsBefore.map((g) => g.id));
  // The innermost first: what holds nothing but new groups goes with them.
  for (const group of [...plan.groupsAfter].sort((a, b) => b.id.length - a.id.length)) {
    const used = [...apps.keys(), ...pods.keys(), ...groups.keys()].some((id) => isBelow(id, group.id));
    if (group.id !== "/" && !old.has(group.id) && !used) groups.delete(group.id);
  }
  for (const group of plan.groupsBefore) groups.set(group.id, group);
  return { version, apps, pods, groups };
}
