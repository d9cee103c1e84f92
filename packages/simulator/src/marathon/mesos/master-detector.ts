// SPDX-License-Identifier: Apache-2.0
import type { Coordination } from "../../zookeeper";

/** Knows which master leads, as host:port, and tells when that changes. */
export interface MasterDetector {
  readonly current: string | undefined;
  /** Calls back at every change; returns the function that ends it. */
  listen(changed: () => void): () => void;
}

/** One address that the user gave; a redirect from it moves it on. */
export class FixedMaster implements MasterDetector {
  readonly current: string;

  constructor(url: string) {
    this.current = url.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  }

  listen(): () => void {
    return () => undefined;
  }
}

/** Follows the masters' nodes in ZooKeeper: of `json.info_<n>` the lowest leads (mesos.md §2.5). */
export class ZooKeeperMasters implements MasterDetector {
  readonly #session: Coordination;
  readonly #path: string;
  readonly #log: (message: string) => void;
  readonly #listeners = new Set<() => void>();
  #current: string | undefined;
  #looking = false;
  #again = false;

  constructor(session: Coordination, path: string, log: (message: string) => void) {
    this.#session = session;
    this.#path = path;
    this.#log = log;
    session.onState((state) => {
      if (state === "connected") this.#look();
    });
    this.#look();
  }

  get current(): string | undefined {
    return this.#current;
  }

  listen(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  #look(): void {
    this.#again = true;
    if (this.#looking) return;
    this.#looking = true;
    this.#lookWhileAsked()
      .catch((error: unknown) => {
        if (this.#session.state === "connected")
          this.#log(`masters cannot be read from ZooKeeper: ${String(error)}`);
      })
      .finally(() => {
        this.#looking = false;
      });
  }

  async #lookWhileAsked(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      const found = await this.#leader();
      if (found === this.#current) continue;
      this.#current = found;
      for (const listener of [...this.#listeners]) listener();
    }
  }

  async #leader(): Promise<string | undefined> {
    const children = await this.#session.children(this.#path, () => this.#look());
    const candidates = children
      .map((name) => ({ name, order: /^json\.info_(\d+)$/.exec(name)?.[1] }))
      .filter((c) => c.order !== undefined)
      .sort((a, b) => Number(a.order) - Number(b.order));
    const first = candidates[0];
    if (first === undefined) return undefined;
    const node = await this.#session.get(`${this.#path}/${first.name}`);
    if (node === undefined) {
      this.#again = true;
      return this.#current;
    }
    const info = JSON.parse(node.data.toString("utf8")) as {
      address?: { ip?: string; hostname?: string; port?: number };
    };
    const { ip, hostname, port } = info.address ?? {};
    return `${ip ?? hostname ?? "127.0.0.1"}:${port ?? 5050}`;
  }
}
