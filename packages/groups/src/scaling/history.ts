// SPDX-License-Identifier: Apache-2.0
import type { GroupDecision } from "../autoscale/world";
import { isSameSense } from "../same-sense";

/** One decision about one group, as it is told. */
export interface Told extends GroupDecision {
  /** When it was first made, and until when it was made again the same. */
  readonly at: string;
  readonly until: string;
  /** How many agents there were, and how many their tasks were worth. */
  readonly agents: number;
  readonly demand: number;
  /** Tasks that waited for an agent of any group. */
  readonly waiting: number;
  /** What this one changed; nothing when all stayed as it was. */
  readonly change: string | undefined;
}

/** One point of the chart of a group. */
export interface Sample {
  /** In ms since the epoch. */
  readonly at: number;
  readonly size: number;
  readonly agents: number;
  readonly demand: number;
  readonly waiting: number;
  /** What its agents cost an hour; nothing where no price is declared. */
  readonly cost?: number;
}

const kept = { decisions: 50, samples: 720 } as const;
const sampleMs = 10_000;

/** The last decisions and the last two hours of one group. */
export class History {
  /** Bounds and rules in words, as they were last. */
  policy = "";
  readonly #decisions: Told[] = [];
  readonly #samples: Sample[] = [];

  /** The newest first. */
  get decisions(): readonly Told[] {
    return [...this.#decisions].reverse();
  }

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  add(told: Omit<Told, "until">, sample: Sample): void {
    const last = this.#decisions.at(-1);
    const isCalm = last?.change === undefined && told.change === undefined;
    if (last !== undefined && isCalm && isSame(last, told)) {
      this.#decisions[this.#decisions.length - 1] = { ...told, at: last.at, until: told.at };
    } else this.#decisions.push({ ...told, until: told.at });
    this.#decisions.splice(0, this.#decisions.length - kept.decisions);
    const before = this.#samples.at(-2);
    // The last point is always of now; those before it stand ten seconds apart.
    if (before !== undefined && sample.at - before.at < sampleMs) this.#samples.pop();
    this.#samples.push(sample);
    this.#samples.splice(0, this.#samples.length - kept.samples);
  }
}

/** Whether both come to the same for the same reasons. */
function isSame(a: Pick<Told, "size" | "frozen" | "leave" | "reasons">, b: typeof a): boolean {
  const isAsBefore = a.size === b.size && a.frozen === b.frozen && a.leave.join() === b.leave.join();
  return isAsBefore && isSameSense(a.reasons, b.reasons);
}
