// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "./errors";
import { type AddressBlock, numberOf } from "./stack-networks";

/** How many members of one name have published ports. */
const members = 5;
/** How many names have them, each port of a name for itself: two whole clusters need 14. */
const ranges = 17;
const first = 10_000;

/**
 * The ports at which a stack's nodes are published on their Docker host: 85 of 10000 to 30314, by the stack's network, so that stacks whose
 * networks differ never meet; below task ports and those that systems hand out themselves (from 32768).
 */
export class PublishedPorts {
  readonly #first: number;
  readonly #ranges: string[] = [];

  /** @param from the first port, where the program says it */
  constructor(block: AddressBlock, from?: number) {
    this.#first = from ?? first + numberOf(block) * members * ranges;
  }

  /**
   * Where `port` of a host of the stack's network is published. Each port of a name has five in a row, in the order in which names are
   * first asked for, so that more members of one move none of another.
   */
  of(host: string, port: number): number {
    const [, network = "", index = ""] = /^(\d+\.\d+\.\d+)\.(\d+)$/.exec(host) ?? [];
    const member = Number(index) - 1;
    if (!(member >= 0 && member < members)) {
      throw new MesosError(
        "MESOS_ADDRESS_EXHAUSTED",
        `reach: a name's first ${members} members are published and no more, got member ${index} at port ${port}; make it smaller, or leave out reach: "published"`,
      );
    }
    const key = `${network}:${port}`;
    if (!this.#ranges.includes(key)) this.#ranges.push(key);
    const range = this.#ranges.indexOf(key);
    if (range >= ranges) {
      throw new MesosError(
        "MESOS_ADDRESS_EXHAUSTED",
        `reach: a stack has room for ${ranges} published names, and port ${port} of ${network}.0/24 is one more; put it into a stack of its own`,
      );
    }
    return this.#first + range * members + member;
  }
}

/** What is wrong with the first port that a program says; undefined when nothing is. */
export function firstPortFailure(from: unknown): string | undefined {
  const last = 32_768 - members * ranges;
  const isPort = typeof from === "number" && Number.isInteger(from) && from >= 1024 && from <= last;
  return isPort
    ? undefined
    : `must be a whole number from 1024 to ${last}, so that all ${members * ranges} lie below the ports that systems hand out themselves`;
}
