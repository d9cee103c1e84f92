// SPDX-License-Identifier: Apache-2.0
import { el, webAddress } from "./dom.js";

/**
 * What a cell shows: a plain text, a text with a look, or a node that is made anew only when `key` changes.
 * @typedef {string | number | undefined | TextCell | NodeCell} Cell
 * @typedef {{ text: string | number, kind?: string, title?: string, href?: string }} TextCell
 * @typedef {{ key: string, node: () => Node }} NodeCell
 */

/**
 * @param {Cell} cell
 * @returns {string} equal for cells that look the same
 */
export function keyOf(cell) {
  if (cell === undefined) return "";
  if (typeof cell !== "object") return `=${cell}`;
  return "node" in cell ? `*${cell.key}` : JSON.stringify(cell);
}

/**
 * @param {Cell} cell
 * @returns {Node | string}
 */
export function nodeOf(cell) {
  if (cell === undefined) return "";
  if (typeof cell !== "object") return `${cell}`;
  if ("node" in cell) return cell.node();
  const { text, kind, title } = cell;
  const href = cell.href?.startsWith("#") || cell.href?.startsWith("/") ? cell.href : webAddress(cell.href);
  if (href !== undefined) return el("a", { href, class: kind, title }, text);
  return kind === undefined && title === undefined ? `${text}` : el("span", { class: kind, title }, text);
}

/**
 * Several cells in one, one below the other.
 * @param {readonly Cell[]} cells
 * @returns {NodeCell}
 */
export function lines(cells) {
  return {
    key: cells.map(keyOf).join("\n"),
    node: () => el("div", {}, ...cells.map((cell) => el("div", {}, nodeOf(cell)))),
  };
}

/**
 * A bar of parts of a whole with its words above it; the words carry everything that the colours say.
 * @param {string} label
 * @param {readonly { part: number, fill: "good" | "warn" | "bad" | "accent" | "quiet" }[]} parts
 * @param {number} whole
 * @returns {NodeCell}
 */
export function bar(label, parts, whole) {
  const width = (/** @type {number} */ part) =>
    whole > 0 ? Math.min(100, Math.max(0, (100 * part) / whole)) : 0;
  return {
    key: JSON.stringify([label, parts, whole]),
    node: () => {
      const track = el("div", { class: "track", "aria-hidden": "true" });
      for (const { part, fill } of parts) {
        if (part <= 0) continue;
        const piece = el("i", { class: `fill-${fill}` });
        piece.style.width = `${width(part)}%`;
        track.append(piece);
      }
      return el("div", { class: "bar" }, el("div", { class: "label" }, label), track);
    },
  };
}

/**
 * @param {number} value
 * @returns {string} at most two decimals, thousands apart
 */
export function number(value) {
  return value.toLocaleString("en", { maximumFractionDigits: 2 });
}

/**
 * @param {number} mebibytes
 * @returns {string}
 */
export function memory(mebibytes) {
  return mebibytes < 1024
    ? `${number(mebibytes)} MiB`
    : `${number(Math.round((mebibytes / 1024) * 10) / 10)} GiB`;
}

/**
 * @param {number} bytes
 * @returns {string}
 */
export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1048576 ? `${number(Math.round(bytes / 102.4) / 10)} KiB` : memory(bytes / 1048576);
}

/**
 * @param {number} ms
 * @returns {string} how long that is, in one unit
 */
export function duration(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} days`;
}

/**
 * How long ago something was; the text grows by itself (see {@link tickTimes}).
 * @param {number | undefined} ms since 1970
 * @returns {Cell}
 */
export function ago(ms) {
  if (ms === undefined || !Number.isFinite(ms) || ms <= 0) return undefined;
  return {
    key: `ago ${ms}`,
    node: () => {
      const at = new Date(ms);
      const text = `${duration(Date.now() - ms)} ago`;
      return el("time", { datetime: at.toISOString(), title: at.toLocaleString() }, text);
    },
  };
}

/** Keeps every `<time>` of {@link ago} right; once a page. */
export function tickTimes() {
  setInterval(() => {
    for (const time of document.querySelectorAll("time")) {
      const text = `${duration(Date.now() - Date.parse(time.dateTime))} ago`;
      if (time.textContent !== text) time.textContent = text;
    }
  }, 5000);
}
