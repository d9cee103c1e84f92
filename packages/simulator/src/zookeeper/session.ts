// SPDX-License-Identifier: Apache-2.0
import type { Socket } from "node:net";
import { MesosError, messageOf } from "@pulumi-mesos/model";
import * as zk from "node-zookeeper-client";
import { systemClock } from "../clock";
import type { Coordination } from "./coordination";

export type SessionState = "connecting" | "connected" | "disconnected" | "expired" | "closed";
export type CreateMode = "persistent" | "ephemeral" | "ephemeral-sequential" | "persistent-sequential";

export interface NodeData {
  readonly data: Buffer;
  readonly version: number;
}

export interface SessionOptions {
  /** host:port,host:port */
  readonly servers: string;
  /** @default 10,000, as Mesos's zk_session_timeout */
  readonly sessionTimeoutMs?: number;
  /** `user:password`: nodes are then for their creator. */
  readonly auth?: string;
  /** Whether all may read the nodes of a session with `auth`, as Mesos has it. @default true */
  readonly readable?: boolean;
}

/** The part of the library's connection that it offers no method for. */
interface Wire {
  socket?: Socket;
  pendingBuffer: Buffer | null;
}

const modes: Readonly<Record<CreateMode, number>> = {
  persistent: zk.CreateMode.PERSISTENT,
  ephemeral: zk.CreateMode.EPHEMERAL,
  "ephemeral-sequential": zk.CreateMode.EPHEMERAL_SEQUENTIAL,
  "persistent-sequential": zk.CreateMode.PERSISTENT_SEQUENTIAL,
};

/** Between attempts of a read whose connection was lost: the library fails at once as long as there is none. */
const rereadMs = 20;

type Callback<T> = (error: Error | zk.Exception | null, value: T) => void;

/**
 * One ZooKeeper session with promises.
 *
 * As Mesos's own client it calls its session expired by itself once it was without a server for the negotiated timeout,
 * because a partitioned leader must step down before another is elected. Reads are repeated over a lost connection;
 * a write that lost its connection fails with MESOS_SIMULATOR_ZK_LOSS, since it may have happened.
 * Watches fire once. After "expired" or "closed" the session is of no more use: make a new one.
 */
export class ZooKeeperSession implements Coordination {
  readonly #client: zk.Client;
  readonly #acl: zk.ACL[];
  readonly #listeners = new Set<(state: SessionState) => void>();
  readonly #ended: Promise<never>;
  #end: (error: Error) => void = () => undefined;
  #state: SessionState = "connecting";
  #closing = false;
  #lastAnswer = 0;
  #expiry: NodeJS.Timeout | undefined;
  #watchdog: NodeJS.Timeout | undefined;

