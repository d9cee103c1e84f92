// SPDX-License-Identifier: Apache-2.0

/** Takes a RecordIO stream apart, however it is cut: each record is its length in digits, a line feed, that many bytes. */
export class RecordReader {
  /** @type {Uint8Array[]} */ #parts = [];
  #have = 0;
  /** The bytes of the record that is being read; undefined while its length is. */
  /** @type {number | undefined} */ #want;
  #digits = "";

  /**
   * @param {Uint8Array} chunk
   * @returns {string[]} the records that are whole now
   */
  push(chunk) {
    /** @type {string[]} */
    const records = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#want === undefined) {
        at = this.#length(chunk, at);
      } else {
        const part = chunk.subarray(at, at + this.#want - this.#have);
        this.#parts.push(part);
        this.#have += part.length;
        at += part.length;
      }
      if (this.#want !== undefined && this.#have === this.#want) records.push(this.#take());
    }
    return records;
  }

  /**
   * @param {Uint8Array} chunk
   * @param {number} from
   */
  #length(chunk, from) {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (byte === 10 && this.#digits !== "") {
        this.#want = Number(this.#digits);
        this.#digits = "";
        return at + 1;
      }
      if (byte < 48 || byte > 57 || this.#digits.length > 12) throw new Error("the stream is not RecordIO");
      this.#digits += String.fromCharCode(byte);
    }
    return chunk.length;
  }

  #take() {
    const decoder = new TextDecoder();
    let text = "";
    for (const part of this.#parts) text += decoder.decode(part, { stream: true });
    text += decoder.decode();
    this.#parts = [];
    this.#have = 0;
    this.#want = undefined;
    return text;
  }
}
