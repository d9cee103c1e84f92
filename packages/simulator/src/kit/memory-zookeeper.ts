// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";
import type { Clock } from "../clock";
import type { Coordination, CreateMode, NodeData, SessionOptions, SessionState } from "../zookeeper";

interface Node {
  data: Buffer;
  version: number;
  owner: MemorySession | undefined;
  /** The next sequence number of a child. */
  next: number;
  readonly children: Set<string>;
}

type Watch = { readonly session: MemorySession; readonly fire: () => void };

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}

function failure(code: string, what: string): MesosError {
  return new MesosError(`MESOS_SIMULATOR_ZK_${code}`, `zookeeper ${what}`, { retryable: code === "LOSS" });
}

/**
 * ZooKeeper's tree, ephemeral and sequential nodes, one-shot watches and sessions that expire, in this process.
 *
 * It keeps the rules that masters, agents and Marathons rely on and no others: no ACLs, no wire protocol, one server that never fails.
 */
export class MemoryZooKeeper {
  readonly #clock: Clock;
  #nodes = new Map<string, Node>();
  #watches = new Map<string, Set<Watch>>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.wipe();
  }

  get clock(): Clock {
    return this.#clock;
  }

  /** Forgets every node and watch. Sessions that are open go on over an empty tree: end them first. */
  wipe(): void {
    this.#nodes = new Map([["/", this.#node(Buffer.alloc(0), undefined)]]);
    this.#watches = new Map();
  }

  read(path: string): Node | undefined {
    return this.#nodes.get(path);
  }

  create(path: string, data: Buffer, mode: CreateMode, owner: MemorySession): string {
    const parent = this.#nodes.get(parentOf(path));
    if (parent === undefined) {
      this.create(parentOf(path), Buffer.alloc(0), "persistent", owner);
      return this.create(path, data, mode, owner);
    }
    const sequential = mode.endsWith("sequential");
    const whole = sequential ? `${path}${String(parent.next++).padStart(10, "0")}` : path;
    if (this.#nodes.has(whole)) throw failure("NODE_EXISTS", `create ${path}: NODE_EXISTS`);
    this.#nodes.set(whole, this.#node(data, mode.startsWith("ephemeral") ? owner : undefined));
    parent.children.add(whole.slice(whole.lastIndexOf("/") + 1));
    this.#fire(`data ${whole}`);
    this.#fire(`children ${parentOf(whole)}`);
    return whole;
  }

  set(path: string, data: Buffer, version: number): number {
    const node = this.#nodes.get(path);
    if (node === undefined) throw failure("NO_NODE", `set ${path}: NO_NODE`);
    if (version >= 0 && version !== node.version) throw failure("BAD_VERSION", `set ${path}: BAD_VERSION`);
    node.data = data;
    node.version++;
    this.#fire(`data ${path}`);
    return node.version;
  }

  remove(path: string, version = -1): void {
    const node = this.#nodes.get(path);
    if (node === undefined) return;
    if (version >= 0 && version !== node.version) throw failure("BAD_VERSION", `remove ${path}: BAD_VERSION`);
    if (node.children.size > 0) throw failure("FAILED", `remove ${path}: NOT_EMPTY`);
    this.#nodes.delete(path);
    this.#nodes.get(parentOf(path))?.children.delete(path.slice(path.lastIndexOf("/") + 1));
    this.#fire(`data ${path}`);
    this.#fire(`children ${path}`);
    this.#fire(`children ${parentOf(path)}`);
  }

  watch(kind: "data" | "children", path: string, session: MemorySession, fire: () => void): void {
    const key = `${kind} ${path}`;
    const watches = this.#watches.get(key) ?? new Set();
    this.#watches.set(key, watches.add({ session, fire }));
  }

  /** The session is over: its ephemeral nodes go. */
  end(session: MemorySession): void {
    for (const [path, node] of [...this.#nodes]) if (node.owner === session) this.remove(path);
  }

  #node(data: Buffer, owner: MemorySession | undefined): Node {
    return { data, version: 0, owner, next: 0, children: new Set() };
  }

  #fire(key: string): void {
    const watches = this.#watches.get(key);
    if (watches === undefined) return;
    this.#watches.delete(key);
    for (const { session, fire } of watches) session.deliver(fire);
  }
}

/** One member's way to the {@link MemoryZooKeeper}: what is done to it is done to all sessions of that member. */
export class MemoryAccess {
  readonly #zookeeper: MemoryZooKeeper;
  readonly #sessions = new Set<MemorySession>();
  #state: "open" | "cut" | "frozen" | "dead" = "open";
  #waiting: (() => void)[] = [];

  constructor(zookeeper: MemoryZooKeeper) {
    this.#zookeeper = zookeeper;
  }

