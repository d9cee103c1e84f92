// SPDX-License-Identifier: Apache-2.0
import { field } from "/pages/dialog.js";
import { el, setText } from "/pages/dom.js";
import { LiveTable } from "/pages/table.js";
import { readRoute } from "./facts.js";

/**
 * @typedef {import("./facts.js").Step} Step
 * @typedef {import("./facts.js").Explanation} Explanation
 * @typedef {Step & { place: number }} Placed
 */

const kinds = /** @type {const} */ ({
  takes: "good",
  passes: "quiet",
  "might take": "warn",
  "would take": "quiet",
});

/** Says which rule, label or app id takes a request, and why. */
export class RouteView {
  #url = el("input", {
    type: "text",
    required: true,
    spellcheck: "false",
    placeholder: "http://shop.example/cart",
  });
  #method = el("input", { type: "text", value: "GET", spellcheck: "false" });
  #client = el("input", { type: "text", spellcheck: "false", placeholder: "203.0.113.7" });
  #headers = el("textarea", { rows: 2, spellcheck: "false", placeholder: "X-Version: 2" });
  #answer = el("p", { id: "answer", role: "status" });
  #table;
  #tableHost = el("section", { id: "steps", hidden: true });
  /** @type {URLSearchParams | undefined} what was asked last, and is asked again when something changes */ #asked;

  /** @param {HTMLElement} host */
  constructor(host) {
    const form = el(
      "form",
      { class: "sheet" },
      field("URL or path", this.#url, "with the host as clients send it"),
      el(
        "div",
        { class: "fields" },
        field("Method", this.#method),
        field("Client's address", this.#client, "for conditions on src"),
        field("Headers", this.#headers, "one a line"),
      ),
      el("button", { type: "submit" }, "Explain"),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#asked = this.#question();
      void this.refresh();
    });
    this.#table = stepTable(this.#tableHost);
    host.append(el("h2", {}, "Which rule takes a URL, and why"), form, this.#answer, this.#tableHost);
  }

  #question() {
    const question = new URLSearchParams({ url: this.#url.value, method: this.#method.value.trim() });
    if (this.#client.value.trim() !== "") question.set("client", this.#client.value.trim());
    for (const line of this.#headers.value.split("\n"))
      if (line.trim() !== "") question.append("header", line);
    return question;
  }

  /** Asks again what was asked last. */
  async refresh() {
    const asked = this.#asked;
    if (asked === undefined) return;
    try {
      const answer = await readRoute(asked);
      if (asked === this.#asked) this.#show(answer);
    } catch (error) {
      this.#tableHost.hidden = true;
      this.#answer.className = "notice bad";
      setText(this.#answer, error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {Explanation} explanation */
  #show({ taken, steps }) {
    this.#answer.className = taken === undefined ? "notice bad" : "notice";
    setText(this.#answer, `${words(taken)}${unless(steps)}`);
    this.#tableHost.hidden = false;
    this.#table.update(steps.map((step, i) => ({ ...step, place: i + 1 })));
  }
}

/** @param {Step | undefined} taken */
function words(taken) {
  if (taken === undefined) return "Nobody takes it: HAProxy answers 503";
  if (taken.by === "statistics") return "HAProxy's own statistics take it";
  const priority = taken.priority === undefined ? "" : `, ${taken.priority}`;
  return `${taken.appId} takes it by ${sourceOf(taken)} ${taken.condition}${priority}: ${taken.reason}`;
}

/** @param {Step} step */
function sourceOf({ by, map }) {
  const source = { rule: "its rule", label: "its labels", "app id": "its id", port: "its own" }[by] ?? by;
  return map === undefined ? source : `${source} (an entry of ${map}.map)`;
}

/** @param {readonly Step[]} steps */
function unless(steps) {
  const count = steps.filter(({ verdict }) => verdict === "might take").length;
  if (count === 0) return ".";
  return `, unless one of ${count} before it does that only HAProxy can judge.`;
}

/** @param {HTMLElement} host @returns {LiveTable<Placed>} */
function stepTable(host) {
  return new LiveTable(host, {
    title: "What HAProxy asks, in this order",
    key: (step) => `${step.place}`,
    filter: ({ verdict, appId = "", condition, reason }) => [verdict, appId, condition, reason].join(" "),
    columns: [
      { name: "#", class: "number", cell: ({ place }) => place },
      { name: "Verdict", cell: ({ verdict }) => ({ text: verdict, kind: kinds[verdict] }) },
      { name: "App", cell: ({ appId }) => appId },
      { name: "By", cell: ({ by, map }) => (map === undefined || by === "map" ? by : `${by}, in a map`) },
      {
        name: "Condition",
        class: "mono",
        cell: ({ condition, map, by }) => (by === "map" ? `${map}.map, ${condition}` : condition),
      },
      { name: "Order", cell: ({ priority }) => priority },
      { name: "Why", class: "long", cell: ({ reason }) => reason },
    ],
  });
}
