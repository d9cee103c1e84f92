// SPDX-License-Identifier: Apache-2.0
import { messageOf } from "@pulumi-mesos/model";
import type { Clock } from "../clock";
import type { Log } from "../log";
import type { Routes } from "../routing/routes";
import { writeAtomically } from "./master";
import type { Snapshot } from "./snapshot";

/** The files follow changes made at run time after this long. */
const followMs = 100;
/** The snapshot is needed only when this program starts again without Marathon. */
const snapshotEveryMs = 1_000;
const retryMs = 1_000;

/** What HAProxy runs with, as the files tell it. */
export interface Running {
  readonly text: () => string;
  readonly routes: Routes;
}

/**
 * Keeps haproxy.cfg and the snapshot equal to what HAProxy runs with. Tasks move on while the disk is slow or full; only a
 * start or reload, which HAProxy reads from the file, waits for it.
 */
export class ConfigFile {
  readonly path: string;
  readonly #snapshot: Snapshot;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #closed = new AbortController();
  #next: Running | undefined;
  #following: Promise<void> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #lastSnapshot = Number.NEGATIVE_INFINITY;
  #problem: string | undefined;

  constructor(o: { path: string; snapshot: Snapshot; clock: Clock; log: Log }) {
    this.path = o.path;
    this.#snapshot = o.snapshot;
    this.#clock = o.clock;
    this.#log = o.log;
  }

  /** Why the files are older than what HAProxy runs with. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Has the files follow `running` soon; the newest word counts. */
  follow(running: Running): void {
    this.#next = running;
    this.#following ??= this.#follow().finally(() => {
      this.#following = undefined;
    });
  }

  /** Writes `text` now, in place of what was to follow. */
  async write(text: string): Promise<void> {
    this.#next = undefined;
    await this.#write(text);
  }

  /** Writes what has not been written. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#following;
  }

  async #follow(): Promise<void> {
    for (let waitMs = followMs; this.#next; ) {
      await this.#clock.pause(waitMs, this.#closed.signal);
      const running = this.#next;
      if (!running) return;
      this.#next = undefined;
      try {
        await this.#write(running.text());
        await this.#save(running.routes);
        this.#problem = undefined;
        waitMs = followMs;
      } catch (error) {
        this.#problem = `the files are old: ${messageOf(error)}`;
        this.#log.error({ err: error }, "haproxy's file cannot be written, tasks move on");
        if (this.#closed.signal.aborted) return;
        this.#next ??= running;
        waitMs = retryMs;
      }
    }
  }

  async #save(routes: Routes): Promise<void> {
    const early = this.#lastSnapshot + snapshotEveryMs - this.#clock.now();
    if (early > 0) await this.#clock.pause(early, this.#closed.signal);
    this.#lastSnapshot = this.#clock.now();
    await this.#snapshot.write(routes);
  }

  /** One after the other: each goes through the same file beside the real one. */
  async #write(text: string): Promise<void> {
    const turn = this.#writing.then(() => writeAtomically(this.path, text));
    this.#writing = turn.catch(() => undefined);
    await turn;
  }
}
