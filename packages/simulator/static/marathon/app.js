// SPDX-License-Identifier: Apache-2.0
import { ago, duration, lines, memory, number } from "/pages/cells.js";
import { confirmed, el, setText } from "/pages/dom.js";
import { Figures } from "/pages/figures.js";
import { LiveTable } from "/pages/table.js";
import { act, button } from "./act.js";
import { countsOf, healthBar, healthOf, pathOf, statusOf } from "./facts.js";

/**
 * @typedef {import("./facts.js").App} App
 * @typedef {import("./facts.js").Task} Task
 * @typedef {import("./facts.js").Queued} Queued
 * @typedef {import("./facts.js").Refusals} Refusals
 */

/** Members that are no part of what a user would write. */
const told = new Set([
  "tasks",
  "tasksStaged",
  "tasksRunning",
  "tasksHealthy",
  "tasksUnhealthy",
  "deployments",
  "lastTaskFailure",
  "versionInfo",
  "version",
  "readinessCheckResults",
  "taskStats",
]);

const reasons = /** @type {Record<string, string>} */ ({
  UnfulfilledRole: "resources of another role",
  UnfulfilledConstraint: "a constraint is not met",
  NoCorrespondingReservationFound: "no reservation that fits",
  AgentMaintenance: "the agent is in maintenance",
  InsufficientCpus: "too few CPUs",
  InsufficientMemory: "too little memory",
  InsufficientDisk: "too little disk",
  InsufficientGpus: "too few GPUs",
  InsufficientPorts: "no free port that fits",
  DeclinedScarceResources: "the agent's GPUs are kept for who needs them",
});

/** @param {string | undefined} text */
const since = (text) => ago(text === undefined ? undefined : Date.parse(text));

/** One app: how it does, what it runs, what failed, and the buttons. */
export class AppPage {
  #id;
  #title = el("h2");
  #figures;
  #failure;
  #waiting = el("section", { hidden: true });
  #delayed = el("p", { class: "notice" });
  #refusalHost = el("div", { hidden: true });
  #refusals;
  #tasks;
  #config = el("pre");
  #count = el("input", { type: "number", min: 0, step: 1, "aria-label": "Number of instances" });
  #touched = false;

  /**
   * @param {HTMLElement} host emptied and filled
   * @param {string} id
   */
  constructor(host, id) {
    this.#id = id;
    const figures = el("dl", { class: "figures" });
    this.#figures = new Figures(figures);
    const failure = el("dl", { class: "figures" });
    this.#failure = {
      figures: new Figures(failure),
      section: el("section", { class: "sheet", hidden: true }, el("h3", {}, "Last task failure"), failure),
    };
    const tasks = el("section", { id: "instances" });
    this.#waiting.append(this.#delayed, this.#refusalHost);
    host.replaceChildren(
      el("div", { class: "above" }, this.#title, this.#buttons()),
      el("section", { class: "sheet" }, figures),
      this.#waiting,
      this.#failure.section,
      tasks,
      el("section", {}, el("h2", {}, "Configuration"), this.#config),
    );
    setText(this.#title, id);
    this.#refusals = this.#refusalTable(this.#refusalHost);
    this.#tasks = taskTable(tasks);
    this.#count.addEventListener("input", () => {
      this.#touched = true;
    });
  }

  get id() {
    return this.#id;
  }

  #buttons() {
    const path = `/v2/apps${pathOf(this.#id)}`;
    const scale = async (/** @type {number} */ instances, /** @type {string} */ what) => {
      await act(`${what} ${this.#id}`, "PUT", path, { instances });
    };
    const scaleTo = async () => {
      if (!this.#count.reportValidity() || this.#count.value === "") return;
      await scale(Number(this.#count.value), "scale");
      this.#touched = false;
    };
    this.#count.addEventListener("keydown", (event) => {
      if (/** @type {KeyboardEvent} */ (event).key === "Enter") void scaleTo();
    });
    const suspend = async () => {
      if (await confirmed(`Suspend ${this.#id}? All of its instances are stopped.`, "Suspend it"))
        await scale(0, "suspend");
    };
    const destroy = async () => {
      const question = `Destroy ${this.#id}? Its instances are stopped, and its configuration is forgotten.`;
      if (await confirmed(question, "Destroy it")) {
        if (await act(`destroy ${this.#id}`, "DELETE", path)) location.hash = "#/";
      }
    };
    return el(
      "div",
      { class: "buttons" },
      this.#count,
      button("Scale", scaleTo),
      button("Restart", () => act(`restart ${this.#id}`, "POST", `${path}/restart`)),
      button("Suspend", suspend),
      button("Destroy", destroy, "danger"),
    );
  }

