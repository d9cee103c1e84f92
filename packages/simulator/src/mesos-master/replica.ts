// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, readFileSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import { MesosError } from "@pulumi-mesos/model";

/** One version of the registry, ordered by epoch, then sequence. */
export interface LogEntry {
  readonly epoch: number;
  readonly sequence: number;
  readonly value: unknown;
}

/** EMPTY may not vote: it may have forgotten what it promised. STARTING: all replicas were seen EMPTY. */
export type ReplicaStatus = "EMPTY" | "STARTING" | "VOTING";

export interface ReplicaState {
  readonly status: ReplicaStatus;
  /** Writes of a lower epoch are refused. */
  readonly promised: number;
  readonly entry?: LogEntry;
}

export type ReplicaAnswer =
  | { readonly ok: true; readonly state: ReplicaState }
  | { readonly ok: false; readonly state: ReplicaState };

export function isNewer(a: LogEntry | undefined, b: LogEntry | undefined): boolean {
  if (a === undefined) return false;
  if (b === undefined) return true;
  return a.epoch > b.epoch || (a.epoch === b.epoch && a.sequence > b.sequence);
}

/** Where a replica is kept when it is not a file. */
export interface ReplicaStorage {
  state: ReplicaState | undefined;
}

/**
 * This master's copy of the registry: one file, replaced and synced before any answer, so that neither a promise nor
 * a write that was acknowledged is lost by a crash.
 */
export class Replica {
  #state: ReplicaState;
  readonly #file: string | undefined;
  readonly #storage: ReplicaStorage | undefined;
  #writing: Promise<unknown> = Promise.resolve();
  #closed = false;

  /** @param workDir none keeps it in memory (`--registry=in_memory`), in `storage` when one is given */
  constructor(workDir: string | undefined, storage?: ReplicaStorage) {
    this.#storage = storage;
    this.#state = storage?.state ?? { status: "EMPTY", promised: 0 };
    if (workDir === undefined) return;
    const directory = join(workDir, "replicated_log");
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#file = join(directory, "replica.json");
    try {
      this.#state = JSON.parse(readFileSync(this.#file, "utf8")) as ReplicaState;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      throw new MesosError("MESOS_SIMULATOR_REPLICA", `the replicated log ${this.#file} cannot be read`, {
        cause: error,
      });
    }
  }

  get state(): ReplicaState {
    return this.#state;
  }

  /** Refuses every later change; resolves once those before it are written. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
  }

  /** Promises to refuse lower epochs from now on. */
  promise(epoch: number): Promise<ReplicaAnswer> {
    return this.#change((state) =>
      state.status === "VOTING" && epoch > state.promised ? { ...state, promised: epoch } : undefined,
    );
  }

  /** Stores `entry` unless a higher epoch was promised. */
  write(entry: LogEntry): Promise<ReplicaAnswer> {
    return this.#change((state) => {
      if (state.status !== "VOTING" || entry.epoch < state.promised) return undefined;
      if (!isNewer(entry, state.entry)) return state;
      return { status: "VOTING", promised: entry.epoch, entry };
    });
  }

  /** The steps of recovery: EMPTY → STARTING → VOTING, or a copy of what a quorum holds. */
  become(status: ReplicaStatus, from?: Pick<ReplicaState, "promised" | "entry">): Promise<ReplicaAnswer> {
    return this.#change((state) => {
      if (state.status === "VOTING") return undefined;
      return { ...state, ...from, status };
    });
  }

  /** One change at a time; undefined refuses. */
  async #change(next: (state: ReplicaState) => ReplicaState | undefined): Promise<ReplicaAnswer> {
    if (this.#closed) throw new MesosError("MESOS_SIMULATOR_REPLICA", "the replicated log is closed");
    const run = async (): Promise<ReplicaAnswer> => {
      const state = next(this.#state);
      if (state === undefined) return { ok: false, state: this.#state };
      if (state !== this.#state) {
        await this.#store(state);
        this.#state = state;
      }
      return { ok: true, state };
    };
    const done = this.#writing.then(run, run);
    this.#writing = done.catch(() => undefined); // whoever asked for it hears of a failure
    return await done;
  }

  async #store(state: ReplicaState): Promise<void> {
    if (this.#storage !== undefined) this.#storage.state = state;
    if (this.#file === undefined) return;
    const file = await open(`${this.#file}.new`, "w", 0o600);
    try {
      await file.writeFile(JSON.stringify(state));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${this.#file}.new`, this.#file);
    const directory = await open(join(this.#file, ".."), "r");
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
}
