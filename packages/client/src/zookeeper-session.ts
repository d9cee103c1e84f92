// SPDX-License-Identifier: Apache-2.0
import type { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import type { ACL, Client } from "node-zookeeper-client";
import { after, afterReading, nowMs } from "./clock";
import { isAccessFault } from "./errors";
import { type Forwarder, forward } from "./way/forwarder";
import type { Way } from "./way/way";

/** State of a session as its user sees it. After `expired` nothing works any more: connect anew. */
export type SessionState = "connected" | "disconnected" | "expired";

/** What a user of the digest scheme, by its name in access lists, may do with a node. */
export interface ZooKeeperAccess {
  readonly id: string;
  readonly may: "all" | "make";
}

interface Server {
  readonly host: string;
  readonly port: number | string;
}

/** What we use of node-zookeeper-client's ConnectionManager, which has no public type. */
interface ConnectionManager extends EventEmitter {
  readonly servers: readonly Server[];
  socket?: Socket;
  connectTimeoutHandler?: NodeJS.Timeout | null;
  pendingBuffer: Buffer | null;
  sessionId: Buffer;
  sessionTimeout: number;
  connectTimeout: number;
  findNextServer(callback: (server: Server | undefined) => void): void;
  onSocketData(data: Buffer): void;
  onSocketError(error: Error): void;
}

/** What a server answers before it closes on a client that has told no credential (`enforce.auth.enabled`). */
const needsCredential = /: -124$/;
/** A server that is just starting may accept a connection and never answer on it. */
const handshakeMs = 3_000;

/**
 * One session over node-zookeeper-client, with what the library lacks: it notices a silent server (the library has no
 * read timeout), expires by itself when it was cut off for the whole session timeout, survives answers that the
 * library cannot parse, drops half an answer of a lost connection, and leaves no timer or socket behind.
 */
export class ZooKeeperSession {
  readonly client: Client;
  readonly #manager: ConnectionManager;
  readonly #listeners = new Set<(state: SessionState) => void>();
  readonly #ended = new AbortController();
  readonly #errors = new Map<string, Error>();
  readonly #leastWatchMs: number;
  #stopWatchdog = (): void => {};
  readonly #way: Way | undefined;
  #forwarder: Forwarder | undefined;
  #cancelNextAttempt = (): void => {};
  #attempts = 0;
  #attemptAt = nowMs();
  #heardAt = nowMs();
  #established = false;
  #state: SessionState = "disconnected";

  /** @param credential `user:password` for the digest scheme */
  constructor(servers: string, sessionTimeoutMs: number, credential?: string, way?: Way) {
    this.#way = way;
    this.client = library().createClient(servers, { sessionTimeout: sessionTimeoutMs });
    if (credential !== undefined) this.client.addAuthInfo("digest", Buffer.from(credential));
    this.#manager = (this.client as unknown as { connectionManager: ConnectionManager }).connectionManager;
    this.#tame(this.#manager);
    this.client.on("connected", () => {
      this.#established = true;
      this.#attempts = 0;
      this.#heardAt = nowMs();
      this.#become("connected");
    });
    this.client.on("disconnected", () => {
      this.#manager.pendingBuffer = null;
      this.#become("disconnected");
    });
    this.client.on("expired", () => this.#expire());
    this.#leastWatchMs = Math.min(500, Math.max(50, sessionTimeoutMs / 10));
    this.#watch();
    this.client.connect();
  }

  get state(): SessionState {
    return this.#state;
  }

  /** Aborts when the session has expired or was closed. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Who may do what with a node that is made here. */
  acls(owned: boolean): ACL[] {
    const { ACL: Acl, Id, Permission } = library();
    // "auth" stands for whoever this session is.
    const id = owned ? new Id("auth", "") : new Id("world", "anyone");
    return [new Acl(Permission.ALL, id)];
  }

  /** Access of digest users, each to all of a node or to read and to make below it. */
  aclsOf(access: readonly ZooKeeperAccess[]): ACL[] {
    const { ACL: Acl, Id, Permission } = library();
    const make = Permission.READ | Permission.CREATE;
    return access.map(({ id, may }) => new Acl(may === "all" ? Permission.ALL : make, new Id("digest", id)));
  }

  get sessionId(): Buffer {
    return this.client.getSessionId();
  }

  /** The last error of each server that did not accept a connection, and how many servers there are. */
  get failures(): { readonly errors: readonly Error[]; readonly servers: number } {
    return { errors: [...this.#errors.values()], servers: this.#manager.servers.length };
  }

  onState(listener: (state: SessionState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends the session; its ephemeral nodes are gone when this resolves, if a server was connected. */
  async close(): Promise<void> {
    const socket = this.#manager.socket;
    this.#ended.abort("closed");
    if (this.#state === "connected" && socket && !socket.destroyed) {
      await new Promise<void>((resolve) => {
        const cancel = after(2_000, resolve);
        socket.once("close", () => {
          cancel();
          resolve();
        });
        this.client.close();
      });
    }
    this.#end();
  }

  #tame(manager: ConnectionManager): void {
    let next = Math.floor(Math.random() * manager.servers.length);
    manager.findNextServer = (callback) => {
      const attempt = (): void => {
        if (this.#ended.signal.aborted) return;
        this.#attemptAt = nowMs();
        const server = manager.servers[next++ % manager.servers.length];
        if (this.#way === undefined || server === undefined) callback(server);
        else this.#lead(this.#way, server, callback);
      };
      const round = Math.floor(this.#attempts++ / manager.servers.length);
      // The first round at once; later ones with jitter, so that clients of a restarted server come back spread out.
      this.#cancelNextAttempt = after(round === 0 ? 0 : 50 + Math.random() * 250, attempt);
    };
    const onSocketData = manager.onSocketData.bind(manager);
    manager.onSocketData = (data) => {
      this.#heardAt = nowMs();
      try {
        onSocketData(data);
      } catch (error) {
        if (error instanceof Error && needsCredential.test(error.message)) {
          return this.#expire("it asks for a credential");
        }
        // An answer that the library does not know (for example SESSION_MOVED): the next connection asks again.
        manager.socket?.destroy(error instanceof Error ? error : undefined);
      }
    };
    const onSocketError = manager.onSocketError.bind(manager);
    manager.onSocketError = (error) => {
      this.#errors.set("address" in error ? `${error.address}` : error.message, error);
      onSocketError(error);
    };
  }

  /** Gives the library a place on this machine from where its next connection is carried on. */
  #lead(way: Way, server: Server, callback: (server: Server) => void): void {
    const failed = (error: Error): void => {
      this.#errors.set(`${server.host}:${server.port}`, error);
      if (isAccessFault(error) && !error.retryable) this.#expire(error.message);
    };
    // The library reads a port as the text that it was given.
    const to = { host: server.host, port: Number(server.port) };
    forward(way, to, failed).then((forwarder) => {
      this.#forwarder = forwarder;
      if (this.#ended.signal.aborted) return forwarder.close();
      this.#attemptAt = nowMs();
      callback({ host: "127.0.0.1", port: forwarder.port });
    }, failed);
  }

  /** Acts on a server that is silent for too long, and comes back when it may be. */
  #watch(): void {
    this.#stopWatchdog();
    if (this.#ended.signal.aborted) return;
    const { sessionTimeout, connectTimeout, socket } = this.#manager;
    const isConnected = this.#state === "connected";
    const silentAt = this.#heardAt + (isConnected ? (sessionTimeout * 2) / 3 : sessionTimeout);
    const attemptEnds = this.#attemptAt + Math.min(handshakeMs, connectTimeout);
    const isSilent = nowMs() > silentAt;
    if (!isConnected && this.#established && isSilent) {
      this.#expire();
      return;
    }
    if (isConnected ? isSilent : nowMs() > attemptEnds) socket?.destroy();
    const next = isConnected ? silentAt : this.#established ? Math.min(silentAt, attemptEnds) : attemptEnds;
    // Where this process stood still, answers may lie there unread.
    this.#stopWatchdog = afterReading(Math.max(this.#leastWatchMs, next - nowMs()), () => this.#watch());
  }

  #expire(why = "expired"): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort(why);
    this.#become("expired");
    this.#end();
  }

  #end(): void {
    this.#stopWatchdog();
    this.#cancelNextAttempt();
    this.#forwarder?.close();
    clearTimeout(this.#manager.connectTimeoutHandler ?? undefined);
    this.#manager.socket?.destroy();
  }

  #become(state: SessionState): void {
    if (this.#state === state || this.#state === "expired") return;
    this.#state = state;
    this.#watch();
    for (const listener of [...this.#listeners]) listener(state);
  }
}

/** Required at its first use, because a program that never talks to ZooKeeper should not pay for loading it. */
function library(): typeof import("node-zookeeper-client") {
  return require("node-zookeeper-client") as typeof import("node-zookeeper-client");
}
