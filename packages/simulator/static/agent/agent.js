// SPDX-License-Identifier: Apache-2.0
import { ago, memory, number, size, tickTimes } from "/pages/cells.js";
import { byId, el, setText } from "/pages/dom.js";
import { Figures } from "/pages/figures.js";
import { askJson, Connection, keepOpen } from "/pages/live.js";
import { LiveTable } from "/pages/table.js";
import { browse, sandboxOf, tasksOf } from "./sandboxes.js";
import { Tail } from "./tail.js";

/**
 * @typedef {import("./sandboxes.js").AgentState} AgentState
 * @typedef {import("./sandboxes.js").Entry} Entry
 * @typedef {import("./sandboxes.js").Placed} Placed
 */

const everyMs = 700;
const connection = new Connection(byId("connection"));
const query = new URLSearchParams(location.search);
const framework = query.get("framework");
const task = query.get("task");

/** @param {AbortSignal} signal */
const pause = (signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, everyMs);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });

/** @param {string} path */
const baseName = (path) => path.replace(/\/+$/, "").split("/").at(-1) ?? path;

/** @param {AgentState} state */
function named(state) {
  setText(byId("host"), state.hostname);
  document.title = `${task ?? state.hostname} – Mesos agent`;
}

/**
 * The address of this page for something else of the same task.
 * @param {Record<string, string>} more
 */
function here(more) {
  const asked = new URLSearchParams({
    ...(framework === null ? {} : { framework }),
    ...(task === null ? {} : { task }),
  });
  for (const [name, value] of Object.entries(more)) asked.set(name, value);
  return `/?${asked}`;
}

function overview() {
  byId("overview").hidden = false;
  const figures = new Figures(byId("figures"));
  const table = new LiveTable(byId("tasks"), {
    title: "Tasks",
    none: "No task is known here.",
    key: (/** @type {Placed} */ p) => `${p.framework.id}/${p.task.id}`,
    filter: (p) => `${p.task.name} ${p.task.id} ${p.task.state}`,
    columns: [
      { name: "Name", cell: (p) => p.task.name },
      {
        name: "State",
        cell: (p) => ({
          text: p.task.state.replace(/^TASK_/, "").toLowerCase(),
          kind: p.task.state === "TASK_RUNNING" ? "good" : "quiet",
        }),
      },
      { name: "Since", cell: (p) => ago((p.task.statuses?.at(-1)?.timestamp ?? 0) * 1000) },
      { name: "Framework", cell: (p) => p.framework.name || p.framework.id },
      { name: "CPUs", class: "number", cell: (p) => number(Number(p.task.resources?.["cpus"] ?? 0)) },
      { name: "Memory", class: "number", cell: (p) => memory(Number(p.task.resources?.["mem"] ?? 0)) },
      { name: "Ports", cell: (p) => p.task.resources?.["ports"] },
      {
        name: "Sandbox",
        cell: (p) => ({
          text: "open",
          href: `/?${new URLSearchParams({ framework: p.framework.id, task: p.task.id })}`,
          title: `files and output of ${p.task.id}`,
        }),
      },
    ],
  });
  void keepOpen(connection, async (signal, alive) => {
    while (!signal.aborted) {
      const state = /** @type {AgentState} */ (await askJson("/state", { signal }));
      alive(`live from ${location.host}`);
      named(state);
      const { resources } = state;
      figures.update([
        ["Id", state.id],
        ["Leading master", state.master_hostname],
        ["CPUs", number(Number(resources["cpus"] ?? 0))],
        ["Memory", memory(Number(resources["mem"] ?? 0))],
        ["Disk", memory(Number(resources["disk"] ?? 0))],
        ["Ports", resources["ports"]],
        ["Version", state.version],
        ["Started", ago(state.start_time * 1000)],
      ]);
      table.update(tasksOf(state));
      await pause(signal);
    }
  });
}

/** @param {string} text */
function problem(text) {
  const words = byId("problem");
  words.hidden = text === "";
  setText(words, text);
}

/** The sandbox of one task: a file that grows, and the directory that it stands in. */
class Sandbox {
  /** @type {Tail | undefined} */ #tail;
  #files;

