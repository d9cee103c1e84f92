// SPDX-License-Identifier: Apache-2.0
import type { Clock } from "../clock";
import type { TaskStatus } from "../protocol/types";

const firstRetryMs = 10_000;
const lastRetryMs = 600_000;
/** Acknowledged ones that are remembered: checks may go on for years. */
const keptStatuses = 16;

/** Sends one task's statuses in order, the next when the one before is acknowledged. */
export class StatusUpdates {
  readonly #clock: Clock;
  readonly #send: (status: TaskStatus) => void;
  readonly #statuses: TaskStatus[];
  #acknowledged: number;
  #timer: NodeJS.Timeout | undefined;

  /** @param send hands a status to the master; it may get lost and is then sent again */
  constructor(
    clock: Clock,
    send: (status: TaskStatus) => void,
    statuses: readonly TaskStatus[],
    acknowledged: number,
  ) {
    this.#clock = clock;
    this.#send = send;
    this.#statuses = [...statuses];
    this.#acknowledged = acknowledged;
  }

  get statuses(): readonly TaskStatus[] {
    return this.#statuses;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get latest(): TaskStatus | undefined {
    return this.#statuses.at(-1);
  }

  get done(): boolean {
    return this.#acknowledged === this.#statuses.length;
  }

  add(status: TaskStatus): void {
    this.#statuses.push(status);
    if (this.#statuses.length === this.#acknowledged + 1) this.resend();
  }

  /** Sends what waits at once: a master was found. */
  resend(retryMs = firstRetryMs): void {
    this.#clock.clear(this.#timer);
    const pending = this.#statuses[this.#acknowledged];
    if (pending === undefined) return;
    this.#timer = this.#clock.after(retryMs, () => this.resend(Math.min(retryMs * 2, lastRetryMs)));
    this.#send(pending);
  }

  /** False when it was another status that waited. */
  acknowledge(uuid: string): boolean {
    if (this.#statuses[this.#acknowledged]?.uuid !== uuid) return false;
    this.#acknowledged++;
    if (this.#acknowledged > keptStatuses) {
      this.#statuses.shift();
      this.#acknowledged--;
    }
    this.#clock.clear(this.#timer);
    this.resend();
    return true;
  }

  stop(): void {
    this.#clock.clear(this.#timer);
  }
}
