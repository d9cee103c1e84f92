// SPDX-License-Identifier: Apache-2.0
import type { Trace } from "./trace";

/** How the agents of a group are paid for. */
export interface Terms {
  readonly per: "second" | "hour";
  /** An hour. */
  readonly price: number;
}

/** What a replay has come to, all of it after the warm-up. */
export interface Result {
  readonly autoscaler: string;
  /** As paid: an hour that is paid for and not used counts. */
  readonly machineHours: number;
  readonly machineHoursByGroup: Readonly<Record<string, number>>;
  readonly cost: number;
  /** For how long tasks had to wait, in sum. */
  readonly pendingTaskMinutes: number;
  readonly killedTasks: number;
  readonly movedTasks: number;
  /** Agents that came or went. */
  readonly changesAnHour: number;
}

export class Meter {
  readonly #trace: Trace;
  readonly #terms: readonly Terms[];
  readonly #from: number;
  readonly #seconds: number[];
  #at = 0;
  #pending = 0;
  #killed = 0;
  #moved = 0;
  #changes = 0;

  constructor(trace: Trace, terms: readonly Terms[]) {
    this.#trace = trace;
    this.#terms = terms;
    this.#from = trace.measureFrom ?? 0;
    this.#seconds = trace.groups.map(() => 0);
  }

  /** Says that until `at` so many tasks have waited. */
  advance(at: number, waiting: number): void {
    this.#pending += waiting * Math.max(0, at - Math.max(this.#at, this.#from));
    this.#at = at;
  }

  paid(group: number, start: number, end: number): void {
    const hours = Math.ceil((end - start) / 3600);
    const until =
      this.#terms[group]?.per === "hour" ? Math.min(start + hours * 3600, this.#trace.seconds) : end;
    this.#seconds[group] = (this.#seconds[group] ?? 0) + Math.max(0, until - Math.max(start, this.#from));
  }

  killed(now: number): void {
    if (now >= this.#from) this.#killed++;
  }

  moved(now: number): void {
    if (now >= this.#from) this.#moved++;
  }

  changed(now: number): void {
    if (now >= this.#from) this.#changes++;
  }

  result(autoscaler: string): Result {
    const hours = this.#seconds.map((seconds) => seconds / 3600);
    const names = this.#trace.groups.map(({ name }, g) => [name, hours[g] ?? 0] as const);
    return {
      autoscaler,
      machineHours: hours.reduce((sum, n) => sum + n, 0),
      machineHoursByGroup: Object.fromEntries(names),
      cost: hours.reduce((sum, n, g) => sum + n * (this.#terms[g]?.price ?? 1), 0),
      pendingTaskMinutes: this.#pending / 60,
      killedTasks: this.#killed,
      movedTasks: this.#moved,
      changesAnHour: this.#changes / ((this.#trace.seconds - this.#from) / 3600),
    };
  }
}
