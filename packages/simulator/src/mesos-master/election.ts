// SPDX-License-Identifier: Apache-2.0
import { isMesosError, messageOf } from "@pulumi-mesos/model";
import { systemClock } from "../clock";
import type { MasterInfo } from "../protocol/types";
import type { Connect, Coordination, ZkUrl } from "../zookeeper";

/** The json.info_… nodes among `names`, lowest sequence number, that is the leader, first. */
export function candidates(names: readonly string[]): string[] {
  return names.filter((n) => /^json\.info_\d{10}$/.test(n)).sort();
}

/** An IPv4 address as Mesos writes it into MasterInfo: in_addr read as a little-endian number. */
export function ipNumber(ip: string): number {
  return Buffer.from(ip.split(".").map(Number)).readUInt32LE(0);
}

/** Exactly what the real master writes: compact, keys in alphabetical order. */
export function masterInfoJson(info: MasterInfo): string {
  const sorted = (value: unknown): unknown =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([k, v]) => [k, sorted(v)]),
        )
      : Array.isArray(value)
        ? value.map(sorted)
        : value;
  return JSON.stringify(sorted(info));
}

export interface ElectionEvents {
  /** A leader is known, or none is. */
  onLeader(leader: MasterInfo | undefined): void;
  /** The addresses of all replicas of the log, this one included. */
  onReplicas?(addresses: ReadonlySet<string>): void;
  /** The session has expired; a new one is made unless the program ends. */
  onExpired(): void;
  onError(message: string): void;
}

export interface ElectionOptions {
  readonly zk: ZkUrl;
  readonly sessionTimeoutMs: number;
  readonly connect: Connect;
  /** Set on a master, which contends; an agent only looks. */
  readonly info?: MasterInfo;
}

/** Contends for leadership and tells who leads, over as many ZooKeeper sessions as it takes. */
export class Election {
  readonly #options: ElectionOptions;
  readonly #events: ElectionEvents;
  readonly #stop = new AbortController();
  #session: Coordination | undefined;
  #told: string | undefined;
  #checking = false;
  #again = false;

  constructor(options: ElectionOptions, events: ElectionEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** Runs until {@link stop}. */
  async run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#oneSession();
      } catch (error) {
        if (this.#stop.signal.aborted) break;
        this.#events.onError(messageOf(error));
        await systemClock.sleep(500, this.#stop.signal).catch(() => undefined); // only a stop ends it early
      }
      await this.#session?.close();
    }
  }

  /** Gives up the candidacy at once: closing the session removes its nodes. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#session?.close();
  }

  async #oneSession(): Promise<void> {
    const { zk, sessionTimeoutMs, info } = this.#options;
    const session = await this.#options.connect(
      { servers: zk.servers, sessionTimeoutMs, ...(zk.auth === undefined ? {} : { auth: zk.auth }) },
      this.#stop.signal,
    );
    this.#session = session;
    const over = new Promise<void>((resolve) => {
      session.onState((state) => {
        if (state === "connected") this.#check(session);
        if (state === "expired") this.#expired();
        if (state === "expired" || state === "closed") resolve();
      });
    });
    if (info !== undefined) await this.#contend(session, info);
    this.#check(session);
    await over;
  }

  #expired(): void {
    this.#told = undefined;
    this.#events.onExpired();
    this.#events.onLeader(undefined);
  }

  async #contend(session: Coordination, info: MasterInfo): Promise<void> {
    const { path } = this.#options.zk;
    const address = `${info.address.ip}:${info.port}`;
    await joinReplicas(session, `${path}/log_replicas`, `log-replica(1)@${address}`);
    await session.create(`${path}/json.info_`, masterInfoJson(info), "ephemeral-sequential");
  }

  /** One look at a time; a change during a look causes another. */
  #check(session: Coordination): void {
    this.#again = true;
    if (this.#checking) return;
    this.#checking = true;
    const look = async (): Promise<void> => {
      while (this.#again && session.state !== "closed" && session.state !== "expired") {
        this.#again = false;
        await this.#look(session);
      }
    };
    look()
      .catch((error: unknown) => {
        if (session.state === "connected") this.#events.onError(messageOf(error));
      })
      .finally(() => {
        this.#checking = false;
      });
  }

  async #look(session: Coordination): Promise<void> {
    const { path } = this.#options.zk;
    const changed = (): void => this.#check(session);
    if (this.#events.onReplicas !== undefined) {
      const names = await session.children(`${path}/log_replicas`, changed);
      const nodes = await Promise.all(names.map((n) => session.get(`${path}/log_replicas/${n}`)));
      this.#events.onReplicas(new Set(nodes.flatMap((n) => n?.data.toString().split("@")[1] ?? [])));
    }
    const first = candidates(await session.children(path, changed))[0];
    const node = first === undefined ? undefined : await session.get(`${path}/${first}`);
    if (first !== undefined && node === undefined) return; // it went meanwhile: the watch has fired
    const text = node?.data.toString();
    if (text === this.#told) return;
    this.#told = text;
    this.#events.onLeader(text === undefined ? undefined : (JSON.parse(text) as MasterInfo));
  }
}

/** The client library refuses a path that ends with a slash, so the sequence number is chosen here. */
async function joinReplicas(session: Coordination, path: string, data: string): Promise<void> {
  for (;;) {
    const numbers = (await session.children(path)).filter((n) => /^\d{10}$/.test(n)).map(Number);
    const name = String(Math.max(-1, ...numbers) + 1).padStart(10, "0");
    try {
      await session.create(`${path}/${name}`, data, "ephemeral");
      return;
    } catch (error) {
      if (!isMesosError(error) || error.code !== "MESOS_SIMULATOR_ZK_NODE_EXISTS") throw error;
    }
  }
}
