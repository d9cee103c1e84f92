// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import { hourlyCost, type Inventory, listPrices } from "./prices";

const nothing: Inventory = { instances: {}, volumeGiB: 0, natGateways: 0, balancers: 0, publicAddresses: 0 };

const inventories = fc
  .record({
    types: fc.dictionary(
      fc.constantFrom(...Object.keys(listPrices.instanceHour)),
      fc.integer({ min: 1, max: 50 }),
    ),
    volumeGiB: fc.nat(10_000),
    natGateways: fc.nat(3),
    balancers: fc.nat(4),
    publicAddresses: fc.nat(20),
  })
  .map(({ types, ...others }): Inventory => ({ ...others, instances: types }));

describe("what a cluster costs an hour", () => {
  it("is the sum of its parts", () => {
    const inventory = {
      instances: { "t3.medium": 3, "m7g.large": 2 },
      volumeGiB: 730,
      natGateways: 1,
      balancers: 2,
      publicAddresses: 1,
    };
    const { usd, unpriced } = hourlyCost(inventory, listPrices);
    assert.equal(usd, 0.463);
    assert.deepEqual(unpriced, []);
    assert.equal(hourlyCost(nothing, listPrices).usd, 0);
  });

  it("doubles with everything, and never falls when something is added", () => {
    fc.assert(
      fc.property(inventories, (one) => {
        const two = {
          instances: Object.fromEntries(
            Object.entries(one.instances).map(([type, count]) => [type, 2 * count]),
          ),
          volumeGiB: 2 * one.volumeGiB,
          natGateways: 2 * one.natGateways,
          balancers: 2 * one.balancers,
          publicAddresses: 2 * one.publicAddresses,
        };
        const [single, double] = [hourlyCost(one, listPrices).usd, hourlyCost(two, listPrices).usd];
        assert.ok(Math.abs(double - 2 * single) < 0.001, `${single} ${double}`);
        assert.ok(hourlyCost({ ...one, natGateways: one.natGateways + 1 }, listPrices).usd > single);
      }),
    );
  });

  it("names the types that have no price, and takes the user's", () => {
    const inventory = { ...nothing, instances: { "x9.huge": 1, "t3.small": 1 } };
    assert.deepEqual(hourlyCost(inventory, listPrices), {
      usd: 0.0208,
      date: listPrices.date,
      unpriced: ["x9.huge"],
    });
    const own = { ...listPrices, date: "today", instanceHour: { "x9.huge": 9, "t3.small": 1 } };
    assert.deepEqual(hourlyCost(inventory, own), { usd: 10, date: "today", unpriced: [] });
  });
});
