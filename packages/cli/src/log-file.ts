// SPDX-License-Identifier: Apache-2.0
import { on } from "node:events";
import { closeSync, fstatSync, openSync, readSync, watch } from "node:fs";
import { StringDecoder } from "node:string_decoder";

const blockBytes = 64 * 1024;

/** A log that a program appends to, and that its supervisor cuts to nothing when it has grown too long. */
export class LogFile {
  readonly #path: string;
  readonly #fd: number;
  #offset = 0;
  #decoder = new StringDecoder("utf8");
  #rest = "";

  private constructor(path: string, fd: number) {
    this.#path = path;
    this.#fd = fd;
  }

  /** Nothing when there is no such file. */
  static open(path: string): LogFile | undefined {
    try {
      return new LogFile(path, openSync(path, "r"));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** What stands behind the last line break of what was read so far. */
  get rest(): string {
    return this.#rest;
  }

  close(): void {
    closeSync(this.#fd);
  }

  /** The last `count` whole lines; {@link follow} goes on behind them. */
  last(count: number): string[] {
    const size = fstatSync(this.#fd).size;
    let start = size;
    let breaks = 0;
    // One break more than lines: the one before the first of them.
    while (start > 0 && breaks <= count) {
      const from = Math.max(0, start - blockBytes);
      breaks += this.#read(from, start).filter((byte) => byte === 10).length;
      start = from;
    }
    const lines = this.#decoder.write(this.#read(start, size)).split("\n");
    this.#offset = size;
    this.#rest = lines.pop() ?? "";
    return count === 0 ? [] : lines.slice(-count);
  }

  /** Hands every whole line on that is written from now on, until `signal` aborts or the file is removed. */
  async follow(line: (text: string) => void, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    // Not that of fs/promises, which begins only when it is first waited for: what is written before that would stay unseen.
    const watcher = watch(this.#path);
    try {
      const changes = on(watcher, "change", { signal });
      // What was written since the last look, before the watch began.
      this.#drain(line);
      for await (const _ of changes) {
        this.#drain(line);
        if (fstatSync(this.#fd).nlink === 0) return;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      watcher.close();
    }
  }

  #drain(line: (text: string) => void): void {
    const { size } = fstatSync(this.#fd);
    if (size < this.#offset) {
      this.#offset = 0;
      this.#rest = "";
      this.#decoder = new StringDecoder("utf8");
    }
    while (this.#offset < size) {
      const end = Math.min(size, this.#offset + blockBytes);
      const lines = (this.#rest + this.#decoder.write(this.#read(this.#offset, end))).split("\n");
      this.#offset = end;
      this.#rest = lines.pop() ?? "";
      for (const text of lines) line(text);
    }
  }

  #read(from: number, to: number): Buffer {
    const buffer = Buffer.alloc(to - from);
    return buffer.subarray(0, readSync(this.#fd, buffer, 0, buffer.length, from));
  }
}
