// SPDX-License-Identifier: Apache-2.0
import { lines, number } from "/pages/cells.js";
import { Chart } from "/pages/chart.js";
import { el } from "/pages/dom.js";
import { Figures } from "/pages/figures.js";
import { LiveTable } from "/pages/table.js";

/**
 * @typedef {import("./facts.js").Pool} Pool
 * @typedef {import("./facts.js").Scaling} Scaling
 * @typedef {import("./facts.js").Decision} Decision
 * @typedef {import("./facts.js").Member} Member
 */

/** One group: how it is, its size over time, why it has that size, and its agents. */
export class GroupView {
  #section;
  #figures;
  #scaling = el("div", { hidden: true });
  #chart;
  #decisions;
  #members;

  /**
   * @param {HTMLElement} host
   * @param {string} name
   */
  constructor(host, name) {
    const [figures, chart, decisions, members] = [
      el("dl", { class: "figures" }),
      el("div"),
      el("div"),
      el("div"),
    ];
    this.#scaling.append(chart, decisions);
    this.#section = el(
      "section",
      { class: "group", "data-group": name },
      el("h2", {}, name),
      figures,
      this.#scaling,
      members,
    );
    this.#figures = new Figures(figures);
    this.#chart = new Chart(chart, "Agents and tasks over time");
    this.#decisions = new LiveTable(decisions, {
      title: "Decisions",
      key: (/** @type {Decision} */ { at, change }) => `${at} ${change ?? ""}`,
      shown: 10,
      columns: [
        {
          name: "When",
          cell: ({ at, until }) => (at === until ? time(at) : `${time(at)} to ${time(until)}`),
        },
        { name: "What", cell: ({ size, change }) => change ?? `${number(size)} agents, no change` },
        { name: "Why", class: "long", cell: ({ reasons }) => lines(reasons) },
      ],
    });
    this.#members = new LiveTable(members, {
      title: "Agents",
      key: (/** @type {Member} */ { name: member }) => member,
      filter: ({ name: member, address, state }) => `${member} ${address} ${state}`,
      shown: 20,
      none: "no agents",
      columns: [
        { name: "Agent", cell: ({ name: member }) => member },
        { name: "State", cell: ({ state }) => ({ text: state, kind: looks[state] ?? "warn" }) },
        { name: "Address", cell: ({ address }) => address },
        { name: "Tasks", class: "number", cell: ({ tasks }) => (tasks === undefined ? "" : number(tasks)) },
      ],
    });
    host.append(this.#section);
  }

  /**
   * @param {Pool} pool
   * @param {Scaling | undefined} scaling
   */
  update(pool, scaling) {
    const sample = scaling?.samples.at(-1);
    const frozen = scaling?.decisions[0]?.frozen;
    this.#figures.update([
      ["State", { text: pool.message, kind: pool.failed ? "bad" : pool.settled ? "good" : "warn" }],
      ["Sizes", scaling?.policy],
      ["Tasks are worth", sample && `${number(sample.demand)} agents`],
      ["Waiting tasks", sample && number(sample.waiting)],
      ["Cost an hour", sample?.cost === undefined ? undefined : number(sample.cost)],
      ["Nobody leaves", frozen === undefined ? undefined : { text: frozen, kind: "warn" }],
    ]);
    this.#members.update(pool.members);
    this.#scaling.hidden = scaling === undefined;
    if (scaling === undefined) return;
    const { samples } = scaling;
    const cost = samples.some((one) => one.cost !== undefined);
    this.#chart.update(
      samples.map(({ at }) => at),
      [
        { name: "size", look: "accent", values: samples.map(({ size }) => size) },
        { name: "use", look: "good", values: samples.map(({ demand }) => demand) },
        { name: "waiting", look: "bad", values: samples.map((one) => one.waiting) },
        ...(cost
          ? [
              {
                name: "cost",
                look: /** @type {const} */ ("warn"),
                values: samples.map((one) => one.cost ?? 0),
              },
            ]
          : []),
      ],
    );
    this.#decisions.update(scaling.decisions);
  }

  remove() {
    this.#section.remove();
  }
}

/** @type {Readonly<Record<string, string>>} */
const looks = { active: "good", broken: "bad" };

/** @param {string} at */
function time(at) {
  return new Date(at).toLocaleTimeString();
}
