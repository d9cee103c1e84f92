// SPDX-License-Identifier: Apache-2.0
import { lines } from "/pages/cells.js";
import { field, formDialog } from "/pages/dialog.js";
import { byId, confirmed, el } from "/pages/dom.js";
import { ask } from "/pages/live.js";
import { LiveTable } from "/pages/table.js";

/** @typedef {import("./facts.js").Rule} Rule */

const kinds = /** @type {Record<string, string>} */ ({ "in use": "good", "left out": "bad" });

/** The rules, and the dialogs that change them as Bamboo's page does. */
export class RuleTable {
  /** @type {readonly Rule[]} */ #rules = [];
  #table;

  /**
   * @param {HTMLElement} host emptied and filled
   * @param {HTMLElement} button makes a rule
   */
  constructor(host, button) {
    button.addEventListener("click", () => void this.edit(""));
    this.#table = new LiveTable(host, {
      title: "Rules",
      none: "No rule yet: apps are reached by labels or by their ids.",
      key: (/** @type {Rule} */ rule) => rule.id,
      filter: ({ id, acl, config, state }) => [id, acl, state, ...Object.values(config)].join(" "),
      columns: [
        { name: "App", cell: ({ id }) => id },
        { name: "Condition", class: "mono", cell: ({ acl }) => acl },
        {
          name: "Beside it",
          cell: ({ config }) => lines(Object.entries(config).map((pair) => pair.join(" = "))),
        },
        {
          name: "State",
          cell: ({ state, reason }) => ({
            text: reason === undefined ? state : `${state}: ${reason}`,
            kind: kinds[state] ?? "warn",
          }),
        },
        { name: "Change", cell: ({ id }) => ({ key: id, node: () => this.#buttons(id) }) },
      ],
    });
  }

  /** @param {readonly Rule[]} rules */
  update(rules) {
    this.#rules = rules;
    this.#table.update(rules);
  }

  /** @param {string} id */
  #buttons(id) {
    const edit = () => void this.edit(id);
    const remove = () => void this.#delete(id);
    const named = (/** @type {string} */ verb) => ({
      type: "button",
      "aria-label": `${verb} the rule of ${id}`,
    });
    return el(
      "div",
      { class: "buttons" },
      el("button", { ...named("Edit"), onclick: edit }, "Edit"),
      el("button", { ...named("Delete"), class: "danger", onclick: remove }, "Delete"),
    );
  }

  /**
   * Asks for a rule and writes it.
   * @param {string} appId the app's whose rule it is or will be; "" for one that is to be named
   */
  async edit(appId) {
    const known = this.#rules.find(({ id }) => id === appId);
    const text = (/** @type {string} */ value, /** @type {object} */ more = {}) =>
      el("input", { type: "text", value, spellcheck: "false", autocomplete: "off", ...more });
    const id = text(appId, { required: true, readonly: appId !== "", placeholder: "/shop" });
    const acl = text(known?.acl ?? "", {
      required: true,
      autofocus: appId !== "",
      placeholder: "path_beg /shop",
    });
    const priority = text(known?.config["Priority"] ?? "", { inputmode: "numeric", placeholder: "0" });
    const portIndex = text(known?.config["PortIndex"] ?? "", { inputmode: "numeric", placeholder: "0" });
    const send = async () => {
      const clash = appId === "" && this.#rules.some((rule) => rule.id === slashed(id.value.trim()));
      if (clash) throw new Error("This app has a rule already: edit that one.");
      /** @type {Record<string, string>} */
      const config = { ...known?.config, Priority: priority.value.trim(), PortIndex: portIndex.value.trim() };
      for (const name of ["Priority", "PortIndex"]) if (config[name] === "") delete config[name];
      const json = { id: slashed(id.value.trim()), acl: acl.value.trim(), config };
      if (known === undefined) await ask("/api/services", { method: "POST", json });
      else await ask(`/api/services/${encodeURIComponent(appId)}`, { method: "PUT", json });
    };
    await formDialog({
      title: known === undefined ? "New rule" : `Rule of ${appId}`,
      fields: [
        field("App", id, "Marathon's id of the app that gets the requests"),
        field("Condition", acl, "HAProxy's words, such as path_beg /shop or hdr(host) -i shop.example"),
        field("Priority", priority, "larger ones are tried first"),
        field("Port index", portIndex, "which of the app's ports is served"),
      ],
      yes: "Save",
      send,
    });
  }

  /** @param {string} id */
  async #delete(id) {
    if (!(await confirmed(`Delete the rule of ${id}?`, "Delete it"))) return;
    try {
      await ask(`/api/services/${encodeURIComponent(id)}`, { method: "DELETE" });
      byId("notice").replaceChildren();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      byId("notice").replaceChildren(el("p", { class: "notice bad" }, `The rule of ${id} stays: ${why}`));
    }
  }
}

/** @param {string} id as it is stored */
const slashed = (id) => (id === "" || id.startsWith("/") ? id : `/${id}`);
