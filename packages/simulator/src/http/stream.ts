// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from "node:http";
import type { FastifyReply } from "fastify";

/** A response that stays open: events go out as they come, until either side closes it. */
export class ResponseStream {
  readonly #raw: ServerResponse;
  #limit: number;
  #begun = false;
  #closed = false;

  /**
   * Takes the response from fastify and sends the head at once. A reader that is `limit` bytes behind is cut off; how much
   * the first chunk has does not count, so that the state of a large cluster can begin a stream.
   */
  constructor(reply: FastifyReply, headers: Readonly<Record<string, string>>, limit = 32 * 1024 * 1024) {
    reply.hijack();
    this.#raw = reply.raw;
    this.#limit = limit;
    this.#raw.on("close", () => {
      this.#closed = true;
    });
    this.#raw.on("error", () => this.close());
    this.#raw.socket?.setNoDelay(true);
    this.#raw.writeHead(200, { "cache-control": "no-cache", ...headers });
    this.#raw.flushHeaders();
  }

  get closed(): boolean {
    return this.#closed;
  }

  write(chunk: string | Buffer): void {
    if (this.#closed) return;
    if (!this.#begun) this.#limit += Buffer.byteLength(chunk);
    this.#begun = true;
    this.#raw.write(chunk);
    if (this.#raw.writableLength > this.#limit) this.cut();
  }

  /** Whether the reader should drain before more is written. */
  get blocked(): boolean {
    return this.#raw.writableNeedDrain;
  }

  /** Called whenever everything written has left this process after it could not at first. */
  onDrain(listener: () => void): void {
    this.#raw.on("drain", listener);
  }

  /** Ends the connection at once; what the reader has not got is lost to it. */
  cut(): void {
    this.#closed = true;
    this.#raw.destroy();
  }

  /** Called once when the stream has ended, whoever ended it. */
  onClose(listener: () => void): void {
    this.#raw.once("close", listener);
  }

  close(): void {
    this.#closed = true;
    this.#raw.end();
  }
}
