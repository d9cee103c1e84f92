// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type EnsembleSize, ensembleFailure, ensembleStepFailure } from "./ensemble-change";
import { changeOrder, type MemberKind, quorumOf } from "./members";

const of = (size: number, told = size): EnsembleSize => ({ size, quorum: quorumOf(told) });
const sizes = [of(1), of(3), of(5), of(7), of(3, 5), of(1, 3), of(5, 7)];
const kinds: readonly MemberKind[] = ["zookeeper", "mesos-master"];

/** A member that lives: of how many it was told, and whether it knows everything that was ever agreed on. */
interface Member {
  readonly told: number;
  knows: boolean;
}
type Group = readonly number[];

/** Members by number from 0, changed as the engine changes them: in the order of `changeOrder`, those that go at the end. */
class Ensemble {
  readonly live = new Map<number, Member>();
  /** The groups that could agree when any could, last. */
  #before: Group[];
  harm: string | undefined;

  constructor({ size, quorum }: EnsembleSize) {
    for (let n = 0; n < size; n++) this.live.set(n, { told: 2 * quorum - 1, knows: true });
    this.#before = this.groups();
  }

  /** Every group of living members in which one finds the majority of those that it was told of. */
  groups(): Group[] {
    const living = [...this.live.keys()];
    const all = Array.from({ length: 2 ** living.length }, (_, bits) =>
      living.filter((_n, i) => (bits >> i) % 2 === 1),
    );
    return all.filter((group) =>
      group.some((n) => {
        const told = this.live.get(n)?.told ?? 0;
        return group.filter((m) => m < told).length >= quorumOf(told);
      }),
    );
  }

  change(to: EnsembleSize): void {
    const told = 2 * to.quorum - 1;
    const from = this.live.size;
    for (const name of this.#order(Math.max(from, to.size)).filter((n) => n < to.size)) {
      const before = this.live.get(name);
      if (before?.told === told) continue;
      this.#event(() => this.live.delete(name));
      // What others agree on while it is away, it does not know when it comes back.
      const knows = before !== undefined && this.groups().length === 0;
      this.#event(() => this.live.set(name, { told, knows }));
    }
    for (let n = to.size; n < from; n++) this.#event(() => this.live.delete(n));
  }

  #order(size: number): number[] {
    const able = this.groups().flat();
    const members = Array.from({ length: size }, (_, n) => {
      const [up, joined] = [this.live.has(n), able.includes(n)];
      const told = this.live.get(n)?.told;
      return { name: String(n), up, joined, leading: joined && n === Math.min(...able), told, detail: "" };
    });
    return changeOrder(members).map(Number);
  }

  /** Groups before and after an event must share a member that knows everything, and groups at one time any member. */
  #event(happens: () => void): void {
    const knowing = new Set([...this.live].flatMap(([n, { knows }]) => (knows ? [n] : [])));
    happens();
    const after = this.groups();
    for (const now of after) {
      const meets = (other: Group, counts = (_: number) => true): boolean =>
        other.some((n) => now.includes(n) && counts(n));
      const fits =
        this.#before.every((group) => meets(group, (n) => knowing.has(n))) &&
        after.every((group) => meets(group));
      if (!fits) this.harm ??= `${now} may meet apart from others`;
    }
    if (after.length === 0) return;
    this.#before = after;
    for (const member of this.live.values()) member.knows = true;
  }
}

function harmOf(from: EnsembleSize, to: EnsembleSize): string | undefined {
  const ensemble = new Ensemble(from);
  ensemble.change(to);
  return ensemble.harm ?? (ensemble.groups().length > 0 ? undefined : "nobody is left to agree");
}

describe("a change of an ensemble's size", () => {
  for (const kind of kinds) {
    it(`keeps a member that knows everything in every majority around every step that ${kind} may take`, () => {
      let steps = 0;
      for (const from of sizes.filter((size) => ensembleFailure(size) === undefined)) {
        for (const to of sizes) {
          if (ensembleFailure(to) !== undefined || ensembleStepFailure(kind, from, to) !== undefined)
            continue;
          assert.equal(harmOf(from, to), undefined, JSON.stringify([from, to]));
          steps++;
        }
      }
      assert.ok(steps > 8);
    });
  }

  it("would lose it in one step down, which is refused", () => {
    assert.match(harmOf(of(5), of(3)) ?? "", /meet apart/);
    assert.match(harmOf(of(3), of(1)) ?? "", /apart|nobody/);
    assert.equal(harmOf(of(3), of(1, 3)), "nobody is left to agree");
    assert.equal(ensembleFailure(of(1, 3))?.path, "quorum");
  });

  it("may go 1, 3 with ZooKeeper, 3, 5 with masters, and from 5 to 3 in two steps with both", () => {
    assert.equal(ensembleStepFailure("zookeeper", of(1), of(3)), undefined);
    assert.equal(ensembleStepFailure("mesos-master", of(3), of(5)), undefined);
    for (const kind of kinds) {
      for (const [from, to] of [
        [of(5), of(3, 5)],
        [of(3, 5), of(3)],
        [of(3, 5), of(5)],
      ] as const) {
        assert.equal(ensembleStepFailure(kind, from, to), undefined);
      }
    }
    assert.equal(ensembleStepFailure("marathon", of(1), { size: 2, quorum: 2 }), undefined);
  });

  it("fails when it is unsafe, with what is allowed and the next step", () => {
    const said = (kind: MemberKind, from: EnsembleSize | undefined, to: EnsembleSize): string =>
      ensembleStepFailure(kind, from, to) ?? "";
    for (const from of [of(1), of(3)]) {
      assert.match(
        said("zookeeper", from, of(5)),
        /^must not go from [13] to 5 in one step: a server that is told of 5 is not taken in by three that serve; 3 is the most, or make/,
      );
    }
    assert.match(
      said("mesos-master", of(3), of(7)),
      /^must not go from 3 to 7 in one step: first size: 5, then 7$/,
    );
    assert.equal(
      said("mesos-master", of(5), of(3)),
      "must not go from 5 to 3 in one step: first size: 3 with quorumOf: 5, then size: 3 alone",
    );
    assert.equal(
      said("zookeeper", of(3), of(1)),
      "must not go from 3 to 1 in one step: the one that would be left is no majority of 3; stay at 3, or make another ensemble",
    );
    assert.match(said("mesos-master", of(1), of(3)), /a single master's registry does not survive it/);
    assert.match(said("mesos-master", of(5), of(1)), /first size: 3 with quorumOf: 5, then size: 3 alone$/);
    assert.match(
      said("mesos-master", of(3), of(3, 5)),
      /quorumOf is for members that have just gone; leave it out$/,
    );
    assert.match(
      said("mesos-master", of(3, 5), of(1)),
      /^must not go from 3 \(quorumOf 5\) to 1 in one step: first size: 3, without/,
    );
    assert.match(
      said("mesos-master", undefined, of(3, 5)),
      /^quorumOf: is only for the way from 5 to 3; leave it out$/,
    );
    assert.equal(ensembleFailure({ size: 3, quorum: 1 })?.path, "quorum");
    assert.equal(ensembleFailure({ size: 4, quorum: 3 })?.path, "size");
  });
});
