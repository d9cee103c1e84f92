// SPDX-License-Identifier: Apache-2.0
import { join } from "node:path";
import { messageOf } from "@pulumi-mesos/model";
import type { Clock } from "../clock";
import type { Log } from "../log";
import { type MapName, mapFile, mapNames, mapText, noMaps, type RouteMaps } from "../routing/maps";
import type { Routes } from "../routing/route";
import { readIfThere, writeAtomically } from "./master";
import type { Snapshot } from "./snapshot";

/** The files follow changes made at run time after this long. */
const followMs = 100;
/** The snapshot is needed only when this program starts again without Marathon. */
const snapshotEveryMs = 1_000;
const retryMs = 1_000;

/** What HAProxy reads. */
export interface Files {
  readonly text: string;
  readonly maps: RouteMaps;
}

/** What HAProxy runs with, as the files tell it. */
export interface Running {
  readonly files: () => Files;
  readonly routes: Routes;
}

export interface ConfigFileOptions {
  /** Of haproxy.cfg. */
  readonly path: string;
  /** Of the maps. */
  readonly directory: string;
  readonly snapshot: Snapshot;
  /** Writes who HAProxy is, unless that is written. */
  readonly record: () => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Keeps haproxy.cfg and the snapshot equal to what HAProxy runs with. Tasks move on while the disk is slow or full; only a
 * start or reload, which HAProxy reads from the file, waits for it.
 */
export class ConfigFile {
  readonly path: string;
  readonly #directory: string;
  readonly #snapshot: Snapshot;
  readonly #record: () => Promise<void>;
  /** Most changes leave most maps as they are. */
  readonly #written = new Map<MapName, string>();
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #closed = new AbortController();
  #next: Running | undefined;
  #following: Promise<void> | undefined;
  #writing: Promise<void> = Promise.resolve();
  #lastSnapshot = Number.NEGATIVE_INFINITY;
  #problem: string | undefined;

  constructor(o: ConfigFileOptions) {
    this.path = o.path;
    this.#directory = o.directory;
    this.#snapshot = o.snapshot;
    this.#record = o.record;
    this.#clock = o.clock;
    this.#log = o.log;
  }

  /** Why the files are older than what HAProxy runs with. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Has the files follow `running` soon; the newest word counts. */
  follow(running: Running): void {
    this.#next = running;
    this.#following ??= this.#follow().finally(() => {
      this.#following = undefined;
    });
  }

  /** Writes `files` now, in place of what was to follow. */
  async write(files: Files): Promise<void> {
    this.#next = undefined;
    await this.#write(files);
  }

  /** Has map files there, which HAProxy opens when it checks a configuration. */
  async ensureMaps(): Promise<void> {
    const ensure = async (name: MapName): Promise<void> => {
      const path = join(this.#directory, mapFile(name));
      const lines = await readIfThere(path);
      if (lines === undefined) await writeAtomically(path, "");
      this.#written.set(name, lines ?? "");
    };
    await Promise.all(mapNames.map(ensure));
  }

  /** The files as they are, to be put back. */
  async read(): Promise<Files | undefined> {
    const text = await readIfThere(this.path);
    const maps = mapNames.map(async (name): Promise<[MapName, ReadonlyMap<string, string>]> => {
      const lines = (await readIfThere(join(this.#directory, mapFile(name)))) ?? "";
      return [
        name,
        new Map(lines.split("\n").flatMap((line) => (line ? [line.split(" ", 2) as [string, string]] : []))),
      ];
    });
    const read = { ...noMaps, ...Object.fromEntries(await Promise.all(maps)) };
    return text === undefined ? undefined : { text, maps: read };
  }

  /** Writes what has not been written. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#following;
  }

  async #follow(): Promise<void> {
    for (let waitMs = followMs; this.#next; ) {
      await this.#clock.pause(waitMs, this.#closed.signal);
      const running = this.#next;
      if (!running) return;
      this.#next = undefined;
      try {
        await this.#write(running.files());
        await this.#record();
        await this.#save(running.routes);
        this.#problem = undefined;
        waitMs = followMs;
      } catch (error) {
        this.#problem = `the files are old: ${messageOf(error)}`;
        this.#log.error({ err: error }, "haproxy's file cannot be written, tasks move on");
        if (this.#closed.signal.aborted) return;
        this.#next ??= running;
        waitMs = retryMs;
      }
    }
  }

  async #save(routes: Routes): Promise<void> {
    const early = this.#lastSnapshot + snapshotEveryMs - this.#clock.now();
    if (early > 0) await this.#clock.pause(early, this.#closed.signal);
    this.#lastSnapshot = this.#clock.now();
    await this.#snapshot.write(routes);
  }

  /** One call after the other: each goes through the same files beside the real ones, which the disk takes together. */
  async #write({ text, maps }: Files): Promise<void> {
    const turn = this.#writing.then(async () => {
      const written = mapNames.map((name) => this.#writeMap(name, mapText(maps[name])));
      const all = await Promise.allSettled([...written, writeAtomically(this.path, text)]);
      const failed = all.find((result) => result.status === "rejected");
      if (failed) throw failed.reason;
    });
    this.#writing = turn.catch(() => undefined);
    await turn;
  }

  async #writeMap(name: MapName, lines: string): Promise<void> {
    if (this.#written.get(name) === lines) return;
    await writeAtomically(join(this.#directory, mapFile(name)), lines);
    this.#written.set(name, lines);
  }
}
