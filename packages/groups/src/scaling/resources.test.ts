// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { MesosAgent, MesosResource } from "@pulumi-mesos/client";
import { ScalingMetrics } from "./metrics";
import { resourcesByRole } from "./resources";

const scalar = (name: string, value: number, more: Partial<MesosResource> = {}): MesosResource => {
  return { name, scalar: { value }, ...more };
};
const reserved = (...roles: string[]) => ({
  reservations: roles.map((role, i) => ({ type: i === 0 ? "STATIC" : "DYNAMIC", role })),
});
const usedBy = (role: string) => ({ allocation_info: { role } });

function agent(more: Partial<MesosAgent>): MesosAgent {
  return {
    id: "S1",
    hostname: "a",
    port: 5051,
    pid: undefined,
    active: true,
    deactivated: false,
    drainState: undefined,
    attributes: {},
    totalResources: [],
    allocatedResources: [],
    offeredResources: [],
    ...more,
  };
}

const mixed = agent({
  totalResources: [
    scalar("cpus", 2),
    scalar("mem", 1024),
    scalar("cpus", 1, reserved("db")),
    scalar("cpus", 0.5, reserved("db", "db/cache")),
  ],
  allocatedResources: [
    scalar("cpus", 1.25, usedBy("web")),
    scalar("cpus", 1, { ...reserved("db"), ...usedBy("db") }),
  ],
  offeredResources: [scalar("mem", 512, usedBy("web"))],
});

describe("the resources of a group by role", () => {
  it("are what is reserved for each, what its tasks hold and what it is offered", () => {
    const rows = resourcesByRole([mixed, agent({ totalResources: [scalar("cpus", 4)] })]);
    assert.deepEqual(
      rows.map(({ role, total, allocated, offered }) => [role, total.cpus, allocated.cpus, offered.mem]),
      [
        ["*", 6, 0, 0],
        ["db", 1, 1, 0],
        ["db/cache", 0.5, 0, 0],
        ["web", 0, 1.25, 512],
      ],
    );
  });

  it("are told of so many roles only, and of all others together", () => {
    const many = Array.from({ length: 100 }, (_, i) => scalar("cpus", 1, usedBy(`r${100 + i}`)));
    const rows = resourcesByRole([agent({ allocatedResources: many })]);
    assert.equal(rows.length, 22);
    assert.deepEqual([rows[0]?.role, rows[1]?.role, rows[21]?.role], ["*", "r100", "other roles"]);
    assert.equal(rows[21]?.allocated.cpus, 80);
  });

  it("are gauges of Prometheus in its base units", async () => {
    const scaling = { groups: {}, unplaceable: [], queued: [] };
    const text = await new ScalingMetrics().text(true, {}, scaling, { web: resourcesByRole([mixed]) });
    const line = (what: string, role: string, resource: string, unit: string) =>
      `mesos_groups_resource_${what}{group="web",role="${role}",resource="${resource}",unit="${unit}"}`;
    for (const wanted of [
      `${line("capacity", "*", "cpus", "core")} 2`,
      `${line("capacity", "*", "mem", "byte")} 1073741824`,
      `${line("capacity", "db", "cpus", "core")} 1`,
      `${line("allocated", "web", "cpus", "core")} 1.25`,
      `${line("offered", "web", "mem", "byte")} 536870912`,
    ])
      assert.ok(text.split("\n").includes(wanted), `${wanted} in\n${text}`);
    assert.match(text, /^# HELP mesos_groups_resource_capacity .+$/m);
    assert.match(text, /^# TYPE mesos_groups_resource_capacity gauge$/m);
    // Of a kind that no agent has nothing is told.
    assert.doesNotMatch(text, /resource="gpus"/);
  });
});
