// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import { changedAfter, changeOrder, type MemberStatus, neededWithout, quorumOf } from "./members";

const status = fc.record({
  name: fc.string({ minLength: 1 }),
  up: fc.boolean(),
  joined: fc.boolean(),
  leading: fc.boolean(),
  detail: fc.constant(""),
});
const statuses = fc
  .uniqueArray(status, { selector: (s) => s.name, maxLength: 7 })
  .map((all) =>
    all.map(
      (s): MemberStatus => ({ ...s, joined: s.up && s.joined, leading: s.up && s.joined && s.leading }),
    ),
  );

describe("quorumOf", () => {
  it("is the smallest number of which two always share a member", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99 }), (size) => {
        const quorum = quorumOf(size);
        assert.ok(2 * quorum > size);
        assert.ok(2 * (quorum - 1) <= size);
      }),
    );
  });
});

describe("neededWithout", () => {
  it("asks a majority of ZooKeeper and masters, one other of programs that only elect a leader", () => {
    assert.equal(neededWithout("zookeeper", 3), 2);
    assert.equal(neededWithout("mesos-master", 5), 3);
    assert.equal(neededWithout("marathon", 2), 1);
    assert.equal(neededWithout("edge", 3), 1);
  });

  it("asks nothing of a member that is alone", () => {
    assert.equal(neededWithout("zookeeper", 1), 0);
    assert.equal(neededWithout("groups", 1), 0);
  });
});

describe("changeOrder", () => {
  it("puts broken members first and the leader last, and names each once", () => {
    fc.assert(
      fc.property(statuses, (members) => {
        const order = changeOrder(members);
        if (!members.some((m) => m.up)) {
          assert.deepEqual(order, []);
          return;
        }
        assert.deepEqual([...order].sort(), members.map((m) => m.name).sort());
        const rank = order.map((name) => {
          const member = members.find((m) => m.name === name);
          return member?.leading ? 2 : member?.joined ? 1 : 0;
        });
        assert.deepEqual(rank, [...rank].sort());
      }),
    );
  });

  it("keeps the declared order among equals", () => {
    const member = (name: string, leading: boolean): MemberStatus => ({
      name,
      up: true,
      joined: true,
      leading,
      detail: "",
    });
    assert.deepEqual(changeOrder([member("a", true), member("b", false), member("c", false)]), [
      "b",
      "c",
      "a",
    ]);
  });

  it("puts new members after all others while those that are up were told of fewer, and not when all know them", () => {
    const member = (name: string, told: number | undefined, leading = false): MemberStatus => ({
      name,
      up: told !== undefined,
      joined: told !== undefined,
      leading,
      ...(told === undefined ? {} : { told }),
      detail: "",
    });
    const grown = (told: number) =>
      changeOrder([member("1", told, true), member("2", undefined), member("3", 5), member("4", undefined)]);
    assert.deepEqual(grown(3), ["2", "3", "1", "4"]);
    assert.deepEqual(grown(5), ["2", "4", "3", "1"]);
  });
});

describe("changedAfter", () => {
  const members = ["1", "2", "3"];
  const all = (o: Partial<Parameters<typeof changedAfter>[1]>): (string | undefined)[] =>
    members.map((name) => changedAfter(name, { kind: "zookeeper", members, order: [], ...o }));

  it("is who stands before in the order, and nobody for the first", () => {
    assert.deepEqual(all({ order: ["3", "1", "2"], founders: 1 }), ["3", "1", undefined]);
  });

  it("is nobody where nobody answers, but for servers of a ZooKeeper that came later and could make a majority", () => {
    const together = [undefined, undefined, undefined];
    assert.deepEqual(all({}), together);
    assert.deepEqual(all({ founders: 3 }), together);
    assert.deepEqual(all({ founders: 2 }), together);
    assert.deepEqual(all({ founders: 1 }), [undefined, "1", "2"]);
    assert.deepEqual(all({ kind: "marathon", founders: 1 }), together);
  });
});
