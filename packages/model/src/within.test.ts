// SPDX-License-Identifier: Apache-2.0
import { equal } from "node:assert/strict";
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { within } from "./within";

describe("within", function () {
  this.timeout(60_000);

  it("ends in time also when garbage is collected meanwhile", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const never = new AbortController();
    const ended = once(within(never.signal, 300), "abort");
    const collecting = setInterval(collect, 50);
    try {
      await ended;
    } finally {
      clearInterval(collecting);
    }
  });

  it("ends with the signal, for its reason", () => {
    const controller = new AbortController();
    const signal = within(controller.signal, 60_000);
    equal(signal.aborted, false);
    controller.abort("stop");
    equal(signal.reason, "stop");
  });
});
