// SPDX-License-Identifier: Apache-2.0

/** Takes server-sent events apart, however they are cut; EventSource cannot do what a page needs to know of redirects. */
export class SseReader {
  #decoder = new TextDecoder();
  #rest = "";
  #event = "";
  /** @type {string[]} */ #data = [];

  /**
   * @param {Uint8Array} chunk
   * @returns {{ event: string, data: string }[]} the events that are whole now
   */
  push(chunk) {
    /** @type {{ event: string, data: string }[]} */
    const events = [];
    let text = this.#rest + this.#decoder.decode(chunk, { stream: true });
    // A carriage return at the end may be half of a line's end.
    this.#rest = text.endsWith("\r") ? "\r" : "";
    if (this.#rest !== "") text = text.slice(0, -1);
    const lines = text.split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? "") + this.#rest;
    for (const line of lines) {
      if (line === "") {
        if (this.#data.length > 0)
          events.push({ event: this.#event || "message", data: this.#data.join("\n") });
        this.#event = "";
        this.#data = [];
        continue;
      }
      const [, name, value] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
      if (name === "event") this.#event = value ?? "";
      else if (name === "data") this.#data.push(value ?? "");
    }
    return events;
  }
}
