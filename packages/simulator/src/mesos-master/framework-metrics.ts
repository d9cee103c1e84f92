// SPDX-License-Identifier: Apache-2.0
import { isTerminal, taskStates } from "../protocol/types";
import { enumNames } from "../v1";
import type { Context } from "./context";
import { rolesOf } from "./roles";
import type { Framework } from "./state";

let countedNames: readonly string[] | undefined;

/** The names of all counters; a metric is there before its first event. */
function names(): readonly string[] {
  const of = (group: string, type: Parameters<typeof enumNames>[0]): string[] => [
    group,
    ...enumNames(type)
      .filter((name) => name !== "UNKNOWN")
      .map((name) => `${group}/${name.toLowerCase()}`),
  ];
  countedNames ??= [
    ...of("calls", "mesos.v1.scheduler.Call.Type"),
    ...of("events", "mesos.v1.scheduler.Event.Type"),
    ...of("operations", "mesos.v1.Offer.Operation.Type"),
    ...["sent", "accepted", "declined", "rescinded"].map((name) => `offers/${name}`),
    ...taskStates.filter(isTerminal).map((state) => `tasks/terminal/${state.toLowerCase()}`),
  ];
  return countedNames;
}

/** As libprocess encodes a name for a URL, which leaves less as it is than JavaScript. */
function encode(name: string): string {
  return encodeURIComponent(name).replace(
    /[!'()*~]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** `master/frameworks/<name>/<id>/…` of one framework (FrameworkMetrics in src/master/metrics.cpp and in the allocator's). */
export function frameworkMetrics(framework: Framework): Record<string, number> {
  const { id, info, counts, link, suppressed } = framework;
  const prefix = `master/frameworks/${encode(info.name)}/${id}/`;
  const out: Record<string, number> = { [`${prefix}subscribed`]: link === undefined ? 0 : 1 };
  for (const name of names()) out[`${prefix}${name}`] = counts.get(name);
  const active = (state: string): string => `${prefix}tasks/active/${state.toLowerCase()}`;
  for (const state of taskStates) if (!isTerminal(state)) out[active(state)] = 0;
  for (const { state } of [...framework.tasks.values(), ...framework.unreachableTasks.values()]) {
    if (!isTerminal(state)) out[active(state)] = (out[active(state)] ?? 0) + 1;
  }
  for (const role of rolesOf(info)) out[`${prefix}roles/${role}/suppressed`] = suppressed.has(role) ? 1 : 0;
  return out;
}

/** Those of all frameworks that are there, unless a flag forbids it. */
export function frameworksMetrics({ flags, state }: Context): Record<string, number> {
  if (!flags.publish_per_framework_metrics) return {};
  return Object.assign({}, ...[...state.frameworks.values()].map(frameworkMetrics));
}
