// SPDX-License-Identifier: Apache-2.0
import { equal, rejects } from "node:assert/strict";
import { getEventListeners } from "node:events";
import { sleep } from "./clock";
import { Operations } from "./operation";

const never = new AbortController().signal;

describe("an operation", function () {
  this.timeout(60_000);

  it("gives its result", async () => {
    equal(await new Operations().run(1, never, async () => 42), 42);
  });

  it("fails when its time is over, also when it does not listen to its signal", async () => {
    const timeout = { code: "MESOS_PLUGIN_TIMEOUT" };
    await rejects(
      new Operations().run(0.05, never, (signal) => sleep(60_000, signal)),
      timeout,
    );
    await rejects(
      new Operations().run(0.05, never, () => new Promise(() => {})),
      timeout,
    );
  });

  it("says what it left when it can within moments", async () => {
    const work = async (signal: AbortSignal): Promise<void> => {
      await rejects(sleep(60_000, signal));
      throw new TypeError("half of it is there");
    };
    await rejects(new Operations().run(0.05, never, work), /half of it is there/);
  });

  it("is let go of once it has ended, whichever way", async () => {
    const caller = new AbortController();
    const operations = new Operations();
    await operations.run(60, caller.signal, async () => 42);
    await rejects(
      operations.run(60, caller.signal, () => Promise.reject(new TypeError("no"))),
      /no/,
    );
    const cancelled = operations["cancelled"].signal;
    for (const signal of [caller.signal, cancelled]) equal(getEventListeners(signal, "abort").length, 0);
  });

  it("fails at once on Cancel and when its caller goes away", async () => {
    const operations = new Operations();
    const caller = new AbortController();
    const waiting = operations.run(60, caller.signal, (signal) => sleep(60_000, signal));
    caller.abort(new TypeError("gone"));
    await rejects(waiting, /gone/);
    const other = operations.run(60, never, (signal) => sleep(60_000, signal));
    operations.cancel();
    await rejects(other, { code: "MESOS_PLUGIN_CANCELLED" });
    await rejects(
      operations.run(60, never, async () => 42),
      { code: "MESOS_PLUGIN_CANCELLED" },
    );
  });
});
