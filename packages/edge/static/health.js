// SPDX-License-Identifier: Apache-2.0
import { number } from "/pages/cells.js";
import { byId } from "/pages/dom.js";
import { Figures } from "/pages/figures.js";
import { LiveTable } from "/pages/table.js";

/**
 * @typedef {import("./facts.js").Health} Health
 * @typedef {{ what: string, reason: string }} Problem
 */

/** How the edge does, and everything that is wrong. */
export class HealthView {
  #figures = new Figures(byId("health"));
  #host = byId("errors");
  #errors;

  constructor() {
    this.#errors = new LiveTable(this.#host, {
      title: "Errors",
      key: (/** @type {Problem} */ { what, reason }) => JSON.stringify([what, reason]),
      filter: ({ what, reason }) => `${what} ${reason}`,
      shown: 20,
      columns: [
        { name: "What", class: "long", cell: ({ what }) => what },
        { name: "Why", class: "long", cell: ({ reason }) => ({ text: reason, kind: "bad" }) },
      ],
    });
  }

  /** @param {Health} health */
  update(health) {
    const { serving, marathon, zookeeper, haproxy } = health;
    const age = marathon.ageSeconds;
    this.#figures.update([
      ["Edge", serving ? { text: "serves", kind: "good" } : { text: "does not serve all", kind: "bad" }],
      [
        "Marathon",
        age === null ? "no answer yet" : `${number(marathon.apps)} apps, as of ${number(age)} s ago`,
      ],
      ["ZooKeeper", zookeeper.connected ? `${number(zookeeper.rules)} rules` : { text: "away", kind: "bad" }],
      ["HAProxy", haproxy.alive ? `runs, pid ${haproxy.pid}` : { text: "does not run", kind: "bad" }],
      ["Reloads", number(haproxy.reloads)],
      ["Configuration", haproxy.config ?? "none yet"],
    ]);
    const errors = problemsOf(health);
    this.#host.hidden = errors.length === 0;
    this.#errors.update(errors);
  }
}

/** @param {Health} health @returns {Problem[]} */
function problemsOf({ marathon, zookeeper, haproxy, leftOut }) {
  const holding = marathon.holding
    ? "its list lacks most apps and is doubted: nothing is removed yet"
    : undefined;
  /** @type {[string, string | null | undefined][]} */
  const problems = [
    ["Marathon", marathon.problem],
    ["Marathon", holding],
    ["ZooKeeper", zookeeper.problem],
    ["HAProxy", haproxy.problem],
    ...zookeeper.unreadable.map(
      (/** @type {string} */ name) =>
        /** @type {[string, string]} */ ([name, "this node of ZooKeeper is no rule"]),
    ),
    ...Object.entries(leftOut),
  ];
  return problems.flatMap(([what, reason]) => (reason ? { what, reason } : []));
}
