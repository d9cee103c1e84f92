// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";
import { changedMaps, mapChanges, type RouteMaps, tablesOf } from "../routing/maps";
import type { Routes } from "../routing/route";
import { changed, planSlots, type SlotTable, withKnown } from "../routing/slots";
import type { StoredCertificate } from "./certificate-store";
import type { Pulse } from "./pulse";
import type { Runtime } from "./runtime";
import { changesOf, type HeldCertificates, heldAfter, makeChange, readHeld } from "./worker-certificates";

/** What HAProxy's worker runs with. */
export interface Running {
  readonly generation: number;
  readonly shape: string;
  readonly table: SlotTable;
  readonly maps: RouteMaps;
  readonly certificates: HeldCertificates;
}

/** The worker that takes connections now: what it has, and how that is changed without a reload. */
export class Worker {
  readonly #runtime: Runtime;
  /** Where the map files are. */
  readonly #directory: string;
  readonly #pulse: Pulse;
  #running: Running | undefined;
  /** It takes no connections any more, and nobody has come in its place. */
  #hasLeft = false;
  /** A command was not answered: it may have been carried out. */
  #inDoubt = false;
  #certificatesInDoubt = false;
  /** What it has and was wanted when nothing was left to do. */
  #settled: readonly [HeldCertificates, readonly StoredCertificate[]] | undefined;

  constructor(runtime: Runtime, directory: string, pulse: Pulse) {
    this.#runtime = runtime;
    this.#directory = directory;
    this.#pulse = pulse;
  }

  get running(): Running | undefined {
    return this.#running;
  }

  /** Whether it answers, as of the last {@link look}. */
  get state(): ReturnType<Pulse["of"]> {
    return this.#hasLeft ? "hung" : this.#pulse.of(this.#running?.generation);
  }

  /** Looks after it; whether there is something to do about it. */
  look(): boolean {
    return this.#running !== undefined && this.#pulse.look(this.#running.generation);
  }

  /** Another worker has taken over. */
  becomes(running: Running): void {
    this.#running = running;
    this.#hasLeft = false;
    this.#inDoubt = false;
    this.#certificatesInDoubt = false;
  }

  /** It has left for another that did not come: only the next reload brings one. */
  leaves(): void {
    this.#hasLeft = true;
  }

  /** Nothing is to be had from it any more. */
  isLost(): void {
    this.#running = undefined;
    this.#hasLeft = false;
  }

  /** Whether it takes connections: it goes on for a moment after its successor has begun, and knows no new route. */
  async takesConnections(): Promise<boolean> {
    const { running } = this;
    return running !== undefined && (await this.#runtime.info(running.generation))?.stopping === false;
  }

  /** Finds the worker of an earlier controller's HAProxy. */
  async adopt(): Promise<void> {
    for (const generation of this.#runtime.generations()) {
      const info = await this.#runtime.info(generation);
      if (!info || info.stopping) continue;
      const certificates = await readHeld(this.#runtime, generation);
      this.#running = { generation, shape: info.shape, ...(await this.#held(generation)), certificates };
      return;
    }
    this.#running = undefined;
  }

  /** Takes slots and maps from HAProxy itself, in case somebody else changed them. */
  async reread(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    const held = await this.#held(running.generation);
    if (this.#running !== running) return;
    this.#running = { ...running, ...held, table: withKnown(held.table, running.table) };
    this.#inDoubt = false;
  }

  /** Moves tasks in and out of the slots that exist, and changes what stands in maps; whether there was anything to do. */
  async move(wanted: Routes): Promise<boolean> {
    if (this.#inDoubt) await this.reread();
    const running = this.#running;
    if (!running) return false;
    const moves = planSlots(running.table, wanted.backends).changes;
    if (moves.length > 0) {
      await this.#accept(this.#runtime.apply(running.generation, moves));
      this.#running = { ...running, table: changed(running.table, moves) };
    }
    const now = this.#running ?? running;
    const changes = mapChanges(now.maps, mapsOf(wanted), (name) => now.table.has(name));
    if (changes.length > 0) {
      await this.#accept(this.#runtime.applyMaps(now.generation, this.#directory, changes));
      this.#running = { ...now, maps: changedMaps(now.maps, changes) };
    }
    return moves.length + changes.length > 0;
  }

  /** Changes certificates one by one; returns the first that HAProxy refused, after which the others are not tried. */
  async changeCertificates(
    wanted: readonly StoredCertificate[],
    used: ReadonlySet<string>,
  ): Promise<string | undefined> {
    const before = this.#running;
    if (!before) return undefined;
    const { generation, certificates } = before;
    if (this.#settled?.[0] === certificates && this.#settled[1] === wanted) return undefined;
    let held = this.#certificatesInDoubt ? await readHeld(this.#runtime, generation) : certificates;
    for (const change of changesOf(held, wanted, used)) {
      this.#certificatesInDoubt = true;
      const refusal = await makeChange(this.#runtime, generation, change);
      if (refusal !== undefined) return refusal;
      held = heldAfter(held, change);
      this.#certificatesInDoubt = false;
      if (this.#running) this.#running = { ...this.#running, certificates: held };
    }
    this.#settled = [held, wanted];
    return undefined;
  }

  /** When HAProxy refuses a change, it and we differ: learns from it what it has, and fails to try again. */
  async #accept(change: Promise<string | undefined>): Promise<void> {
    this.#inDoubt = true;
    const refusal = await change;
    this.#inDoubt = false;
    if (refusal === undefined) return;
    await this.reread();
    throw new MesosError("MESOS_EDGE_RUNTIME_REFUSED", `haproxy refused a change at run time: ${refusal}`, {
      retryable: true,
    });
  }

  async #held(generation: number): Promise<Pick<Running, "table" | "maps">> {
    const [table, maps] = await Promise.all([
      this.#runtime.slots(generation),
      this.#runtime.maps(generation, this.#directory),
    ]);
    return { table, maps };
  }
}

const known = new WeakMap<Routes["routes"], RouteMaps>();

/** What stands in the maps. */
export function mapsOf({ routes }: Routes): RouteMaps {
  const maps = known.get(routes) ?? tablesOf(routes).maps;
  known.set(routes, maps);
  return maps;
}
