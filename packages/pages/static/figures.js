// SPDX-License-Identifier: Apache-2.0
import { keyOf, nodeOf } from "./cells.js";
import { el } from "./dom.js";

/** Named values in a `<dl>`, brought up to date in place like the rows of a table. */
export class Figures {
  #host;
  /** @type {Map<string, { item: HTMLElement, value: HTMLElement, key: string | undefined }>} */ #known =
    new Map();

  /** @param {HTMLElement} host a `<dl class="figures">` */
  constructor(host) {
    this.#host = host;
  }

  /** @param {readonly (readonly [string, import("./cells.js").Cell])[]} figures one without a value is left out */
  update(figures) {
    const shown = figures.filter(([, cell]) => cell !== undefined && cell !== "");
    const names = new Set(shown.map(([name]) => name));
    for (const [name, { item }] of this.#known) {
      if (names.has(name)) continue;
      item.remove();
      this.#known.delete(name);
    }
    for (const [name, cell] of shown) {
      let known = this.#known.get(name);
      if (known === undefined) {
        const value = el("dd");
        known = { item: el("div", {}, el("dt", {}, name), value), value, key: undefined };
        this.#known.set(name, known);
      }
      const now = keyOf(cell);
      if (known.key !== now) known.value.replaceChildren(nodeOf(cell));
      known.key = now;
      if (known.item.parentNode === null) this.#host.append(known.item);
    }
  }
}
