// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import { toGroupDocument } from "./group";
import { diffGroup } from "./group-diff";
import { normaliseGroup } from "./group-normal-form";
import { shortestGroupInputs } from "./group-shortest";
import { defaultServerFacts as facts } from "./server-facts";

const inputs = {
  groupId: "/shop",
  dependencies: ["/db"],
  apps: [{ id: "web", cmd: "sleep 1", instances: 2, dependencies: ["/shop/back/queue"] }],
  groups: [{ id: "back", apps: [{ id: "queue", cmd: "sleep 1" }], groups: [{ id: "deep" }] }],
};

describe("shortestGroupInputs", () => {
  it("gives a running group back as somebody would write it, with what Marathon alone sets left out", () => {
    const running = { ...normaliseGroup(toGroupDocument(inputs)), version: "v", pods: [] };
    deepEqual(shortestGroupInputs(running, facts), inputs);
  });

  it("means what runs", () => {
    const running = normaliseGroup({
      id: "/shop",
      apps: [{ id: "a", cmd: "sleep 1", role: "x" }],
      groups: [],
    });
    const short = shortestGroupInputs(running, facts);
    deepEqual(short, { groupId: "/shop", apps: [{ id: "a", cmd: "sleep 1", role: "x" }] });
    equal(diffGroup(running, normaliseGroup(toGroupDocument(short), facts)).kind, "none");
  });

  it("leaves out the role that the group's name gives, and says that it does", () => {
    const running = normaliseGroup({ id: "/shop", enforceRole: true, apps: [{ id: "a", cmd: "sleep 1" }] });
    equal(running.apps?.[0]?.role, "shop");
    deepEqual(shortestGroupInputs(running, { ...facts, enforceRole: true }), {
      groupId: "/shop",
      enforceRole: true,
      apps: [{ id: "a", cmd: "sleep 1" }],
    });
  });
});
