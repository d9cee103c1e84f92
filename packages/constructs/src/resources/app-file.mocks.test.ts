// SPDX-License-Identifier: Apache-2.0
import { deepEqual, throws } from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { App } from "./marathon-app";

/** The request of reference/marathon.md §6.4 A, in its old shape. */
const demoNginx = {
  id: "/demo-nginx",
  cpus: 0.1,
  mem: 64,
  instances: 2,
  container: {
    type: "DOCKER",
    docker: {
      image: "nginx",
      network: "BRIDGE",
      portMappings: [{ containerPort: 80, hostPort: 0, protocol: "tcp" }],
    },
  },
  healthChecks: [
    {
      protocol: "HTTP",
      path: "/",
      portIndex: 0,
      gracePeriodSeconds: 30,
      intervalSeconds: 10,
      timeoutSeconds: 5,
      maxConsecutiveFailures: 3,
    },
  ],
};

describe("marathon.App.fromJson", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "pulumi-mesos-app-file-"));
  after(() => rmSync(directory, { recursive: true, force: true }));

  function fileOf(content: unknown): string {
    const file = path.join(directory, "app.json");
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
    return file;
  }

  it("takes a file as it was given to Marathon, in old and new shapes", async () => {
    deepEqual(App.fromJson(fileOf(demoNginx)), demoNginx);
    const { docker } = demoNginx.container;
    const modern = {
      ...demoNginx,
      container: { type: "DOCKER", docker: { image: "nginx" }, portMappings: docker.portMappings },
      networks: [{ mode: "container/bridge" }],
    };
    deepEqual(App.fromJson(fileOf(modern)), modern);
  });

  it("is what an app is made of, with what the program says besides", async () => {
    const made: pulumi.runtime.MockResourceArgs[] = [];
    const mocks = {
      newResource: (args: pulumi.runtime.MockResourceArgs) => {
        made.push(args);
        return { id: args.name, state: args.inputs };
      },
      call: () => ({}),
    };
    await pulumi.runtime.setMocks(mocks, "project", "stack", false);
    const app = new App("demo", { ...App.fromJson(fileOf(demoNginx)), instances: pulumi.output(3) });
    await new Promise((resolve) => app.urn.apply(resolve));
    const { id, ...document } = demoNginx;
    deepEqual(made[0]?.inputs, { ...document, appId: id, instances: 3 });
  });

  it("takes what Marathon answered: without what it alone sets, without nulls, out of its envelope", () => {
    const answered = {
      ...demoNginx,
      version: "2026-01-01T00:00:00.000Z",
      versionInfo: { lastScalingAt: "x", lastConfigChangeAt: "x" },
      tasksStaged: 0,
      tasksRunning: 2,
      tasksHealthy: 2,
      tasksUnhealthy: 0,
      deployments: [],
      tasks: [{ id: "t" }],
      lastTaskFailure: null,
      cmd: null,
      container: { ...demoNginx.container, docker: { ...demoNginx.container.docker, parameters: null } },
    };
    deepEqual(App.fromJson(fileOf(answered)), demoNginx);
    deepEqual(App.fromJson(fileOf({ app: answered })), demoNginx);
    deepEqual(App.fromJson(fileOf(`\ufeff${JSON.stringify(demoNginx)}`)), demoNginx);
  });

  it("fails for what is not one app, and says what to use", () => {
    const cases: readonly [unknown, RegExp][] = [
      [[demoNginx, demoNginx], /app\.json: is a list of 2, not one app; give each app a file of its own$/],
      [
        { id: "/shop", apps: [demoNginx] },
        /app\.json: is a group, not one app; make it with new mesos\.marathon\.Group/,
      ],
      [{ id: "/shop", groups: [] }, /is a group, not one app; make it with new mesos\.marathon\.Group/],
      [{ apps: [demoNginx] }, /is a group, not one app; give each app a file of its own$/],
      [
        { id: "/pod", containers: [{ name: "a" }] },
        /is a pod, not an app; make it with new mesos\.marathon\.Pod/,
      ],
      ["7", /is no JSON object, so no app$/],
      ["{", /app\.json: is no JSON: /],
    ];
    for (const [content, message] of cases) throws(() => App.fromJson(fileOf(content)), { message });
    throws(() => App.fromJson(path.join(directory, "none.json")), {
      message: /none\.json: cannot be read: ENOENT/,
    });
  });
});
