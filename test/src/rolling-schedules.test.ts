// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { FailingMaster, refusal } from "./support/failing-master";
import { MastersStack } from "./support/masters-stack";
import { Random } from "./support/random";

const octet = 96;

interface Schedule {
  readonly seed: number;
  readonly size: 3 | 5;
  /** At which member the change fails, 1 the first. */
  readonly failAt: number;
  /** Indices of the members that are killed for good, each only while the quorum can spare one. */
  readonly killed: { readonly beforeTheChange: number; readonly beforeTheRevert?: number };
}

/** Two of three members are a quorum, so that beside a broken one none may be killed; three of five are. */
function scheduleOf(seed: number, size: 3 | 5): Schedule {
  const random = new Random(seed);
  const upTo = (n: number): number => random.between(0, n - 1);
  const failAt = 1 + upTo(size);
  const beforeTheChange = upTo(size);
  return {
    seed,
    size,
    failAt,
    killed: { beforeTheChange, ...(size === 5 ? { beforeTheRevert: upTo(size) } : {}) },
  };
}

function titleOf({ seed, size, failAt, killed }: Schedule): string {
  const second =
    killed.beforeTheRevert === undefined ? "" : `, ${killed.beforeTheRevert + 1} dies before the revert`;
  return `keeps the quorum of ${size} in schedule ${seed}: member ${killed.beforeTheChange + 1} dies before a change, which fails at its member ${failAt}${second}`;
}

async function play(masters: MastersStack, master: FailingMaster, schedule: Schedule): Promise<void> {
  const { stack, hosts, cluster } = masters;
  const { name, value } = FailingMaster.flag;
  const { beforeTheChange, beforeTheRevert } = schedule.killed;
  const watch = masters.watch();
  try {
    const dead = hosts[beforeTheChange] ?? "";
    await masters.killForGood(dead);
    master.failAt(schedule.failAt);
    await stack.ok("config", "set", "--path", `masterFlags.${name}`, value);
    const outcome = await stack.pulumi(["up", "--yes", "--skip-preview"]);
    assert.notEqual(outcome.code, 0, outcome.output);
    assert.match(outcome.output, new RegExp(refusal));
    const { reached } = master;
    assert.equal(reached.length, schedule.failAt, "no member was touched after the one that failed");
    assert.equal(reached[0], dead, "the dead member came first");
    const failed = reached.at(-1) ?? "";
    const broken = [failed];
    const victim = hosts[beforeTheRevert ?? -1];
    if (victim !== undefined && victim !== failed) {
      await masters.killForGood(victim);
      broken.push(victim);
    }
    const before = await masters.members();
    await stack.ok("config", "rm", "--path", `masterFlags.${name}`);
    await stack.up();
    const healed = await masters.startedSince(before);
    assert.deepEqual(
      healed.slice(0, broken.length).sort(),
      broken.sort(),
      "the broken ones were healed first",
    );
    await stack.unchanged();
  } finally {
    await watch.stop();
  }
  assert.deepEqual(watch.losses, []);
  console.log(`      at most ${watch.longestWithoutLeaderMs} ms without a leader`);
  assert.equal((await cluster.leadingMasters(schedule.size)).length, 1);
}

for (const schedules of [[scheduleOf(5, 3), scheduleOf(8, 3)], [scheduleOf(10, 5)]]) {
  const size = schedules[0]?.size ?? 3;

  describe(`a change of ${size} masters that fails halfway, with members that die meanwhile`, function () {
    this.timeout(1_200_000);
    const master = new FailingMaster();
    let masters: MastersStack;

    before(async () => {
      masters = await MastersStack.up({ size, octet, master: master.executable });
    });

    after(async () => {
      await masters?.close();
      master.close();
    });

    for (const schedule of schedules) it(titleOf(schedule), () => play(masters, master, schedule));
  });
}
