// SPDX-License-Identifier: Apache-2.0
import { askJson } from "/pages/live.js";

const chunk = 64 * 1024; // more than that a real agent does not give at once
const kept = 2 * 1024 * 1024;

/**
 * One read of the agent's files API.
 * @param {string} path
 * @param {number} offset -1 asks for the size
 * @param {number} length
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ data: string, offset: number }>}
 */
async function read(path, offset, length, signal) {
  const query = new URLSearchParams({ path, offset: `${offset}`, length: `${length}` });
  return await askJson(`/files/read?${query}`, signal === undefined ? {} : { signal });
}

/**
 * Reads without cutting a letter in two: bytes that are no whole letter come as U+FFFD, and are left for the next time.
 * @param {string} path
 * @param {number} offset
 * @param {number} length
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ text: string, next: number }>}
 */
async function readLetters(path, offset, length, signal) {
  let text = "";
  for (let cut = 0; cut < Math.min(4, length); cut++) {
    const { data } = await read(path, offset, length - cut, signal);
    if (cut === 0) text = data;
    if (!data.endsWith("\uFFFD")) return { text: data, next: offset + length - cut };
  }
  return { text, next: offset + length }; // no text at all
}

/** The end of a file in a `<pre>`, growing as the file does; it stays at the bottom while its reader does. */
export class Tail {
  #pre;
  #path;
  #first = 0;
  /** @type {number | undefined} */ #next;
  #size = 0;
  follow = true;

  /**
   * @param {HTMLElement} pre
   * @param {string} path
   */
  constructor(pre, path) {
    this.#pre = pre;
    this.#path = path;
    pre.replaceChildren();
  }

  get path() {
    return this.#path;
  }

  get size() {
    return this.#size;
  }

  /** Where in the file the text begins. */
  get first() {
    return this.#first;
  }

  /**
   * Takes over what came since the last time.
   * @param {AbortSignal} signal
   */
  async grow(signal) {
    this.#size = (await read(this.#path, -1, 0, signal)).offset;
    if (this.#next === undefined || this.#size < this.#next) {
      // The file is new to us, or was cut: what stands there is of another one.
      this.#pre.replaceChildren();
      this.#first = this.#next = Math.max(0, this.#size - chunk);
    }
    while (this.#next < this.#size) {
      const length = Math.min(chunk, this.#size - this.#next);
      const { text, next } = await readLetters(this.#path, this.#next, length, signal);
      this.#append(this.#next > 0 && this.#next === this.#first ? text.replace(/^\uFFFD{1,3}/, "") : text);
      this.#next = next;
      if (next === this.#size || length < 4) break;
    }
  }

  /** Puts the chunk before the text in front of it. */
  async earlier() {
    const from = Math.max(0, this.#first - chunk);
    if (from === this.#first) return;
    const { data } = await read(this.#path, from, this.#first - from);
    const height = this.#pre.scrollHeight;
    this.#pre.prepend(data);
    this.#pre.scrollTop += this.#pre.scrollHeight - height;
    this.#first = from;
  }

  /** @param {string} text */
  #append(text) {
    this.#pre.append(text);
    let length = this.#pre.textContent?.length ?? 0;
    while (length > kept && this.#pre.firstChild !== null) {
      const dropped = this.#pre.firstChild.textContent ?? "";
      length -= dropped.length;
      this.#first += new TextEncoder().encode(dropped).length;
      this.#pre.firstChild.remove();
    }
    if (this.follow) this.#pre.scrollTop = this.#pre.scrollHeight;
  }
}
