// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { isMesosError } from "@pulumi-mesos/model";
import fc from "fast-check";
import { addressAt, type Cidr, isWithin, parseCidr, quarters, sizeOf } from "./cidr";
import { MemberAddresses, type MemberSubnet, rowsOf } from "./member-addresses";

const network: Cidr = { base: 10 * 2 ** 24, prefix: 16 };

const subnets = fc
  .record({
    zones: fc.integer({ min: 1, max: 3 }),
    prefix: fc.integer({ min: 20, max: 24 }),
    first: fc.integer({ min: 4, max: 140 }),
  })
  .map(({ zones, prefix, first }): MemberSubnet[] =>
    quarters(network)
      .slice(0, zones)
      .map(({ base }, i) => ({ zone: `eu-central-1${"abc"[i]}`, cidr: { base, prefix }, firstHost: first })),
  );

const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 7 });

describe("addresses of members", () => {
  it("overlap for no two names, lie behind firstHost, and are none of the five that AWS keeps", () => {
    fc.assert(
      fc.property(subnets, names, fc.integer({ min: 1, max: 16 }), (given, all, count) => {
        const dealt = new MemberAddresses(given);
        const places = all.flatMap((name) => dealt.places(name, count));
        assert.equal(new Set(places.map(({ host }) => host)).size, all.length * count);
        for (const { host, zone, subnet } of places) {
          const { cidr, firstHost, zone: its } = given[subnet] as MemberSubnet;
          assert.equal(zone, its);
          const address = parseCidr(`${host}/32`) as Cidr;
          assert.ok(isWithin(address, cidr), host);
          const position = address.base - cidr.base;
          assert.ok(position >= Math.max(firstHost, 4) && position < sizeOf(cidr) - 1, host);
        }
      }),
    );
  });

  it("stay when there are more members, or when they are asked for again", () => {
    fc.assert(
      fc.property(subnets, names, (given, all) => {
        const dealt = new MemberAddresses(given);
        const three = all.map((name) => dealt.places(name, 3));
        const five = all.map((name) => dealt.places(name, 5));
        assert.deepEqual(
          five.map((places) => places.slice(0, 3)),
          three,
        );
      }),
    );
  });

  it("put as many members into each zone as into any other, give or take one", () => {
    fc.assert(
      fc.property(subnets, fc.integer({ min: 1, max: 16 }), (given, count) => {
        const places = new MemberAddresses(given).places("masters", count);
        const counts = given.map(({ zone }) => places.filter((place) => place.zone === zone).length);
        assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, counts.join());
      }),
    );
  });

  it("are found again with their zone, and fails for an address of nobody", () => {
    const dealt = new MemberAddresses([{ zone: "eu-central-1a", cidr: network, firstHost: 100 }]);
    const [place] = dealt.places("masters", 1);
    assert.ok(place);
    assert.deepEqual(dealt.placeOf(place.host), place);
    assert.throws(() => dealt.placeOf(addressAt(network, 5)), isMesosError);
  });

  it("fails in one line when there is no room for another name or for more members", () => {
    const cidr = parseCidr("10.0.0.0/27") as Cidr;
    assert.equal(rowsOf(cidr, 4), 1);
    const dealt = new MemberAddresses([{ zone: "eu-central-1a", cidr, firstHost: 4 }]);
    dealt.places("masters", 16);
    assert.throws(
      () => dealt.places("marathon", 1),
      /^MesosError: network: has room for 1 names .*"marathon"/,
    );
    assert.throws(
      () => dealt.places("masters", 17),
      /^MesosError: masters: has room for 16 members on AWS, got 17$/,
    );
  });
});
