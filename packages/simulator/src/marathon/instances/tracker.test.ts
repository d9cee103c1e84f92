// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import { SteppedClock } from "../clock";
import { EventBus } from "../events";
import { MemoryStore } from "../store/state-store";
import type { Instance } from "./instance";
import { groupOf, Tracker } from "./tracker";

function instance(n: number, version: string, more: Partial<Instance> = {}): Instance {
  return {
    id: `a.instance-${n}`,
    runSpecId: "/a",
    version,
    role: "*",
    condition: "Scheduled",
    wanted: true,
    incarnation: 0,
    since: 0,
    createdAt: 0,
    unreachable: "disabled",
    killGraceSeconds: undefined,
    ...more,
  };
}

/** SPEC-marathon.md, "Mesos": offers are matched with groups of waiting instances. */
describe("marathon: the index of instances that wait for an offer", () => {
  const numbers = fc.integer({ min: 0, max: 5 });
  const versions = fc.constantFrom("v1", "v2");
  const change = fc.oneof(
    fc.record({ kind: fc.constant("wait" as const), n: numbers, version: versions }),
    fc.record({ kind: fc.constant("run" as const), n: numbers, version: versions }),
    fc.record({ kind: fc.constant("unwanted" as const), n: numbers, version: versions }),
    fc.record({ kind: fc.constant("expunge" as const), n: numbers, version: versions }),
  );

  it("has exactly those that wait, by version, whatever came before", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const tracker = new Tracker(new MemoryStore(), new EventBus(new SteppedClock()));
        const model = new Map<string, Instance>();
        for (const { kind, n, version } of changes) {
          const of = {
            wait: {},
            run: { condition: "Running" },
            unwanted: { wanted: false },
            expunge: {},
          } as const;
          const next = instance(n, version, of[kind]);
          if (kind === "expunge") {
            if (tracker.get(next.id) !== undefined) tracker.expunge(next, "Killed");
            model.delete(next.id);
          } else {
            tracker.put(next);
            model.set(next.id, next);
          }
          const waiting = [...model.values()].filter((i) => i.wanted && i.condition === "Scheduled");
          assert.deepEqual([...tracker.scheduled()].map((i) => i.id).sort(), waiting.map((i) => i.id).sort());
          const groups = new Map<string, string[]>();
          for (const i of waiting) groups.set(groupOf(i), [...(groups.get(groupOf(i)) ?? []), i.id]);
          const found = [...tracker.scheduledGroups()];
          assert.deepEqual(new Set(found.map(([key]) => key)), new Set(groups.keys()));
          for (const [key, group] of found) {
            assert.deepEqual([...group.ids].sort(), groups.get(key)?.sort());
            assert.equal(groupOf(group.sample), key);
            assert.ok(tracker.isWaiting(key));
          }
        }
      }),
    );
  });

  it("names the groups that grew since it was asked, once", () => {
    const tracker = new Tracker(new MemoryStore(), new EventBus(new SteppedClock()));
    tracker.put(instance(1, "v1"));
    tracker.put(instance(2, "v1"));
    tracker.put(instance(3, "v2", { condition: "Running" }));
    assert.deepEqual([...tracker.takeGrown()], ["/a v1"]);
    assert.equal(tracker.takeGrown().size, 0);
    tracker.put(instance(3, "v2"));
    tracker.put(instance(1, "v1", { condition: "Running" }));
    assert.deepEqual([...tracker.takeGrown()], ["/a v2"]);
  });
});
