// SPDX-License-Identifier: Apache-2.0
import { field, formDialog } from "/pages/dialog.js";
import { byId, el, setText } from "/pages/dom.js";
import { ask, Connection, calm, keepOpen, Refused, readBody, useToken } from "/pages/live.js";
import { SseReader } from "/pages/sse.js";
import { AppTable, InstanceTable } from "./apps.js";
import { Configuration } from "./configuration.js";
import { readOverview } from "./facts.js";
import { HealthView } from "./health.js";
import { RouteView } from "./route.js";
import { RuleTable } from "./rules.js";

const views = ["rules", "apps", "instances", "route", "configuration"];
const health = new HealthView();
const rules = new RuleTable(byId("rules"), byId("new-rule"));
const apps = new AppTable(byId("view-apps"), rules);
const instances = new InstanceTable(byId("view-instances"));
const route = new RouteView(byId("view-route"));
const configuration = new Configuration(byId("view-configuration"));
/** Of what was read last. */
let version = -1;

const read = calm(async () => {
  try {
    const overview = await readOverview();
    rules.update(overview.rules);
    apps.update(overview.apps);
    instances.update(overview.instances);
    byId("stale").hidden = true;
  } catch (error) {
    byId("stale").hidden = false;
    setText(byId("stale"), `Nothing new could be read: ${error instanceof Error ? error.message : error}`);
  }
  if (shown() === "route") await route.refresh();
  if (shown() === "configuration") await configuration.refresh();
});

/** @param {import("./facts.js").Told} told */
function hear(told) {
  health.update(told.health);
  if (told.version === version) return;
  version = told.version;
  read();
}

function shown() {
  const wanted = location.hash.slice(1);
  return views.includes(wanted) ? wanted : "rules";
}

function show() {
  for (const name of views) byId(`view-${name}`).hidden = name !== shown();
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === `#${shown()}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (version >= 0) read();
}

/** @param {string} said */
async function askForToken(said) {
  const input = el("input", { type: "password", required: true, autocomplete: "off", spellcheck: "false" });
  const fields = [field("Token", input, "EDGE_API_TOKEN of this edge; forgotten when the page is closed")];
  const send = async () => useToken(input.value.trim());
  await formDialog({ title: "This edge asks for its token", fields, yes: "Go on", must: true, said, send });
  input.value = "";
}

/** @param {AbortSignal} signal */
async function openChanges(signal) {
  for (let said = ""; ; said = "That is not its token.") {
    try {
      return await ask("/api/changes", { accept: "text/event-stream", signal });
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 401) throw error;
    }
    await askForToken(said);
  }
}

window.addEventListener("hashchange", show);
show();
void keepOpen(new Connection(byId("connection")), async (signal, alive) => {
  const changes = await openChanges(signal);
  const events = new SseReader();
  // The edge may be another one now, which counts anew.
  version = -1;
  await readBody(changes, (chunk) => {
    for (const { data } of events.push(chunk)) {
      alive("live");
      hear(JSON.parse(data));
    }
  });
});
