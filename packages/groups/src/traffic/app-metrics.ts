// SPDX-License-Identifier: Apache-2.0
import { Gauge, Registry } from "prom-client";
import type { AppsReport } from "./app-scaler";

/** What Prometheus gets about apps that follow their traffic. */
export class AppMetrics {
  readonly #registry = new Registry();
  readonly #instances = this.#gauge("instances", "Instances that an app shall have, as its traffic says.");
  readonly #min = this.#gauge("min_instances", "Never fewer instances.");
  readonly #max = this.#gauge("max_instances", "Never more instances.");
  readonly #load = this.#gauge(
    "load",
    "Requests a second, or at the same time, whichever the target counts.",
  );
  readonly #frozen = this.#gauge("frozen", "1 while none may go, because an edge does not tell.");
  readonly #held = this.#gauge("held", "1 while a change waits for a deployment or a task on its way.");

  /** Prometheus' text format. */
  text(apps: AppsReport): Promise<string> {
    this.#registry.resetMetrics();
    for (const [app, { min, max, decisions }] of Object.entries(apps)) {
      const [decision] = decisions;
      this.#min.set({ app }, min);
      this.#max.set({ app }, max);
      if (decision === undefined) continue;
      this.#instances.set({ app }, decision.instances);
      if (decision.load !== undefined) this.#load.set({ app }, decision.load);
      this.#frozen.set({ app }, decision.frozen === undefined ? 0 : 1);
      this.#held.set({ app }, decision.held === undefined ? 0 : 1);
    }
    return this.#registry.metrics();
  }

  #gauge(what: string, help: string): Gauge<"app"> {
    const name = `mesos_groups_app_${what}`;
    return new Gauge({ name, help, labelNames: ["app"], registers: [this.#registry] });
  }
}
