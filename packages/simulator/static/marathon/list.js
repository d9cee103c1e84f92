// SPDX-License-Identifier: Apache-2.0
import { memory, number } from "/pages/cells.js";
import { byId, el } from "/pages/dom.js";
import { LiveTable } from "/pages/table.js";
import { countsOf, healthBar, statusOf, sumOf } from "./facts.js";

/**
 * @typedef {import("./facts.js").App} App
 * @typedef {import("./facts.js").Group} Group
 * @typedef {import("./facts.js").Facts} Facts
 * @typedef {import("/pages/cells.js").Cell} Cell
 * @typedef {{ kind: "group" | "app" | "pod", id: string, depth: number, status: Cell, counts: import("./facts.js").Counts,
 *   cpus: number, mem: number, instances: string, words: string }} Row
 */

/** @param {Group} group @returns {App[]} */
function appsBelow(group) {
  return [...(group.apps ?? []), ...(group.groups ?? []).flatMap(appsBelow)];
}

/** @param {App} app */
const inUse = (app) => (app.tasksRunning ?? 0) + (app.tasksStaged ?? 0);

/**
 * The tree below a group as rows: apps first, then each group with what is in it.
 * @param {Group} group
 * @param {number} depth
 * @param {Facts} facts
 * @returns {Row[]}
 */
function rowsOf(group, depth, facts) {
  const byName = (/** @type {{ id: string }} */ a, /** @type {{ id: string }} */ b) => (a.id < b.id ? -1 : 1);
  const apps = [...(group.apps ?? [])].sort(byName).map((app) => appRow(app, depth, facts));
  const pods = [...(group.pods ?? [])].sort(byName).map(({ id }) => podRow(id, depth, facts));
  const groups = [...(group.groups ?? [])]
    .sort(byName)
    .flatMap((inner) => [groupRow(inner, depth), ...rowsOf(inner, depth + 1, facts)]);
  return [...apps, ...pods, ...groups];
}

/** @param {App} app @param {number} depth @param {Facts} facts @returns {Row} */
function appRow(app, depth, facts) {
  const queued = facts.queue.find((entry) => entry.app?.id === app.id);
  const labels = Object.entries(app.labels ?? {}).map(([name, value]) => `${name}=${value}`);
  return {
    kind: "app",
    id: app.id,
    depth,
    status: statusOf(app, queued),
    counts: countsOf(app),
    cpus: app.cpus * inUse(app),
    mem: app.mem * inUse(app),
    instances: `${number(app.tasksRunning ?? 0)} of ${number(app.instances)}`,
    words: [app.id, app.container?.docker?.image ?? "", app.cmd ?? "", ...labels].join(" "),
  };
}

/** @param {string} id @param {number} depth @param {Facts} facts @returns {Row} */
function podRow(id, depth, facts) {
  const pod = facts.pods.find((status) => status.id === id);
  const wanted = pod?.spec?.scaling?.instances ?? 0;
  const here = pod?.instances?.length ?? 0;
  const stable = pod?.status === "STABLE";
  return {
    kind: "pod",
    id,
    depth,
    status: { text: `pod, ${(pod?.status ?? "unknown").toLowerCase()}`, kind: stable ? "good" : "warn" },
    counts: { wanted, staged: stable ? 0 : here, healthy: 0, unhealthy: 0, unknown: stable ? here : 0 },
    cpus: 0,
    mem: 0,
    instances: `${number(here)} of ${number(wanted)}`,
    words: id,
  };
}

/** @param {Group} group @param {number} depth @returns {Row} */
function groupRow(group, depth) {
  const apps = appsBelow(group);
  const counts = sumOf(apps.map(countsOf));
  const running = counts.healthy + counts.unhealthy + counts.unknown;
  return {
    kind: "group",
    id: group.id,
    depth,
    status: { text: `group of ${number(apps.length)}`, kind: "quiet" },
    counts,
    cpus: apps.reduce((sum, app) => sum + app.cpus * inUse(app), 0),
    mem: apps.reduce((sum, app) => sum + app.mem * inUse(app), 0),
    instances: `${number(running)} of ${number(counts.wanted)}`,
    words: group.id,
  };
}

/** @param {Group} root @param {string} id @returns {Group | undefined} */
function find(root, id) {
  if (root.id === id) return root;
  return (root.groups ?? []).map((group) => find(group, id)).find((found) => found !== undefined);
}

/** @param {string} id */
const lastPart = (id) => id.split("/").at(-1) ?? id;

/** The apps and groups below one group. */
export class AppList {
  #table = new LiveTable(byId("apps"), {
    title: "Applications",
    none: "No application yet: POST one to /v2/apps.",
    key: (/** @type {Row} */ row) => `${row.kind} ${row.id}`,
    filter: (row) => row.words,
    columns: [
      {
        name: "Name",
        cell: (row) => ({
          key: JSON.stringify([row.id, row.kind, row.depth]),
          node: () => {
            const target = row.kind === "pod" ? undefined : `#/${row.kind}s/${encodeURIComponent(row.id)}`;
            const text = row.kind === "group" ? `${lastPart(row.id)}/` : lastPart(row.id);
            const name =
              target === undefined ? el("span", {}, text) : el("a", { href: target, title: row.id }, text);
            return el("div", { class: `depth-${Math.min(5, row.depth)}` }, name);
          },
        }),
      },
      { name: "Status", cell: (row) => row.status },
      { name: "Instances", cell: (row) => row.instances },
      { name: "Health", cell: (row) => healthBar(row.counts) },
      { name: "CPUs", class: "number", cell: (row) => number(row.cpus) },
      { name: "Memory", class: "number", cell: (row) => memory(row.mem) },
    ],
  });

  /**
   * @param {Facts} facts
   * @param {string} groupId
   */
  update(facts, groupId) {
    const group = find(facts.root, groupId);
    this.#where(groupId);
    this.#table.update(group === undefined ? [] : rowsOf(group, 0, facts));
  }

  /** @param {string} groupId the way from the root to the group, as links */
  #where(groupId) {
    const host = byId("where");
    if (host.dataset["group"] === groupId) return;
    host.dataset["group"] = groupId;
    const parts = groupId.split("/").filter((part) => part !== "");
    const links = parts.map((part, i) => {
      const id = `/${parts.slice(0, i + 1).join("/")}`;
      return el("span", {}, " / ", el("a", { href: `#/groups/${encodeURIComponent(id)}` }, part));
    });
    host.replaceChildren(...(links.length === 0 ? [] : [el("a", { href: "#/" }, "All"), ...links]));
  }
}
