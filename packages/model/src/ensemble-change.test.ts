// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import { describeStep, type EnsembleSize, ensembleFailure, ensembleStepFailure } from "./ensemble-change";
import { EnsembleWalk } from "./ensemble-walk.test.support";
import { type MemberKind, quorumOf } from "./members";

const of = (size: number, told = size): EnsembleSize => ({ size, quorum: quorumOf(told) });
/** A ZooKeeper of so many servers, the first of which vote. */
const voting = (size: number, voters: number): EnsembleSize => ({ size, quorum: quorumOf(voters), voters });
const sizes: Readonly<Record<string, readonly EnsembleSize[]>> = {
  zookeeper: [of(1), of(3), voting(5, 3), voting(5, 4), of(5), voting(7, 5), voting(7, 6), of(7)],
  "mesos-master": [of(1), of(3), of(5), of(7), of(3, 5), of(1, 3), of(5, 7)],
};
const kinds: readonly MemberKind[] = ["zookeeper", "mesos-master"];
const sizesOf = (kind: MemberKind): EnsembleSize[] =>
  (sizes[kind] ?? []).filter((size) => ensembleFailure(kind, size) === undefined);

function harmOf(kind: MemberKind, from: EnsembleSize, to: EnsembleSize): string | undefined {
  const ensemble = new EnsembleWalk(kind, from);
  ensemble.change(to);
  return ensemble.harm ?? (ensemble.groups().length > 0 ? undefined : "nobody is left to agree");
}

