// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { MesosError } from "./errors";

/** A /16 of the loopback network, `127.77`: 254 networks of 254 addresses. */
export type LoopbackBlock = `127.${number}`;

function hash(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0);
}

/**
 * The /16 that a stack uses unless told otherwise. It follows from project and stack alone, so that previews know it.
 * 127.0 and 127.1 hold what systems themselves use (127.0.0.53, 127.0.1.1), so the second octet is 16 to 254.
 */
export function loopbackBlock(project: string, stack: string): LoopbackBlock {
  return `127.${16 + (hash(`${project}/${stack}`) % 239)}`;
}

/** Reads `127.77.0.0/16`. Fails with MESOS_ADDRESS_NETWORK on anything else. */
export function parseLoopbackNetwork(network: string): LoopbackBlock {
  const octet = Number(/^127\.(\d{1,3})\.0\.0\/16$/.exec(network)?.[1] ?? Number.NaN);
  if (!(octet >= 1 && octet <= 255)) {
    throw new MesosError(
      "MESOS_ADDRESS_NETWORK",
      `network: must be a /16 of the loopback network such as "127.77.0.0/16", got ${JSON.stringify(network)}`,
    );
  }
  return `127.${octet}`;
}

/**
 * Deals out one /24 of a block to each name.
 *
 * The third octet follows from the name; where two names fall on the same one, the later moves on. So a name keeps its
 * network while others come and go, except in the rare case of such a collision with an earlier name.
 */
export class LoopbackNetworks {
  readonly #block: LoopbackBlock;
  readonly #taken = new Map<number, string>();

  constructor(block: LoopbackBlock) {
    this.#block = block;
  }

  /** `127.77.12`, the first three octets of the /24 of `name`. */
  prefix(name: string): string {
    for (let step = 0; step < 254; step++) {
      const octet = 1 + ((hash(name) + step) % 254);
      if ((this.#taken.get(octet) ?? name) === name) {
        this.#taken.set(octet, name);
        return `${this.#block}.${octet}`;
      }
    }
    throw new MesosError(
      "MESOS_ADDRESS_EXHAUSTED",
      `network: ${this.#block}.0.0/16 has no /24 left for ${JSON.stringify(name)}: use a second platform with another network`,
    );
  }
}

/**
 * The task ports of the `index`-th pool of a machine: half of what is left each time, so that a pool that is added later
 * moves nobody. 31000–31499, 31500–31749, …
 */
export function poolTaskPorts(index: number, range: readonly [number, number]): [number, number] {
  let [first] = range;
  let left = range[1] - range[0];
  for (let i = 0; i < index; i++) {
    const half = Math.floor(left / 2);
    first += half;
    left -= half;
  }
  return [first, first + Math.floor(left / 2) - 1];
}
