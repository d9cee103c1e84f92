// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { MesosError } from "./errors";
import type { Address } from "./service";

/** A /16 by its first two octets, `127.77`: 254 networks of 254 addresses. */
export type AddressBlock = `${number}.${number}`;

function hash(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32BE(0);
}

/**
 * The /16 that a stack uses unless told otherwise. It follows from project and stack alone, so that previews know it.
 * 127.0 and 127.1 hold what systems themselves use (127.0.0.53, 127.0.1.1), so the second octet is 16 to 254.
 */
export function loopbackBlock(project: string, stack: string): AddressBlock {
  return `127.${octetOf(project, stack)}`;
}

/** The /16 of private addresses that a stack uses on Docker unless told otherwise: 10.16.0.0/16 to 10.254.0.0/16. */
export function privateBlock(project: string, stack: string): AddressBlock {
  return `10.${octetOf(project, stack)}`;
}

const lowest = 16;
const blocks = 239;

function octetOf(project: string, stack: string): number {
  return lowest + (hash(`${project}/${stack}`) % blocks);
}

/** 0 to 238: of each block that follows from project and stack its own, of any other one that it may share. */
export function numberOf(block: AddressBlock): number {
  const octet = Number(/^10\.(\d+)$/.exec(block)?.[1]);
  return octet >= lowest && octet < lowest + blocks ? octet - lowest : hash(block) % blocks;
}

/** Reads `127.77.0.0/16`. Fails with MESOS_ADDRESS_NETWORK on anything else. */
export function parseLoopbackNetwork(network: string): AddressBlock {
  const octet = Number(/^127\.(\d{1,3})\.0\.0\/16$/.exec(network)?.[1] ?? Number.NaN);
  if (!(octet >= 1 && octet <= 255)) {
    throw new MesosError(
      "MESOS_ADDRESS_NETWORK",
      `network: must be a /16 of the loopback network such as "127.77.0.0/16", got ${JSON.stringify(network)}`,
    );
  }
  return `127.${octet}`;
}

/** Reads `10.77.0.0/16`, `172.20.0.0/16` or `192.168.0.0/16`. Fails with MESOS_ADDRESS_NETWORK on anything else. */
export function parsePrivateNetwork(network: string): AddressBlock {
  const [, first, second] = /^(10|172|192)\.(0|[1-9]\d{0,2})\.0\.0\/16$/.exec(network) ?? [];
  const octet = Number(second ?? Number.NaN);
  const isPrivate =
    (first === "10" && octet <= 255) ||
    (first === "172" && octet >= 16 && octet <= 31) ||
    (first === "192" && octet === 168);
  if (!isPrivate) {
    throw new MesosError(
      "MESOS_ADDRESS_NETWORK",
      `network: must be a /16 of private addresses such as "10.77.0.0/16", got ${JSON.stringify(network)}`,
    );
  }
  return `${Number(first)}.${octet}`;
}

/** The addresses of `127.77.12.0/24` by its first three octets, but for the first and the last. */
export function networkHosts(prefix: string): string[] {
  return Array.from({ length: 254 }, (_, i) => `${prefix}.${i + 1}`);
}

/**
 * Deals out one /24 of a block to each name.
 *
 * The third octet follows from the name; where two names fall on the same one, the later moves on. So a name keeps its
 * network while others come and go, except in the rare case of such a collision with an earlier name.
 */
export class StackNetworks {
  readonly #block: AddressBlock;
  readonly #taken = new Map<number, string>();

  constructor(block: AddressBlock) {
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

  /** The members of `name`, `demo-masters-1` at `.1` of its network and so on: more of them move none. */
  addresses(name: string, count: number): Address[] {
    const prefix = this.prefix(name);
    return Array.from({ length: count }, (_, i) => ({
      name: `${name}-${i + 1}`,
      host: `${prefix}.${i + 1}`,
    }));
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
