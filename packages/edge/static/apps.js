// SPDX-License-Identifier: Apache-2.0
import { bar, lines, number } from "/pages/cells.js";
import { el } from "/pages/dom.js";
import { LiveTable } from "/pages/table.js";

/**
 * @typedef {import("./facts.js").App} App
 * @typedef {import("./facts.js").Instance} Instance
 */

const places = /** @type {const} */ ({
  in: { text: "takes requests", kind: "good" },
  leaving: { text: "finishes its requests", kind: "warn" },
  out: { text: "takes none", kind: "bad" },
});

/** Marathon's apps, and what leads to each. */
export class AppTable {
  #table;

  /**
   * @param {HTMLElement} host emptied and filled
   * @param {import("./rules.js").RuleTable} rules whose dialog makes and changes rules
   */
  constructor(host, rules) {
    this.#table = new LiveTable(host, {
      title: "Apps",
      none: "Marathon has no app.",
      key: (/** @type {App} */ app) => app.id,
      filter: ({ id, by, conditions }) => [id, by, ...conditions].join(" "),
      columns: [
        { name: "App", cell: ({ id }) => id },
        { name: "Reached by", cell: ({ by }) => ({ text: by, ...(by === "nothing" && { kind: "bad" }) }) },
        { name: "Conditions", class: "mono", cell: ({ conditions }) => lines(conditions) },
        {
          name: "Instances",
          cell: ({ instances, serving }) =>
            bar(
              `${number(serving)} of ${number(instances)} take requests`,
              [{ part: serving, fill: "good" }],
              instances,
            ),
        },
        {
          name: "Requests/s",
          class: "number",
          cell: ({ requestsPerSecond: rate }) => (rate === undefined ? undefined : number(rate)),
        },
        {
          name: "Rule",
          cell: ({ id, by }) => ({
            key: JSON.stringify([id, by === "rule"]),
            node: () => {
              const verb = by === "rule" ? "Edit" : "Add";
              const edit = () => void rules.edit(id);
              const props = { type: "button", "aria-label": `${verb} the rule of ${id}`, onclick: edit };
              return el("button", props, verb);
            },
          }),
        },
      ],
    });
  }

  /** @param {readonly App[]} apps */
  update(apps) {
    this.#table.update(apps);
  }
}

/** Every task that the edge knows, and whether it takes requests. */
export class InstanceTable {
  #table;

  /** @param {HTMLElement} host emptied and filled */
  constructor(host) {
    this.#table = new LiveTable(host, {
      title: "Instances",
      none: "No instance runs.",
      key: (/** @type {Instance} */ instance) => instance.id,
      filter: ({ id, appId, address = "", place, reason = "" }) =>
        [id, appId, address, places[place].text, reason].join(" "),
      columns: [
        { name: "Instance", class: "mono", cell: ({ id }) => id },
        { name: "App", cell: ({ appId }) => appId },
        { name: "Address", class: "mono", cell: ({ address }) => address ?? "none" },
        {
          name: "State",
          cell: ({ place, reason }) => {
            const { text, kind } = places[place];
            return { text: reason === undefined ? text : `${text}: ${reason}`, kind };
          },
        },
      ],
    });
  }

  /** @param {readonly Instance[]} instances */
  update(instances) {
    this.#table.update(instances);
  }
}