describe("a change of an ensemble's size", () => {
  for (const kind of kinds) {
    it(`keeps a member that knows everything in every majority around every step that ${kind} may take`, () => {
      let steps = 0;
      for (const from of sizesOf(kind)) {
        for (const to of sizesOf(kind)) {
          if (ensembleStepFailure(kind, from, to) !== undefined) continue;
          assert.equal(harmOf(kind, from, to), undefined, JSON.stringify([from, to]));
          steps++;
        }
      }
      assert.ok(steps > 8);
    });
  }

  for (const kind of kinds) {
    it(`keeps it on every way of ${kind} through steps that end at any member, whoever leads`, () => {
      const walk = fc.record({
        from: fc.nat(),
        steps: fc.array(fc.record({ to: fc.nat(), events: fc.nat(16) }), { maxLength: 12 }),
        elected: fc.array(fc.nat(6), { minLength: 1 }),
      });
      let steps = 0;
      fc.assert(
        fc.property(walk, ({ from, steps: tried, elected }) => {
          const all = sizesOf(kind);
          const at = (n: number): EnsembleSize => all[n % all.length] ?? of(3);
          let election = 0;
          let now = at(from);
          const ensemble = new EnsembleWalk(
            kind,
            now,
            (n) => (elected[election++ % elected.length] ?? 0) % n,
          );
          for (const { to, events } of tried) {
            const next = at(to);
            const same = JSON.stringify(next) === JSON.stringify(now);
            if (ensembleStepFailure(kind, now, next) !== undefined) continue;
            if (!same && !ensemble.mayLeave(now, next)) continue;
            ensemble.change(next, events);
            now = next;
            steps++;
            if (ensemble.harm !== undefined) assert.fail(ensemble.harm);
          }
        }),
        { seed: 7, numRuns: 400 },
      );
      assert.ok(steps > 400);
    });
  }

  it("would lose it in one step, which is refused", () => {
    assert.match(harmOf("mesos-master", of(5), of(3)) ?? "", /meet apart/);
    assert.match(harmOf("mesos-master", of(3), of(1)) ?? "", /apart|nobody/);
    assert.equal(harmOf("mesos-master", of(3), of(1, 3)), "nobody is left to agree");
    assert.match(harmOf("zookeeper", of(5), of(3)) ?? "", /meet apart/);
    assert.match(harmOf("zookeeper", voting(5, 3), of(5)) ?? "", /meet apart/);
    assert.equal(ensembleFailure("mesos-master", of(1, 3))?.path, "quorum");
  });

  it("may go 1, 3 with ZooKeeper and 3, 5 with masters, and from 5 to 3 in steps with both, which may be taken back", () => {
    assert.equal(ensembleStepFailure("zookeeper", of(1), of(3)), undefined);
    const ways: readonly [MemberKind, readonly EnsembleSize[]][] = [
      ["mesos-master", [of(3), of(5), of(3, 5), of(3), of(5), of(3, 5), of(5)]],
      ["zookeeper", [of(3), voting(5, 3), voting(5, 4), of(5), voting(5, 4), voting(5, 3), of(3)]],
    ];
    for (const [kind, way] of ways) {
      for (const [i, to] of way.entries()) {
        if (i > 0) assert.equal(ensembleStepFailure(kind, way[i - 1], to), undefined);
      }
    }
    assert.equal(ensembleStepFailure("marathon", of(1), { size: 2, quorum: 2 }), undefined);
  });

  it("fails when it is unsafe, with what is allowed and the next step", () => {
    const said = (kind: MemberKind, from: EnsembleSize | undefined, to: EnsembleSize): string =>
      ensembleStepFailure(kind, from, to) ?? "";
    assert.equal(
      said("zookeeper", of(3), of(5)),
      "must not go from 3 to 5 in one step: first size: 5 with quorumOf: 3, then size: 5 with quorumOf: 4, then size: 5 alone",
    );
    assert.equal(
      said("zookeeper", of(5), of(3)),
      "must not go from 5 to 3 in one step: first size: 5 with quorumOf: 4, then size: 5 with quorumOf: 3, then size: 3 alone",
    );
    assert.match(said("zookeeper", of(1), of(5)), /first size: 3 alone, then size: 5 with quorumOf: 3, then/);
    assert.match(
      said("zookeeper", voting(5, 3), of(5)),
      /^must not go from 5 \(quorumOf 3\) to 5 in one step/,
    );
    assert.match(said("zookeeper", undefined, voting(5, 4)), /^quorumOf: is only for the way of a running/);
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
    for (const kind of kinds) {
      assert.equal(ensembleFailure(kind, { size: 3, quorum: 1 })?.path, "quorum");
      assert.equal(ensembleFailure(kind, { size: 4, quorum: 3 })?.path, "size");
    }
    assert.equal(ensembleFailure("zookeeper", of(3, 5))?.path, "quorum");
    assert.equal(ensembleFailure("zookeeper", { size: 5, quorum: 3, voters: 3 })?.path, "quorum");
    for (const wrong of [voting(3, 2), voting(5, 2), voting(5, 5)]) {
      assert.equal(ensembleFailure("zookeeper", wrong)?.path, "voters");
    }
    assert.equal(ensembleFailure("mesos-master", voting(5, 4))?.path, "voters");
  });

  it("says at preview what the members do, and what comes after a step that ends halfway", () => {
    const line = (kind: MemberKind, from: EnsembleSize, to: EnsembleSize) => describeStep(kind, from, to);
    assert.equal(
      line("zookeeper", of(3), voting(5, 3)),
      "3 to 5 (quorumOf 3): members restart one at a time, the leader last, 2 come, 3 vote; then size: 5 with quorumOf: 4",
    );
    assert.equal(
      line("zookeeper", of(5), voting(5, 4)),
      "5 to 5 (quorumOf 4): members restart one at a time, the leader last, 4 vote; then size: 5 with quorumOf: 3",
    );
    assert.equal(
      line("zookeeper", voting(5, 3), of(3)),
      "5 (quorumOf 3) to 3: members restart one at a time, the leader last, 2 leave at the end, 3 vote",
    );
    assert.equal(
      line("mesos-master", of(5), of(3, 5)),
      "5 to 3 (quorumOf 5): no member restarts, 2 leave at the end",
    );
    assert.equal(line("zookeeper", of(3), of(3)), undefined);
    assert.equal(line("marathon", of(1), { size: 2, quorum: 2 }), undefined);
  });
});
