// SPDX-License-Identifier: Apache-2.0
import { tickTimes } from "/pages/cells.js";
import { byId, el } from "/pages/dom.js";
import { ask, askJson, Connection, calm, keepOpen, Moved, Refused, readBody } from "/pages/live.js";
import { SseReader } from "/pages/sse.js";
import { AppPage } from "./app.js";
import { Deployments } from "./deployments.js";
import { readApp, readFacts } from "./facts.js";
import { AppList } from "./list.js";

const standbyMs = 2000;
const connection = new Connection(byId("connection"));
const deployments = new Deployments();
const list = new AppList();
/** @type {AppPage | undefined} */
let shown;

/** @returns {{ app?: string, group: string }} what the address asks for: `#/apps/<id>`, `#/groups/<id>` or nothing */
function asked() {
  const [, kind, id = ""] = /^#\/(apps|groups)\/(.+)$/.exec(location.hash) ?? [];
  if (kind === undefined) return { group: "/" };
  const decoded = decodeURIComponent(id);
  return kind === "apps" ? { app: decoded, group: "/" } : { group: decoded };
}

/** Reads what the address asks for and shows it. */
async function show() {
  const { app: id, group } = asked();
  byId("list").hidden = id !== undefined;
  byId("app").hidden = id === undefined;
  const facts = await readFacts();
  if (id === undefined) {
    shown = undefined;
    deployments.update(facts.deployments);
    list.update(facts, group);
    document.title = "Marathon";
    return;
  }
  deployments.update(facts.deployments.filter((d) => d.affectedApps?.includes(id)));
  document.title = `${id} – Marathon`;
  try {
    const app = await readApp(id);
    if (asked().app !== id) return;
    if (shown?.id !== id) shown = new AppPage(byId("app"), id);
    shown.update(
      app,
      facts.queue.find((entry) => entry.app?.id === id),
    );
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== 404) throw error;
    shown = undefined;
    byId("app").replaceChildren(el("p", { class: "notice bad" }, `There is no app ${id}.`));
  }
}

const refresh = calm(show, 200);

/** A standby hands requests on to the leader, but not the event stream: through it the page asks again and again. */
async function throughStandby() {
  const { leader } = /** @type {{ leader: string }} */ (await askJson("/v2/leader"));
  const link = byId("leader");
  link.hidden = false;
  link.setAttribute("href", `${location.protocol}//${leader}/ui/`);
  return `through a standby, asked every ${standbyMs / 1000} s`;
}

/** @param {AbortSignal} signal @param {(text?: string) => void} alive */
async function follow(signal, alive) {
  for (;;) {
    try {
      const answer = await ask("/v2/events", { accept: "text/event-stream", signal });
      await show();
      byId("leader").hidden = true;
      alive(`live from ${location.host}`);
      const reader = new SseReader();
      await readBody(answer, (chunk) => {
        alive();
        if (reader.push(chunk).some(({ event }) => !event.startsWith("event_stream"))) refresh();
      });
      return;
    } catch (error) {
      if (!(error instanceof Moved)) throw error;
      await show();
      alive(await throughStandby());
      await new Promise((resolve) => setTimeout(resolve, standbyMs));
    }
  }
}

tickTimes();
window.addEventListener("hashchange", refresh);
// What waits tells no events: its delay and the offers that it refused change silently.
setInterval(() => {
  if (!document.hidden && document.body.dataset["connection"] === "live") refresh();
}, 5000);
void keepOpen(connection, follow);
