// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Backend, Server } from "./route";
import { planSlots, type SlotTable } from "./slots";
import { serverWeights, weighted } from "./weights";

const parts = fc.array(
  fc.record({ weight: fc.integer({ min: 0, max: 1000 }), tasks: fc.integer({ min: 0, max: 60 }) }),
  { minLength: 1, maxLength: 5 },
);
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

function servers(port: number, count: number, state: Server["state"] = "ready"): Server[] {
  return Array.from({ length: count }, (_, i) => ({ address: "10.0.0.1", port: port + i, state }));
}
const part = (appId: string, weight: number, all: readonly Server[], more: Partial<Backend> = {}) => ({
  appId,
  weight,
  backend: { name: appId, tls: false, servers: all, ...more },
});

describe("weights of servers", () => {
  it("are numbers that HAProxy takes, one for each task, at most one apart within an app", () => {
    fc.assert(
      fc.property(parts, (given) => {
        serverWeights(given).forEach((weights, index) => {
          assert.equal(weights.length, given[index]?.tasks);
          assert.ok(weights.every((w) => Number.isInteger(w) && w >= 0 && w <= 256));
          assert.ok(Math.max(...weights, 0) - Math.min(...weights, 256) <= 1);
        });
      }),
    );
  });

  it("give each app its share, however many tasks it has; apps without weight get what is there only when nobody else is", () => {
    fc.assert(
      fc.property(parts, (given) => {
        const totals = serverWeights(given).map(sum);
        const isServed = given.some(({ weight, tasks }) => weight > 0 && tasks > 0);
        const served = given.map(({ weight, tasks }) => (tasks === 0 ? 0 : isServed ? weight : 1));
        const [all, wanted] = [sum(totals), sum(served)];
        if (wanted === 0) return assert.equal(all, 0);
        const bound = (served.filter((w) => w > 0).length + 1) / 256;
        served.forEach((weight, index) => {
          const off = Math.abs((totals[index] ?? 0) / all - weight / wanted);
          assert.ok(off <= bound, `${off} of ${JSON.stringify(given)}`);
          // A share that is not 0 is never lost by rounding.
          assert.equal((totals[index] ?? 0) > 0, weight > 0);
        });
      }),
    );
  });

  it("hold nine to one with two tasks and twenty", () => {
    const [blue = [], green = []] = serverWeights([
      { weight: 90, tasks: 2 },
      { weight: 10, tasks: 20 },
    ]);
    assert.ok(Math.abs(sum(green) / (sum(blue) + sum(green)) - 0.1) < 0.001);
  });
});

describe("a backend of several apps", () => {
  it("weighs tasks that take requests, and leaves those that drain as they are", () => {
    const blue = [...servers(1, 1), ...servers(2, 1, "drain")];
    const { backend } = weighted("shop", [part("/blue", 50, blue), part("/green", 50, servers(3, 2))]);
    assert.deepEqual(
      backend.servers.map((s) => [s.port, s.state, s.weight]),
      [
        [1, "ready", 256],
        [2, "drain", undefined],
        [3, "ready", 128],
        [4, "ready", 128],
      ],
    );
    assert.equal(backend.options?.balance, "roundrobin");
  });

  it("is checked by a path that all its apps have, and leaves out what speaks another protocol", () => {
    const one = part("/a", 1, servers(1, 1), { checkPath: "/ok" });
    const same = part("/b", 1, servers(2, 1), { checkPath: "/ok" });
    const other = part("/c", 1, servers(3, 1));
    const tls = part("/d", 1, servers(4, 1), { tls: true });
    assert.equal(weighted("shop", [one, same]).backend.checkPath, "/ok");
    assert.equal(weighted("shop", [one, other]).backend.checkPath, undefined);
    const mixed = weighted("shop", [one, tls]);
    assert.deepEqual(
      mixed.backend.servers.map((s) => s.port),
      [1],
    );
    assert.match(mixed.leftOut.get("shop /d") ?? "", /TLS/);
  });

  it("changes weights without touching addresses or the number of slots", () => {
    const both = (blue: number, green: number): Backend =>
      weighted("shop", [part("/blue", blue, servers(1, 2)), part("/green", green, servers(3, 2))]).backend;
    const table: SlotTable = planSlots(new Map(), [both(100, 0)]).table;
    const { changes, table: next } = planSlots(table, [both(90, 10)]);
    assert.deepEqual(
      changes.map(({ slot, address, weight, state }) => [slot, address, weight, state]),
      [
        [2, undefined, 29, "ready"],
        [3, undefined, 28, "ready"],
      ],
    );
    assert.equal(next.get("shop")?.length, table.get("shop")?.length);
    assert.deepEqual(planSlots(next, [both(90, 10)]).changes, []);
  });
});
