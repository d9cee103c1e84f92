// SPDX-License-Identifier: Apache-2.0

import type { AgentPoolStatus, AppScaleStates } from "@pulumi-mesos/model";
import {
  appOfScale,
  appScalePath,
  appScaleStatesPath,
  appScalesPath,
  canonicalJson,
  isMesosError,
  MesosError,
  poolPath,
  poolStatusPath,
  poolsPath,
} from "@pulumi-mesos/model";
import { nothingYet, type PoolState, type ScaleState } from "./observed";
import type { Move } from "./plan-moves";

/** What the controller needs of a ZooKeeper session. */
export interface Store {
  get(path: string): Promise<{ data: Buffer; version: number } | undefined>;
  watch(path: string, onChange: () => void): Promise<{ data: Buffer; version: number } | undefined>;
  children(path: string, onChange?: () => void): Promise<string[]>;
  set(path: string, data: Buffer, version?: number): Promise<void>;
  create(path: string, data: Buffer, mode: "persistent" | "ephemeral"): Promise<string>;
  remove(path: string, version?: number): Promise<void>;
}

/** Node of what the controller keeps of a pool. */
export function poolStatePath(cluster: string, pool: string): string {
  return `${poolPath(cluster, pool)}/state`;
}

/** Node of what autoscaling keeps of a pool. */
export function scaleStatePath(cluster: string, pool: string): string {
  return `${poolPath(cluster, pool)}/autoscale`;
}

/** Node of the tasks that are on their way to another agent, for all pools of a cluster: an app may have tasks on two. */
export function movesPath(cluster: string): string {
  return `/pulumi-mesos/${cluster}/moves`;
}

/** The controller's own documents in ZooKeeper; written only when they change. */
export class PoolStore {
  readonly #zookeeper: Store;
  readonly #cluster: string;
  readonly #written = new Map<string, string>();

  constructor(zookeeper: Store, cluster: string) {
    this.#zookeeper = zookeeper;
    this.#cluster = cluster;
  }

  pools(onChange: () => void): Promise<string[]> {
    return this.#zookeeper.children(poolsPath(this.#cluster), onChange);
  }

  declaration(pool: string, onChange: () => void): Promise<{ data: Buffer; version: number } | undefined> {
    return this.#zookeeper.watch(poolPath(this.#cluster, pool), onChange);
  }

  async state(pool: string): Promise<PoolState> {
    return { ...nothingYet, ...(await this.#read<PoolState>(poolStatePath(this.#cluster, pool))) };
  }

  async moves(): Promise<Readonly<Record<string, Move>>> {
    return (await this.#read<Record<string, Move>>(movesPath(this.#cluster))) ?? {};
  }

  scale(pool: string): Promise<ScaleState | undefined> {
    return this.#read<ScaleState>(scaleStatePath(this.#cluster, pool));
  }

  writeScale(pool: string, state: ScaleState): Promise<void> {
    const parent = poolPath(this.#cluster, pool);
    return this.#write(scaleStatePath(this.#cluster, pool), state, parent);
  }

  /** A pool that does not size itself any more begins anew when it does again. */
  async removeScale(pool: string): Promise<void> {
    const path = scaleStatePath(this.#cluster, pool);
    this.#written.delete(path);
    await this.#zookeeper.remove(path);
  }

  writeState(pool: string, state: PoolState): Promise<void> {
    const parent = poolPath(this.#cluster, pool);
    return this.#write(poolStatePath(this.#cluster, pool), state, parent);
  }

  writeStatus(pool: string, status: AgentPoolStatus): Promise<void> {
    const parent = poolPath(this.#cluster, pool);
    return this.#write(poolStatusPath(this.#cluster, pool), status, parent);
  }

  writeMoves(moves: Readonly<Record<string, Move>>): Promise<void> {
    return this.#write(movesPath(this.#cluster), moves);
  }

  /** Apps that follow their traffic, as they are declared. */
  async appDeclarations(onChange: () => void): Promise<ReadonlyMap<string, Buffer>> {
    const names = await this.#zookeeper.children(appScalesPath(this.#cluster), onChange);
    const found = await Promise.all(
      names.map(async (name) => {
        const app = appOfScale(name);
        const node = await this.#zookeeper.watch(appScalePath(this.#cluster, app), onChange);
        return node === undefined ? [] : [[app, node.data] as const];
      }),
    );
    return new Map(found.flat());
  }

  async appStates(): Promise<AppScaleStates> {
    return (await this.#read<AppScaleStates>(appScaleStatesPath(this.#cluster))) ?? {};
  }

  writeAppStates(states: AppScaleStates): Promise<void> {
    return this.#write(appScaleStatesPath(this.#cluster), states);
  }

  /** Forgets a pool whose declaration is gone, so that one of the same name begins anew. */
  forget(pool: string): void {
    for (const path of this.#documents(pool)) this.#written.delete(path);
  }

  async #read<T>(path: string): Promise<T | undefined> {
    const node = await this.#zookeeper.get(path);
    if (node === undefined || node.data.length === 0) return undefined;
    const text = node.data.toString("utf8");
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      throw new MesosError(
        "MESOS_GROUPS_STATE",
        `zookeeper ${path}: is not JSON; remove the node to begin anew`,
        {
          cause: error,
        },
      );
    }
  }

  /** Removes what is left below the node of a pool that was removed while a document was written. */
  async clear(pool: string): Promise<void> {
    for (const path of this.#documents(pool)) await this.#zookeeper.remove(path);
    const node = await this.#zookeeper.get(poolPath(this.#cluster, pool));
    if (node?.data.length === 0) await this.#zookeeper.remove(poolPath(this.#cluster, pool), node.version);
  }

  #documents(pool: string): string[] {
    const of = [poolStatePath, scaleStatePath, poolStatusPath];
    return of.map((path) => path(this.#cluster, pool));
  }

  /** With `parent` only below a node that exists: the node of a pool that was removed meanwhile must not come back. */
  async #write(path: string, value: unknown, parent?: string): Promise<void> {
    const text = canonicalJson(value);
    if (this.#written.get(path) === text) return;
    const data = Buffer.from(text);
    try {
      await this.#zookeeper.set(path, data);
    } catch (error) {
      if (!isMesosError(error) || error.code !== "MESOS_ZOOKEEPER_MISSING") throw error;
      if (parent !== undefined && (await this.#zookeeper.get(parent)) === undefined) return;
      await this.#zookeeper.create(path, data, "persistent");
    }
    this.#written.set(path, text);
  }
}
