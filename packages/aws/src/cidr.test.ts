// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addressAt,
  type Cidr,
  firstOf,
  formatCidr,
  isPrivate,
  isWithin,
  overlap,
  parseCidr,
  quarters,
  sizeOf,
  upperHalf,
} from "./cidr";

const cidrs = fc.tuple(fc.nat(2 ** 32 - 1), fc.integer({ min: 0, max: 32 })).map(([number, prefix]): Cidr => {
  const size = 2 ** (32 - prefix);
  return { base: Math.floor(number / size) * size, prefix };
});

describe("a CIDR", () => {
  it("has its first addresses as ranges that follow each other", () => {
    const some = fc.tuple(cidrs, fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(some, ([cidr, part]) => {
        const count = Math.floor(part * sizeOf(cidr));
        const ranges = firstOf(cidr, count);
        let at = cidr.base;
        for (const range of ranges) {
          assert.equal(range.base, at);
          assert.deepEqual(parseCidr(formatCidr(range)), range, "begins where a range may");
          at += sizeOf(range);
        }
        assert.equal(at - cidr.base, count);
      }),
    );
    const text = (of: string, count: number): string[] =>
      firstOf(parseCidr(of) as Cidr, count).map(formatCidr);
    assert.deepEqual(text("10.0.0.0/18", 2 ** 13), ["10.0.0.0/19"]);
    assert.deepEqual(text("10.0.1.0/24", 200), ["10.0.1.0/25", "10.0.1.128/26", "10.0.1.192/29"]);
  });

  it("is read as it is written", () => {
    fc.assert(fc.property(cidrs, (cidr) => assert.deepEqual(parseCidr(formatCidr(cidr)), cidr)));
    assert.deepEqual(parseCidr("10.1.0.0/16"), { base: 10 * 2 ** 24 + 2 ** 16, prefix: 16 });
  });

  it("fails to be read when it is none, or does not begin at its first address", () => {
    for (const text of [
      "",
      "10.0.0.0",
      "10.0.0.0/33",
      "10.0.0.256/32",
      "010.0.0.0/8",
      "10.0.0.1/16",
      "10.0.0/8",
      "::/0",
    ])
      assert.equal(parseCidr(text), undefined, text);
  });

  it("is the four quarters of itself, without gap or overlap", () => {
    const splittable = cidrs.filter(({ prefix }) => prefix <= 30);
    fc.assert(
      fc.property(splittable, (cidr) => {
        const ends = quarters(cidr).map((part) => part.base + sizeOf(part));
        assert.deepEqual(
          [cidr.base, ...ends.slice(0, 3)],
          quarters(cidr).map((part) => part.base),
        );
        assert.equal(ends[3], cidr.base + sizeOf(cidr));
        assert.equal(upperHalf(cidr).base, quarters(cidr)[2].base);
        assert.equal(sizeOf(upperHalf(cidr)) * 2, sizeOf(cidr));
      }),
    );
  });

  it("overlaps another exactly when some address is in both", () => {
    fc.assert(
      fc.property(cidrs, cidrs, (a, b) => {
        const begin = Math.max(a.base, b.base);
        const end = Math.min(a.base + sizeOf(a), b.base + sizeOf(b));
        assert.equal(overlap(a, b), begin < end);
      }),
    );
  });

  it("has addresses that are within it", () => {
    fc.assert(
      fc.property(cidrs, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (cidr, share) => {
        const one = parseCidr(`${addressAt(cidr, Math.floor(share * sizeOf(cidr)))}/32`);
        assert.ok(one && isWithin(one, cidr));
      }),
    );
  });

  it("is private in the ranges that are nobody's", () => {
    const cases = {
      "10.7.0.0/16": true,
      "172.31.0.0/16": true,
      "192.168.4.0/22": true,
      "172.32.0.0/16": false,
      "10.0.0.0/7": false,
      "8.8.8.0/24": false,
    };
    for (const [text, expected] of Object.entries(cases)) {
      const cidr = parseCidr(text);
      assert.equal(cidr && isPrivate(cidr), expected, text);
    }
  });
});
