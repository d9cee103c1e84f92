// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import { computed } from "./computed";
import { diffPod } from "./pod-diff";
import { normalisePod } from "./pod-normal-form";

const resources = { cpus: 1, mem: 32 };
const container = (name: string, more: object = {}) => ({ name, resources, ...more });
const pod = { id: "/p", containers: [container("a"), container("b")] };
const resident = {
  ...pod,
  role: "db",
  volumes: [{ name: "data", persistent: { size: 10 } }],
  containers: [
    container("a", {
      volumeMounts: [{ name: "data", mountPath: "data" }],
      endpoints: [{ name: "x", hostPort: 5432 }],
    }),
    container("b"),
  ],
};
const change = (before: object, after: object) => diffPod(normalisePod(before), normalisePod(after));
const paths = (before: object, after: object) =>
  change(before, after).paths.map((p) => `${p.kind} ${p.path}${p.replace ? " replace" : ""}`);

describe("diffPod", () => {
  it("calls a change of instances alone a scale, any other a restart", () => {
    const scaled = { ...pod, scaling: { kind: "fixed", instances: 2 } };
    deepEqual(change(pod, scaled), {
      kind: "scale",
      paths: [{ path: "scaling.instances", kind: "update", replace: false }],
    });
    equal(change(pod, { ...scaled, labels: { a: "b" } }).kind, "restart");
    deepEqual(paths(pod, { ...pod, containers: [container("a", { tty: true }), container("b")] }), [
      "add containers[0].tty",
    ]);
  });

  it("makes another pod of another id, and calls it podId", () => {
    deepEqual(paths(pod, { ...pod, id: "/q" }), ["update podId replace"]);
  });

  it("compares sets without their order", () => {
    const placed = (names: string[]) => ({
      ...pod,
      scheduling: {
        placement: {
          constraints: names.map((fieldName) => ({ fieldName, operator: "UNIQUE" })),
          acceptedResourceRoles: names,
        },
      },
    });
    equal(change(placed(["x", "y"]), placed(["y", "x"])).kind, "none");
  });

  it("replaces a resident pod when what it reserved changes", () => {
    const bigger = { ...resident, volumes: [{ name: "data", persistent: { size: 20 } }] };
    deepEqual(paths(resident, bigger), ["update volumes[0].persistent.size replace"]);
    const [a, b] = resident.containers;
    const more = { ...resident, containers: [a, { ...b, resources: { cpus: 2, mem: 32 } }] };
    deepEqual(paths(resident, more), ["update containers[1].resources.cpus replace"]);
    const moved = { ...resident, containers: [{ ...a, endpoints: [{ name: "x", hostPort: 5433 }] }, b] };
    deepEqual(paths(resident, moved), ["update containers[0].endpoints[0].hostPort replace"]);
    deepEqual(paths(resident, { ...resident, role: "other" }), ["update role replace"]);
    equal(change(resident, { ...resident, containers: [a] }).kind, "replace");
    equal(change(resident, { ...resident, executorResources: { mem: 64 } }).kind, "replace");
    equal(change({ ...pod, role: "db" }, resident).kind, "replace");
  });

  it("keeps a resident pod when anything else changes, the totals staying", () => {
    const [a, b] = resident.containers;
    const shifted = [
      { ...a, resources: { cpus: 0.5, mem: 32 } },
      { ...b, resources: { cpus: 1.5, mem: 32 } },
    ];
    equal(change(resident, { ...resident, containers: shifted }).kind, "restart");
    equal(change(resident, { ...resident, user: "nobody" }).kind, "restart");
    equal(change(pod, { ...pod, role: "other" }).kind, "restart");
  });

  it("shows what is not known yet as a change", () => {
    deepEqual(paths(pod, { ...pod, user: computed }), ["add user"]);
  });
});
