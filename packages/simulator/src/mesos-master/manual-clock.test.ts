// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { Clock } from "../clock";
import { mesosVersion } from "../protocol/types";

/** What tests of a leading master without network, disk and time stand on. */

/** Time that moves only when a test moves it. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Map<object, { at: number; every: number | undefined; run: () => void }>();

  now(): number {
    return this.#now;
  }
  after(ms: number, run: () => void): NodeJS.Timeout {
    return this.#add(ms, undefined, run);
  }
  every(ms: number, run: () => void): NodeJS.Timeout {
    return this.#add(ms, ms, run);
  }
  clear(timer: NodeJS.Timeout | undefined): void {
    if (timer !== undefined) this.#timers.delete(timer);
  }
  sleep(): Promise<void> {
    return assert.fail("nothing here waits");
  }

  /** Runs what falls due, in order, with what follows from promises in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const due = [...this.#timers].filter(([, t]) => t.at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (due === undefined) break;
      const [key, timer] = due;
      this.#now = Math.max(this.#now, timer.at);
      if (timer.every === undefined) this.#timers.delete(key);
      else timer.at += timer.every;
      timer.run();
    }
    this.#now = end;
  }

  #add(ms: number, every: number | undefined, run: () => void): NodeJS.Timeout {
    const key = {};
    this.#timers.set(key, { at: this.#now + ms, every, run });
    return key as NodeJS.Timeout;
  }
}

export const info = {
  address: { hostname: "m", ip: "127.84.1.1", port: 5050 },
  capabilities: [],
  hostname: "m",
  id: "M",
  ip: 0,
  pid: "master@127.84.1.1:5050",
  port: 5050,
  version: mesosVersion,
};

export const registration = {
  slave: {
    hostname: "h",
    port: 5051,
    resources: [{ name: "cpus", type: "SCALAR", scalar: { value: 2 } } as const],
    attributes: [],
  },
  pid: "slave(1)@127.84.2.1:5051",
  version: mesosVersion,
  agent_capabilities: [],
  stream: "a1",
};
