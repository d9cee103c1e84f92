// SPDX-License-Identifier: Apache-2.0
import type { Clock } from "../clock";

/** What a page is told whenever it differs from what it was told last. */
export interface Told {
  /** Grows when there may be something new to read. */
  readonly version: number;
  readonly health: unknown;
}

/** One open stream. */
interface Listener {
  readonly send: (told: Told) => void;
}

/** A stream more than this is refused, so that forgotten pages cost no more. */
const mostListeners = 64;
/** How often is looked for what nobody reports. */
const lookEveryMs = 1_000;
/** A stream that is silent for longer is taken for dead by the page. */
const beatMs = 10_000;

export interface ChangesOptions {
  readonly clock: Clock;
  readonly health: () => unknown;
  /** A digest of everything shown that may change without a word; ages are not in it. */
  readonly digest: () => string;
}

/** Tells pages that something has changed; costs nothing while no page is open. */
export class Changes {
  readonly #o: ChangesOptions;
  readonly #listeners = new Set<Listener>();
  #version = 0;
  #isPending = false;
  #digest = "";
  #lastSent = Number.NEGATIVE_INFINITY;
  #stop: (() => void) | undefined;

  constructor(o: ChangesOptions) {
    this.#o = o;
  }

  /** Something may have changed; whatever comes in the same turn is told once. */
  notify(): void {
    this.#version++;
    if (this.#isPending || this.#listeners.size === 0) return;
    this.#isPending = true;
    setImmediate(() => {
      this.#isPending = false;
      this.#send();
    });
  }

  /** Begins to tell `send`, with what is now; the returned function ends it. Nothing when too many listen. */
  listen(send: (told: Told) => void): (() => void) | undefined {
    if (this.#listeners.size >= mostListeners) return undefined;
    const listener = { send };
    this.#listeners.add(listener);
    this.#stop ??= this.#o.clock.every(lookEveryMs, () => this.#look());
    send(this.#now());
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#stop?.();
      this.#stop = undefined;
    };
  }

  #look(): void {
    const digest = this.#o.digest();
    if (digest !== this.#digest) this.#version++;
    else if (this.#o.clock.now() - this.#lastSent < beatMs) return;
    this.#digest = digest;
    this.#send();
  }

  #send(): void {
    this.#lastSent = this.#o.clock.now();
    const told = this.#now();
    for (const { send } of this.#listeners) send(told);
  }

  #now(): Told {
    return { version: this.#version, health: this.#o.health() };
  }
}
