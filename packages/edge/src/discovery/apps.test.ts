// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type App, decodeApp } from "./apps";
import { place } from "./rotation";

const read = (document: object): App => decodeApp(document) ?? assert.fail("no app");
const running = { id: "t", host: "10.0.0.1", ports: [31000, 31001], state: "TASK_RUNNING" };
const check = { protocol: "HTTP", path: "/health", portIndex: 0, timeoutSeconds: 20 };

/** What the versions of Marathon write, null for what is unset included. */
describe("an app's document", () => {
  it("of Marathon 1.4 has its network and mappings in docker, and its service ports in ports", () => {
    const app = read({
      ...{ id: "/old", cmd: null, args: null, user: null, ipAddress: null, residency: null, secrets: {} },
      container: {
        type: "DOCKER",
        volumes: [],
        docker: {
          network: "BRIDGE",
          portMappings: [{ containerPort: 80, hostPort: 0, servicePort: 10000, protocol: "tcp", labels: {} }],
        },
      },
      ...{ ports: [10000], portDefinitions: [{ port: 10000, protocol: "tcp", labels: {} }] },
      ...{ healthChecks: [{ ...check, port: null }], readinessChecks: [], labels: {}, env: {} },
      tasks: [
        {
          ...running,
          ...{
            ipAddresses: [{ ipAddress: "172.17.0.2", protocol: "IPv4" }],
            slaveId: "S1",
            servicePorts: [10000],
          },
          healthCheckResults: [{ alive: true, lastFailure: null, consecutiveFailures: 0 }],
        },
      ],
    });
    assert.deepEqual([app.network, app.servicePorts, app.containerPorts], ["bridge", [10000], [80]]);
    assert.deepEqual(app.healthChecks, [check]);
    assert.deepEqual(
      app.tasks.map((task) => [task.ports, task.alive]),
      [[[31000, 31001], true]],
    );
  });

  it("of Marathon 1.4 in a network of its own is reached at the task's address", () => {
    const portMappings = [{ containerPort: 8080, servicePort: 10001 }];
    const app = read({
      ...{ id: "/ip", ports: [], ipAddress: { networkName: "overlay", groups: [], labels: {} } },
      container: { docker: { network: "USER", portMappings } },
      tasks: [{ ...running, ports: [], ipAddresses: [{ ipAddress: "9.0.1.2" }] }],
    });
    assert.deepEqual([app.network, app.servicePorts, app.containerPorts], ["container", [10001], [8080]]);
    assert.deepEqual(app.tasks[0]?.addresses, ["9.0.1.2"]);
  });

  it("of Marathon 1.5 to 1.11 has networks, and mappings beside docker", () => {
    const document = (networks: object[], portMappings: object[] | null) => ({
      ...{
        id: "/new",
        networks,
        role: "web",
        unreachableStrategy: "disabled",
        killSelection: "YOUNGEST_FIRST",
      },
      container: { type: "MESOS", docker: { image: "x", pullConfig: {} }, portMappings, linuxInfo: {} },
      executorResources: { cpus: 0.1, mem: 32, disk: 10 },
      tasks: [{ ...running, region: "r", zone: "z", role: "web", localVolumes: [], ipAddresses: null }],
    });
    const of = (networks: object[], portMappings: object[] | null) => {
      const { network, servicePorts, containerPorts } = read(document(networks, portMappings));
      return { network, servicePorts, containerPorts };
    };
    const mappings = [
      { containerPort: 80, hostPort: 0, servicePort: 10100, name: "http", networkNames: [] },
      { containerPort: 81 },
      { containerPort: 82, servicePort: 10102 },
    ];
    const ports = { servicePorts: [10100, 0, 10102], containerPorts: [80, 81, 82] };
    assert.deepEqual(of([{ mode: "container/bridge" }], mappings), { network: "bridge", ...ports });
    const two = [
      { mode: "container", name: "a" },
      { mode: "container", name: "b" },
    ];
    assert.deepEqual(of(two, mappings), { network: "container", ...ports });
    assert.deepEqual(of([{ mode: "host" }], null), { network: "host", servicePorts: [], containerPorts: [] });
  });

  it("of a host network has its service ports in its definitions, by their index", () => {
    const portDefinitions = [
      { port: 10200, name: "a" },
      { port: 0 },
      { port: -1 },
      { port: 70_000 },
      { port: 10204 },
    ];
    const app = read({ id: "/host", networks: [{ mode: "host" }], portDefinitions, tasks: [] });
    assert.deepEqual(app.servicePorts, [10200, 0, 0, 0, 10204]);
  });

  it("with results that are not there yet is neither healthy nor unhealthy", () => {
    const results = [undefined, null, [], [null], [{}], [{ alive: null }]];
    const tasks = results.map((healthCheckResults) => ({ ...running, healthCheckResults }));
    const app = read({ id: "/unknown", healthChecks: [check], tasks });
    assert.deepEqual(
      app.tasks.map((task) => task.alive),
      results.map(() => undefined),
    );
  });

  it("keeps a task in that cannot be reached or is lost, and takes none in that was not", () => {
    for (const state of ["TASK_UNREACHABLE", "TASK_LOST", "TASK_UNKNOWN"]) {
      const before = place(read({ id: "/a", tasks: [running] }), undefined, new Set());
      const now = read({
        id: "/a",
        tasks: [
          { ...running, state },
          { ...running, id: "other", state },
        ],
      });
      assert.deepEqual(
        place(now, before, new Set()).tasks.map((task) => [task.id, task.place]),
        [
          ["t", "in"],
          ["other", "out"],
        ],
        state,
      );
    }
  });

  it("of a pod is none: it has no tasks", () => {
    assert.equal(
      decodeApp({ id: "/pod", containers: [{ name: "web" }], networks: [{ mode: "host" }] }),
      undefined,
    );
  });
});
