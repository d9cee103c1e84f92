// SPDX-License-Identifier: Apache-2.0
import { MesosError, messageOf } from "@pulumi-mesos/model";
import type { ACL, Stat } from "node-zookeeper-client";
import { bounded, unlessAborted } from "./clock";
import { ClientAbortedError, UnreachableError } from "./errors";
import type { Way } from "./way/way";
import { type SessionState, type ZooKeeperAccess, ZooKeeperSession } from "./zookeeper-session";

/** A node's data and version. */
export interface ZooKeeperNode {
  readonly data: Buffer;
  readonly version: number;
}

/** `persistent` outlives the session, `ephemeral` ends with it, `ephemeral-sequential` also gets ten digits appended. */
export type ZooKeeperMode = "persistent" | "ephemeral" | "ephemeral-sequential";

export interface ZooKeeperOptions {
  /** `host:port,host:port`, optionally with a chroot `/path` at the end. */
  readonly servers: string;
  /**
   * `user:password` (digest): then a node that is made here is for whoever has it, alone.
   *
   * @default nobody: nodes are for everybody
   */
  readonly credential?: string;
  /** @default 10000 */
  readonly sessionTimeoutMs?: number;
  /** By which way the servers are reached. @default directly */
  readonly way?: Way;
  /** Bounds the first connection beside the signal. @default no bound of its own */
  readonly connectTimeoutMs?: number;
}

const modes = { persistent: 0, ephemeral: 1, "ephemeral-sequential": 3 } as const;
const NO_NODE = -101;
const BAD_VERSION = -103;
const NODE_EXISTS = -110;
const NOT_EMPTY = -111;
const NO_AUTH = -102;
const CONNECTION_LOSS = -4;
const SESSION_EXPIRED = -112;

/**
 * A ZooKeeper session with promises.
 *
 * Every operation is repeated over lost connections until the session expires, {@link close} is called, or the signal
 * given to {@link connect} aborts. A create or versioned set whose answer was lost is not done twice.
 */
export class ZooKeeper {
  readonly #session: ZooKeeperSession;
  readonly #until: AbortSignal;
  readonly #acls: ACL[];
  /** Sequential nodes of this session, to tell a node whose create lost its answer from an earlier one. */
  readonly #sequential = new Set<string>();
  readonly #watchers = new Map<string, { readonly callbacks: Set<() => void>; readonly fire: () => void }>();

  private constructor(session: ZooKeeperSession, signal: AbortSignal, owned: boolean) {
    this.#session = session;
    this.#acls = session.acls(owned);
    this.#until = AbortSignal.any([signal, session.ended]);
  }

  /** Connects; `signal` bounds this and every later operation. Fails with `MESOS_CLIENT_UNREACHABLE`. */
  static async connect(o: ZooKeeperOptions, signal: AbortSignal): Promise<ZooKeeper> {
    await o.way?.open(signal);
    const session = new ZooKeeperSession(o.servers, o.sessionTimeoutMs ?? 10_000, o.credential, o.way);
    const bound = bounded(signal, o.connectTimeoutMs ?? 2 ** 31 - 1);
    let stop = (): void => {};
    try {
      await unlessAborted(
        new Promise<void>((resolve, reject) => {
          stop = session.onState((state) => {
            if (state === "connected") resolve();
            else if (state === "expired") reject(new Error(`${session.ended.reason}`));
          });
        }),
        bound.signal,
      );
      return new ZooKeeper(session, signal, o.credential !== undefined);
    } catch (error) {
      const { errors, servers } = session.failures;
      await session.close();
      throw new UnreachableError(
        `zookeeper ${o.servers} accepted no session`,
        errors.length >= servers ? errors : [...errors, error],
      );
    } finally {
      stop();
      bound.done();
    }
  }

  /** The session's state now. */
  get state(): SessionState {
    return this.#session.state;
  }

  /** Data and version of `path`, or nothing when there is no such node. */
  async get(path: string): Promise<ZooKeeperNode | undefined> {
    return this.#run(path, () => this.#read(path));
  }

  /** As {@link get}; `onChange` is called once, at the next change, creation or removal: read again to go on watching. */
  async watch(path: string, onChange: () => void): Promise<ZooKeeperNode | undefined> {
    const watcher = this.#watcher("data", path, onChange);
    return this.#run(path, async () => {
      for (;;) {
        const node = await this.#read(path, watcher);
        if (node) return node;
        if (!(await this.#stat(path, watcher))) return undefined;
      }
    });
  }

