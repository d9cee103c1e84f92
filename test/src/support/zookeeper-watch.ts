// SPDX-License-Identifier: Apache-2.0
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { ZooKeeper } from "@pulumi-mesos/client";
import { eventually, hangMs } from "./eventually";

const port = 2181;
/** Where the writer keeps what it has written, a node each. */
const written = "/written";

/** Watches ZooKeeper while it is changed, and writes to it. */
export class ZooKeeperWatch {
  /** The moments when fewer servers than a majority listened. */
  readonly losses: string[] = [];
  polls = 0;
  /** How many writes were acknowledged. */
  acknowledged = 0;
  readonly #abort = new AbortController();
  readonly #session: ZooKeeper;
  readonly #done: Promise<unknown>;

  private constructor(session: ZooKeeper, hosts: readonly string[], voters: readonly number[]) {
    this.#session = session;
    this.#done = Promise.all([this.#poll(hosts, voters), this.#write()]);
  }

  /**
   * @param hosts of all servers, those that stay first
   * @param voters of how many, the first, a majority has to listen every 100 ms: those that vote before and after the change
   */
  static async start(hosts: readonly string[], voters: readonly number[]): Promise<ZooKeeperWatch> {
    const servers = hosts.map((host) => `${host}:${port}`).join(",");
    // The longest that a server grants: an election on a slow machine must not end it.
    const options = { servers, sessionTimeoutMs: 40_000 };
    return new ZooKeeperWatch(await ZooKeeper.connect(options, new AbortController().signal), hosts, voters);
  }

  async #poll(hosts: readonly string[], voters: readonly number[]): Promise<void> {
    while (!this.#abort.signal.aborted) {
      const listening = await Promise.all(hosts.map(listens));
      this.polls += 1;
      for (const count of voters) {
        const up = listening.slice(0, count).filter(Boolean).length;
        if (up <= count / 2) this.losses.push(`${new Date().toISOString()}: ${up} of ${count} listen`);
      }
      await delay(100);
    }
  }

  async #write(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      await this.#session.put(`${written}/${this.acknowledged}`, Buffer.from("kept"));
      this.acknowledged += 1;
      await delay(20);
    }
  }

  /** Ends it; answers which acknowledged writes a server of `hosts` does not have. */
  async stop(hosts: readonly string[]): Promise<string[]> {
    this.#abort.abort();
    try {
      await this.#done;
    } finally {
      await this.#session.close();
    }
    const lost: string[] = [];
    for (const host of hosts) {
      const session = await ZooKeeper.connect({ servers: `${host}:${port}` }, new AbortController().signal);
      try {
        const last = String(this.acknowledged - 1);
        const names = await eventually(hangMs, async () => {
          const all = new Set(await session.children(written));
          // A follower may be behind; what it has come to, it has all before of.
          if (!all.has(last)) throw new Error(`${host} has not come to ${last} yet`);
          return all;
        });
        for (let n = 0; n < this.acknowledged; n++) if (!names.has(String(n))) lost.push(`${host}: ${n}`);
      } finally {
        await session.close();
      }
    }
    return lost;
  }
}

/** Whether somebody listens; the kernel answers, so that a process that is merely slow counts. */
function listens(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const answer = (listening: boolean) => (): void => {
      socket.destroy();
      resolve(listening);
    };
    socket.once("connect", answer(true));
    socket.once("error", answer(false));
  });
}
