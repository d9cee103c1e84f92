// SPDX-License-Identifier: Apache-2.0
import { ago, lines } from "/pages/cells.js";
import { byId, confirmed, el } from "/pages/dom.js";
import { LiveTable } from "/pages/table.js";
import { act, button } from "./act.js";

/** @typedef {import("./facts.js").Deployment} Deployment */

const verbs = /** @type {Record<string, string>} */ ({
  StartApplication: "start",
  StopApplication: "stop",
  ScaleApplication: "scale",
  RestartApplication: "restart",
  StartPod: "start",
  StopPod: "stop",
  ScalePod: "scale",
  RestartPod: "restart",
});

/** @param {import("./facts.js").Action} action */
const wordsOf = ({ action, app, pod }) => `${verbs[action] ?? action} ${app ?? pod ?? ""}`;

/**
 * Every step with what it does; the one that runs stands out.
 * @param {Deployment} deployment
 * @returns {import("/pages/cells.js").Cell}
 */
function steps(deployment) {
  const { steps: all = [], currentStep, totalSteps, currentActions = [] } = deployment;
  if (all.length < 2)
    return `step ${currentStep} of ${totalSteps}: ${currentActions.map(wordsOf).join(", ")}`;
  const said = all.map(({ actions }, i) => ({
    text: `${i + 1}. ${actions.map(wordsOf).join(", ")}${i + 1 < currentStep ? " – done" : ""}`,
    kind: i + 1 === currentStep ? "warn" : "quiet",
  }));
  return lines([`step ${currentStep} of ${totalSteps}`, ...said]);
}

/** @param {Deployment} deployment */
async function rollBack({ id, affectedApps = [] }) {
  await act(`roll back ${affectedApps.join(", ")}`, "DELETE", `/v2/deployments/${encodeURIComponent(id)}`);
}

/** @param {Deployment} deployment */
async function stop({ id, affectedApps = [] }) {
  const names = affectedApps.join(", ");
  const question = `Stop the deployment of ${names}? What it has done so far stays as it is.`;
  if (await confirmed(question, "Stop it")) {
    await act(
      `stop the deployment of ${names}`,
      "DELETE",
      `/v2/deployments/${encodeURIComponent(id)}?force=true`,
    );
  }
}

/** The deployments that run, which the page shows only when there are some. */
export class Deployments {
  #host = byId("deployments");
  #table;

  constructor() {
    this.#table = new LiveTable(this.#host, {
      title: "Deployments",
      none: "No deployment runs.",
      key: (/** @type {Deployment} */ d) => d.id,
      columns: [
        { name: "Of", cell: (d) => lines([...(d.affectedApps ?? []), ...(d.affectedPods ?? [])]) },
        { name: "Steps", cell: steps },
        { name: "Since", cell: (d) => ago(Date.parse(d.version)) },
        { name: "Id", class: "mono", cell: (d) => d.id },
        {
          name: "Change",
          cell: (d) => ({
            key: d.id,
            node: () =>
              el(
                "div",
                { class: "buttons" },
                button("Roll back", () => rollBack(d)),
                button("Stop", () => stop(d), "danger"),
              ),
          }),
        },
      ],
    });
  }

  /** @param {readonly Deployment[]} deployments */
  update(deployments) {
    this.#host.hidden = deployments.length === 0;
    this.#table.update(deployments);
  }
}
