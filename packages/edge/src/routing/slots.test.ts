// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Backend, Server } from "./route";
import { changed, loaded, planSlots, type SlotTable } from "./slots";

const server = (port: number, state: Server["state"] = "ready"): Server => ({
  address: "10.0.0.1",
  port,
  state,
});
const backend = (servers: readonly Server[]): Backend => ({ name: "b", tls: false, servers });
const plan = (table: SlotTable, servers: readonly Server[]) => planSlots(table, [backend(servers)]);
const anyServers = fc.uniqueArray(
  fc.record({
    address: fc.constant("10.0.0.1"),
    port: fc.integer({ min: 1000, max: 1030 }),
    state: fc.constantFrom("ready" as const, "drain" as const),
    weight: fc.integer({ min: 0, max: 256 }),
  }),
  { selector: (s) => s.port, maxLength: 20 },
);

describe("slots", () => {
  it("keep their tasks, and changes that add come before changes that remove", () => {
    const table = plan(new Map(), [server(1), server(2)]).table;
    const { changes, table: next } = plan(table, [server(2), server(3)]);
    assert.deepEqual(changes, [
      { backend: "b", slot: 2, address: { address: "10.0.0.1", port: 3 }, state: "ready" },
      { backend: "b", slot: 0, state: "maint" },
    ]);
    assert.equal(next.get("b")?.[1]?.port, 2);
  });

  it("drain a task that leaves before they are freed", () => {
    const table = plan(new Map(), [server(1), server(2)]).table;
    assert.deepEqual(plan(table, [server(1, "drain"), server(2)]).changes, [
      { backend: "b", slot: 0, state: "drain" },
    ]);
  });

  it("have room for a rolling restart without a reload", () => {
    const five = [1, 2, 3, 4, 5].map((p) => server(p));
    const table = plan(new Map(), five).table;
    const next = plan(table, [...five, ...[6, 7, 8, 9, 10].map((p) => server(p))]).table;
    assert.equal(next.get("b")?.length, table.get("b")?.length);
  });

  it("hold every ready server exactly once, whatever came before", () => {
    fc.assert(
      fc.property(fc.array(anyServers, { maxLength: 8 }), (history) => {
        let table: SlotTable = new Map();
        for (const servers of history) {
          const { table: next, changes } = plan(table, servers);
          const ready = (next.get("b") ?? [])
            .filter((slot) => slot.state === "ready")
            .map((slot) => slot.port);
          const wanted = servers.filter((s) => s.state === "ready").map((s) => s.port);
          assert.deepEqual(ready.sort(), wanted.sort());
          const size = table.get("b")?.length ?? 0;
          // Where nothing grew, the changes alone make the new table.
          if (size > 0 && size === next.get("b")?.length) assert.deepEqual(changed(table, changes), next);
          table = size > 0 && size === next.get("b")?.length ? next : loaded(next);
        }
      }),
    );
  });
});
