// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { messageOf } from "@pulumi-mesos/model";
import type { Log } from "../log";
import type { Routes } from "../routing/routes";
import { readIfThere, writeAtomically } from "./master";

export const noRoutes: Routes = { routes: [], backends: [], ports: [], leftOut: new Map() };

/** What was routed last, for a start at which neither Marathon nor ZooKeeper answers. */
export class Snapshot {
  readonly #file: string;
  readonly #log: Log;

  constructor(directory: string, log: Log) {
    this.#file = join(directory, "routes.json");
    this.#log = log;
  }

  async write({ routes, backends, ports }: Routes): Promise<void> {
    await writeAtomically(this.#file, JSON.stringify({ routes, backends, ports }));
  }

  /** No routes when there is no snapshot or when it cannot be read. */
  async read(): Promise<Routes> {
    const text = await readIfThere(this.#file);
    if (text === undefined) return noRoutes;
    try {
      // An older snapshot knows no ports.
      return { ...noRoutes, ...(JSON.parse(text) as Partial<Routes>) };
    } catch (error) {
      this.#log.warn({ reason: messageOf(error) }, "the snapshot cannot be read, beginning without routes");
      return noRoutes;
    }
  }
}
