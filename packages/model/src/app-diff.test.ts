// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import { diffApp } from "./app-diff";
import { normaliseApp } from "./app-normal-form";
import { computed } from "./computed";
import { demoNginxNew, demoNginxOld, demoNginxRead } from "./testing/demo-nginx";

const change = (before: object, after: object) => diffApp(normaliseApp(before), normaliseApp(after));
const paths = (before: object, after: object) =>
  change(before, after).paths.map((p) => `${p.kind} ${p.path}${p.replace ? " replace" : ""}`);

const resident = {
  id: "/db",
  cmd: "sleep 100",
  container: { type: "MESOS", volumes: [{ containerPath: "data", persistent: { size: 100 } }] },
  portDefinitions: [{ port: 5432 }],
};

describe("diffApp", () => {
  it("finds nothing between a program and what Marathon answers for it (§6.4)", () => {
    deepEqual(change(demoNginxRead, demoNginxOld), { kind: "none", paths: [] });
    deepEqual(change(demoNginxRead, demoNginxNew), { kind: "none", paths: [] });
  });

  it("takes a port of 0 for the assigned one, and a given one for a change (§1.7.2)", () => {
    const given = (servicePort: number) => ({
      ...demoNginxNew,
      container: {
        ...demoNginxNew.container,
        portMappings: [{ containerPort: 80, hostPort: 0, protocol: "tcp", servicePort }],
      },
    });
    equal(change(given(10000), given(0)).kind, "none");
    deepEqual(paths(given(0), given(8080)), ["update container.portMappings[0].servicePort"]);
    deepEqual(paths(given(10000), given(8080)), ["update container.portMappings[0].servicePort"]);
    const host = (port: number) => ({ id: "/a", cmd: "sleep 1", portDefinitions: [{ port }] });
    equal(change(host(10000), host(0)).kind, "none");
    equal(change(host(10000), host(80)).kind, "restart");
  });

  it("never takes a host port of 0 for another (§1.7.2)", () => {
    const hostPort = (n: number) => ({
      ...demoNginxNew,
      container: { ...demoNginxNew.container, portMappings: [{ containerPort: 80, hostPort: n }] },
    });
    deepEqual(paths(hostPort(31000), hostPort(0)), ["update container.portMappings[0].hostPort"]);
  });

  it("calls a change of instances alone a scale", () => {
    deepEqual(change({ ...demoNginxNew, instances: 2 }, { ...demoNginxNew, instances: 5 }), {
      kind: "scale",
      paths: [{ path: "instances", kind: "update", replace: false }],
    });
  });

  it("calls any other change a restart, labels and health checks included (§1.7.14)", () => {
    deepEqual(paths(demoNginxNew, { ...demoNginxNew, labels: { a: "b" }, instances: 3 }).sort(), [
      "add labels.a",
      "update instances",
    ]);
    equal(change(demoNginxNew, { ...demoNginxNew, labels: { a: "b" }, instances: 3 }).kind, "restart");
    deepEqual(paths(demoNginxNew, { ...demoNginxNew, healthChecks: [] }), ["delete healthChecks"]);
  });

  it("compares sets without their order (§1.7.8)", () => {
    const app = (constraints: string[][], dependencies: string[]) => ({
      id: "/a",
      cmd: "sleep 1",
      constraints,
      dependencies,
      acceptedResourceRoles: ["a", "*"],
    });
    const unique = ["hostname", "UNIQUE"];
    const like = ["rack", "LIKE", "r1"];
    const turned = { ...app([like, unique], ["/c", "b"]), acceptedResourceRoles: ["*", "a"] };
    equal(change(app([unique, like], ["/b", "/c"]), turned).kind, "none");
    deepEqual(paths(app([unique, like], ["/b"]), app([like, ["rack", "LIKE", "r2"], unique], ["/b"])), [
      "add constraints[1]",
    ]);
    deepEqual(paths(app([unique], ["/b", "/c"]), app([unique], ["/c"])), ["delete dependencies[0]"]);
  });

  it("names the field that changed in an element of a set", () => {
    const checks = (path: string) => ({
      ...demoNginxNew,
      healthChecks: [{ protocol: "TCP" }, { path, portIndex: 0 }],
    });
    deepEqual(paths(checks("/a"), checks("/b")), ["update healthChecks[1].path"]);
  });

  it("compares lists by their order", () => {
    const args = (list: string[]) => ({ id: "/a", args: list });
    deepEqual(paths(args(["a", "b"]), args(["b", "a"])), ["update args[0]", "update args[1]"]);
    deepEqual(paths(args(["a", "b"]), args(["a"])), ["delete args[1]"]);
  });

  it("makes another app of another id, and calls it appId", () => {
    deepEqual(change({ id: "/a", cmd: "sleep 1" }, { id: "/b", cmd: "sleep 1" }), {
      kind: "replace",
      paths: [{ path: "appId", kind: "update", replace: true }],
    });
    equal(change({ id: "/a", cmd: "sleep 1" }, { id: "a", cmd: "sleep 1" }).kind, "none");
  });

  it("replaces a resident app when what it reserved changes (§1.7.15)", () => {
    const volumes = (size: number) => [{ containerPath: "data", persistent: { size } }];
    const bigger = { ...resident, container: { type: "MESOS", volumes: volumes(200) } };
    deepEqual(paths(resident, bigger), ["update container.volumes[0].persistent.size replace"]);
    for (const field of [{ cpus: 2 }, { mem: 1 }, { disk: 1 }, { requirePorts: true }]) {
      equal(change(resident, { ...resident, ...field }).kind, "replace", JSON.stringify(field));
    }
    equal(change(resident, { ...resident, portDefinitions: [{ port: 5433 }] }).kind, "replace");
  });

  it("replaces an app that becomes resident, and a resident one of another role (§1.7.15)", () => {
    equal(change({ id: "/db", cmd: "sleep 100" }, resident).kind, "replace");
    deepEqual(paths(resident, { ...resident, role: "db" }), ["update role replace"]);
    const two = (...names: string[]) => ({
      ...resident,
      container: {
        type: "MESOS",
        volumes: names.map((containerPath) => ({ containerPath, persistent: { size: 1 } })),
      },
    });
    equal(change(two("a", "b"), two("b", "a")).kind, "restart");
  });

  it("keeps a resident app when anything else changes", () => {
    const [data] = resident.container.volumes;
    const scratch = { containerPath: "/tmp/x", hostPath: "/tmp/x", mode: "RW" };
    const more = { ...resident, container: { type: "MESOS", volumes: [data, scratch] } };
    equal(change(resident, more).kind, "restart");
    equal(change(resident, { ...resident, labels: { a: "b" } }).kind, "restart");
    equal(change(resident, { ...resident, instances: 2 }).kind, "scale");
  });

  it("keeps an app that is not resident when its resources change", () => {
    equal(change({ id: "/a", cmd: "sleep 1" }, { id: "/a", cmd: "sleep 1", cpus: 2 }).kind, "restart");
  });

  it("shows what is not known yet as a change, in sets, too", () => {
    const app = (path: unknown) => ({ ...demoNginxNew, healthChecks: [{ portIndex: 0, path }] });
    deepEqual(paths(app("/"), app(computed)), ["update healthChecks[0].path"]);
    deepEqual(paths(app(undefined), app(computed)), ["add healthChecks[0].path"]);
    deepEqual(paths(demoNginxNew, { ...demoNginxNew, instances: computed }), ["update instances"]);
  });
});
