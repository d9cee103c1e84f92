// SPDX-License-Identifier: Apache-2.0
import type { AppTraffic } from "@pulumi-mesos/client";
import type { Load } from "./decide";

/** How far back the load is taken from: long enough to be steady, short enough to be news. */
const windowMs = 5_000;

/** What one edge said at one time; nothing and why where it did not answer. */
export type EdgeAnswer =
  | { readonly traffic: Readonly<Record<string, AppTraffic>> }
  | { readonly problem: string };

interface Sample {
  readonly at: number;
  readonly traffic: Readonly<Record<string, AppTraffic>>;
}

/** The last counts of every edge, from which the load of an app follows. Pure but for its memory. */
export class LoadWindow {
  readonly #edges: readonly string[];
  readonly #samples = new Map<string, Sample[]>();
  readonly #problems = new Map<string, string>();

  /** @param edges how they are called */
  constructor(edges: readonly string[]) {
    this.#edges = edges;
  }

  add(edge: string, at: number, answer: EdgeAnswer): void {
    const before = (this.#samples.get(edge) ?? []).filter((sample) => at - sample.at <= windowMs);
    if ("problem" in answer) {
      this.#problems.set(edge, answer.problem);
      this.#samples.set(edge, before);
    } else {
      this.#problems.delete(edge);
      this.#samples.set(edge, [...before, { at, traffic: answer.traffic }]);
    }
  }

  /** The load of an app: what edges that tell of it count, and which do not. */
  load(app: string, by: "rps" | "concurrency"): Load {
    if (this.#edges.length === 0) return { value: undefined, missing: "the controller knows no edge" };
    const told = this.#edges.map((edge) => ({ edge, told: this.#of(edge, app, by) }));
    const values = told.flatMap((one) => (typeof one.told === "number" ? [one.told] : []));
    const silent = told.flatMap((one) => (typeof one.told === "string" ? [`${one.edge} ${one.told}`] : []));
    const sum = values.reduce((a, b) => a + b, 0);
    return {
      value: values.length === 0 ? undefined : sum,
      ...(silent.length === 0 ? {} : { missing: silent.join(", ") }),
    };
  }

  #of(edge: string, app: string, by: "rps" | "concurrency"): number | string {
    const problem = this.#problems.get(edge);
    if (problem !== undefined) return `does not answer (${problem})`;
    const all = this.#samples.get(edge) ?? [];
    // An edge that is handing over to another HAProxy tells of nobody for a moment.
    const samples = all.flatMap(({ at, traffic }) => {
      const counted = traffic[app];
      return counted === undefined ? [] : [{ at, counted }];
    });
    if (samples.length === 0)
      return all.length === 0
        ? "has not told yet"
        : "sends it no requests: no rule, label or port leads to it";
    return by === "rps" ? rate(samples) : average(samples);
  }
}

type Counted = { readonly at: number; readonly counted: AppTraffic };

/** Requests a second since the first sample after which the edge has not begun anew. */
function rate(samples: readonly Counted[]): number | string {
  const began = samples.findLastIndex(
    ({ counted }, i) => counted.requests < (samples[i - 1]?.counted.requests ?? 0),
  );
  const [first, ...more] = samples.slice(Math.max(0, began));
  const last = more.at(-1);
  if (first === undefined || last === undefined || last.at === first.at) return "has just begun to count";
  return (1000 * (last.counted.requests - first.counted.requests)) / (last.at - first.at);
}

function average(samples: readonly Counted[]): number | string {
  const open = samples.flatMap(({ counted }) => counted.openRequests ?? []);
  if (open.length === 0) return "does not tell open requests: it is of an earlier version";
  return open.reduce((a, b) => a + b, 0) / open.length;
}
