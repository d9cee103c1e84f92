// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import { isMesosError } from "./errors";
import {
  loopbackBlock,
  parseLoopbackNetwork,
  parsePrivateNetwork,
  poolTaskPorts,
  privateBlock,
  StackNetworks,
} from "./stack-networks";

describe("loopbackBlock", () => {
  it("follows from project and stack and stays off the networks that systems use", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (project, stack) => {
        const block = loopbackBlock(project, stack);
        assert.equal(block, loopbackBlock(project, stack));
        const octet = Number(block.split(".")[1]);
        assert.ok(octet >= 16 && octet <= 254);
      }),
    );
  });
});

describe("parseLoopbackNetwork", () => {
  it("takes a /16 of 127/8", () => {
    assert.equal(parseLoopbackNetwork("127.77.0.0/16"), "127.77");
  });

  for (const network of [
    "",
    "127.0.0.0/16",
    "127.256.0.0/16",
    "10.1.0.0/16",
    "127.77.0.0/24",
    "127.77.1.0/16",
  ]) {
    it(`fails when given ${JSON.stringify(network)}`, () => {
      assert.throws(
        () => parseLoopbackNetwork(network),
        (error) =>
          isMesosError(error) && error.code === "MESOS_ADDRESS_NETWORK" && error.message.includes(network),
      );
    });
  }
});

describe("privateBlock", () => {
  it("is one that parsePrivateNetwork takes, and follows from project and stack", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (project, stack) => {
        const block = privateBlock(project, stack);
        assert.equal(block, privateBlock(project, stack));
        assert.equal(parsePrivateNetwork(`${block}.0.0/16`), block);
      }),
    );
  });
});

describe("parsePrivateNetwork", () => {
  it("takes a /16 of each private range", () => {
    for (const block of ["10.0", "10.255", "172.16", "172.31", "192.168"])
      assert.equal(parsePrivateNetwork(`${block}.0.0/16`), block);
  });

  for (const network of [
    "",
    "10.256.0.0/16",
    "172.15.0.0/16",
    "192.169.0.0/16",
    "10.7.0.0/24",
    "8.8.0.0/16",
  ]) {
    it(`fails when given ${JSON.stringify(network)}`, () => {
      assert.throws(
        () => parsePrivateNetwork(network),
        (error) =>
          isMesosError(error) && error.code === "MESOS_ADDRESS_NETWORK" && error.message.includes(network),
      );
    });
  }
});

describe("StackNetworks", () => {
  it("gives every name a /24 of its own, always the same", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { maxLength: 100 }), (names) => {
        const networks = new StackNetworks("127.77");
        const prefixes = names.map((name) => networks.prefix(name));
        assert.equal(new Set(prefixes).size, names.length);
        assert.deepEqual(
          names.map((name) => networks.prefix(name)),
          prefixes,
        );
      }),
    );
  });

  it("names members and gives them addresses that more members do not move", () => {
    const networks = new StackNetworks("127.77");
    const prefix = networks.prefix("demo-masters");
    const three = networks.addresses("demo-masters", 3);
    assert.deepEqual(three[2], { name: "demo-masters-3", host: `${prefix}.3` });
    assert.deepEqual(networks.addresses("demo-masters", 5).slice(0, 3), three);
  });

  it("fails when a block has no network left", () => {
    const networks = new StackNetworks("127.77");
    for (let i = 0; i < 254; i++) networks.prefix(`n${i}`);
    assert.throws(() => networks.prefix("one more"), /no \/24 left for "one more"/);
  });
});

describe("poolTaskPorts", () => {
  it("gives pools disjoint ranges that later pools do not move", () => {
    const ranges = [0, 1, 2, 3].map((index) => poolTaskPorts(index, [31000, 32000]));
    assert.deepEqual(ranges[0], [31000, 31499]);
    assert.deepEqual(ranges[1], [31500, 31749]);
    for (const [i, range] of ranges.entries()) {
      const next = ranges[i + 1];
      assert.ok(next === undefined || next[0] > range[1]);
      assert.ok(range[1] <= 32000);
    }
  });
});
