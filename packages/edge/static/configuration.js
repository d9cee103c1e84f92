// SPDX-License-Identifier: Apache-2.0
import { el, setText } from "/pages/dom.js";
import { ask } from "/pages/live.js";

/** Sections of a large installation that are shown at once. */
const most = 100;

/** What HAProxy runs with, by sections; its passwords are not in it. */
export class Configuration {
  #box = el("input", { type: "search", placeholder: "Filter", "aria-label": "Filter configuration" });
  #count = el("span", { class: "count" });
  #text = el("pre", { tabindex: 0, "aria-label": "HAProxy's configuration" });
  /** @type {readonly string[]} */ #sections = [];

  /** @param {HTMLElement} host */
  constructor(host) {
    this.#box.addEventListener("input", () => this.#draw());
    const title = el("h2", {}, "HAProxy's configuration, as applied");
    host.append(el("div", { class: "above" }, title, this.#count, this.#box), this.#text);
  }

  async refresh() {
    try {
      const answer = await ask("/api/haproxy", { accept: "text/plain" });
      this.#sections = (await answer.text()).trim().split(/\n\n+/);
    } catch (error) {
      this.#sections = [`# It could not be read: ${error instanceof Error ? error.message : error}`];
    }
    this.#draw();
  }

  #draw() {
    const wanted = this.#box.value.trim().toLowerCase();
    const chosen = this.#sections.filter((section) => section.toLowerCase().includes(wanted));
    const shown = chosen.slice(0, most);
    const more = chosen.length > most ? `, the first ${most} shown` : "";
    setText(this.#count, `${chosen.length} of ${this.#sections.length} sections${more}`);
    setText(this.#text, shown.join("\n\n"));
  }
}
