// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import { isMesosError } from "./errors";
import { firstPortFailure, PublishedPorts } from "./published-ports";
import { StackNetworks } from "./stack-networks";

const isExhausted = (error: unknown): boolean =>
  isMesosError(error) && error.code === "MESOS_ADDRESS_EXHAUSTED";

/** Every port that a stack of this network may publish. */
function allOf(octet: number): number[] {
  const ports = new PublishedPorts(`10.${octet}`);
  const names = Array.from({ length: 17 }, (_, i) => i + 1);
  return names.flatMap((n) => [1, 2, 3, 4, 5].map((member) => ports.of(`10.${octet}.${n}.${member}`, 5050)));
}

describe("PublishedPorts", () => {
  it("never gives stacks of two networks the same port, nor one that systems or task ports take", () => {
    const all = Array.from({ length: 239 }, (_, i) => allOf(16 + i)).flat();
    assert.equal(new Set(all).size, 239 * 85);
    assert.deepEqual([Math.min(...all), Math.max(...all)], [10_000, 30_314]);
  });

  it("moves no name when another gets more members", () => {
    const addresses = new StackNetworks("10.77");
    const masters = addresses.addresses("masters", 5);
    const marathons = addresses.addresses("marathon", 2);
    const sizes = [3, 5].map((size) => {
      const ports = new PublishedPorts("10.77");
      const first = masters.slice(0, size).map(({ host }) => ports.of(host, 5050));
      return { first: first.slice(0, 3), others: marathons.map(({ host }) => ports.of(host, 8080)) };
    });
    assert.deepEqual(sizes[0], sizes[1]);
  });

  it("answers the same port again, another one for each port of a member, from where the program says", () => {
    const ports = new PublishedPorts("10.77", 20_000);
    assert.deepEqual(
      [8000, 80, 8000].map((port) => ports.of("10.77.9.2", port)),
      [20_001, 20_006, 20_001],
    );
  });

  it("fails when a name has more members or a stack more names than there is room for", () => {
    const ports = new PublishedPorts("10.77");
    assert.throws(() => ports.of("10.77.1.6", 5050), isExhausted);
    for (let n = 1; n <= 17; n++) ports.of(`10.77.${n}.1`, 5050);
    assert.throws(() => ports.of("10.77.18.1", 5050), isExhausted);
  });

  it("fails when the first port leaves no room below those that systems hand out", () => {
    fc.assert(
      fc.property(fc.integer({ min: -10, max: 70_000 }), (port) => {
        assert.equal(firstPortFailure(port) === undefined, port >= 1024 && port + 85 <= 32_768);
      }),
    );
    for (const wrong of ["20000", 20_000.5, undefined]) assert.ok(firstPortFailure(wrong));
  });
});