  private constructor(options: SessionOptions) {
    this.#client = zk.createClient(options.servers, {
      sessionTimeout: options.sessionTimeoutMs ?? 10_000,
      spinDelay: 200,
      retries: 0,
    });
    this.#acl = [new zk.ACL(zk.Permission.ALL, new zk.Id("world", "anyone"))];
    if (options.auth !== undefined) {
      this.#client.addAuthInfo("digest", Buffer.from(options.auth));
      const read = new zk.ACL(zk.Permission.READ, new zk.Id("world", "anyone"));
      const own = new zk.ACL(zk.Permission.ALL, new zk.Id("auth", ""));
      this.#acl = options.readable === false ? [own] : [read, own];
    }
    this.#ended = new Promise<never>((_resolve, reject) => {
      this.#end = reject;
    });
    this.#ended.catch(() => undefined); // whoever waits for an answer races it; nobody need be waiting
    this.#client.on("state", (state) => this.#onClientState(state));
  }

  /** Waits until a server answers, as long as `signal` allows. */
  static async connect(options: SessionOptions, signal: AbortSignal): Promise<ZooKeeperSession> {
    signal.throwIfAborted();
    const session = new ZooKeeperSession(options);
    const onAbort = (): void => session.#finish("closed");
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      const connected = new Promise<void>((resolve) => {
        session.onState((state) => state === "connected" && resolve());
      });
      session.#client.connect();
      session.#watchdog = systemClock.every(1_000, () => session.#watch());
      await Promise.race([connected, session.#ended]);
      return session;
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  get state(): SessionState {
    return this.#state;
  }

  /** The timeout that the server granted. */
  get timeoutMs(): number {
    return this.#client.getSessionTimeout();
  }

  /** Calls `listener` at each change; the result stops that. */
  onState(listener: (state: SessionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A node's data, undefined when there is no such node. `onChange` fires once at its next change or removal. */
  async get(path: string, onChange?: () => void): Promise<NodeData | undefined> {
    return await this.#read<NodeData | undefined>(
      `get ${path}`,
      (resolve, reject) => {
        const done = (error: Error | zk.Exception | null, data: Buffer, stat: zk.Stat): void =>
          error ? reject(error) : resolve({ data: data ?? Buffer.alloc(0), version: stat.version });
        if (onChange === undefined) this.#client.getData(path, done);
        else this.#client.getData(path, onChange, done);
      },
      () => undefined,
    );
  }

  /** A node's children, none when there is no such node. `onChange` fires once, also when the node comes into being. */
  async children(path: string, onChange?: () => void): Promise<string[]> {
    const found = await this.#read<string[] | undefined>(
      `children ${path}`,
      (resolve, reject) => {
        const done = (error: Error | zk.Exception | null, names: string[]): void =>
          error ? reject(error) : resolve(names);
        if (onChange === undefined) this.#client.getChildren(path, done);
        else this.#client.getChildren(path, onChange, done);
      },
      () => undefined,
    );
    if (found !== undefined) return found;
    if (onChange === undefined || !(await this.exists(path, onChange))) return [];
    return await this.children(path, onChange);
  }

  async exists(path: string, onChange?: () => void): Promise<boolean> {
    return await this.#read<boolean>(
      `exists ${path}`,
      (resolve, reject) => {
        const done: Callback<zk.Stat | null> = (error, stat) =>
          error ? reject(error) : resolve(Boolean(stat));
        if (onChange === undefined) this.#client.exists(path, done);
        else this.#client.exists(path, onChange, done);
      },
      () => false,
    );
  }

  /** Creates a node, its parents where they are missing; the path with its sequence number comes back. */
  async create(path: string, data: Buffer | string, mode: CreateMode): Promise<string> {
    const make = (): Promise<string> =>
      this.#once(`create ${path}`, (done) =>
        this.#client.create(path, Buffer.from(data), this.#acl, modes[mode], done),
      );
    try {
      return await make();
    } catch (error) {
      const parent = path.slice(0, path.lastIndexOf("/"));
      if (!isCode(error, zk.Exception.NO_NODE) || parent === "") throw error;
      await this.makePath(parent);
      return await make();
    }
  }

  /** Creates a persistent node and its parents where they are missing. */
  async makePath(path: string): Promise<void> {
    try {
      await this.create(path, "", "persistent");
    } catch (error) {
      if (!isCode(error, zk.Exception.NODE_EXISTS)) throw error;
    }
  }

  /** The new version. */
  async set(path: string, data: Buffer | string, version = -1): Promise<number> {
    const stat = await this.#once<zk.Stat>(`set ${path}`, (done) =>
      this.#client.setData(path, Buffer.from(data), version, done),
    );
    return stat.version;
  }

  /** Creates the node, or overwrites it. */
  async put(path: string, data: Buffer | string): Promise<void> {
    try {
      await this.set(path, data);
    } catch (error) {
      if (!isCode(error, zk.Exception.NO_NODE)) throw error;
      await this.create(path, data, "persistent");
    }
  }

  /** Gone already is success. */
  async remove(path: string, version = -1): Promise<void> {
    try {
      await this.#once<void>(`remove ${path}`, (done) =>
        this.#client.remove(path, version, (error) => done(error, undefined)),
      );
    } catch (error) {
      if (!isCode(error, zk.Exception.NO_NODE)) throw error;
    }
  }

  /** Ends the session at the server, so that its ephemeral nodes go at once; without a server they go by timeout. */
  async close(): Promise<void> {
    if (this.#state === "closed" || this.#state === "expired") return;
    this.#closing = true;
    if (this.#state === "connected") {
      const gone = new Promise<void>((resolve) => {
        this.#client.once("disconnected", resolve);
        this.#wire.socket?.once("close", () => resolve());
      });
      this.#client.close();
      await Promise.race([gone, systemClock.sleep(1_000)]);
    }
    this.#finish("closed");
  }

  get #wire(): Wire {
    return (this.#client as unknown as { connectionManager: Wire }).connectionManager;
  }

  #onClientState(state: zk.State): void {
    if (this.#state === "closed" || this.#state === "expired") return;
    if (state === zk.State.SYNC_CONNECTED) {
      systemClock.clear(this.#expiry);
      this.#expiry = undefined;
      this.#lastAnswer = systemClock.now();
      this.#become("connected");
    } else if (state === zk.State.EXPIRED || state === zk.State.AUTH_FAILED) {
      this.#finish("expired");
    } else if (state === zk.State.DISCONNECTED && this.#state === "connected") {
      this.#wire.pendingBuffer = null; // the library would join half an answer to the next connection's first
      this.#expiry ??= systemClock.after(this.timeoutMs, () => this.#finish("expired"));
      this.#become("disconnected");
    }
  }

  /** The library does not notice a server that is silent without closing: ask every third of the timeout, cut after two. */
  #watch(): void {
    const silent = systemClock.now() - this.#lastAnswer;
    if (this.#state === "connected") {
      if (silent > (this.timeoutMs * 2) / 3) {
        this.#wire.socket?.destroy();
      } else if (silent > this.timeoutMs / 3 - 1_000) {
        this.#client.exists("/", (error) => {
          if (!error) this.#lastAnswer = systemClock.now();
        });
      }
    } else if (silent > this.timeoutMs / 3) {
      this.#lastAnswer = systemClock.now();
      if (this.#wire.socket?.connecting === false) this.#wire.socket.destroy();
    }
  }

  #become(state: SessionState): void {
    this.#state = state;
    for (const listener of [...this.#listeners]) listener(state);
  }

  #finish(state: "expired" | "closed"): void {
    if (this.#state === "expired" || this.#state === "closed") return;
    systemClock.clear(this.#expiry);
    systemClock.clear(this.#watchdog);
    this.#end(
      new MesosError(
        state === "expired" ? "MESOS_SIMULATOR_ZK_EXPIRED" : "MESOS_SIMULATOR_ZK_CLOSED",
        `the zookeeper session is ${state}`,
        {
          retryable: true,
        },
      ),
    );
    this.#client.close(); // without a server this only keeps the library from connecting again
    this.#wire.socket?.destroy();
    this.#become(state);
  }

  async #read<T>(
    what: string,
    start: (resolve: (value: T) => void, reject: (error: unknown) => void) => void,
    absent: () => T,
  ): Promise<T> {
    for (;;) {
      try {
        return await this.#once<T>(what, (done) =>
          start(
            (value) => done(null, value),
            (error) => done(error as Error, undefined as T),
          ),
        );
      } catch (error) {
        if (isCode(error, zk.Exception.NO_NODE)) return absent();
        if (!isCode(error, zk.Exception.CONNECTION_LOSS) || this.#closing) throw error;
        await Promise.race([systemClock.sleep(rereadMs), this.#ended]);
      }
    }
  }

  async #once<T>(what: string, start: (done: Callback<T>) => void): Promise<T> {
    const answer = new Promise<T>((resolve, reject) => {
      start((error, value) => {
        if (!error) {
          this.#lastAnswer = systemClock.now();
          resolve(value);
          return;
        }
        reject(wrap(what, error));
      });
    });
    answer.catch(() => undefined); // the race below tells whoever waits
    return await Promise.race([answer, this.#ended]);
  }
}

const codes: readonly (readonly [number, string])[] = [
  [zk.Exception.NO_NODE, "MESOS_SIMULATOR_ZK_NO_NODE"],
  [zk.Exception.NODE_EXISTS, "MESOS_SIMULATOR_ZK_NODE_EXISTS"],
  [zk.Exception.BAD_VERSION, "MESOS_SIMULATOR_ZK_BAD_VERSION"],
  [zk.Exception.CONNECTION_LOSS, "MESOS_SIMULATOR_ZK_LOSS"],
];

function wrap(what: string, error: Error | zk.Exception): MesosError {
  const code = "getCode" in error ? error.getCode() : undefined;
  const known = codes.find(([number]) => number === code)?.[1] ?? "MESOS_SIMULATOR_ZK_FAILED";
  return new MesosError(
    known,
    `zookeeper ${what}: ${"getName" in error ? error.getName() : messageOf(error)}`,
    {
      cause: error,
      retryable: code === zk.Exception.CONNECTION_LOSS,
    },
  );
}

function isCode(error: unknown, code: number): boolean {
  return codes.some(([number, name]) => number === code && (error as { code?: unknown }).code === name);
}
