// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Condition, Instance } from "./instance";
import { selectVictims } from "./select-victims";

let made = 0;

function instance(condition: Condition, startedAt: number, rack = "r"): Instance {
  const id = `a.instance-${String(made++).padStart(4, "0")}`;
  const task = {
    id: `${id}._app.1`,
    agentId: "S1",
    host: "h",
    ports: [],
    attributes: { rack },
    ipAddresses: [],
    state: "TASK_RUNNING",
    stagedAt: startedAt,
  };
  return {
    id,
    runSpecId: "/a",
    version: "v",
    role: "*",
    condition,
    wanted: true,
    incarnation: 1,
    since: startedAt,
    createdAt: startedAt,
    ...(condition === "Scheduled" ? {} : { task }),
    unreachable: "disabled",
  };
}

const plain = { constraints: [] as string[][], killSelection: "YOUNGEST_FIRST" as const };
const spread = { constraints: [["rack", "GROUP_BY"]], killSelection: "YOUNGEST_FIRST" as const };

/** SPEC-marathon.md, "Kill selection" (marathon.md §2.4). */
describe("marathon: kill selection", () => {
  it("takes what waits, then Unreachable, Staging, Starting, Running", () => {
    const all = (["Running", "Starting", "Unreachable", "Scheduled", "Staging"] as const).map((c) =>
      instance(c, 1),
    );
    assert.deepEqual(
      selectVictims(plain, all, 5).map((i) => i.condition),
      ["Scheduled", "Unreachable", "Staging", "Starting", "Running"],
    );
  });

  it("breaks ties by killSelection", () => {
    const all = [instance("Running", 2), instance("Running", 3), instance("Running", 1)];
    const times = (killSelection: "YOUNGEST_FIRST" | "OLDEST_FIRST") =>
      selectVictims({ ...plain, killSelection }, all, 2).map((i) => i.task?.stagedAt);
    assert.deepEqual(times("YOUNGEST_FIRST"), [3, 2]);
    assert.deepEqual(times("OLDEST_FIRST"), [1, 2]);
  });

  it("takes the outdated before all others", () => {
    const old = { ...instance("Running", 1), version: "old" };
    const chosen = selectVictims(plain, [instance("Staging", 2), old], 1, (i) => i.version === "old");
    assert.deepEqual(chosen, [old]);
  });

  it("thins out the fullest group of GROUP_BY, although another is younger", () => {
    const all = [instance("Running", 1, "a"), instance("Running", 2, "a"), instance("Running", 9, "b")];
    assert.deepEqual(
      selectVictims(spread, all, 1).map((i) => [i.task?.attributes["rack"], i.task?.stagedAt]),
      [["a", 2]],
    );
  });

  const many = fc.array(
    fc.record({
      condition: fc.constantFrom<Condition>("Scheduled", "Unreachable", "Staging", "Starting", "Running"),
      startedAt: fc.integer({ min: 1, max: 9 }),
      rack: fc.constantFrom("a", "b", "c"),
    }),
    { maxLength: 12 },
  );

  it("chooses as many as asked for, none twice, and the same for the same", () => {
    fc.assert(
      fc.property(many, fc.integer({ min: 0, max: 12 }), fc.boolean(), (given, count, grouped) => {
        const all = given.map((g) => instance(g.condition, g.startedAt, g.rack));
        const spec = grouped ? spread : plain;
        const chosen = selectVictims(spec, all, count);
        assert.equal(new Set(chosen).size, Math.min(count, all.length));
        assert.deepEqual(selectVictims(spec, [...all].reverse(), count), chosen);
      }),
    );
  });

  it("never makes even groups uneven by more than one", () => {
    const sizes = fc.record({ each: fc.integer({ min: 1, max: 4 }), count: fc.integer({ min: 0, max: 12 }) });
    fc.assert(
      fc.property(sizes, ({ each, count }) => {
        const racks = ["a", "b", "c"];
        const all = racks.flatMap((rack) =>
          Array.from({ length: each }, (_, i) => instance("Running", i, rack)),
        );
        const gone = new Set(selectVictims(spread, all, count));
        const left = racks.map((r) => all.filter((i) => !gone.has(i) && i.task?.attributes["rack"] === r));
        const lengths = left.map((l) => l.length);
        assert.ok(Math.max(...lengths) - Math.min(...lengths) <= 1, lengths.join());
      }),
    );
  });
});