  /** @param {HTMLElement} host @returns {LiveTable<Refusals>} */
  #refusalTable(host) {
    return new LiveTable(host, {
      title: "Why offers are refused",
      none: "No offer was refused.",
      key: (row) => row.reason,
      columns: [
        { name: "Reason", cell: (row) => reasons[row.reason] ?? row.reason },
        { name: "Refused", class: "number", cell: (row) => number(row.declined) },
        { name: "Looked at", class: "number", cell: (row) => number(row.processed) },
      ],
    });
  }

  /** @param {App} app @param {Queued | undefined} queued */
  update(app, queued) {
    if (!this.#touched && document.activeElement !== this.#count) this.#count.value = `${app.instances}`;
    this.#figures.update([
      ["Status", statusOf(app, queued)],
      ["Instances", `${number(app.tasksRunning ?? 0)} of ${number(app.instances)}`],
      ["Health", healthBar(countsOf(app))],
      ["CPUs each", number(app.cpus)],
      ["Memory each", memory(app.mem)],
      ["Configured", since(app.versionInfo?.lastConfigChangeAt)],
      ["Scaled", since(app.versionInfo?.lastScalingAt)],
    ]);
    this.#updateFailure(app);
    this.#updateQueue(queued);
    this.#tasks.update([...(app.tasks ?? [])].sort((a, b) => (a.id < b.id ? -1 : 1)));
    const config = Object.fromEntries(Object.entries(app).filter(([name]) => !told.has(name)));
    setText(this.#config, JSON.stringify(config, null, 2));
  }

  /** @param {App} app */
  #updateFailure({ lastTaskFailure: failure }) {
    this.#failure.section.hidden = failure === undefined;
    if (failure === undefined) return;
    this.#failure.figures.update([
      ["State", { text: (failure.state ?? "").replace(/^TASK_/, "").toLowerCase(), kind: "bad" }],
      ["Message", failure.message || "none"],
      ["When", since(failure.timestamp)],
      ["Host", failure.host],
      ["Task", failure.taskId],
      ["Of version", failure.version],
    ]);
  }

  /** @param {Queued | undefined} queued */
  #updateQueue(queued) {
    this.#waiting.hidden = queued === undefined;
    if (queued === undefined) return;
    const { count, delay, since: from, processedOffersSummary: offers } = queued;
    const left =
      delay?.overdue === false
        ? `, next try in ${duration(delay.timeLeftSeconds * 1000)} because it failed`
        : "";
    const waits = from === undefined ? "" : ` for ${duration(Date.now() - Date.parse(from))}`;
    const seen =
      offers === undefined
        ? ""
        : `; ${number(offers.processedOffersCount)} offers looked at, ${number(offers.unusedOffersCount)} refused`;
    setText(
      this.#delayed,
      `${count === 1 ? "1 instance waits" : `${number(count)} instances wait`}${waits}${left}${seen}.`,
    );
    const last = offers?.rejectSummaryLastOffers ?? [];
    const rows = last.length > 0 ? last : (offers?.rejectSummaryLaunchAttempt ?? []);
    const refused = rows.filter((row) => row.declined > 0);
    this.#refusalHost.hidden = refused.length === 0;
    this.#refusals.update(refused);
  }
}

/** @param {HTMLElement} host @returns {LiveTable<Task>} */
function taskTable(host) {
  return new LiveTable(host, {
    title: "Instances",
    none: "No instance runs.",
    key: (task) => task.id,
    filter: (task) => `${task.id} ${task.host} ${task.state} ${(task.ports ?? []).join(" ")}`,
    columns: [
      { name: "Task", class: "mono", cell: (task) => task.id },
      { name: "Host", cell: (task) => task.host },
      {
        name: "Ports",
        cell: (task) =>
          lines((task.ports ?? []).map((port) => ({ text: port, href: `http://${task.host}:${port}/` }))),
      },
      {
        name: "State",
        cell: (task) => ({
          text: (task.state ?? "").replace(/^TASK_/, "").toLowerCase(),
          kind: task.state === "TASK_RUNNING" ? "good" : "warn",
        }),
      },
      { name: "Health", class: "long", cell: healthOf },
      { name: "Since", cell: (task) => since(task.startedAt ?? task.stagedAt) },
      { name: "Version", class: "mono", cell: (task) => task.version },
    ],
  });
}
