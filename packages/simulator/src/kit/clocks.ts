// SPDX-License-Identifier: Apache-2.0
import { type Clock, systemClock } from "../clock";
import type { Clock as MarathonClock } from "../marathon/clock";

interface Timer {
  at: number;
  readonly order: number;
  readonly run: () => void;
  readonly everyMs: number | undefined;
  active: boolean;
}

/**
 * Time that stands still until a test steps it.
 *
 * Timers run in the order of their time; a wait of 0 ms is over at once, because it means "after this", not "later". Between two moments the
 * cluster comes to rest, so that what one timer causes is done before the next one is due.
 */
export class SteppedTime implements Clock {
  readonly #settle: () => Promise<void>;
  readonly #timers = new Map<NodeJS.Timeout, Timer>();
  #now: number;
  #order = 0;
  #stepping: Promise<void> = Promise.resolve();

  /** @param settle waits until nothing moves any more by itself */
  constructor(startMs: number, settle: () => Promise<void>) {
    this.#now = startMs;
    this.#settle = settle;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): NodeJS.Timeout {
    return this.#add(ms, run, undefined);
  }

  every(ms: number, run: () => void): NodeJS.Timeout {
    return this.#add(ms, run, Math.max(1, ms));
  }

  clear(handle: NodeJS.Timeout | undefined): void {
    if (handle !== undefined) this.#timers.delete(handle);
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await sleepOn(this, ms, signal);
  }

  /** Moves time by `ms`, moment by moment; one step after another. */
  step(ms: number): Promise<void> {
    const done = this.#stepping.then(() => this.#step(ms));
    this.#stepping = done.catch(() => undefined); // whoever asked for the step hears of it
    return done;
  }

  async #step(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.#settle();
    for (;;) {
      const next = this.#nextAt();
      if (next === undefined || next > end) break;
      this.#now = Math.max(this.#now, next);
      const due = [...this.#timers]
        .filter(([, timer]) => timer.at <= this.#now)
        .sort(([, a], [, b]) => a.at - b.at || a.order - b.order);
      for (const [handle, timer] of due) this.#fire(handle, timer);
      await this.#settle();
    }
    this.#now = end;
  }

  #nextAt(): number | undefined {
    let next: number | undefined;
    for (const { at } of this.#timers.values()) if (next === undefined || at < next) next = at;
    return next;
  }

  #fire(handle: NodeJS.Timeout, timer: Timer): void {
    if (this.#timers.get(handle) !== timer) return;
    if (timer.everyMs === undefined) this.#timers.delete(handle);
    else timer.at = this.#now + timer.everyMs;
    timer.run();
  }

  #add(ms: number, run: () => void, everyMs: number | undefined): NodeJS.Timeout {
    // A real handle, so that programs need not know which clock they have; it never fires by itself.
    const handle = setTimeout(() => undefined, 0x7fffffff);
    clearTimeout(handle);
    const timer = { at: this.#now + Math.max(0, ms), order: this.#order++, run, everyMs, active: true };
    this.#timers.set(handle, timer);
    handle.refresh = () => {
      if (this.#timers.has(handle)) timer.at = this.#now + Math.max(0, ms);
      return handle;
    };
    if (ms <= 0 && everyMs === undefined) setImmediate(() => this.#fire(handle, timer));
    return handle;
  }
}

function sleepOn(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = (): void => {
      clock.clear(timer);
      reject(signal?.reason);
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
    return undefined;
  });
}

/** One member's view of the cluster's clock: it ends with the member, and stands still while the member is paused. */
export class MemberClock implements Clock {
  readonly #inner: Clock;
  readonly #handles = new Set<NodeJS.Timeout>();
  #paused = false;
  #held: (() => void)[] = [];
  #ended = false;

  constructor(inner: Clock = systemClock) {
    this.#inner = inner;
  }

  now(): number {
    return this.#inner.now();
  }

  after(ms: number, run: () => void): NodeJS.Timeout {
    const handle = this.#inner.after(ms, () => {
      this.#handles.delete(handle);
      this.#run(run);
    });
    return this.#keep(handle);
  }

  every(ms: number, run: () => void): NodeJS.Timeout {
    return this.#keep(this.#inner.every(ms, () => this.#run(run)));
  }

  clear(handle: NodeJS.Timeout | undefined): void {
    if (handle !== undefined) this.#handles.delete(handle);
    this.#inner.clear(handle);
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await sleepOn(this, ms, signal);
  }

  /** As Marathon's part sees it. */
  get forMarathon(): MarathonClock {
    return {
      now: () => this.now(),
      after: (ms, action) => {
        const handle = this.after(Math.min(ms, 0x7fffffff), action);
        return () => this.clear(handle);
      },
    };
  }

  /** None of its timers runs any more. */
  end(): void {
    this.#ended = true;
    for (const handle of this.#handles) this.#inner.clear(handle);
    this.#handles.clear();
    this.#held = [];
  }

  pause(): void {
    this.#paused = true;
  }

  /** Runs what fell due meanwhile. */
  resume(): void {
    this.#paused = false;
    for (const run of this.#held.splice(0)) run();
  }

  #keep(handle: NodeJS.Timeout): NodeJS.Timeout {
    if (this.#ended) this.#inner.clear(handle);
    else this.#handles.add(handle);
    return handle;
  }

  #run(run: () => void): void {
    if (this.#ended) return;
    if (this.#paused) {
      if (!this.#held.includes(run)) this.#held.push(run);
    } else run();
  }
}
