// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { decoder } from "./failures";
import { Group, type GroupMember, GroupResourceInputs, toGroupDocument, toGroupInputs } from "./group";
import { checkGroup, checkGroupInputs, checkGroupRules } from "./group-check";
import { diffGroup } from "./group-diff";
import { normaliseGroup } from "./group-normal-form";
import { almostGroup, arbitraryGroup } from "./testing/arbitrary-group";

const facts = fc.record({
  version: fc.constantFrom("1.7.236", "1.10.26", "1.11.24"),
  role: fc.constantFrom("*", "services"),
  defaultNetwork: fc.constantFrom(undefined, "overlay"),
  enforceRole: fc.constantFrom(undefined, true, false),
});

/** The group with all its lists turned round. */
function turned<T extends GroupMember>(group: T): T {
  const { apps, groups, dependencies } = group;
  return {
    ...group,
    ...(apps && { apps: apps.toReversed() }),
    ...(groups && { groups: groups.toReversed().map((g) => turned(g)) }),
    ...(dependencies && { dependencies: dependencies.toReversed() }),
  };
}

describe("a group", function () {
  this.timeout(60_000);

  it("is taken by the check, also in normal form", () => {
    fc.assert(
      fc.property(arbitraryGroup, (group) => {
        deepEqual(checkGroup(group), []);
        deepEqual(checkGroup(normaliseGroup(group)), []);
      }),
    );
  });

  it("has one normal form, whatever the server's facts", () => {
    fc.assert(
      fc.property(arbitraryGroup, facts, (group, server) => {
        const normal = normaliseGroup(group, server);
        deepEqual(normaliseGroup(normal, server), normal);
      }),
    );
  });

  it("fits its TypeBox schema, also in normal form", () => {
    const { decode } = decoder(Group);
    fc.assert(
      fc.property(arbitraryGroup, (group) => {
        equal(decode(JSON.parse(JSON.stringify(group))).ok, true);
        equal(decode(JSON.parse(JSON.stringify(normaliseGroup(group)))).ok, true);
      }),
    );
  });

  it("does not differ from itself, nor with its lists turned round", () => {
    fc.assert(
      fc.property(arbitraryGroup, (group) => {
        const normal = normaliseGroup(group);
        for (const other of [normal, normaliseGroup(turned(group))]) {
          const { kind, paths } = diffGroup(normal, other);
          deepEqual([kind, paths], ["none", []]);
        }
      }),
    );
  });

  it("differs by an app that appears, and by the same one that disappears", () => {
    fc.assert(
      fc.property(arbitraryGroup, (group) => {
        const normal = normaliseGroup({ ...group, apps: group.apps ?? [] });
        const more = normaliseGroup({
          ...group,
          apps: [...(group.apps ?? []), { id: "x-new", cmd: "sleep 1" }],
        });
        const path = `${normal.id}/x-new`;
        deepEqual(diffGroup(normal, more).apps.appear, [path]);
        deepEqual(diffGroup(more, normal).apps.disappear, [path]);
      }),
    );
  });

  it("comes back from inputs, but for dependencies that are sent as none", () => {
    fc.assert(
      fc.property(arbitraryGroup, (group) => {
        const inputs = toGroupInputs(group);
        deepEqual(normaliseGroup(toGroupDocument(inputs)), normaliseGroup(group));
        deepEqual(checkGroupInputs(inputs), []);
        equal(decoder(GroupResourceInputs).decode(JSON.parse(JSON.stringify(inputs))).ok, true);
      }),
    );
  });
});

describe("any value as a group", function () {
  this.timeout(60_000);

  it("is checked without a throw, whatever of it is unknown", () => {
    fc.assert(
      fc.property(almostGroup, fc.func(fc.boolean()), (value, isUnknown) => {
        for (const check of [checkGroup, checkGroupInputs, checkGroupRules]) {
          check(value);
          check(value, { isUnknown, isSecret: () => true });
        }
      }),
      { numRuns: 300 },
    );
  });

  it("is refused with a path and a message for each failure", () => {
    fc.assert(
      fc.property(almostGroup, (value) => {
        for (const { path, message } of checkGroup(value)) {
          equal(typeof path, "string");
          equal(/^\S/.test(message) && !message.endsWith("."), true, message);
        }
      }),
    );
  });
});
