// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { Changes, type Told } from "./changes";

/** Changes of something whose state is a word, by a clock that the test moves. */
function world() {
  let now = 0;
  let tick: (() => void) | undefined;
  const state = { word: "a", looks: 0 };
  const changes = new Changes({
    clock: {
      time: () => 0,
      now: () => now,
      pause: async () => assert.fail("nothing waits"),
      every: (_ms, action) => {
        tick = action;
        return () => {
          tick = undefined;
        };
      },
    },
    health: () => state.word,
    digest: () => {
      state.looks++;
      return state.word;
    },
  });
  const pass = (seconds: number): void => {
    for (let i = 0; i < seconds; i++) {
      now += 1_000;
      tick?.();
    }
  };
  return { changes, state, pass, isTicking: () => tick !== undefined };
}

describe("changes that pages are told", () => {
  it("begin with what is now, and many of one turn are one", async () => {
    const { changes, state } = world();
    const told: Told[] = [];
    changes.notify();
    changes.listen((one) => told.push(one));
    assert.deepEqual(told, [{ version: 1, health: "a" }]);
    state.word = "b";
    for (let i = 0; i < 3; i++) changes.notify();
    await turn();
    assert.deepEqual(told.slice(1), [{ version: 4, health: "b" }]);
  });

  it("include what nobody reports, and a beat when there are none", () => {
    const { changes, state, pass } = world();
    const told: Told[] = [];
    changes.listen((one) => told.push(one));
    pass(1);
    const { length } = told;
    pass(9);
    assert.equal(told.length, length);
    pass(1);
    assert.equal(told.length, length + 1);
    state.word = "b";
    pass(1);
    assert.equal(told.at(-1)?.health, "b");
    assert.ok((told.at(-1)?.version ?? 0) > (told.at(-2)?.version ?? 0));
  });

  it("cost nothing while no page is open, and go to 64 pages at most", async () => {
    const { changes, state, pass, isTicking } = world();
    changes.notify();
    await turn();
    pass(5);
    assert.equal(state.looks, 0);
    const ends = Array.from({ length: 64 }, () => changes.listen(() => {}) ?? assert.fail());
    assert.equal(
      changes.listen(() => assert.fail("it is one too many")),
      undefined,
    );
    assert.ok(isTicking());
    for (const end of ends) end();
    assert.ok(!isTicking());
    assert.notEqual(
      changes.listen(() => {}),
      undefined,
    );
  });
});
