// SPDX-License-Identifier: Apache-2.0
import type { AgentPoolStatus } from "@pulumi-mesos/model";
import { Gauge, Registry } from "prom-client";
import type { RoleResources } from "./resources";
import type { ScalingReport } from "./scaler";

const byRole = ["group", "role", "resource", "unit"];
/** Prometheus counts in base units; Mesos counts memory and disk in MiB. */
const units = {
  cpus: { unit: "core", factor: 1 },
  mem: { unit: "byte", factor: 1024 * 1024 },
  disk: { unit: "byte", factor: 1024 * 1024 },
  gpus: { unit: "gpu", factor: 1 },
} as const;
const resourceKeys = ["cpus", "mem", "disk", "gpus"] as const;

/** What Prometheus gets. */
export class ScalingMetrics {
  readonly #registry = new Registry();
  readonly #leading = this.#gauge("mesos_groups_leading", "1 on the controller that works.", []);
  readonly #settled = this.#gauge("mesos_groups_settled", "1 when a group is as declared.");
  readonly #agents = this.#gauge("mesos_groups_agents", "Agents that there are, by state.", [
    "group",
    "state",
  ]);
  readonly #size = this.#gauge("mesos_groups_size", "Agents that a group shall have, as autoscaling says.");
  readonly #demand = this.#gauge(
    "mesos_groups_demand_agents",
    "How many agents the tasks of a group are worth.",
  );
  readonly #frozen = this.#gauge("mesos_groups_frozen", "1 while nobody begins to leave a group.");
  readonly #cost = this.#gauge(
    "mesos_groups_cost_per_hour",
    "What a group costs an hour, where it has a price.",
  );
  readonly #waiting = this.#gauge("mesos_groups_waiting_tasks", "Tasks that wait for an agent.", ["work"]);
  readonly #unplaceable = this.#gauge(
    "mesos_groups_unplaceable_tasks",
    "Tasks that no agent of any group could take.",
    [],
  );
  readonly #capacity = this.#gauge(
    "mesos_groups_resource_capacity",
    "What the agents of a group have, by the role that it is reserved for (* for nobody).",
    byRole,
  );
  readonly #allocated = this.#gauge(
    "mesos_groups_resource_allocated",
    "What tasks and executors on the agents of a group hold, by the role of their framework.",
    byRole,
  );
  readonly #offered = this.#gauge(
    "mesos_groups_resource_offered",
    "What frameworks are offered of the agents of a group and have not answered yet, by their role.",
    byRole,
  );

  /** Prometheus' text format. */
  text(
    leading: boolean,
    pools: Readonly<Record<string, AgentPoolStatus>>,
    { groups, queued, unplaceable }: ScalingReport,
    resources: Readonly<Record<string, readonly RoleResources[]>>,
  ): Promise<string> {
    this.#registry.resetMetrics();
    this.#leading.set(leading ? 1 : 0);
    this.#unplaceable.set(unplaceable.reduce((sum, { tasks }) => sum + tasks, 0));
    for (const [group, { settled, members }] of Object.entries(pools)) {
      this.#settled.set({ group }, settled ? 1 : 0);
      for (const { state } of members) this.#agents.inc({ group, state });
    }
    for (const [group, { decisions, samples }] of Object.entries(groups)) {
      const [decision] = decisions;
      const sample = samples.at(-1);
      if (decision === undefined || sample === undefined) continue;
      this.#size.set({ group }, decision.size);
      this.#demand.set({ group }, sample.demand);
      this.#frozen.set({ group }, decision.frozen === undefined ? 0 : 1);
      if (sample.cost !== undefined) this.#cost.set({ group }, sample.cost);
    }
    for (const { work, tasks } of queued) this.#waiting.set({ work }, tasks);
    for (const [group, rows] of Object.entries(resources)) this.#tellResources(group, rows);
    return this.#registry.metrics();
  }

  /** Of kinds that no agent of the group has nothing. */
  #tellResources(group: string, rows: readonly RoleResources[]): void {
    for (const resource of resourceKeys) {
      if (rows.every(({ total }) => total[resource] === 0)) continue;
      const { unit, factor } = units[resource];
      for (const { role, total, allocated, offered } of rows) {
        const labels = { group, role, resource, unit };
        this.#capacity.set(labels, total[resource] * factor);
        this.#allocated.set(labels, allocated[resource] * factor);
        this.#offered.set(labels, offered[resource] * factor);
      }
    }
  }

  #gauge(name: string, help: string, labelNames: string[] = ["group"]): Gauge<string> {
    return new Gauge({ name, help, labelNames, registers: [this.#registry] });
  }
}
