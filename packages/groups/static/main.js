// SPDX-License-Identifier: Apache-2.0
import { field, formDialog } from "/pages/dialog.js";
import { byId, el } from "/pages/dom.js";
import { Figures } from "/pages/figures.js";
import { askJson, Connection, keepOpen, Refused, useToken } from "/pages/live.js";
import { GroupView } from "./group.js";
import { Waiting } from "./waiting.js";

/** @typedef {import("./facts.js").Status} Status */

const everyMs = 2000;
const controller = new Figures(byId("controller"));
const waiting = new Waiting(byId("waiting"));
/** @type {Map<string, GroupView>} */
const groups = new Map();

/** @param {Status} status */
function show({ cluster, leading, pools, autoscale }) {
  const sized = Object.keys(autoscale.groups).length;
  controller.update([
    ["Cluster", cluster],
    [
      "Controller",
      leading ? { text: "leads", kind: "good" } : { text: "waits for the one that leads", kind: "warn" },
    ],
    ["Groups", Object.keys(pools).length],
    ["Size themselves", sized],
  ]);
  waiting.update(autoscale);
  for (const [name, view] of groups) {
    if (name in pools) continue;
    view.remove();
    groups.delete(name);
  }
  for (const name of Object.keys(pools).sort()) {
    const pool = pools[name];
    if (pool === undefined) continue;
    const view = groups.get(name) ?? new GroupView(byId("groups"), name);
    groups.set(name, view);
    view.update(pool, autoscale.groups[name]);
  }
}

/** @param {string} said */
async function askForToken(said) {
  const input = el("input", { type: "password", required: true, autocomplete: "off", spellcheck: "false" });
  const fields = [
    field("Token", input, "GROUPS_API_TOKEN of this controller; forgotten when the page is closed"),
  ];
  const send = async () => useToken(input.value.trim());
  await formDialog({
    title: "This controller asks for its token",
    fields,
    yes: "Go on",
    must: true,
    said,
    send,
  });
  input.value = "";
}

/**
 * @param {AbortSignal} signal
 * @returns {Promise<Status>}
 */
async function read(signal) {
  for (let said = ""; ; said = "That is not its token.") {
    try {
      return await askJson("/status", { signal });
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 401) throw error;
    }
    await askForToken(said);
  }
}

void keepOpen(new Connection(byId("connection")), async (signal, alive) => {
  while (!signal.aborted) {
    show(await read(signal));
    alive("live");
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
});
