// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from "node:crypto";
import { MesosError } from "@pulumi-mesos/model";
import type { Coordination } from "../zookeeper";

function orderOf(name: string): string | undefined {
  return /-latch-(\d+)$/.exec(name)?.[1];
}

/**
 * Leader election as Curator's LeaderLatch does it: ephemeral-sequential `*-latch-*` children of `leader-curator`
 * whose data is host:port; the lowest number leads. One candidacy lasts as long as the session.
 */
export class LeaderLatch {
  readonly #session: Coordination;
  readonly #path: string;
  readonly #id: string;
  readonly #elected: () => void;
  readonly #failed: (error: unknown) => void;
  #own: string | undefined;
  #leader: string | undefined;
  #leads = false;
  #looking = false;
  #again = false;
  #closed = false;

  constructor(parts: {
    session: Coordination;
    /** The `--zk` path. */
    path: string;
    /** host:port, as others reach this one. */
    id: string;
    elected: () => void;
    failed: (error: unknown) => void;
  }) {
    this.#session = parts.session;
    this.#path = `${parts.path === "/" ? "" : parts.path}/leader-curator`;
    this.#id = parts.id;
    this.#elected = parts.elected;
    this.#failed = parts.failed;
  }

  /** host:port of whoever leads, this one included. */
  get leader(): string | undefined {
    return this.#leader;
  }

  get leads(): boolean {
    return this.#leads;
  }

  async start(): Promise<void> {
    await this.#session.makePath(this.#path);
    await this.#removeForerunners();
    const node = `${this.#path}/_c_${randomUUID()}-latch-`;
    const made = await this.#session.create(node, this.#id, "ephemeral-sequential");
    this.#own = made.slice(made.lastIndexOf("/") + 1);
    this.#session.onState((state) => {
      if (state === "connected") this.#look();
    });
    this.#look();
  }

  /**
   * Ends the candidacy of a process that was killed: its node would stand until its session times out. It is dead,
   * because this one holds its address.
   */
  async #removeForerunners(): Promise<void> {
    for (const name of await this.#session.children(this.#path)) {
      const node = await this.#session.get(`${this.#path}/${name}`);
      if (node?.data.toString("utf8") === this.#id) await this.#session.remove(`${this.#path}/${name}`);
    }
  }

  /** Gives the candidacy back, so that another leads at once. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#own !== undefined) await this.#session.remove(`${this.#path}/${this.#own}`);
  }

  #look(): void {
    this.#again = true;
    if (this.#looking || this.#closed) return;
    this.#looking = true;
    this.#lookWhileAsked()
      .catch((error: unknown) => {
        if (!this.#closed && this.#session.state === "connected") this.#failed(error);
      })
      .finally(() => {
        this.#looking = false;
      });
  }

  async #lookWhileAsked(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false;
      const names = (await this.#session.children(this.#path, () => this.#look()))
        .filter((name) => orderOf(name) !== undefined)
        .sort((a, b) => Number(orderOf(a)) - Number(orderOf(b)));
      if (this.#own !== undefined && !names.includes(this.#own)) {
        const message = `the candidacy in ZooKeeper was removed: another marathon says that it is ${this.#id}`;
        this.#failed(new MesosError("MESOS_SIMULATOR_LATCH", message));
        return;
      }
      const first = names[0];
      const node = first === undefined ? undefined : await this.#session.get(`${this.#path}/${first}`);
      if (first !== undefined && node === undefined) {
        this.#again = true;
        continue;
      }
      this.#leader = node?.data.toString("utf8");
      if (first === this.#own && !this.#leads) {
        this.#leads = true;
        this.#elected();
      }
    }
  }
}
