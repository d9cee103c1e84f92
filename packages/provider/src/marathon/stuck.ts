// SPDX-License-Identifier: Apache-2.0
import type { MarathonQueueItem } from "@pulumi-mesos/client";
import { isMesosError, MesosError } from "@pulumi-mesos/model";
import { now } from "../clock";
import { rejections } from "./explain";
import type { TaskEnd } from "./marathon-events";

/** What one look at a running deployment showed. */
export interface Look {
  /** Changes with every step forward: a step, an instance that serves, a launch. */
  readonly mark: string;
  /** Instances of the version that is being deployed that run now. */
  readonly runs: readonly string[];
  /** Tasks of that version that ended since the deployment began, as far as this look knows. */
  readonly ends: readonly TaskEnd[];
  /** What waits for offers. */
  readonly queue: readonly MarathonQueueItem[];
}

/** So many tasks ended by themselves before it is a loop. */
const loopEnds = 5;
/** Share of the time that a loop lasts at least, and that a task has to run to be none: 30 s of 10 minutes. */
const loopShare = 0.05;
/** Share of the time for which every offer was refused and nothing moved: 150 s of 10 minutes, so that agents can come. */
const refusedShare = 0.25;
const refusedLooks = 3;

/** Reasons that lie in what is asked for and what agents have; the others may pass by themselves. */
const lasting = new Set([
  "UnfulfilledRole",
  "UnfulfilledConstraint",
  "NoCorrespondingReservationFound",
  "InsufficientCpus",
  "InsufficientMemory",
  "InsufficientDisk",
  "InsufficientGpus",
  "InsufficientPorts",
]);

/**
 * Tells when it is certain that a deployment will not be done in its time, so that nobody waits for the rest of it.
 *
 * A crash loop: five tasks or more of the new version ended by themselves (or were killed as unhealthy) over a
 * twentieth of the time, and none runs that long. Unmatched resources: for a quarter of the time every offer was
 * refused for resources, constraints, roles or reservations, while nothing moved.
 */
export class StuckJudge {
  readonly #loopMs: number;
  readonly #refusedMs: number;
  readonly #path: string;
  readonly #seen = new Map<string, number>();
  readonly #ends = new Map<string, TaskEnd>();
  #refused: { readonly mark: string; readonly since: number; looks: number } | undefined;

  constructor(path: string, timeoutSeconds: number) {
    this.#path = path;
    this.#loopMs = timeoutSeconds * 1000 * loopShare;
    this.#refusedMs = timeoutSeconds * 1000 * refusedShare;
  }

  /** Throws when the deployment can never be done. */
  judge(look: Look): void {
    this.#judgeLoop(look);
    this.#judgeOffers(look);
  }

  #judgeLoop({ runs, ends: found }: Look): void {
    for (const end of found) this.#ends.set(end.taskId, end);
    const ends = [...this.#ends.values()].sort((a, b) => a.at - b.at);
    for (const id of runs) this.#seen.set(id, this.#seen.get(id) ?? now());
    for (const id of this.#seen.keys()) if (!runs.includes(id)) this.#seen.delete(id);
    const lasts = [...this.#seen.values()].some((since) => now() - since >= this.#loopMs);
    const [first, last] = [ends[0], ends.at(-1)];
    if (lasts || first === undefined || last === undefined || ends.length < loopEnds) return;
    const spanMs = last.at - first.at;
    if (spanMs < this.#loopMs) return;
    const where = last.host === undefined ? "" : ` on ${last.host}`;
    const why = last.message === "" ? "" : `: ${last.message.replace(/\s+/g, " ").trim()}`;
    throw stuckError(
      `crash loop, ${ends.length} tasks of ${this.#path} ended within ${Math.round(spanMs / 1000)} s, the last with ${last.state}${where}${why}`,
    );
  }

  #judgeOffers({ mark, queue }: Look): void {
    const refused = queue.filter(everyOfferRefused);
    if (refused.length === 0) {
      this.#refused = undefined;
      return;
    }
    if (this.#refused?.mark !== mark) this.#refused = { mark, since: now(), looks: 0 };
    this.#refused.looks += 1;
    const forMs = now() - this.#refused.since;
    if (this.#refused.looks < refusedLooks || forMs < this.#refusedMs) return;
    const reasons = new Set(refused.flatMap((item) => rejections(item).map((r) => r.reason)));
    throw stuckError(
      `unmatched resources, for ${Math.round(forMs / 1000)} s no offer fits ${this.#path}: ${[...reasons].join(", ")}`,
    );
  }
}

/** Whether `error` says that a deployment can never be done. */
export function isStuck(error: unknown): boolean {
  return isMesosError(error) && error.code === "MESOS_APP_STUCK";
}

function stuckError(why: string): MesosError {
  return new MesosError("MESOS_APP_STUCK", `given up early: ${why}`);
}

/** The lines of a summary are a funnel: what one reason leaves, the next one judges. */
function everyOfferRefused(item: MarathonQueueItem): boolean {
  const refused = rejections(item);
  const seen = Math.max(0, ...refused.map((r) => r.processed));
  const declined = refused.reduce((sum, r) => sum + r.declined, 0);
  return seen > 0 && declined >= seen && refused.every((r) => lasting.has(r.reason));
}
