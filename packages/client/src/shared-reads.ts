// SPDX-License-Identifier: Apache-2.0
import { isMesosError } from "@pulumi-mesos/model";
import { nowMs, someTimeAfter, soon, unlessAborted } from "./clock";
import { SharedCall } from "./shared-call";

/** Where one thing, or all of its kind at once, can be read. */
export interface ReadSource<T> {
  one(id: string, signal: AbortSignal): Promise<T | undefined>;
  /** All by id, in one request. */
  all(signal: AbortSignal): Promise<ReadonlyMap<string, T>>;
  /** Changes whenever a write begins or ends: what was read before it may be outdated. */
  writes(): number;
}

/** Time as {@link SharedReads} needs it. */
export interface ReadClock {
  now(): number;
  /** Runs `action` after everything that runs now. */
  soon(action: () => void): void;
  /** Runs `action` some time after `ms`. */
  later(ms: number, action: () => void): void;
}

type List<T> = SharedCall<ReadonlyMap<string, T>>;

interface Question<T> {
  readonly id: string;
  readonly signal: AbortSignal;
  readonly answer: (value: Promise<T | undefined>) => void;
}

/**
 * How old a list may be that answers {@link SharedReads.recent}. A refresh of 1,000 resources takes 45 s and more, so
 * the picture that it draws is that old anyway; with 15 s it takes 4 lists, and 8 on a machine half as fast.
 */
const maxAgeMs = 15_000;
/** So many are asked for one by one before a list is taken to pay: a program of a few resources reads only those. */
const singly = 3;
/** A list costs about as much as one request for each 16 of its entries. */
const entriesPerRequest = 16;

const systemClock: ReadClock = { now: nowMs, soon, later: someTimeAfter };

/**
 * Answers many reads from few requests: lone ones singly, crowds from one list.
 *
 * What a list does not hold is asked for singly, because only that answer is sure: servers leave out of lists what the
 * user may not see. A list that cannot be read for its own reasons is passed over likewise.
 */
export class SharedReads<T> {
  readonly #source: ReadSource<T>;
  readonly #clock: ReadClock;
  #kept: { readonly at: number; readonly writes: number; readonly list: List<T> } | undefined;
  /** When {@link recent} was asked lately, without a write since. */
  #asked: number[] = [];
  #askedAtWrites = 0;
  #questions: Question<T>[] = [];
  #listing = false;
  #entries = 0;

  constructor(source: ReadSource<T>, clock: ReadClock = systemClock) {
    this.#source = source;
    this.#clock = clock;
  }

  /**
   * What there is, or was up to 15 s ago while many are asked for: for a refresh. Never from before a write that this
   * process made.
   */
  async recent(id: string, signal: AbortSignal): Promise<T | undefined> {
    const at = this.#clock.now();
    const writes = this.#source.writes();
    if (writes !== this.#askedAtWrites) this.#asked = [];
    this.#askedAtWrites = writes;
    this.#asked = [...this.#asked.filter((t) => at - t <= maxAgeMs), at].slice(-singly - 1);
    const kept = this.#kept;
    if (kept && kept.writes === writes && at - kept.at <= maxAgeMs && !kept.list.abandoned) {
      return this.#from(kept.list, id, signal);
    }
    if (this.#asked.length <= singly) return this.#source.one(id, signal);
    return this.#from(this.#keep(at, writes), id, signal);
  }

  /**
   * What there is at some moment after the call: for waits. Those who ask at the same time share one list where that
   * costs less than asking singly.
   */
  async current(id: string, signal: AbortSignal): Promise<T | undefined> {
    const answer = new Promise<T | undefined>((resolve) => {
      this.#questions.push({ id, signal, answer: resolve });
      if (this.#questions.length === 1 && !this.#listing) this.#clock.soon(() => this.#answer());
    });
    return unlessAborted(answer, signal);
  }

  #answer(): void {
    const questions = this.#questions.splice(0).filter(({ signal }) => !signal.aborted);
    const ids = new Set(questions.map(({ id }) => id));
    if (ids.size <= Math.max(singly, this.#entries / entriesPerRequest)) {
      const calls = new Map<string, SharedCall<T | undefined>>();
      for (const { id, signal, answer } of questions) {
        const call = calls.get(id) ?? new SharedCall((stop) => this.#source.one(id, stop));
        calls.set(id, call);
        answer(call.join(signal));
      }
      return;
    }
    const list = this.#list();
    for (const { id, signal, answer } of questions) answer(this.#from(list, id, signal));
    this.#listing = true;
    void list.ended.then(() => {
      this.#listing = false;
      this.#answer();
    });
  }

  #list(): List<T> {
    return new SharedCall(async (signal) => {
      const all = await this.#source.all(signal);
      this.#entries = all.size;
      return all;
    });
  }

  #keep(at: number, writes: number): List<T> {
    const kept = { at, writes, list: this.#list() };
    const forget = (): void => {
      if (this.#kept === kept) this.#kept = undefined;
    };
    this.#kept = kept;
    this.#clock.later(maxAgeMs, forget);
    void kept.list.ended.then((succeeded) => {
      if (!succeeded) forget();
    });
    return kept.list;
  }

  async #from(list: List<T>, id: string, signal: AbortSignal): Promise<T | undefined> {
    let found: T | undefined;
    try {
      found = (await list.join(signal)).get(id);
    } catch (error) {
      if (!isOfList(error)) throw error;
    }
    return found ?? this.#source.one(id, signal);
  }
}

/** Whether a list failed for a reason that need not hold for its single entries. */
function isOfList(error: unknown): boolean {
  if (!isMesosError(error)) return false;
  return error.code === "MESOS_CLIENT_DECODE" || (error.code === "MESOS_CLIENT_STATUS" && !error.retryable);
}