  readonly connect = async (options: SessionOptions, signal: AbortSignal): Promise<Coordination> => {
    signal.throwIfAborted();
    while (this.#state !== "open") {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      signal.throwIfAborted();
    }
    const session = new MemorySession(this.#zookeeper, options.sessionTimeoutMs ?? 10_000);
    this.#sessions.add(session);
    session.onState((state) => {
      if (state === "closed" || state === "expired") this.#sessions.delete(session);
    });
    return session;
  };

  /** The member is parted from ZooKeeper and knows it; its sessions expire unless {@link open} comes in time. */
  cut(): void {
    this.#set("cut");
  }

  /** The member stands still: its sessions expire without its knowledge. */
  freeze(): void {
    this.#set("frozen");
  }

  /** The member is dead: nothing that its objects still do arrives, and its sessions expire. */
  die(): void {
    this.#set("dead");
  }

  open(): void {
    this.#set("open");
  }

  #set(state: "open" | "cut" | "frozen" | "dead"): void {
    if (this.#state === "dead" || this.#state === state) return;
    this.#state = state;
    for (const session of [...this.#sessions]) session.become(state);
    for (const go of this.#waiting.splice(0)) go();
  }
}

class MemorySession implements Coordination {
  readonly timeoutMs: number;
  readonly #zookeeper: MemoryZooKeeper;
  readonly #listeners = new Set<(state: SessionState) => void>();
  #state: SessionState = "connected";
  #link: "open" | "cut" | "frozen" | "dead" = "open";
  #over = false;
  #expiry: NodeJS.Timeout | undefined;
  #held: (() => void)[] = [];

  constructor(zookeeper: MemoryZooKeeper, timeoutMs: number) {
    this.#zookeeper = zookeeper;
    this.timeoutMs = timeoutMs;
  }

  get state(): SessionState {
    return this.#state;
  }

  onState(listener: (state: SessionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async get(path: string, onChange?: () => void): Promise<NodeData | undefined> {
    await this.#read(`get ${path}`);
    const node = this.#zookeeper.read(path);
    if (node === undefined) return undefined;
    if (onChange !== undefined) this.#zookeeper.watch("data", path, this, onChange);
    return { data: node.data, version: node.version };
  }

  async children(path: string, onChange?: () => void): Promise<string[]> {
    await this.#read(`children ${path}`);
    const node = this.#zookeeper.read(path);
    if (onChange !== undefined) {
      this.#zookeeper.watch(node === undefined ? "data" : "children", path, this, onChange);
    }
    return [...(node?.children ?? [])];
  }

  async exists(path: string, onChange?: () => void): Promise<boolean> {
    await this.#read(`exists ${path}`);
    if (onChange !== undefined) this.#zookeeper.watch("data", path, this, onChange);
    return this.#zookeeper.read(path) !== undefined;
  }

  async create(path: string, data: Buffer | string, mode: CreateMode): Promise<string> {
    this.#write(`create ${path}`);
    return this.#zookeeper.create(path, Buffer.from(data), mode, this);
  }

  async makePath(path: string): Promise<void> {
    this.#write(`create ${path}`);
    if (this.#zookeeper.read(path) === undefined) await this.create(path, "", "persistent");
  }

  async set(path: string, data: Buffer | string, version = -1): Promise<number> {
    this.#write(`set ${path}`);
    return this.#zookeeper.set(path, Buffer.from(data), version);
  }

  async put(path: string, data: Buffer | string): Promise<void> {
    this.#write(`put ${path}`);
    if (this.#zookeeper.read(path) === undefined) await this.create(path, data, "persistent");
    else this.#zookeeper.set(path, Buffer.from(data), -1);
  }

  async remove(path: string, version = -1): Promise<void> {
    this.#write(`remove ${path}`);
    this.#zookeeper.remove(path, version);
  }

  async close(): Promise<void> {
    if (this.#link === "open") this.#end();
    this.#become("closed");
  }

  become(link: "open" | "cut" | "frozen" | "dead"): void {
    this.#link = link;
    const { clock } = this.#zookeeper;
    if (link === "open") {
      clock.clear(this.#expiry);
      this.#expiry = undefined;
      if (this.#over) this.#become("expired");
      else if (this.#state === "disconnected") this.#become("connected");
      for (const run of this.#held.splice(0)) run();
      return;
    }
    this.#expiry ??= clock.after(this.timeoutMs, () => {
      this.#end();
      if (this.#link === "cut") this.#become("expired");
    });
    if (link === "cut" && this.#state === "connected") this.#become("disconnected");
  }

  /** Tells the member of a change, now or when it can hear it. */
  deliver(fire: () => void): void {
    if (this.#link === "dead") return;
    if (this.#link === "open") setImmediate(() => this.deliverNow(fire));
    else this.#held.push(fire);
  }

  deliverNow(fire: () => void): void {
    if (this.#link === "open") fire();
    else if (this.#link !== "dead") this.#held.push(fire);
  }

  /** A read waits for the connection, as the real session's does. */
  async #read(what: string): Promise<void> {
    while (this.#link !== "open" && this.#state !== "expired" && this.#state !== "closed") {
      await new Promise<void>((resolve) => {
        this.#held.push(resolve);
        const stop = this.onState(() => {
          stop();
          resolve();
        });
      });
    }
    this.#write(what);
  }

  #write(what: string): void {
    if (this.#state === "expired") throw failure("EXPIRED", "the zookeeper session is expired");
    if (this.#state === "closed" || this.#link === "dead") {
      throw failure("CLOSED", "the zookeeper session is closed");
    }
    if (this.#link !== "open") throw failure("LOSS", `${what}: CONNECTION_LOSS`);
  }

  /** The server's side of the end. */
  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#zookeeper.clock.clear(this.#expiry);
    this.#zookeeper.end(this);
  }

  #become(state: SessionState): void {
    if (this.#state === state || this.#state === "expired" || this.#state === "closed") return;
    this.#state = state;
    for (const listener of [...this.#listeners]) listener(state);
  }
}
