// SPDX-License-Identifier: Apache-2.0
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Log } from "../log";
import { remembered } from "../routing/remembered";
import type { Backend, PortFrontend, Routes } from "../routing/route";
import { readIfThere, writeAtomically } from "./master";

export const noRoutes: Routes = { routes: [], backends: [], ports: [], leftOut: new Map() };

/** `routes` without the ports that need certificates. */
export function withoutTls(routes: Routes): Routes {
  const isPlain = ({ backend, certificate }: PortFrontend): boolean =>
    backend !== undefined && certificate === undefined;
  return { ...routes, ports: routes.ports.filter(isPlain) };
}

/** What was routed last, for a start at which neither Marathon nor ZooKeeper answers. */
export class Snapshot {
  readonly #file: string;
  readonly #log: Log;

  constructor(directory: string, log: Log) {
    this.#file = join(directory, "routes.json");
    this.#log = log;
  }

  /** The first line tells whether the second is whole. */
  async write({ routes, backends, ports }: Routes): Promise<void> {
    const parts = {
      routes: routesText(routes),
      backends: `[${backends.map(backendText)}]`,
      ports: JSON.stringify(ports),
    };
    const text = `{${Object.entries(parts).map(([name, part]) => `"${name}":${part}`)}}`;
    await writeAtomically(this.#file, `${digest(text)}\n${text}`);
  }

  /** No routes when there is no snapshot, or one that is not as this program wrote it. */
  async read(): Promise<Routes> {
    const written = await readIfThere(this.#file);
    if (written === undefined) return noRoutes;
    const [sum, text = ""] = written.split("\n", 2);
    if (sum === digest(text)) return { ...noRoutes, ...(JSON.parse(text) as Partial<Routes>) };
    this.#log.warn({ file: this.#file }, "the snapshot is damaged and refused, beginning without routes");
    return noRoutes;
  }
}

const routesText = remembered((routes: Routes["routes"]) => JSON.stringify(routes));
const backendText = remembered((backend: Backend) => JSON.stringify(backend));

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