  /** Names of the children, none when `path` is missing; `onChange` as in {@link watch}. */
  async children(path: string, onChange?: () => void): Promise<string[]> {
    const watcher = onChange && this.#watcher("children", path, onChange);
    return this.#run(path, async () => {
      for (;;) {
        const names = await missing(
          promised<string[]>((done) =>
            watcher
              ? this.#session.client.getChildren(path, watcher, done)
              : this.#session.client.getChildren(path, done),
          ),
        );
        if (names) return names.sort();
        if (!watcher || !(await this.#stat(path, watcher))) return [];
      }
    });
  }

  async exists(path: string): Promise<boolean> {
    return this.#run(path, async () => (await this.#stat(path)) !== undefined);
  }

  /** Replaces the data of an existing node; with `version` only when nobody changed it since. */
  async set(path: string, data: Buffer, version = -1): Promise<void> {
    await this.#run(path, async (lost) => {
      try {
        await promised<Stat>((done) => this.#session.client.setData(path, data, version, done));
      } catch (error) {
        const now = lost && codeOf(error) === BAD_VERSION ? await this.#read(path) : undefined;
        if (now?.version !== version + 1 || !now.data.equals(data)) throw error;
      }
    });
  }

  /** Makes `path` hold `data`: creates it with its parents, or replaces the data. */
  async put(path: string, data: Buffer): Promise<void> {
    await this.#run(path, async () => {
      for (;;) {
        try {
          await promised<Stat>((done) => this.#session.client.setData(path, data, -1, done));
          return;
        } catch (error) {
          if (codeOf(error) !== NO_NODE) throw error;
        }
        try {
          await this.#createOnce(path, data, "persistent");
          return;
        } catch (error) {
          if (codeOf(error) !== NODE_EXISTS) throw error;
        }
      }
    });
  }

  /** Creates `path` and its missing parents; returns the path with the number of a sequential node. */
  async create(path: string, data: Buffer, mode: ZooKeeperMode): Promise<string> {
    const created = await this.#run(path, async (lost) => {
      const earlier = lost ? await this.#createdBefore(path, data, mode) : undefined;
      return earlier ?? this.#createOnce(path, data, mode);
    });
    if (mode === "ephemeral-sequential") this.#sequential.add(created);
    return created;
  }

  /** Gives a node to these users and to nobody else; fails with `MESOS_ZOOKEEPER_DENIED` where it is another's. */
  async setAccess(path: string, access: readonly ZooKeeperAccess[]): Promise<void> {
    const acls = this.#session.aclsOf(access);
    await this.#run(path, () => promised<Stat>((done) => this.#session.client.setACL(path, acls, -1, done)));
  }

  /** Removes one node; a node that is gone is success, one with children is not. */
  async remove(path: string, version = -1): Promise<void> {
    await this.#run(path, () =>
      missing(promised<void>((done) => this.#session.client.remove(path, version, done))),
    );
  }

  /** Removes `path` and all below it, also what appears meanwhile. */
  async removeTree(path: string): Promise<void> {
    for (;;) {
      for (const child of await this.children(path)) await this.removeTree(`${path}/${child}`);
      try {
        return await this.remove(path);
      } catch (error) {
        if (codeOf(error) !== NOT_EMPTY) throw error;
      }
    }
  }

  /** Calls `listener` at each change; after `expired` ephemeral nodes and watches are lost: connect anew. */
  onStateChange(listener: (state: SessionState) => void): () => void {
    return this.#session.onState(listener);
  }

  /** Ends the session and with it its ephemeral nodes; leaves nothing open. */
  async close(): Promise<void> {
    await this.#session.close();
  }

  async #run<T>(path: string, attempt: (lost: boolean) => Promise<T>): Promise<T> {
    for (let lost = false; ; lost = true) {
      try {
        return await unlessAborted(attempt(lost), this.#until);
      } catch (error) {
        if (this.#session.ended.aborted || codeOf(error) === SESSION_EXPIRED) {
          throw new MesosError(
            "MESOS_ZOOKEEPER_EXPIRED",
            `zookeeper session is over (${this.#session.ended.reason ?? "expired"}) while working on ${path}`,
            { cause: error, retryable: true },
          );
        }
        if (this.#until.aborted) throw new ClientAbortedError(this.#until);
        if (codeOf(error) !== CONNECTION_LOSS) throw zooKeeperError(path, error);
        // The library queues while it reconnects; one turn of the loop keeps a repetition from starving it.
        await new Promise(setImmediate);
      }
    }
  }

  /** One watcher of the library for all callbacks of a path, however often it is read. */
  #watcher(kind: "data" | "children", path: string, onChange: () => void): () => void {
    const key = `${kind} ${path}`;
    let entry = this.#watchers.get(key);
    if (!entry) {
      const callbacks = new Set<() => void>();
      const fire = (): void => {
        this.#watchers.delete(key);
        const due = [...callbacks];
        callbacks.clear();
        for (const callback of due) callback();
      };
      entry = { callbacks, fire };
      this.#watchers.set(key, entry);
    }
    entry.callbacks.add(onChange);
    return entry.fire;
  }

  #read(path: string, watcher?: () => void): Promise<ZooKeeperNode | undefined> {
    const { client } = this.#session;
    return missing(
      new Promise<ZooKeeperNode>((resolve, reject) => {
        const done = (error: object | null, data: Buffer | undefined, stat: Stat): void =>
          error ? reject(error) : resolve({ data: data ?? Buffer.alloc(0), version: stat.version });
        if (watcher) client.getData(path, watcher, done);
        else client.getData(path, done);
      }),
    );
  }

  async #stat(path: string, watcher?: () => void): Promise<Stat | undefined> {
    const { client } = this.#session;
    const stat = await promised<Stat | null>((done) =>
      watcher ? client.exists(path, watcher, done) : client.exists(path, done),
    );
    return stat ?? undefined;
  }

  async #createOnce(path: string, data: Buffer, mode: ZooKeeperMode): Promise<string> {
    const { client } = this.#session;
    for (;;) {
      try {
        return await promised<string>((done) => client.create(path, data, this.#acls, modes[mode], done));
      } catch (error) {
        const parent = path.slice(0, path.lastIndexOf("/"));
        if (codeOf(error) !== NO_NODE || parent === "") throw error;
        await this.#createOnce(parent, Buffer.alloc(0), "persistent").catch((e: unknown) => {
          if (codeOf(e) !== NODE_EXISTS) throw e;
        });
      }
    }
  }

  /** After a lost answer: the node that the earlier attempt made, if it did. */
  async #createdBefore(path: string, data: Buffer, mode: ZooKeeperMode): Promise<string | undefined> {
    if (mode === "persistent") {
      const node = await this.#read(path);
      return node?.version === 0 && node.data.equals(data) ? path : undefined;
    }
    const parent = path.slice(0, path.lastIndexOf("/"));
    const names = await missing(
      promised<string[]>((done) => this.#session.client.getChildren(parent || "/", done)),
    );
    for (const name of names ?? []) {
      const candidate = `${parent}/${name}`;
      const matches = mode === "ephemeral" ? candidate === path : candidate.startsWith(path);
      if (!matches || this.#sequential.has(candidate)) continue;
      if ((await this.#stat(candidate))?.ephemeralOwner.equals(this.#session.sessionId)) return candidate;
    }
    return undefined;
  }
}

function promised<T>(call: (done: (error: object | null, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value))));
}

async function missing<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (codeOf(error) === NO_NODE) return undefined;
    throw error;
  }
}

function codeOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  if ("code" in error && typeof error.code === "number") return error.code;
  return "cause" in error ? codeOf(error.cause) : undefined;
}

function zooKeeperError(path: string, error: unknown): MesosError {
  const codes: Record<number, [string, string]> = {
    [NO_NODE]: ["MESOS_ZOOKEEPER_MISSING", "there is no such node"],
    [NODE_EXISTS]: ["MESOS_ZOOKEEPER_EXISTS", "the node exists already"],
    [BAD_VERSION]: ["MESOS_ZOOKEEPER_VERSION", "somebody else changed the node meanwhile"],
    [NOT_EMPTY]: ["MESOS_ZOOKEEPER_NOT_EMPTY", "the node has children"],
    [NO_AUTH]: ["MESOS_ZOOKEEPER_DENIED", "it is another user's, or the credential is not the right one"],
  };
  const [code, text] = codes[codeOf(error) ?? 0] ?? ["MESOS_ZOOKEEPER_FAILED", messageOf(error)];
  return new MesosError(code, `zookeeper ${path}: ${text}`, { cause: error });
}
