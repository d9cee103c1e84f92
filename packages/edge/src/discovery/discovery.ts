// SPDX-License-Identifier: Apache-2.0
import { messageOf } from "@pulumi-mesos/model";
import type { Clock } from "../clock";
import type { Log } from "../log";
import type { ClusterState, EventFields } from "./cluster-state";

/** What discovery needs of Marathon. */
export interface MarathonSource {
  getApps(signal: AbortSignal): Promise<readonly unknown[]>;
  /** Nothing only when Marathon itself said that there is no such app. */
  getApp(id: string, signal: AbortSignal): Promise<unknown>;
  /** Reconnects for ever and follows the leader; `connected` after each connection. */
  events(signal: AbortSignal): AsyncIterable<EventFields>;
  /** Looks for Marathon until `signal` aborts, where it has to be looked for. */
  run?(signal: AbortSignal): Promise<void>;
}

export interface DiscoveryOptions {
  readonly source: MarathonSource;
  readonly state: ClusterState;
  readonly clock: Clock;
  readonly log: Log;
  readonly resyncMs: number;
  /** Called with every document before it is taken. */
  readonly prepare: (documents: readonly unknown[]) => Promise<void>;
  readonly onChange: () => void;
}

/** Questions about apps wait for so long: events come in groups, and what an event says by itself goes first. */
const gatherMs = 10;
/** More apps than these are asked for all at once. */
const maxSingle = 16;
/** A list that is doubted is asked for again after this long. */
const doubtMs = 20_000;

/**
 * Keeps a {@link ClusterState} true: by events, by asking for the apps that events name, and by the list of all apps after
 * each connection and every `resyncMs`. A failure changes nothing and is tried again.
 */
export class Discovery {
  readonly #o: DiscoveryOptions;
  readonly #dirty = new Set<string>();
  #full = true;
  #wake = new AbortController();
  #lastGood: number | undefined;
  #listedAt = Number.NEGATIVE_INFINITY;
  #problem: string | undefined;

  constructor(o: DiscoveryOptions) {
    this.#o = o;
  }

  /** Whether the list of all apps was ever had. */
  get synced(): boolean {
    return this.#lastGood !== undefined;
  }

  /** Milliseconds since Marathon last gave a good answer. */
  get ageMs(): number | undefined {
    return this.#lastGood === undefined ? undefined : this.#o.clock.now() - this.#lastGood;
  }

  /** Why the last answer was no good. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Asks for the list of all apps now. */
  resync(): void {
    this.#full = true;
    this.#wake.abort();
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#listen(signal), this.#fetch(signal), this.#o.source.run?.(signal)]);
  }

  async #listen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const event of this.#o.source.events(signal)) this.#take(event);
      } catch (error) {
        if (signal.aborted) return;
        this.#o.log.warn({ err: error }, "marathon's events stopped");
      }
      await this.#o.clock.pause(1_000, signal);
    }
  }

  #take(event: EventFields): void {
    if (event.type === "connected") {
      this.resync();
      return;
    }
    const { changed, fetch } = this.#o.state.event(event);
    for (const id of fetch) this.#dirty.add(id);
    if (changed) this.#o.onChange();
    if (fetch.length > 0) this.#wake.abort();
  }

  async #fetch(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      this.#wake = new AbortController();
      if (this.#untilResyncMs() === 0) this.#full = true;
      let waitMs = 0;
      try {
        if (!(await this.#pass(signal))) waitMs = this.#untilResyncMs();
        if (failures > 0) this.#o.log.info({}, "marathon answers again");
        failures = 0;
        this.#problem = undefined;
      } catch (error) {
        if (signal.aborted) return;
        this.#full = true;
        waitMs = Math.min(5_000, 250 * 2 ** failures++);
        this.#problem = messageOf(error);
        this.#o.log.warn(
          { err: error, retryInMs: waitMs },
          "marathon gave no good answer, everything stays as it is",
        );
      }
      if (waitMs === 0) continue;
      await this.#o.clock.pause(waitMs, failures > 0 ? signal : AbortSignal.any([signal, this.#wake.signal]));
    }
  }

  /** How long until it is time to see whether all is still so, however much happens meanwhile. */
  #untilResyncMs(): number {
    const { state, resyncMs, clock } = this.#o;
    const everyMs = state.holding ? Math.min(doubtMs, resyncMs) : resyncMs;
    return Math.max(0, this.#listedAt + everyMs - clock.now());
  }

  /** Asks what is to be asked now; whether there is more. */
  async #pass(signal: AbortSignal): Promise<boolean> {
    const { source, state, clock, onChange, prepare } = this.#o;
    if (this.#full || this.#dirty.size > maxSingle) {
      this.#full = false;
      this.#dirty.clear();
      const documents = await source.getApps(signal);
      if (signal.aborted) return false;
      await prepare(documents);
      state.full(documents, clock.now());
      this.#lastGood = clock.now();
      this.#listedAt = clock.now();
      onChange();
    } else if (this.#dirty.size > 0) {
      await clock.pause(gatherMs, signal);
      const ids = [...this.#dirty];
      this.#dirty.clear();
      await Promise.all(ids.map((id) => this.#one(id, signal)));
    }
    return this.#full || this.#dirty.size > 0;
  }

  async #one(id: string, signal: AbortSignal): Promise<void> {
    const { source, state, clock, onChange, prepare } = this.#o;
    for (let attempt = 0; attempt < 3 && !signal.aborted; attempt++) {
      const document = await source.getApp(id, signal);
      this.#lastGood = clock.now();
      // An event came meanwhile: the answer may be older than what the event said.
      if (this.#dirty.delete(id) && attempt < 2) continue;
      await prepare([document]);
      state.one(id, document);
      onChange();
      return;
    }
  }
}
