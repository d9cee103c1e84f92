// SPDX-License-Identifier: Apache-2.0
import type { MarathonApp, MarathonGroup } from "@pulumi-mesos/client";
import {
  type App,
  absolutePath,
  diffApp,
  diffGroup,
  type Group,
  type GroupChange,
  type GroupMember,
  MesosError,
  mapApps,
  normaliseGroup,
  type ServerFacts,
  toGroupDocument,
  withInstancesOf,
} from "@pulumi-mesos/model";
import { listed } from "../marathon/listed";
import { appsOf, type GroupState, groupInputsIn, podsOf } from "./group-facts";

/** An app or pod that a write would end. */
export interface Ended {
  readonly kind: "app" | "pod";
  readonly path: string;
}

/** What stands in Marathon before a write, and what it takes to get from there to the inputs. */
export interface BeforeGroup {
  readonly live: MarathonGroup;
  /** Normal form of `live`. */
  readonly running: Group;
  /** What is to be written. */
  readonly target: Group;
  readonly change: GroupChange;
  readonly facts: ServerFacts;
}

const shown = 5;

/** What a PUT of `document` would end: what runs where it gives a whole list, and is not in it (reference §1.8). */
export function endedBy(live: MarathonGroup, document: GroupMember): Ended[] {
  const { apps, groups } = document;
  const path = live.id;
  const named = (list: readonly { readonly id: string }[]) =>
    new Map(list.map((one) => [absolutePath(one.id, path), one]));
  const keptApps = apps && named(apps);
  const members = (groups ?? []).map((group): [string, GroupMember] => [absolutePath(group.id, path), group]);
  const keptGroups = groups && new Map(members);
  return [
    ...(live.apps ?? []).filter((app) => keptApps?.has(app.id) === false).map(asApp),
    ...(live.groups ?? []).flatMap((group) => {
      if (keptGroups === undefined) return [];
      const kept = keptGroups.get(group.id);
      return kept === undefined ? allBelow(group) : endedBy(group, kept);
    }),
  ];
}

/** Everything that runs in a group, at any depth. */
export function allBelow(group: MarathonGroup): Ended[] {
  return [...appsOf(group).map(asApp), ...podsOf(group).map(({ id }): Ended => ({ kind: "pod", path: id }))];
}

/** Refuses to end what no program has named: it is somebody else's. */
export function refuseUnmanaged(path: string, ended: readonly Ended[], managed: readonly string[]): void {
  const foreign = notManaged(ended, managed);
  if (foreign.length === 0) return;
  const names = foreign.map(({ kind, path: p }) => (kind === "pod" ? `pod ${p}` : p));
  throw new MesosError(
    "MESOS_GROUP_UNMANAGED",
    `${path}: this would end ${listed(names, shown)}, which the program has never named; name it in the group, leave out the list that it would be in (apps or groups) so that others may add to it, delete it first, or set force: true to end it`,
  );
}

/** What is neither named by the program nor was before. Pods never are: a group's document cannot hold them. */
export function notManaged(ended: readonly Ended[], managed: readonly string[]): Ended[] {
  const mine = new Set(managed);
  return ended.filter(({ kind, path }) => kind === "pod" || !mine.has(path));
}

/** Refuses a write that would end what others made, or undo what they changed since the state was read. */
export function refuseToOverwrite(before: BeforeGroup, state: GroupState): void {
  refuseUnmanaged(before.live.id, endedBy(before.live, before.target), state.managed);
  refuseForeignChanges(before, state);
}

/** Refuses a write that would undo somebody else's change of anything but the number of instances. */
function refuseForeignChanges(before: BeforeGroup, state: GroupState): void {
  const { live, running, change, facts } = before;
  const was = withInstancesOf(toGroupDocument(groupInputsIn(state)), running);
  const known = normaliseGroup(was, facts);
  const [theirs, mine] = [normalApps(running), normalApps(known)];
  const versions = new Map(state.deployedApps.map((app) => [app.appId, app.lastConfigChangeAt]));
  const apps = new Map(appsOf(live).map((app) => [app.id, app]));
  const overwritten = [...change.apps.restart, ...change.apps.replace, ...change.apps.scale];
  const lines = overwritten.flatMap((path) => {
    const [now, then, version] = [theirs.get(path), mine.get(path), configVersion(apps.get(path))];
    if (now === undefined || then === undefined || version === versions.get(path)) return [];
    const differs = diffApp(now, then).paths.map((p) => p.path);
    if (differs.length === 0) return [];
    return `${path} was changed by somebody else: Marathon has its definition of ${version}, the state that of ${versions.get(path)}, and they differ in ${differs.slice(0, shown).join(", ")}`;
  });
  const ofGroup = groupLevel(diffGroup(running, known));
  if (ofGroup.length > 0 && groupLevel(change).length > 0 && live.version !== state.version) {
    lines.push(
      `${live.id} was changed by somebody else: Marathon has its version ${live.version}, the state has ${state.version}, and they differ in ${ofGroup.join(", ")}`,
    );
  }
  if (lines.length === 0) return;
  throw new MesosError(
    "MESOS_APP_CHANGED",
    `${lines.slice(0, shown).join("; ")}; run \`pulumi refresh\` to see the change and keep or undo it in the program, or set force: true to overwrite it`,
  );
}

/** The error for a group that exists and is not what the inputs ask for. */
export function groupExists(path: string, name: string, { live, change }: BeforeGroup): MesosError {
  const { disappear, restart, replace, scale } = change.apps;
  const others = [...restart, ...replace, ...scale];
  const differs = [
    ...(disappear.length > 0 ? [`has ${listed(disappear, shown)} besides`] : []),
    ...(others.length > 0 ? [`has another definition of ${listed(others, shown)}`] : []),
  ];
  const why =
    differs.length > 0
      ? differs
      : [
          `differs in ${listed(
            change.paths.map((p) => p.path),
            shown,
          )}`,
        ];
  return new MesosError(
    "MESOS_GROUP_EXISTS",
    `${path} exists already (version ${live.version ?? "unknown"}) and ${why.join(" and ")}; to take it over run \`pulumi import mesos:marathon:Group ${name} ${path}\`, or choose another groupId`,
  );
}

/** Paths of what changes besides apps and groups coming, going and changing. */
export function groupLevel({ paths }: GroupChange): string[] {
  return paths
    .map((p) => p.path)
    .filter((path) => /^(groups\[\d+\]\.)*(dependencies|enforceRole)\b/.test(path));
}

function normalApps(group: Group): Map<string, App> {
  const apps = new Map<string, App>();
  mapApps(group, (app, { path }) => {
    apps.set(path, app);
    return app;
  });
  return apps;
}

function configVersion(app: MarathonApp | undefined): string | undefined {
  return app?.versionInfo?.lastConfigChangeAt ?? app?.version;
}

function asApp({ id }: { readonly id: string }): Ended {
  return { kind: "app", path: id };
}
