// SPDX-License-Identifier: Apache-2.0
import { keyOf, nodeOf } from "./cells.js";
import { el, setText } from "./dom.js";

/**
 * @template Row
 * @typedef {{ name: string, cell: (row: Row) => import("./cells.js").Cell, class?: string }} Column
 */

/**
 * @template Row
 * @typedef {{
 *   title: string,
 *   columns: readonly Column<Row>[],
 *   key: (row: Row) => string,
 *   none?: string,
 *   filter?: (row: Row) => string,
 *   shown?: number,
 * }} TableOptions
 *   title: heading and caption; none: what stands there when there are no rows; filter: the text that the filter box
 *   searches (no box without it); shown: rows shown before "Show more", 100 unless told
 */

/**
 * A table that is brought up to date in place: rows are known by key, a cell is touched only when what it shows
 * changed, so focus, selection and scrolling stay. Only a window of the rows is in the page, however many there are.
 * @template Row
 */
export class LiveTable {
  /** @type {TableOptions<Row>} */ #options;
  /** @type {readonly Row[]} */ #rows = [];
  /** @type {Map<string, { tr: HTMLTableRowElement, keys: string[] }>} */ #known = new Map();
  #tbody = el("tbody");
  #count = el("span", { class: "count" });
  #table;
  #none;
  #more;
  #moreText = el("span");
  #limit;
  #wanted = "";
  #drawing = false;

  /**
   * @param {HTMLElement} host emptied and filled
   * @param {TableOptions<Row>} options
   */
  constructor(host, options) {
    this.#options = options;
    this.#limit = options.shown ?? 100;
    const heads = options.columns.map((c) => el("th", { scope: "col", class: c.class }, c.name));
    this.#table = el(
      "table",
      {},
      el("caption", {}, options.title),
      el("thead", {}, el("tr", {}, ...heads)),
      this.#tbody,
    );
    this.#none = el("p", { class: "none" }, "loading");
    const step = this.#limit;
    const more = () => {
      this.#limit += step;
      this.#draw();
    };
    this.#more = el(
      "div",
      { class: "more", hidden: true },
      this.#moreText,
      el("button", { type: "button", onclick: more }, "Show more"),
    );
    const above = el("div", { class: "above" }, el("h2", {}, options.title), this.#count);
    if (options.filter !== undefined) above.append(this.#filterBox(options.title));
    host.replaceChildren(above, el("div", { class: "table" }, this.#table, this.#none, this.#more));
    this.#draw();
  }

  /**
   * Shows these rows in this order, soon: calls in between are one.
   * @param {readonly Row[]} rows
   */
  update(rows) {
    this.#rows = rows;
    setText(this.#none, this.#options.none ?? "none");
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#draw();
    });
  }

  /** @param {string} title */
  #filterBox(title) {
    const box = el("input", {
      type: "search",
      placeholder: "Filter",
      "aria-label": `Filter ${title.toLowerCase()}`,
    });
    box.addEventListener("input", () => {
      this.#wanted = box.value.trim().toLowerCase();
      this.#limit = this.#options.shown ?? 100;
      this.#draw();
    });
    return box;
  }

  #chosen() {
    const { filter } = this.#options;
    if (filter === undefined || this.#wanted === "") return this.#rows;
    return this.#rows.filter((row) => filter(row).toLowerCase().includes(this.#wanted));
  }

  #draw() {
    const chosen = this.#chosen();
    const shown = chosen.slice(0, this.#limit);
    const focused = document.activeElement;
    const all = this.#rows.length.toLocaleString("en");
    const some = chosen.length.toLocaleString("en");
    setText(this.#count, this.#wanted === "" ? all : `${some} of ${all}`);
    this.#table.hidden = shown.length === 0;
    this.#none.hidden = shown.length > 0;
    this.#more.hidden = chosen.length <= shown.length;
    setText(this.#moreText, `${shown.length.toLocaleString("en")} of ${some} shown`);
    const keys = new Set(shown.map(this.#options.key));
    for (const [key, { tr }] of this.#known) {
      if (keys.has(key)) continue;
      tr.remove();
      this.#known.delete(key);
    }
    /** @type {ChildNode | null} */
    let next = this.#tbody.firstChild;
    for (const row of shown) {
      const tr = this.#row(row);
      if (tr === next) next = tr.nextSibling;
      else this.#tbody.insertBefore(tr, next);
    }
    // A row that had to move lost the focus that it held.
    if (
      focused instanceof HTMLElement &&
      focused !== document.activeElement &&
      this.#tbody.contains(focused)
    ) {
      focused.focus({ preventScroll: true });
    }
  }

  /** @param {Row} row */
  #row(row) {
    const { columns, key } = this.#options;
    const id = key(row);
    let known = this.#known.get(id);
    if (known === undefined) {
      const cells = columns.map((column, i) =>
        el(i === 0 ? "th" : "td", {
          ...(i === 0 ? { scope: "row" } : {}),
          class: column.class,
          "data-label": column.name,
        }),
      );
      known = { tr: el("tr", {}, ...cells), keys: columns.map(() => "") };
      this.#known.set(id, known);
    }
    for (const [i, column] of columns.entries()) {
      const cell = column.cell(row);
      const now = keyOf(cell);
      if (known.keys[i] === now) continue;
      known.keys[i] = now;
      known.tr.cells[i]?.replaceChildren(nodeOf(cell));
    }
    return known.tr;
  }
}
