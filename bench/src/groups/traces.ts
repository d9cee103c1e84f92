// SPDX-License-Identifier: Apache-2.0
import {
  type AutoscalerName,
  autoscalers,
  clairvoyantHours,
  compare,
  families,
  generate,
  mostNeeded,
  type Policies,
  type Result,
  type Trace,
} from "@pulumi-mesos/groups";
import { type AutoscalePolicy, fillAutoscalePolicy } from "@pulumi-mesos/model";
import type { Figure } from "../figure";

const seeds = Array.from({ length: 20 }, (_, i) => i + 1);
const names = Object.keys(autoscalers) as AutoscalerName[];
const peers = names.filter((name) => name !== "pulumi-mesos");

interface Sum {
  hours: number;
  pending: number;
  killed: number;
}
type Sums = Readonly<Record<AutoscalerName, Sum>>;

/** The default policy, with room for a quarter more than the peak; prices are an on-demand and a spot agent's. */
function policiesFor(trace: Trace): Policies {
  const bounds = { min: 2, max: Math.ceil(mostNeeded(trace) * 1.25) };
  const policy = (name: string): AutoscalePolicy =>
    name === "spot"
      ? { ...bounds, min: 0, billing: { price: 0.35 }, spot: {} }
      : { ...bounds, billing: { price: 1 } };
  return Object.fromEntries(trace.groups.map(({ name }) => [name, fillAutoscalePolicy(policy(name))]));
}

function noSums(): Sums {
  return Object.fromEntries(
    names.map((name) => [name, { hours: 0, pending: 0, killed: 0 }]),
  ) as unknown as Sums;
}

function addTo(sums: Sums, results: readonly Result[]): void {
  for (const { autoscaler, machineHours, pendingTaskMinutes, killedTasks } of results) {
    const sum = sums[autoscaler as AutoscalerName];
    sum.hours += machineHours;
    sum.pending += pendingTaskMinutes;
    sum.killed += killedTasks;
  }
}

/** The default policy against its peers on every family of traces: machine-hours, and for how long tasks wait. */
export function* traces(): Iterable<Figure> {
  const all = noSums();
  for (const family of families) {
    const sums = noSums();
    let bound = 0;
    for (const seed of seeds) {
      const trace = generate({ family, seed });
      bound += clairvoyantHours(trace);
      const { results } = compare(trace, policiesFor(trace), names, seed);
      addTo(sums, results);
      addTo(all, results);
    }
    yield* familyFigures(family, sums, bound);
  }
  const better = Math.min(all.clusterman.hours, all["cluster-autoscaler"].hours);
  const what = "all families: machine-hours, of the better of clusterman's and cluster-autoscaler's";
  yield figure(what, all["pulumi-mesos"].hours / better, "ratio", 0.9);
}

function* familyFigures(family: string, sums: Sums, bound: number): Iterable<Figure> {
  const ours = sums["pulumi-mesos"];
  const of = `${family}, ${seeds.length} seeds`;
  for (const name of names) {
    const { hours, pending, killed } = sums[name];
    yield figure(`${of}: machine-hours of ${name}`, hours, "h", undefined);
    yield figure(`${of}: pending task-minutes of ${name}`, pending, "min", undefined);
    yield figure(`${of}: killed tasks of ${name}`, killed, "tasks", undefined);
  }
  for (const name of peers) {
    yield figure(`${of}: machine-hours, of ${name}'s`, ours.hours / sums[name].hours, "ratio", 1);
    yield figure(
      `${of}: pending task-minutes, beyond ${name}'s`,
      ours.pending - sums[name].pending,
      "min",
      0,
    );
  }
  yield figure(`${of}: machine-hours, of the clairvoyant bound`, ours.hours / bound, "ratio", 1.15);
}

function figure(name: string, value: number, unit: string, most: number | undefined): Figure {
  const rounded = Math.round(value * 1000) / 1000;
  return {
    bench: "groups",
    figure: name,
    value: rounded,
    unit,
    target: most === undefined ? "none" : `<= ${most}`,
    ok: most === undefined || value <= most,
  };
}
