// SPDX-License-Identifier: Apache-2.0
import {
  type App,
  type AppChange,
  AppOptions,
  type AppResourceInputs,
  diffApp,
  heldToBounds,
  normaliseApp,
  type ServerFacts,
  shortestInputs,
  toDocument,
  toInputs,
} from "@pulumi-mesos/model";
import { withDrift } from "./drifted-fields";
import { picking } from "./state-inputs";

type Values = Readonly<Record<string, unknown>>;

const oldSpellings = ["ports", "uris", "ipAddress"];

/** The absolute path of an app, as Marathon names it. */
export function pathOf(appId: string): string {
  return normaliseApp({ id: appId }).id;
}

/** What it takes to turn the app that runs into what `inputs` ask for. */
export function changeOf(running: object, inputs: Values, facts: ServerFacts): AppChange {
  return diffApp(normaliseApp(running, facts), normalOf(inputs, facts));
}

/** The normal form of inputs, which may hold values that are not known yet. */
export function normalOf(inputs: Values, facts: ServerFacts): App {
  return normaliseApp(toDocument(inputs as AppResourceInputs), facts);
}

/**
 * The inputs that a refresh shows: the user's own where they mean what runs, and the running values of those
 * top-level fields that differ.
 */
export function refreshedInputs(
  known: AppResourceInputs,
  running: object,
  facts: ServerFacts,
): AppResourceInputs {
  const unmanaged = leavesInstances(known);
  const paths = changeOf(running, known, facts).paths.filter((p) => !unmanaged || p.path !== "instances");
  if (paths.length === 0) return known;
  if (hasOldShape(known)) {
    const shown = { ...shortestInputs(running, facts), ...optionsIn(known) };
    return unmanaged ? { ...shown, instances: known.instances } : shown;
  }
  return withDrift(known, toInputs(normaliseApp(running, facts)), paths);
}

/** Whether somebody else than the program says how many instances there are: its traffic, or whoever it likes. */
export function leavesInstances(inputs: {
  readonly manageInstances?: unknown;
  readonly autoscale?: unknown;
}): boolean {
  return inputs.manageInstances === false || inputs.autoscale !== undefined;
}

/** Whether an app is written in old spellings, beside which single fields of the running one cannot stand. */
export function hasOldShape(app: Pick<App, "container">): boolean {
  const docker: object | undefined = app.container?.docker;
  const inDocker = docker !== undefined && ("network" in docker || "portMappings" in docker);
  return inDocker || oldSpellings.some((key) => key in app);
}

/** Those of the inputs that are no part of Marathon's document. */
export const optionsIn = picking<AppOptions>(AppOptions);

/** Whether the new inputs ask for a restart of all tasks whatever else changes. */
export function restartsBy(olds: AppOptions, news: AppOptions): boolean {
  return news.restartTrigger !== undefined && news.restartTrigger !== olds.restartTrigger;
}

/** The inputs with as many instances as `autoscale` allows: bounds hold at once. */
export function withinBounds(inputs: AppResourceInputs): AppResourceInputs {
  const { autoscale, instances } = inputs;
  if (autoscale === undefined || instances === undefined) return inputs;
  return { ...inputs, instances: heldToBounds(instances, autoscale) };
}

/** The inputs with the running values of what others manage: `instances` where it is left to them, and ignored changes. */
export function withLive(
  inputs: AppResourceInputs,
  running: object,
  facts: ServerFacts,
  ignored: readonly string[],
): AppResourceInputs {
  const names = new Set(ignored.filter((path) => /^\w+$/.test(path) && !(path in AppOptions.properties)));
  if (leavesInstances(inputs)) names.add("instances");
  if (names.size === 0) return inputs;
  const now = toInputs(normaliseApp(running, facts)) as Values;
  const kept = Object.entries(inputs).filter(([key]) => !names.has(key));
  const live = [...names].filter((key) => now[key] !== undefined).map((key) => [key, now[key]]);
  return { ...Object.fromEntries(kept), ...Object.fromEntries(live) };
}

/** Whether the app is bound to its volumes, so that most of it cannot change (reference §1.7, 15). */
export function hasPersistentVolumes(app: object): boolean {
  return normaliseApp(app).container?.volumes?.some((v) => v.persistent !== undefined) ?? false;
}
