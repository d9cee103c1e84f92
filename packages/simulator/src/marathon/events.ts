// SPDX-License-Identifier: Apache-2.0
import { type Clock, timestamp } from "./clock";

/** One event as `/v2/events` sends it (marathon.md §2.7). */
export interface MarathonEvent {
  readonly eventType: string;
  readonly timestamp: string;
  readonly [field: string]: unknown;
}

type Listener = (event: MarathonEvent) => void;

/** Hands every event to everybody who listens at that moment; nothing is kept. */
export class EventBus {
  readonly #clock: Clock;
  readonly #listeners = new Set<Listener>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  emit(eventType: string, fields: Readonly<Record<string, unknown>>): void {
    const event: MarathonEvent = { ...fields, eventType, timestamp: timestamp(this.#clock.now()) };
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** Returns the function that ends it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
