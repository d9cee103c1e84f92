// SPDX-License-Identifier: Apache-2.0
import { deepEqual } from "node:assert/strict";
import { diffGroup } from "./group-diff";
import { normaliseGroup } from "./group-normal-form";
import { isRecord } from "./schema-view";
import { defaultServerFacts } from "./server-facts";
import { groupAnswers } from "./testing/group-answers";

/** A group with only what its place decides of each app. */
function brief(group: unknown): unknown {
  if (!isRecord(group)) return group;
  const { apps, groups, ...rest } = group;
  const kept = ["id", "dependencies", "role"];
  return {
    ...rest,
    ...(Array.isArray(apps)
      ? { apps: apps.map((a) => Object.fromEntries(Object.entries(a).filter(([k]) => kept.includes(k)))) }
      : {}),
    ...(Array.isArray(groups) ? { groups: groups.map(brief) } : {}),
  };
}

describe("normaliseGroup", () => {
  for (const { title, source, request, answer, server } of groupAnswers) {
    it(`${title} (${source})`, () => {
      const facts = { ...defaultServerFacts, ...server };
      const normal = normaliseGroup(request, facts);
      deepEqual(brief(normal), answer);
      deepEqual(normaliseGroup(normal, facts), normal);
      deepEqual(diffGroup(normal, normal).kind, "none");
    });
  }

  it("passes on what does not fit, wherever it stands", () => {
    const unknown = Symbol("unknown");
    const known = normaliseGroup({ id: "/a", apps: [{ id: "b", cmd: "sleep 1" }], groups: [{ id: "c" }] });
    for (const key of ["id", "apps", "groups", "dependencies", "enforceRole"]) {
      for (const odd of [unknown, [unknown], [{ id: unknown, apps: unknown }]]) {
        diffGroup(known, normaliseGroup({ ...known, [key]: odd }));
      }
    }
  });
});
