// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describeFailures } from "@pulumi-mesos/model";
import fc from "fast-check";
import { type Cidr, formatCidr, isWithin, sizeOf } from "./cidr";
import { type GivenSubnet, givenNetworkFailures, ownNetworkFailures, planNetwork } from "./network-plan";

const region = "eu-central-1";
const allZones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"];

const networks = fc
  .record({ prefix: fc.integer({ min: 16, max: 22 }), place: fc.nat(2 ** 24 - 1) })
  .map(({ prefix, place }): Cidr => {
    const size = 2 ** (32 - prefix);
    return { base: 10 * 2 ** 24 + Math.floor(place / size) * size, prefix };
  });

describe("the plan of a network", () => {
  it("gives every address to one subnet or to nothing: no gap, no overlap", () => {
    fc.assert(
      fc.property(networks, fc.integer({ min: 1, max: 3 }), (cidr, count) => {
        const plan = planNetwork(cidr, allZones.slice(0, count));
        assert.equal(plan.zones.length, count);
        const parts = [...plan.zones.flatMap((z) => [z.private, z.public]), ...plan.spare];
        parts.sort((a, b) => a.base - b.base);
        const ends = parts.map((part) => part.base + sizeOf(part));
        assert.deepEqual(
          parts.map((part) => part.base),
          [cidr.base, ...ends.slice(0, -1)],
        );
        assert.equal(ends.at(-1), cidr.base + sizeOf(cidr));
        assert.deepEqual(ownNetworkFailures(formatCidr(cidr), allZones.slice(0, count), region), []);
      }),
    );
  });

  it("leaves a zone where it is when another is added", () => {
    fc.assert(
      fc.property(networks, (cidr) => {
        assert.deepEqual(
          planNetwork(cidr, allZones).zones.slice(0, 2),
          planNetwork(cidr, allZones.slice(0, 2)).zones,
        );
      }),
    );
  });

  it("keeps the members' part inside the private subnet and away from its beginning", () => {
    for (const zone of planNetwork({ base: 10 * 2 ** 24, prefix: 22 }, allZones).zones) {
      assert.ok(isWithin(zone.members, zone.private));
      assert.ok(zone.members.base > zone.private.base + 4);
    }
  });
});

const words = (failures: Parameters<typeof describeFailures>[0]): string => describeFailures(failures);

describe("a network", () => {
  it("fails in one line when its CIDR is none, public, too large or too small", () => {
    assert.match(
      words(ownNetworkFailures("10.0.0.1/16", allZones, region)),
      /^network\.cidr: must be a range of private/,
    );
    assert.match(
      words(ownNetworkFailures("8.8.0.0/16", allZones, region)),
      /private addresses .*got "8\.8\.0\.0\/16"$/,
    );
    assert.match(words(ownNetworkFailures("10.0.0.0/8", allZones, region)), /must be a \/16 to a \/22/);
    assert.match(words(ownNetworkFailures("10.0.0.0/23", allZones, region)), /must be a \/16 to a \/22/);
  });

  it("fails when its zones are none, the same, too many or another region's", () => {
    for (const zones of [[], [...allZones, "eu-central-1d"], ["eu-central-1a", "eu-central-1a"]])
      assert.match(
        words(ownNetworkFailures("10.0.0.0/16", zones, region)),
        /^network\.zones: must be one to three different zones/,
      );
    assert.match(
      words(ownNetworkFailures("10.0.0.0/16", ["us-east-1a"], region)),
      /zones of eu-central-1 such as "eu-central-1a", got "us-east-1a"$/,
    );
  });

  const subnets: readonly GivenSubnet[] = allZones.map((zone, i) => ({
    id: `subnet-${i}`,
    cidr: `10.9.${i}.0/24`,
    zone,
  }));
  const changed = (change: Partial<GivenSubnet>): GivenSubnet[] =>
    subnets.map((subnet, i) => (i === 1 ? { ...subnet, ...change } : subnet));

  it("is taken as it is given when it has room in as many zones as asked", () => {
    assert.deepEqual(givenNetworkFailures(subnets, 3), []);
    assert.deepEqual(givenNetworkFailures(changed({ firstHost: 4 }), 3), []);
  });

  it("fails when subnets overlap, are none, are too small or are in too few zones", () => {
    assert.equal(
      words(givenNetworkFailures(changed({ cidr: "10.9.0.128/25" }), 3)),
      'network.privateSubnets[1].cidr: must not overlap 10.9.0.0/24 of subnet-0, got "10.9.0.128/25"',
    );
    assert.match(
      words(givenNetworkFailures(changed({ cidr: "10.9.1.0" }), 3)),
      /privateSubnets\[1\]\.cidr: must be a range/,
    );
    assert.match(
      words(givenNetworkFailures(changed({ cidr: "10.9.1.0/26" }), 3)),
      /too few addresses for members/,
    );
    assert.match(
      words(givenNetworkFailures(changed({ firstHost: 3 }), 3)),
      /firstHost: must be 4 to 255, .*got 3$/,
    );
    assert.match(
      words(givenNetworkFailures(changed({ zone: "eu-central-1a" }), 3)),
      /are in 2 zones, fewer than the 3 .*set network\.spread to 2$/,
    );
  });
});
