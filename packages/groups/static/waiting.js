// SPDX-License-Identifier: Apache-2.0
import { number } from "/pages/cells.js";
import { LiveTable } from "/pages/table.js";

/** @typedef {{ what: string, tasks: number, why: string, vain: boolean }} Row */

/** Tasks that wait for an agent, and why. */
export class Waiting {
  #host;
  #table;

  /** @param {HTMLElement} host */
  constructor(host) {
    this.#host = host;
    this.#table = new LiveTable(host, {
      title: "Waiting tasks",
      key: (/** @type {Row} */ { what, vain }) => JSON.stringify([what, vain]),
      shown: 20,
      columns: [
        { name: "Of", class: "long", cell: ({ what }) => what },
        { name: "Tasks", class: "number", cell: ({ tasks }) => number(tasks) },
        { name: "Why", class: "long", cell: ({ why, vain }) => (vain ? { text: why, kind: "bad" } : why) },
      ],
    });
  }

  /** @param {import("./facts.js").Autoscale} autoscale */
  update({ queued, unplaceable }) {
    const rows = [
      ...unplaceable.map(({ works, tasks, reason }) => ({
        what: works.join(", "),
        tasks,
        why: reason,
        vain: true,
      })),
      ...queued.map(({ work, tasks, refused, hopeless }) => {
        const why =
          refused === "" ? "Marathon has refused no offer yet" : `Marathon refused offers: ${refused}`;
        return { what: work, tasks, why: hopeless ?? why, vain: hopeless !== undefined };
      }),
    ];
    this.#host.hidden = rows.length === 0;
    this.#table.update(rows);
  }
}
