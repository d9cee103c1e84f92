// SPDX-License-Identifier: Apache-2.0
import { deepEqual } from "node:assert/strict";
import { computed, isComputed } from "./computed";
import { checkGroup, checkGroupInputs, checkGroupRules } from "./group-check";
import { groupRefusals } from "./testing/group-refusals";

const lines = (failures: readonly { path: string; message: string }[]) =>
  failures.map(({ path, message }) => `${path}: ${message}`);

describe("checkGroup", () => {
  for (const { title, source, request, failures } of groupRefusals) {
    it(`fails when given ${title} (${source})`, () => {
      deepEqual(lines(checkGroup(request)), failures);
    });
  }

  it("takes apps that wait for a group beside them and for what is elsewhere", () => {
    const apps = [{ id: "web", cmd: "sleep 1", dependencies: ["db", "/elsewhere/x"] }];
    const groups = [{ id: "db", dependencies: ["/shop/web"], apps: [{ id: "sql", cmd: "sleep 1" }] }];
    deepEqual(checkGroup({ id: "/shop", dependencies: ["/elsewhere"], apps, groups }), []);
  });

  it("takes a chain of 20,000 apps", () => {
    const apps = Array.from({ length: 20_000 }, (_, i) => ({
      id: `a${i}`,
      cmd: "sleep 1",
      dependencies: [`a${i + 1}`],
    }));
    deepEqual(checkGroup({ id: "/shop", apps }), []);
  }).timeout(60_000);

  it("says nothing about what is unknown, nor about what depends on it", () => {
    const options = { isUnknown: isComputed };
    const apps = [{ id: "/b/c", cmd: "sleep 1", dependencies: ["c"] }];
    deepEqual(checkGroup({ id: computed, apps, groups: [{ id: "../x" }, { id: computed }] }, options), []);
    deepEqual(checkGroup({ id: "/a", apps: computed, groups: [computed] }, options), []);
    deepEqual(
      lines(checkGroup({ id: "/a", apps: [{ id: computed }, { id: "x", instances: computed }] }, options)),
      [
        "apps[0].cmd: must be given, or args, or a container with an image",
        "apps[1].cmd: must be given, or args, or a container with an image",
      ],
    );
  });
});

describe("checkGroupInputs", () => {
  it("calls the id groupId, only at the top", () => {
    deepEqual(lines(checkGroupInputs({ groupId: "/a/b", enforceRole: true, groups: [{ groupId: "x" }] })), [
      "groups[0].groupId: unknown field, a group inside a group has an id",
      "groups[0].id: must be given",
      "enforceRole: is for top-level groups only, and /a/b is not one; remove it",
    ]);
    deepEqual(lines(checkGroupRules({ groupId: "/..", nonsense: 1 })), [
      "groupId: must name a group, got the root",
    ]);
  });
});
