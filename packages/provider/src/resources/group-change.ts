// SPDX-License-Identifier: Apache-2.0
import {
  type App,
  absolutePath,
  type ChangePath,
  computed,
  diffGroup,
  disownedLists,
  type Failure,
  type Group,
  type GroupChange,
  GroupOptions,
  type GroupResourceInputs,
  hasComputed,
  mapApps,
  toGroupDocument,
} from "@pulumi-mesos/model";
import { compareInputs, type Difference } from "../differences";
import { describeGroupChange } from "../marathon/describe-group-change";
import type { DiffRequest, DiffResult, Properties } from "../resource";
import { type GroupOutputs, type GroupState, groupInputsIn, groupOutputs, normalGroup } from "./group-facts";
import { comparedInputs } from "./group-inputs";
import { picking } from "./state-inputs";

const optionsIn = picking<GroupOptions>(GroupOptions);

/** What separates a state from new inputs. */
interface Planned {
  readonly before: Group;
  readonly after: Group;
  readonly change: GroupChange;
  /** Lists that are left to others from now on. */
  readonly disowned: readonly string[];
}

/** Compares what the state says is there with the new inputs, by what both mean to Marathon. */
export function planGroup({ state, inputs }: DiffRequest<GroupResourceInputs, GroupState>): DiffResult {
  const { before, after, change, disowned } = plannedFrom(state, inputs);
  const differences: Difference[] = [
    // One app that cannot change in place is no reason to replace all others: check refuses that.
    ...change.paths.map(({ path, kind }) => ({ path, kind, replace: path === "groupId", input: true })),
    ...disowned.map((path) => ({ path, kind: "delete" as const, replace: false, input: true })),
    ...compareInputs(optionsIn(groupInputsIn(state)), optionsIn(inputs), []),
  ];
  if (differences.length === 0) return { differences };
  const unmanaged = inputs["manageInstances"] === false;
  const apps = { before: appsByPath(before), after: appsByPath(after) };
  return {
    differences,
    summary: describeGroupChange({ change, ...apps, disowned, unmanaged }),
    // The same path cannot exist twice; another group can stand beside the old one until that is deleted.
    deleteBeforeReplace: false,
  };
}

/** Which outputs stay as they are, so that what depends on them is not planned to change: all others are not known. */
export function previewGroup(inputs: Properties, _urn: unknown, state: GroupState | undefined): Properties {
  const unknown = Object.fromEntries(Object.keys(groupOutputs).map((name) => [name, computed]));
  if (state === undefined) return unknown;
  const { change, disowned } = plannedFrom(state, inputs);
  const paths = change.paths.map((p) => p.path);
  if (paths.includes("groupId")) return unknown;
  const { appear, disappear } = change.apps;
  const kept: (keyof GroupOutputs)[] = paths.includes("enforceRole") ? [] : ["serverFacts"];
  if (appear.length + disappear.length + disowned.length === 0) kept.push("managed");
  if (change.kind === "none" && disowned.length === 0) kept.push("version", "deploymentId", "deployedApps");
  return { ...unknown, ...Object.fromEntries(kept.map((name) => [name, state[name]])) };
}

/** What Marathon cannot change of apps with persistent volumes; those that hold unknown values are left to it. */
export function residentFailures(olds: Properties | undefined, news: Properties): Failure[] {
  if (olds === undefined || olds["groupId"] !== news["groupId"] || !hasResidents(olds)) return [];
  const facts = { version: "1.10.26", role: "*" };
  const after = normalGroup(news, facts);
  const change = diffGroup(normalGroup(olds, facts), after);
  const known = new Map<string, string>();
  mapApps(after, (app, { path, at }) => {
    if (change.apps.replace.includes(path) && !hasComputed(app)) known.set(at, path);
    return app;
  });
  return change.paths.flatMap(({ path, replace }) => {
    const at = /^((?:groups\[\d+\]\.)*apps\[\d+\])\./.exec(path)?.[1] ?? "";
    const app = known.get(at);
    if (!replace || app === undefined) return [];
    return {
      path,
      message: `cannot change while ${app} has persistent volumes; give the app another id: a new one is made, and the old one ends with its data`,
    };
  });
}

function plannedFrom(state: GroupState, inputs: Properties): Planned {
  const olds = groupInputsIn(state);
  const { groupId } = olds;
  // Beside another path of the group its apps are compared as if they stood in the old one.
  const { before, after } = comparedInputs(olds, { ...inputs, groupId }, state.serverFacts);
  const inside = diffGroup(before, after);
  const to = inputs["groupId"];
  const stays = typeof to === "string" && absolutePath(to) === absolutePath(groupId);
  const paths: ChangePath[] = [{ path: "groupId", kind: "update", replace: true }, ...inside.paths];
  const change: GroupChange = stays ? inside : { ...inside, kind: "replace", paths };
  const disowned = disownedLists(toGroupDocument(olds), toGroupDocument(inputs as GroupResourceInputs));
  return { before, after, change, disowned };
}

function appsByPath(group: Group): Map<string, App> {
  const apps = new Map<string, App>();
  mapApps(group, (app, { path }) => {
    apps.set(path, app);
    return app;
  });
  return apps;
}

function hasResidents(inputs: Properties): boolean {
  let found = false;
  mapApps(toGroupDocument(inputs as GroupResourceInputs), (app) => {
    const volumes: unknown = app.container?.volumes;
    if (Array.isArray(volumes)) found ||= volumes.some((v) => v?.persistent !== undefined);
    return app;
  });
  return found;
}
