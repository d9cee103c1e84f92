// SPDX-License-Identifier: Apache-2.0
import { number } from "./cells.js";
import { el, setText } from "./dom.js";

/**
 * @typedef {{ name: string, look: "accent" | "good" | "warn" | "bad", values: readonly number[] }} Line
 *   one value for each time; each holds until the next
 */

const [width, height, left, bottom] = [720, 200, 40, 24];
const space = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Readonly<Record<string, string | number>>} attributes
 * @param {...(Node | string)} children
 */
function svg(tag, attributes, ...children) {
  const made = document.createElementNS(space, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/** Lines over time with a legend that says the last values: what the colours say stands there in words. */
export class Chart {
  #picture;
  #legend = el("p", { class: "legend" });

  /**
   * @param {HTMLElement} host emptied and filled
   * @param {string} title
   */
  constructor(host, title) {
    this.#picture = svg("svg", {
      viewBox: `0 0 ${width} ${height}`,
      role: "img",
      "aria-label": title,
      class: "chart",
    });
    host.replaceChildren(el("figure", {}, el("figcaption", {}, title), this.#picture, this.#legend));
  }

  /**
   * @param {readonly number[]} times in ms since the epoch, ascending
   * @param {readonly Line[]} lines
   */
  update(times, lines) {
    const [first = 0, last = first] = [times[0], times.at(-1)];
    const top = Math.max(1, ...lines.flatMap(({ values }) => values));
    const x = (/** @type {number} */ at) =>
      left + ((width - left - 4) * (at - first)) / Math.max(1, last - first);
    const y = (/** @type {number} */ value) => 8 + (height - bottom - 8) * (1 - value / top);
    const drawn = lines.map(({ name, look, values }) => {
      const points = values.map(
        (value, i) => `${i === 0 ? "M" : "H"}${x(times[i] ?? last)}${i === 0 ? " " : "V"}${y(value)}`,
      );
      return svg("path", { d: points.join(""), class: `line ${look}`, "data-line": name });
    });
    const clock = (/** @type {number} */ at) => new Date(at).toLocaleTimeString();
    this.#picture.replaceChildren(
      svg("line", { x1: left, x2: width, y1: y(0), y2: y(0), class: "axis" }),
      svg("text", { x: left - 6, y: y(0), "text-anchor": "end" }, "0"),
      svg("text", { x: left - 6, y: y(top) + 4, "text-anchor": "end" }, number(top)),
      svg("text", { x: left, y: height - 6 }, clock(first)),
      svg("text", { x: width, y: height - 6, "text-anchor": "end" }, clock(last)),
      ...drawn,
    );
    const words = lines.map(({ name, values }) => `${name} ${number(values.at(-1) ?? 0)}`);
    if (this.#legend.childElementCount !== lines.length)
      this.#legend.replaceChildren(...lines.map(({ look }) => el("span", { class: `key ${look}` })));
    words.forEach((text, i) => {
      const item = this.#legend.children[i];
      if (item !== undefined) setText(item, text);
    });
  }
}
