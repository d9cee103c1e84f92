// SPDX-License-Identifier: Apache-2.0
import type { ZooKeeper } from "@pulumi-mesos/client";
import type { Clock } from "../clock";
import type { Log } from "../log";
import { inSessions } from "../zookeeper-sessions";

/** Where Marathon's processes stand for election: its `--zk`. */
export interface MarathonZooKeeper {
  readonly servers: string;
  readonly path: string;
  /** `user:password` at ZooKeeper. @default nobody */
  readonly credential?: string;
}

/** A watch may be lost with its connection, so all is read again now and then. */
const rereadMs = 30_000;

/**
 * URLs of Marathon's processes, the leader first, by the nodes of its election (Curator's LeaderLatch: ephemeral
 * `*-latch-<number>` below `leader-curator`, of which the lowest number leads; their data is host:port).
 *
 * While no process stands for election, or ZooKeeper is away, those that were known stay.
 */
export class MarathonAddresses {
  readonly #at: MarathonZooKeeper;
  readonly #clock: Clock;
  readonly #log: Log;
  #urls: readonly string[] = [];
  #changed = new AbortController();
  #problem: string | undefined = "not connected yet";

  constructor(at: MarathonZooKeeper, clock: Clock, log: Log) {
    this.#at = at;
    this.#clock = clock;
    this.#log = log;
  }

  get urls(): readonly string[] {
    return this.#urls;
  }

  /** Aborts when {@link urls} are others. */
  get changed(): AbortSignal {
    return this.#changed.signal;
  }

  /** Why nothing is known. */
  get problem(): string {
    const where = `${this.#at.path}/leader-curator of zookeeper ${this.#at.servers}`;
    return `${where} names no marathon${this.#problem === undefined ? "" : `: ${this.#problem}`}`;
  }

  /** Works until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    let wake = new AbortController();
    const options = {
      servers: this.#at.servers,
      credential: this.#at.credential,
      sessionMs: undefined,
      clock: this.#clock,
      log: this.#log,
      whileAway: "marathon is looked for where it was",
      onProblem: (problem: string | undefined) => {
        this.#problem = problem;
      },
      onConnected: () => wake.abort(),
    };
    const work = async (zk: ZooKeeper, until: AbortSignal): Promise<void> => {
      while (!until.aborted) {
        wake = new AbortController();
        await this.#read(zk, () => wake.abort());
        this.#problem = undefined;
        await this.#clock.pause(rereadMs, AbortSignal.any([until, wake.signal]));
      }
    };
    await inSessions(options, work, signal);
  }

  async #read(zk: ZooKeeper, onChange: () => void): Promise<void> {
    const root = `${this.#at.path}/leader-curator`;
    const names = (await zk.children(root, onChange)).filter((name) => orderOf(name) !== undefined);
    names.sort((a, b) => Number(orderOf(a)) - Number(orderOf(b)));
    const nodes = await Promise.all(names.map((name) => zk.get(`${root}/${name}`)));
    const urls = nodes.flatMap((node) => {
      const url = `http://${node?.data.toString("utf8") ?? ""}`;
      return URL.canParse(url) ? [url] : [];
    });
    if (urls.length === 0 || urls.join() === this.#urls.join()) return;
    this.#log.info({ urls }, "zookeeper names marathon");
    this.#urls = urls;
    this.#changed.abort();
    this.#changed = new AbortController();
  }
}

function orderOf(name: string): string | undefined {
  return /-latch-(\d+)$/.exec(name)?.[1];
}
