// SPDX-License-Identifier: Apache-2.0
import { deepEqual, throws } from "node:assert/strict";
import { appLines, explainLines } from "./explain-command";

describe("what is said of a group's size", () => {
  const pool = { name: "demo-web", min: 1, max: 4 };
  const decision = {
    at: "2026-01-01T10:00:00.000Z",
    until: "2026-01-01T10:00:00.000Z",
    agents: 1,
    size: 3,
    demand: 2.96,
    waiting: 4,
    change: "1 to 3 agents",
    reasons: ["2 more for 4 tasks of /a that fit on no agent"],
  };
  const { change: _, ...calm } = { ...decision, until: "2026-01-01T10:05:00.000Z", waiting: 0 };

  it("is its policy, its last decisions with their reasons, and what waits", () => {
    const report = {
      groups: { "demo-web": { policy: "1 to 4 agents by load", decisions: [calm, decision, decision] } },
      unplaceable: [{ works: ["/huge"], tasks: 1, reason: "no agent of any group has cpus 64" }],
      queued: [{ work: "/huge", tasks: 1, refused: "InsufficientCpus (3 offers)" }],
    };
    deepEqual(explainLines(pool, report, 2), [
      "demo-web: 1 to 4 agents by load",
      "",
      "2026-01-01T10:00:00.000Z to 2026-01-01T10:05:00.000Z  3 agents, no change (1 there, tasks worth 3)",
      "  2 more for 4 tasks of /a that fit on no agent",
      "",
      "2026-01-01T10:00:00.000Z  1 to 3 agents (1 there, tasks worth 3, 4 tasks waiting)",
      "  2 more for 4 tasks of /a that fit on no agent",
      "",
      "! /huge: 1 task waits; Marathon refused offers: InsufficientCpus (3 offers)",
      "! /huge: 1 in vain: no agent of any group has cpus 64",
    ]);
  });

  it("is that it is as declared where it does not size itself", () => {
    const report = { groups: {}, unplaceable: [], queued: [] };
    deepEqual(explainLines({ name: "demo-api", min: 2, max: 2 }, report, 1), [
      "demo-api: 2 agents, as declared; it does not size itself",
    ]);
  });
});

describe("what is said of an app's instances", () => {
  const at = "2026-01-01T10:00:00.000Z";
  const until = "2026-01-01T10:05:00.000Z";
  const apps = {
    "/shop": {
      policy: "1 to 8 instances by traffic",
      decisions: [
        { at, until, from: 5, instances: 5, load: 240, reasons: ["within 10 % of the target"] },
        { at, until: at, from: 5, instances: 7, held: "waits for theirs", reasons: ["7 needed"] },
        { at, until: at, from: 1, instances: 5, change: "1 to 5 instances", reasons: ["5 needed"] },
      ],
    },
  };

  it("is its policy and its last decisions with their reasons", () => {
    deepEqual(appLines("/shop", apps, 3), [
      "/shop: 1 to 8 instances by traffic",
      "",
      `${at} to ${until}  5 instances, no change`,
      "  within 10 % of the target",
      "",
      `${at}  7 instances: waits for theirs`,
      "  7 needed",
      "",
      `${at}  1 to 5 instances`,
      "  5 needed",
    ]);
  });

  it("fails when no such app follows its traffic, with the one that was meant", () => {
    throws(() => appLines("/shp", apps, 1), /\/shp: no app that follows its traffic; there is \/shop/);
    throws(() => appLines("/shop", {}, 1), /none does/);
  });
});
