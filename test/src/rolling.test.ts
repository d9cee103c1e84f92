// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { MastersStack } from "./support/masters-stack";

const octet = 92;

describe("a change of a master's flag", function () {
  this.timeout(1_200_000);
  let masters: MastersStack;

  beforeEach(async () => {
    masters = await MastersStack.up({ size: 3, octet });
  });

  afterEach(() => masters.close());

  it("rolls through the members one by one, the leader last, and never loses the quorum", async () => {
    const before = await masters.members();
    const [leader] = await masters.cluster.leadingMasters();
    const watch = masters.watch();
    await masters.stack.ok("config", "set", "--path", "masterFlags.offer_timeout", "2mins");
    await masters.stack.up();
    await watch.stop();
    assert.deepEqual(watch.losses, []);
    assert.ok(watch.polls > 10);
    const replaced = await masters.replacedSince(before);
    assert.equal(replaced.length, 3);
    assert.equal(replaced.at(-1), leader);
    console.log(`      at most ${watch.longestWithoutLeaderMs} ms without a leader`);
    assert.equal((await masters.cluster.leadingMasters()).length, 1);
    await masters.stack.unchanged();
  });

  it("stops at the first member when the flag is bad, and reverting heals that one and touches no other", async () => {
    const before = await masters.members();
    const led = await masters.cluster.leadership();
    const watch = masters.watch();
    await masters.stack.ok("config", "set", "--path", "masterFlags.no_such_flag", "1");
    const outcome = await masters.stack.pulumi(["up", "--yes", "--skip-preview"]);
    assert.notEqual(outcome.code, 0);
    assert.match(outcome.output, /the last lines of its log:\n.*no_such_flag/);
    const broken = await masters.replacedSince(before);
    assert.equal(broken.length, 1, "only one member was touched");
    assert.notEqual(broken[0], led.host);
    await masters.stack.ok("config", "rm", "--path", "masterFlags.no_such_flag");
    await masters.stack.up();
    await watch.stop();
    assert.deepEqual(watch.losses, []);
    assert.deepEqual(
      await masters.replacedSince(before),
      broken,
      "the members that were whole stayed as they were",
    );
    assert.deepEqual(await masters.cluster.leadership(), led, "the leader led all the time");
    await masters.stack.unchanged();
  });
});
