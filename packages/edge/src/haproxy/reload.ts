// SPDX-License-Identifier: Apache-2.0
import type { Clock } from "../clock";
import type { Routes } from "../routing/route";
import type { Files } from "./config-file";
import type { Master } from "./master";
import { Pulse } from "./pulse";
import type { Runtime } from "./runtime";
import type { Running, Worker } from "./worker";

/** How long a reload may take. */
const reloadMs = 15_000;
/** A master that has not said after this time that it reloads is told again. */
const remindMs = 1_000;

export interface ReloadOptions {
  readonly master: Master;
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly hungMs: number;
  /** The one that takes connections until the next does. */
  readonly worker: Worker;
  /** What the next worker begins with. */
  readonly routes: Routes;
  readonly next: Running;
  /** To be put back when the reload fails. */
  readonly fileBefore: Files | undefined;
}

/** How a reload stands; `unheard` is one that the master does not hear of. */
export type ReloadState = "under way" | "over" | "failed" | "unheard";

/** One reload, which is watched from its beginning to its end. */
export class Reload {
  readonly #o: ReloadOptions;
  readonly #began: number;
  #remindAt: number;
  #pid: number | undefined;
  /** Of the worker that comes. */
  readonly #pulse: Pulse;

  constructor(o: ReloadOptions) {
    this.#o = o;
    this.#began = o.clock.now();
    this.#remindAt = this.#began + remindMs;
    this.#pulse = new Pulse(o.runtime, o.clock, o.hungMs);
  }

  get routes(): Routes {
    return this.#o.routes;
  }

  get next(): Running {
    return this.#o.next;
  }

  get fileBefore(): Files | undefined {
    return this.#o.fileBefore;
  }

  /** How long it takes up to now. */
  get ageMs(): number {
    return this.#o.clock.now() - this.#began;
  }

  /** Pid of the worker that has come, once it answers. */
  get pid(): number | undefined {
    return this.#pid;
  }

  begin(): Promise<void> {
    return this.#o.master.reload();
  }

  /** It is over when the next worker answers and the one before takes no connection any more, which knows no new route. */
  async look(): Promise<ReloadState> {
    const { runtime, master, clock, hungMs, worker, next } = this.#o;
    this.#pid = await runtime.serving(next.generation, next.shape);
    if (this.#pid !== undefined) {
      const isOver = this.ageMs > reloadMs || !(await worker.takesConnections());
      return isOver ? "over" : "under way";
    }
    const said = await master.reloading();
    if (said === "refused" || this.ageMs > reloadMs) return "failed";
    if (said === "unheard" && this.ageMs > 2 * hungMs) return "unheard";
    if (said === "unheard" && clock.now() > this.#remindAt) {
      this.#remindAt = clock.now() + remindMs;
      master.remind();
    }
    this.#pulse.look(next.generation);
    // One that is only slow, with a thousand apps on a busy machine, gets all the time there is.
    const isHung = this.#pulse.of(next.generation) === "hung" && (await master.hasStopped());
    // Where the worker before hangs, too, whoever gives up must start HAProxy anew.
    return isHung && worker.state !== "hung" ? "failed" : "under way";
  }
}
