// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from "node:util";
import type { ZooKeeper } from "@pulumi-mesos/client";
import {
  type BambooService,
  decodeBambooNode,
  encodeBambooNode,
  goQueryEscape,
  MesosError,
} from "@pulumi-mesos/model";
import type { Clock } from "./clock";
import type { Log } from "./log";
import { inSessions } from "./zookeeper-sessions";

export interface RuleStoreOptions {
  /** ZooKeeper's connection string. */
  readonly servers: string;
  /** Node under which the rules lie. */
  readonly root: string;
  /** `user:password` at ZooKeeper. @default nobody */
  readonly credential?: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: () => void;
  /** @default 10000 */
  readonly sessionMs?: number;
}

const operationMs = 5_000;

/** Routing rules in ZooKeeper under Bamboo's layout: read, watched and written. What was read stays while ZooKeeper is away. */
export class RuleStore {
  readonly #o: RuleStoreOptions;
  readonly #watches = new WeakMap<ZooKeeper, Map<string, () => void>>();
  #nodes = new Map<string, BambooService | undefined>();
  #rules: ReadonlyMap<string, BambooService> | undefined;
  #zk: ZooKeeper | undefined;
  #read = false;
  #readings = 0;
  #taken = 0;
  #problem: string | undefined = "not connected yet";

  constructor(o: RuleStoreOptions) {
    this.#o = o;
  }

  /** Whether all rules were ever read. */
  get synced(): boolean {
    return this.#read;
  }

  /** Why ZooKeeper does not answer. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Rules by app id; the same map until one changes. */
  get rules(): ReadonlyMap<string, BambooService> {
    this.#rules ??= new Map([...this.#nodes.values()].flatMap((rule) => (rule ? [[rule.Id, rule]] : [])));
    return this.#rules;
  }

  /** Nodes that hold no rule that we understand. */
  get unreadable(): string[] {
    return [...this.#nodes].flatMap(([name, rule]) => (rule ? [] : [name]));
  }

  /** Works until `signal` aborts: a new session follows each that ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { servers, credential, sessionMs, clock, log } = this.#o;
    const options = {
      ...{ servers, clock, log, whileAway: "rules stay as they are" },
      ...{ credential, sessionMs },
      onProblem: (problem: string | undefined) => {
        this.#problem = problem;
      },
      onConnected: (zk: ZooKeeper) => this.#soon(this.#readAll(zk)),
    };
    await inSessions(options, (zk, until) => this.#follow(zk, until), signal);
  }

  /** Reads all rules anew; fails when ZooKeeper does not answer within 5 s. */
  async refresh(): Promise<void> {
    await this.#bounded((zk) => this.#readAll(zk));
  }

  /** Writes a rule. */
  async put(id: string, acl: string, config: Readonly<Record<string, string>> | null): Promise<void> {
    await this.#bounded(async (zk) => {
      const name = goQueryEscape(id);
      await zk.put(`${this.#o.root}/${name}`, encodeBambooNode(acl, config));
      await this.#wakeOthers(zk);
      await this.#readOne(zk, name);
    });
  }

  /** Removes a rule; whether there was one. */
  async remove(id: string): Promise<boolean> {
    return this.#bounded(async (zk) => {
      const path = `${this.#o.root}/${goQueryEscape(id)}`;
      if (!(await zk.exists(path))) return false;
      await zk.remove(path);
      await this.#readAll(zk);
      return true;
    });
  }

  /** Bamboo watches its root's data for changes of rules. */
  async #wakeOthers(zk: ZooKeeper): Promise<void> {
    await zk.set(this.#o.root, Buffer.alloc(0));
  }

  async #follow(zk: ZooKeeper, until: AbortSignal): Promise<void> {
    try {
      await zk.put(this.#o.root, Buffer.alloc(0));
      this.#zk = zk;
      await this.#readAll(zk);
      this.#problem = undefined;
      // Until the session ends; watches do the rest, and all is read again now and then in case one was lost.
      while (!until.aborted) {
        await this.#o.clock.pause(30_000, until);
        if (!until.aborted) await this.#readAll(zk);
      }
    } finally {
      this.#zk = undefined;
    }
  }

  async #readAll(zk: ZooKeeper): Promise<void> {
    const reading = ++this.#readings;
    const names = await zk.children(
      this.#o.root,
      this.#watch(zk, "", () => this.#readAll(zk)),
    );
    const found = await Promise.all(names.map(async (name) => [name, await this.#node(zk, name)] as const));
    // A reading that began later has said more.
    if (reading < this.#taken) return;
    this.#taken = reading;
    const nodes = new Map<string, BambooService | undefined>();
    for (const [name, data] of found) if (data) nodes.set(name, decodeBambooNode(name, data));
    if (this.#read && isDeepStrictEqual(nodes, this.#nodes)) return;
    this.#nodes = nodes;
    this.#read = true;
    this.#changed();
  }

  async #readOne(zk: ZooKeeper, name: string): Promise<void> {
    const data = await this.#node(zk, name);
    if (data) this.#nodes.set(name, decodeBambooNode(name, data));
    else this.#nodes.delete(name);
    this.#changed();
  }

  #changed(): void {
    this.#rules = undefined;
    this.#o.onChange();
  }

  async #node(zk: ZooKeeper, name: string): Promise<Buffer | undefined> {
    const watch = this.#watch(zk, name, () => this.#readOne(zk, name));
    return (await zk.watch(`${this.#o.root}/${name}`, watch))?.data;
  }

  /** One watch of a session for each node, however often it is read before it changes. */
  #watch(zk: ZooKeeper, name: string, read: () => Promise<void>): () => void {
    const watches = this.#watches.get(zk) ?? new Map<string, () => void>();
    this.#watches.set(zk, watches);
    const known = watches.get(name);
    if (known) return known;
    const watch = (): void => {
      watches.delete(name);
      this.#soon(read());
    };
    watches.set(name, watch);
    return watch;
  }

  /** Follows a change; a failure is repaired by the next session or the next reading. */
  #soon(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (this.#zk) this.#o.log.warn({ err: error }, "a change of the rules could not be read");
    });
  }

  async #bounded<T>(work: (zk: ZooKeeper) => Promise<T>): Promise<T> {
    const zk = this.#zk;
    const away = (): MesosError =>
      new MesosError(
        "MESOS_EDGE_ZOOKEEPER_AWAY",
        `zookeeper is away: ${this.#problem ?? "no answer in 5 s"}`,
        {
          retryable: true,
        },
      );
    if (!zk) throw away();
    const done = new AbortController();
    const late = this.#o.clock.pause(operationMs, done.signal).then(() => {
      throw away();
    });
    try {
      return await Promise.race([work(zk), late]);
    } finally {
      // The pause ends with the work, and nobody waits for it any more.
      late.catch(() => undefined);
      done.abort();
    }
  }
}
