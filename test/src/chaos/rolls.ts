// SPDX-License-Identifier: Apache-2.0
// Changes that roll through masters and fail halfway, while members die: what happens follows from a seed.
import assert from "node:assert/strict";
import { FailingMaster, refusal } from "../support/failing-master";
import { MastersStack } from "../support/masters-stack";
import { Random } from "../support/random";

/** What is done to masters while a change rolls through them. */
export interface RollSchedule {
  readonly seed: number;
  readonly size: 3 | 5;
  /** At which member the change fails, 1 the first. */
  readonly failAt: number;
  /** Indices of the members that are killed for good, each only while the quorum can spare one. */
  readonly killed: { readonly beforeTheChange: number; readonly beforeTheRevert?: number };
}

/** Two of three members are a quorum, so that beside a broken one none may be killed; three of five are. */
export function rollOf(seed: number, size: 3 | 5): RollSchedule {
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

export function describeRoll({ seed, size, failAt, killed }: RollSchedule): string {
  const second =
    killed.beforeTheRevert === undefined ? "" : `, ${killed.beforeTheRevert + 1} dies before the revert`;
  return `keeps the quorum of ${size} in schedule ${seed}: member ${killed.beforeTheChange + 1} dies before a change, which fails at its member ${failAt}${second}`;
}

async function play(masters: MastersStack, master: FailingMaster, schedule: RollSchedule): Promise<void> {
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

/** Masters on which schedules of one size are played, one after the other. */
export class RollStage {
  readonly #master = new FailingMaster();
  #masters: MastersStack | undefined;
  readonly #size: 3 | 5;
  readonly #octet: number;

  constructor(size: 3 | 5, octet: number) {
    this.#size = size;
    this.#octet = octet;
  }

  async open(): Promise<void> {
    const master = this.#master.executable;
    this.#masters = await MastersStack.up({ size: this.#size, octet: this.#octet, master });
  }

  async play(schedule: RollSchedule): Promise<void> {
    assert.ok(this.#masters, "the stage is open");
    await play(this.#masters, this.#master, schedule);
  }

  async close(): Promise<void> {
    await this.#masters?.close();
    this.#master.close();
  }
}

/** Plays the schedules of seeds `first` and the `count - 1` after it, sizes in turn; what went wrong, a line each. */
export async function playRolls(
  first: number,
  count: number,
  octet: number,
  say: (line: string) => void,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const size of [3, 5] as const) {
    let stage: RollStage | undefined;
    for (let seed = first; seed < first + count; seed++) {
      if ((seed % 2 === 0) !== (size === 3)) continue;
      const schedule = rollOf(seed, size);
      try {
        if (stage === undefined) {
          stage = new RollStage(size, octet);
          await stage.open();
        }
        await stage.play(schedule);
        say(`held: ${describeRoll(schedule)}`);
      } catch (error) {
        wrong.push(`${describeRoll(schedule)}: ${error instanceof Error ? error.message : String(error)}`);
        say(`FAILED: ${wrong.at(-1)}`);
        await stage?.close();
        stage = undefined;
      }
    }
    await stage?.close();
  }
  return wrong;
}
