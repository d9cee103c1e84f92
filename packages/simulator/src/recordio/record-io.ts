// SPDX-License-Identifier: Apache-2.0
import { MesosError } from "@pulumi-mesos/model";

const newline = 0x0a;
const maxLengthDigits = 20;

/** One record of Mesos's RecordIO framing: the length in bytes in decimal, a newline, the bytes. */
export function encodeRecord(content: string | Uint8Array): Buffer {
  const body = typeof content === "string" ? Buffer.from(content, "utf8") : content;
  return Buffer.concat([Buffer.from(`${body.length}\n`, "latin1"), body]);
}

/** Cuts a stream of chunks into records, however the chunks fall. */
export class RecordDecoder {
  #pending = Buffer.alloc(0);
  readonly #maxBytes: number;

  /** @param maxBytes the largest record that is accepted, because a length from the network sizes a buffer */
  constructor(maxBytes = 64 * 1024 * 1024) {
    this.#maxBytes = maxBytes;
  }

  /** The records that are complete with `chunk`, as text. */
  push(chunk: Uint8Array): string[] {
    return this.pushBytes(chunk).map((record) => record.toString("utf8"));
  }

  /** The records that are complete with `chunk`. */
  pushBytes(chunk: Uint8Array): Buffer[] {
    this.#pending = this.#pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#pending, chunk]);
    const records: Buffer[] = [];
    let offset = 0;
    for (;;) {
      const end = this.#pending.indexOf(newline, offset);
      if (end < 0) {
        if (this.#pending.length - offset > maxLengthDigits) {
          throw new MesosError("MESOS_SIMULATOR_RECORD", "a RecordIO stream does not begin with a length");
        }
        break;
      }
      const length = this.#length(this.#pending.toString("latin1", offset, end));
      if (this.#pending.length < end + 1 + length) break;
      records.push(this.#pending.subarray(end + 1, end + 1 + length));
      offset = end + 1 + length;
    }
    this.#pending = this.#pending.subarray(offset);
    return records;
  }

  #length(text: string): number {
    const length = /^\d{1,20}$/.test(text) ? Number(text) : Number.NaN;
    if (!(length <= this.#maxBytes)) {
      throw new MesosError(
        "MESOS_SIMULATOR_RECORD",
        `a RecordIO length must be a number up to ${this.#maxBytes}, got ${JSON.stringify(text.slice(0, 30))}`,
      );
    }
    return length;
  }
}
