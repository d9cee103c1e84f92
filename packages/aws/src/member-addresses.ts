// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { type Address, MesosError } from "@pulumi-mesos/model";
import { addressAt, type Cidr, sizeOf } from "./cidr";

/** Where members of one zone have their addresses. */
export interface MemberSubnet {
  readonly zone: string;
  readonly cidr: Cidr;
  /** Position of the first address that is theirs. */
  readonly firstHost: number;
}

/** A member's address, and in which subnet it lies. */
export interface MemberPlace extends Address {
  readonly zone: string;
  /** Position of its subnet in the list. */
  readonly subnet: number;
}

/** AWS keeps the first four addresses of every subnet, and the last. */
export const firstFreeHost = 4;

/** Most members of one name. */
const row = 16;

/** How many names have room in a subnet. */
export function rowsOf(cidr: Cidr, firstHost: number): number {
  return Math.max(0, Math.floor((sizeOf(cidr) - 1 - firstHost) / row));
}

/**
 * Deals out one row of 16 addresses of every subnet to each name, and the members of a name over the subnets in turn.
 *
 * The row follows from the name; where two names fall on the same one, the later moves on. So a name keeps its addresses
 * while others come and go, except in the case of such a collision with an earlier name.
 */
export class MemberAddresses {
  readonly #subnets: readonly MemberSubnet[];
  readonly #rows: number;
  readonly #taken = new Map<number, string>();
  readonly #places = new Map<string, MemberPlace>();

  constructor(subnets: readonly MemberSubnet[]) {
    this.#subnets = subnets;
    this.#rows = Math.min(...subnets.map(({ cidr, firstHost }) => rowsOf(cidr, firstHost)));
  }

  /** `demo-masters-1` and so on, each in another zone than the one before: more of them move none. */
  places(name: string, count: number): MemberPlace[] {
    if (count > row) {
      throw new MesosError(
        "MESOS_ADDRESS_EXHAUSTED",
        `${name}: has room for ${row} members on AWS, got ${count}`,
      );
    }
    const at = this.#rowOf(name);
    return Array.from({ length: count }, (_, i): MemberPlace => {
      // Begins in another zone for each name, so that what has one member alone is not all in the first zone.
      const subnet = (at + i) % this.#subnets.length;
      const { zone, cidr, firstHost } = this.#subnets[subnet] as MemberSubnet;
      const host = addressAt(cidr, firstHost + at * row + Math.floor(i / this.#subnets.length));
      const place = { name: `${name}-${i + 1}`, host, zone, subnet };
      this.#places.set(host, place);
      return place;
    });
  }

  /** The place of an address that {@link places} has dealt out. */
  placeOf(host: string): MemberPlace {
    const place = this.#places.get(host);
    if (place !== undefined) return place;
    throw new MesosError(
      "MESOS_ADDRESS_NETWORK",
      `address: must be one that the platform gave, got ${JSON.stringify(host)}`,
    );
  }

  #rowOf(name: string): number {
    const first = createHash("sha256").update(name).digest().readUInt32BE(0);
    for (let step = 0; step < this.#rows; step++) {
      const at = (first + step) % this.#rows;
      if ((this.#taken.get(at) ?? name) === name) {
        this.#taken.set(at, name);
        return at;
      }
    }
    throw new MesosError(
      "MESOS_ADDRESS_EXHAUSTED",
      `network: has room for ${this.#rows} names with members, and none is left for ${JSON.stringify(name)}: use larger subnets, or a second platform with another network`,
    );
  }
}
