// SPDX-License-Identifier: Apache-2.0
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { messageOf } from "@pulumi-mesos/model";
import type { Log } from "../log";

/** Addresses of agents that Marathon names by host name; a known address stays known while its name cannot be resolved. */
export class HostNames {
  readonly #known = new Map<string, string>();
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  /** The address of `host`, if it is known. */
  resolve(host: string): string | undefined {
    return isIP(host) ? host : this.#known.get(host);
  }

  /** Resolves the names that are not known yet, or with `again` all of them; whether any address changed. */
  async refresh(hosts: Iterable<string>, again = false): Promise<boolean> {
    const names = [...new Set(hosts)].filter((host) => !isIP(host) && (again || !this.#known.has(host)));
    const changes = await Promise.all(
      names.map(async (name) => {
        try {
          const { address } = await lookup(name);
          const changed = this.#known.get(name) !== address;
          this.#known.set(name, address);
          return changed;
        } catch (error) {
          this.#log.warn({ host: name, reason: messageOf(error) }, "an agent's name has no address");
          return false;
        }
      }),
    );
    return changes.includes(true);
  }
}
