// SPDX-License-Identifier: Apache-2.0
import { isMesosError } from "@pulumi-mesos/model";
import type { Coordination } from "../../zookeeper";
import type { StateStore } from "./state-store";

interface Write {
  readonly key: string;
  /** Undefined removes the document. */
  readonly text: string | undefined;
}

const batchSize = 64;
const readsAtOnce = 64;

/**
 * Documents as JSON in ZooKeeper nodes `<base>/state/<key>`.
 *
 * Writes go in batches of 64 over one session, one batch after the other; of several writes of one key in a batch
 * only the last is made. A batch whose connection was lost is repeated whole. Anything else ends the leader: `failed`.
 */
export class ZooKeeperStore implements StateStore {
  readonly #session: Coordination;
  readonly #base: string;
  readonly #failed: (error: unknown) => void;
  #queue: Write[] = [];
  #known = new Set<string>();
  #working: Promise<void> | undefined;
  #waiting: { after: number; resolve: () => void }[] = [];
  #made = 0;
  #done = 0;

  constructor(session: Coordination, path: string, failed: (error: unknown) => void) {
    this.#session = session;
    this.#base = `${path === "/" ? "" : path}/state`;
    this.#failed = failed;
  }

  async load(): Promise<ReadonlyMap<string, unknown>> {
    await this.#session.makePath(this.#base);
    const documents = new Map<string, unknown>();
    let level = (await this.#session.children(this.#base)).sort();
    while (level.length > 0) {
      const next: string[] = [];
      for (let i = 0; i < level.length; i += readsAtOnce) {
        const part = level.slice(i, i + readsAtOnce);
        const found = await Promise.all(part.map((key) => this.#read(key)));
        for (const { key, text, children } of found) {
          if (text !== "") {
            documents.set(key, JSON.parse(text));
            this.#known.add(key);
          }
          next.push(...children.map((child) => `${key}/${child}`));
        }
      }
      level = next;
    }
    return documents;
  }

  async #read(key: string): Promise<{ key: string; text: string; children: string[] }> {
    const path = `${this.#base}/${key}`;
    const [node, children] = await Promise.all([
      this.#session.get(path),
      hasChildren(key) ? this.#session.children(path) : [],
    ]);
    return { key, text: node?.data.toString("utf8") ?? "", children };
  }

  put(key: string, value: unknown): void {
    this.#write({ key, text: JSON.stringify(value) });
  }

  remove(key: string): void {
    this.#write({ key, text: undefined });
  }

  async durable(): Promise<void> {
    const after = this.#made;
    if (this.#done >= after) return;
    await new Promise<void>((resolve) => this.#waiting.push({ after, resolve }));
  }

  #write(write: Write): void {
    this.#queue.push(write);
    this.#made += 1;
    this.#working ??= this.#work().catch((error: unknown) => this.#failed(error));
  }

  async #work(): Promise<void> {
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, batchSize);
      const last = [...new Map(batch.map((write) => [write.key, write])).values()];
      while (!(await this.#attempt(last))) await this.#connected();
      this.#done += batch.length;
      this.#waiting = this.#waiting.filter(({ after, resolve }) => {
        if (after > this.#done) return true;
        resolve();
        return false;
      });
    }
    this.#working = undefined;
  }

  /** False when the connection was lost on the way. */
  async #attempt(batch: readonly Write[]): Promise<boolean> {
    const results = await Promise.allSettled(batch.map((write) => this.#apply(write)));
    const errors = results.flatMap((r) => (r.status === "rejected" ? [r.reason as unknown] : []));
    const fatal = errors.find((e) => !(isMesosError(e) && e.code === "MESOS_SIMULATOR_ZK_LOSS"));
    if (fatal !== undefined) throw fatal;
    return errors.length === 0;
  }

  async #apply({ key, text }: Write): Promise<void> {
    const path = `${this.#base}/${key}`;
    if (text === undefined) {
      await this.#session.remove(path);
      this.#known.delete(key);
    } else if (this.#known.has(key)) {
      await this.#session.put(path, text);
    } else {
      await this.#create(path, text);
      this.#known.add(key);
    }
  }

  async #create(path: string, text: string): Promise<void> {
    try {
      await this.#session.create(path, text, "persistent");
    } catch (error) {
      if (!(isMesosError(error) && error.code === "MESOS_SIMULATOR_ZK_NODE_EXISTS")) throw error;
      await this.#session.put(path, text);
    }
  }

  async #connected(): Promise<void> {
    if (this.#session.state === "connected") return;
    await new Promise<void>((resolve) => {
      const stop = this.#session.onState(() => {
        stop();
        resolve();
      });
    });
  }
}

/** Categories hold documents; only `apps` and `pods` have one more level, the versions of each. */
function hasChildren(key: string): boolean {
  const [category, ...rest] = key.split("/");
  return rest.length === 0 || ((category === "apps" || category === "pods") && rest.length === 1);
}
