// SPDX-License-Identifier: Apache-2.0
import { messageOf } from "@pulumi-mesos/model";
import type { Clock } from "../clock";
import type { Log } from "../log";
import { connectMs } from "../routing/render";
import { type SlotTable, slotName } from "../routing/slots";
import type { Runtime } from "./runtime";

export interface SilentHostsOptions {
  readonly runtime: Pick<Runtime, "markDown" | "endSessions">;
  /** What HAProxy runs with. */
  running(): { readonly generation: number; readonly table: SlotTable } | undefined;
  /** Whether anything comes back from an address, be it a refusal. */
  answers(address: string, port: number): Promise<boolean>;
  readonly clock: Clock;
  readonly log: Log;
}

/** A server and where it is. */
export interface ServerAt {
  /** `backend/server`. */
  readonly name: string;
  readonly port: number;
  readonly isReady: boolean;
}

/** So many tasks of a host are asked: one that answers is enough to know that it lives. */
const asked = 8;

/**
 * Finds hosts that fell silent as a whole. HAProxy tells of the first server that is down, because it was asked most;
 * when nobody on its host answers, the others are down too, which their own checks would find only after seconds, and
 * requests that wait on an established connection would hear of it only when the kernel gives up.
 *
 * HAProxy's checks go on and bring a server back as soon as it answers.
 */
export class SilentHosts {
  readonly #o: SilentHostsOptions;
  readonly #looking = new Map<string, Promise<void>>();

  constructor(o: SilentHostsOptions) {
    this.#o = o;
  }

  /** Takes a line of HAProxy's log. */
  heard(line: string, signal: AbortSignal): void {
    const [, backend = "", slot = ""] = /Server (\S+)\/s(\d+) is DOWN/.exec(line) ?? [];
    const address = this.#o.running()?.table.get(backend)?.[Number(slot) - 1]?.address;
    if (address === undefined || this.#looking.has(address)) return;
    const look = this.#look(address, signal)
      .catch((error: unknown) =>
        this.#o.log.warn({ address, reason: messageOf(error) }, "a host was not looked at"),
      )
      .finally(() => this.#looking.delete(address));
    this.#looking.set(address, look);
  }

  /** Resolves when nothing is looked at. */
  async ended(): Promise<void> {
    await Promise.all(this.#looking.values());
  }

  async #look(address: string, signal: AbortSignal): Promise<void> {
    const { runtime, clock, log } = this.#o;
    const before = await this.#silent(address);
    if (before === undefined || signal.aborted) return;
    const ready = before.servers.filter((server) => server.isReady).map(({ name }) => name);
    log.warn(
      { address, servers: ready.length },
      "a host answers nobody, its tasks take no requests until they answer",
    );
    await runtime.markDown(before.generation, ready);
    // A request that is still connecting is sent elsewhere by HAProxy itself; ending it now would lose it.
    await clock.pause(connectMs + 100, signal);
    const after = await this.#silent(address);
    if (after === undefined || signal.aborted) return;
    await runtime.endSessions(
      after.generation,
      after.servers.map(({ name }) => name),
    );
  }

  /** The servers of a host on which none of at least two programs answers. */
  async #silent(address: string): Promise<{ generation: number; servers: readonly ServerAt[] } | undefined> {
    const running = this.#o.running();
    const servers = running ? serversAt(running.table, address) : [];
    const ports = [...new Set(servers.map(({ port }) => port))].slice(0, asked);
    // A single program that takes no connection may just have too many; what it works on must not be ended.
    if (!running || ports.length < 2) return undefined;
    const answers = await Promise.all(ports.map((port) => this.#o.answers(address, port)));
    return answers.includes(true) ? undefined : { generation: running.generation, servers };
  }
}

/** The servers at an address that have or had requests. */
export function serversAt(table: SlotTable, address: string): ServerAt[] {
  return [...table].flatMap(([backend, slots]) =>
    slots.flatMap((slot, index) =>
      slot.address !== address || slot.state === "maint"
        ? []
        : [{ name: `${backend}/${slotName(index)}`, port: slot.port, isReady: slot.state === "ready" }],
    ),
  );
}