  constructor() {
    byId("sandbox").hidden = false;
    setText(byId("what"), task === null ? "Files" : `Sandbox of ${task}`);
    this.#files = new LiveTable(byId("directory"), {
      title: "Files",
      none: "Empty.",
      key: (/** @type {Entry} */ e) => e.path,
      filter: (e) => baseName(e.path),
      columns: [
        {
          name: "Name",
          cell: (e) => {
            const folder = e.mode.startsWith("d");
            const name = baseName(e.path);
            return {
              text: folder ? `${name}/` : name,
              href: here(folder ? { path: e.path } : { file: e.path }),
            };
          },
        },
        { name: "Size", class: "number", cell: (e) => (e.mode.startsWith("d") ? "" : size(e.size)) },
        { name: "Changed", cell: (e) => ago(e.mtime * 1000) },
        { name: "Mode", class: "mono", cell: (e) => e.mode },
      ],
    });
    const follow = /** @type {HTMLInputElement} */ (byId("follow"));
    follow.addEventListener("change", () => {
      if (this.#tail !== undefined) this.#tail.follow = follow.checked;
      if (follow.checked) byId("text").scrollTop = byId("text").scrollHeight;
    });
    // Who scrolls up wants to read: it follows again at the bottom.
    byId("text").addEventListener("scroll", () => {
      const { scrollTop, scrollHeight, clientHeight } = byId("text");
      follow.checked = scrollHeight - scrollTop - clientHeight < 30;
      if (this.#tail !== undefined) this.#tail.follow = follow.checked;
    });
    byId("earlier").addEventListener("click", () => void this.#earlier());
  }

  async #earlier() {
    const follow = /** @type {HTMLInputElement} */ (byId("follow"));
    follow.checked = false;
    if (this.#tail !== undefined) this.#tail.follow = false;
    await this.#tail?.earlier();
    this.#extent();
  }

  /** @param {AbortSignal} signal @param {(text?: string) => void} alive */
  async run(signal, alive) {
    const state = /** @type {AgentState} */ (await askJson("/state", { signal }));
    named(state);
    const wanted = query.get("file");
    const root = framework === null || task === null ? undefined : await sandboxOf(state, framework, task);
    const directory = query.get("path") ?? (wanted === null ? root : wanted.replace(/\/[^/]*$/, ""));
    for (let count = 0; !signal.aborted; count++) {
      if (count % 4 === 0) await this.#browse(directory, root, wanted);
      await this.#tail?.grow(signal);
      this.#extent();
      alive(`live from ${location.host}`);
      await pause(signal);
    }
  }

  /** @param {string | undefined} directory @param {string | undefined} root @param {string | null} wanted */
  async #browse(directory, root, wanted) {
    const entries = directory === undefined ? undefined : await browse(directory);
    if (entries === undefined) {
      problem(
        "There is no such sandbox here (any more): an agent removes the files of ended tasks after a while.",
      );
      this.#files.update([]);
      return;
    }
    problem("");
    const up =
      directory !== root && directory !== undefined && root !== undefined && directory.startsWith(root);
    const parent = { path: directory?.replace(/\/[^/]*$/, "") ?? "", size: 0, mtime: 0, mode: "d" };
    this.#files.update(up ? [parent, ...entries] : entries);
    const at = (/** @type {string} */ name) =>
      entries.find((e) => baseName(e.path) === name && !e.mode.startsWith("d"));
    const shown = wanted ?? (query.has("path") ? undefined : (at("stdout") ?? at("stderr"))?.path);
    if (this.#tail === undefined && shown !== undefined) this.#show(shown);
    const outputs = [at("stdout"), at("stderr")].flatMap((e) => (e === undefined ? [] : [e.path]));
    this.#offer(outputs);
  }

  /** @param {string} path */
  #show(path) {
    byId("output").hidden = false;
    setText(byId("file"), baseName(path));
    const follow = /** @type {HTMLInputElement} */ (byId("follow"));
    follow.checked = true;
    this.#tail = new Tail(byId("text"), path);
  }

  /** @param {readonly string[]} paths buttons that switch between the two outputs */
  #offer(paths) {
    const host = byId("files-at-hand");
    const key = paths.join("\n");
    if (host.dataset["paths"] !== key) {
      host.dataset["paths"] = key;
      host.replaceChildren(
        ...paths.map((path) =>
          el("button", { type: "button", onclick: () => this.#show(path) }, baseName(path)),
        ),
      );
    }
    for (const [i, button] of [...host.children].entries()) {
      button.setAttribute("aria-pressed", `${paths[i] === this.#tail?.path}`);
    }
  }

  #extent() {
    const tail = this.#tail;
    if (tail === undefined) return;
    setText(
      byId("extent"),
      tail.first > 0 ? `last ${size(tail.size - tail.first)} of ${size(tail.size)}` : size(tail.size),
    );
    byId("earlier").hidden = tail.first === 0;
  }
}

tickTimes();
if (task === null && !query.has("path") && !query.has("file")) {
  overview();
} else {
  const sandbox = new Sandbox();
  void keepOpen(connection, (signal, alive) => sandbox.run(signal, alive));
}
