// SPDX-License-Identifier: Apache-2.0
import { type FSWatcher, watch } from "node:fs";
import { open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { Log } from "../log";
import { sizeOf } from "./master";

/** The most that is read at once; a reader that falls behind goes on with the next part. */
const maxBytes = 1 << 16;

/** Reads what is appended to a file, line by line, as soon as it is there; costs nothing while nothing is. */
export class LogTail {
  readonly #path: string;
  readonly #onLine: (line: string) => void;
  readonly #log: Log;
  #watcher: FSWatcher | undefined;
  #offset = 0;
  #rest = "";
  #reading: Promise<void> | undefined;
  #isDue = false;

  constructor(path: string, onLine: (line: string) => void, log: Log) {
    this.#path = path;
    this.#onLine = onLine;
    this.#log = log;
  }

  /** Begins behind what the file holds now, if it is there. */
  async start(): Promise<void> {
    this.#offset = (await sizeOf(this.#path)) ?? 0;
    // The directory tells of a file that is made later, too.
    this.#watcher = watch(dirname(this.#path), (_, name) => {
      if (name === basename(this.#path)) this.#due();
    });
    this.#watcher.on("error", (error) =>
      this.#log.warn({ err: error }, "haproxy's log is not followed any more"),
    );
    this.#due();
  }

  async close(): Promise<void> {
    this.#watcher?.close();
    await this.#reading;
  }

  #due(): void {
    this.#isDue = true;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
  }

  async #read(): Promise<void> {
    while (this.#isDue) {
      this.#isDue = false;
      try {
        while (await this.#readMore());
      } catch (error) {
        this.#log.warn({ err: error }, "haproxy's log cannot be read");
      }
    }
  }

  /** Reads the next part; whether there was one. */
  async #readMore(): Promise<boolean> {
    const size = (await sizeOf(this.#path)) ?? 0;
    // Somebody has cut it, and it begins anew.
    if (size < this.#offset) this.#offset = 0;
    if (size === this.#offset) return false;
    const file = await open(this.#path, "r");
    try {
      const length = Math.min(maxBytes, size - this.#offset);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, this.#offset);
      this.#offset += bytesRead;
      const lines = (this.#rest + buffer.toString("latin1", 0, bytesRead)).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) this.#onLine(line);
      return bytesRead > 0;
    } finally {
      await file.close();
    }
  }
}
