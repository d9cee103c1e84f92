// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { checkpointed, conversionOf, volumesOf, withCheckpointed } from "./operations";
import { add, amount, contains, fromJson, parseResources, subtract, toJson, toLegacy } from "./resources";

const reserved = {
  name: "disk",
  type: "SCALAR",
  scalar: { value: 64 },
  reservations: [{ type: "DYNAMIC", role: "web", principal: "p" }],
} as const;
const volume = {
  ...reserved,
  disk: { persistence: { id: "v1", principal: "p" }, volume: { container_path: "data", mode: "RW" } },
} as const;

describe("operations on resources (mesos.proto Offer.Operation)", () => {
  const whole = parseResources("cpus:2;disk:100");

  it("reserve, create, and back again", () => {
    const reserve = conversionOf({ type: "RESERVE", reserve: { resources: [reserved] } });
    assert.ok(contains(whole, reserve.consumed));
    const kept = add(subtract(whole, reserve.consumed), reserve.converted);
    assert.equal(contains(kept, fromJson([{ name: "disk", type: "SCALAR", scalar: { value: 37 } }])), false);
    const create = conversionOf({ type: "CREATE", create: { volumes: [volume] } });
    const last = add(subtract(kept, create.consumed), create.converted);
    assert.deepEqual(volumesOf(last), [{ role: "web", id: "v1", containerPath: "data", readOnly: false }]);
    assert.equal(amount(last, "disk"), 100);
    assert.equal(toLegacy(last)["disk"], 100);
    const destroy = conversionOf({ type: "DESTROY", destroy: { volumes: [volume] } });
    const unreserve = conversionOf({ type: "UNRESERVE", unreserve: { resources: [reserved] } });
    const undone = add(subtract(last, destroy.consumed), destroy.converted);
    const back = add(subtract(undone, unreserve.consumed), unreserve.converted);
    assert.deepEqual(toLegacy(back), toLegacy(whole));
    assert.deepEqual(back.scalars, new Map([...whole.scalars]));
  });

  it("are remembered over a restart as long as the agent has what they need", () => {
    const kept = checkpointed(add(parseResources("cpus:1"), fromJson([volume])));
    assert.equal(amount(kept, "cpus"), 0);
    const total = withCheckpointed(whole, kept);
    assert.ok(total && contains(total, fromJson([volume])));
    assert.equal(withCheckpointed(parseResources("cpus:2;disk:10"), kept), undefined);
  });

  it("grow and shrink volumes", () => {
    const addition = { ...reserved, scalar: { value: 6 } };
    const grown = conversionOf({ type: "GROW_VOLUME", grow_volume: { volume, addition } });
    assert.deepEqual(volumesOf(grown.converted).length, 1);
    assert.equal(amount(grown.converted, "disk"), 70);
    const shrunk = conversionOf({ type: "SHRINK_VOLUME", shrink_volume: { volume, subtract: { value: 4 } } });
    assert.equal(amount(shrunk.converted, "disk"), 64);
    assert.equal(shrunk.converted.scalars.size, 2);
  });

  it("are written as they were before reservations could be refined, since then, and both ways by endpoints", () => {
    const r = fromJson([{ ...reserved, reservations: [{ type: "DYNAMIC", role: "web", principal: "p" }] }]);
    const [pre] = toJson(r, "web", "pre");
    assert.deepEqual(pre, {
      name: "disk",
      type: "SCALAR",
      scalar: { value: 64 },
      role: "web",
      reservation: { principal: "p" },
      allocation_info: { role: "web" },
    });
    assert.deepEqual(toJson(r, undefined, "post"), [reserved]);
    assert.deepEqual(toJson(r), [{ ...reserved, role: "web", reservation: { principal: "p" } }]);
    assert.deepEqual(fromJson([pre ?? assert.fail()]), r);
    assert.deepEqual(fromJson(toJson(r)), r);
  });
});
