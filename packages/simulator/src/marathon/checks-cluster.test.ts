// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Cluster, startCluster } from "..";

/** Leaves a line in its volume at each start, and serves all of them. */
const keeper = `const fs = require("node:fs");
fs.appendFileSync("data/starts", "start\\n");
require("node:http").createServer((request, response) => response.end(fs.readFileSync("data/starts")))
  .listen(Number(process.env.PORT0), process.env.HOST);`;

interface Task {
  readonly id: string;
  readonly host: string;
  readonly ports: readonly number[];
  readonly slaveId: string;
  readonly state: string;
  readonly checkResult?: unknown;
  readonly localVolumes: readonly { readonly persistenceId: string }[];
}

interface AppInfo {
  readonly tasks: readonly Task[];
  readonly tasksHealthy: number;
  readonly tasksUnhealthy: number;
}

/** SPEC-marathon.md, "Apps, deployments, instances": what needs the agents' and the master's part, on the programs. */
describe("marathon: checks and persistent volumes on the three programs together", function () {
  this.timeout(120_000);
  let cluster: Cluster;

  before(async () => {
    const marathon = { mesos_role: "web", mesos_authentication_principal: "marathon" };
    cluster = await startCluster({ programs: true, agents: 2, network: "127.105.1", flags: { marathon } });
  });
  after(async () => {
    await cluster?.close();
  });

  async function send(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(cluster.marathon.url + path, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.ok(response.status < 300, `${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }
  const app = async (id: string): Promise<AppInfo> =>
    ((await send("GET", `/v2/apps${id}`)) as { app: AppInfo }).app;
  const settled = () =>
    cluster.waitFor("the end of all deployments", async () => {
      const running = (await send("GET", "/v2/deployments")) as unknown[];
      return running.length === 0;
    });

  it("waits for the agent's COMMAND check, shows what check found, and starts anew what the agent killed", async () => {
    const ill = join(cluster.directory, "ill");
    await send("POST", "/v2/apps", {
      id: "/checked",
      cmd: "exec sleep 1000",
      cpus: 0.1,
      mem: 32,
      healthChecks: [
        {
          protocol: "COMMAND",
          command: { value: `test ! -e '${ill}'` },
          gracePeriodSeconds: 0,
          intervalSeconds: 1,
          delaySeconds: 1,
          maxConsecutiveFailures: 1,
        },
      ],
      check: { exec: { command: { shell: "exit 3" } }, intervalSeconds: 1, delaySeconds: 0 },
    });
    await settled();
    const up = await app("/checked");
    assert.equal(up.tasksHealthy, 1);
    await cluster.waitFor("what check found", async () => {
      const [task] = (await app("/checked")).tasks;
      return JSON.stringify(task?.checkResult) === '{"command":{"exitCode":3}}';
    });
    writeFileSync(ill, "");
    const [, instance = ""] = /^(.*\._app\.)1$/.exec(up.tasks[0]?.id ?? "") ?? assert.fail(up.tasks[0]?.id);
    await cluster.waitFor("the next incarnation", async () => {
      const [task] = (await app("/checked")).tasks;
      return task?.id.startsWith(instance) === true && task.id !== up.tasks[0]?.id;
    });
    await send("DELETE", "/v2/apps/checked");
    await settled();
  });

  it("keeps what a task wrote in its volume, until it is wiped", async () => {
    await send("POST", "/v2/apps", {
      id: "/keeper",
      args: [process.execPath, "-e", keeper],
      cpus: 0.1,
      mem: 32,
      backoffSeconds: 0,
      container: {
        type: "MESOS",
        volumes: [{ containerPath: "data", mode: "RW", persistent: { size: 10 } }],
      },
      portDefinitions: [{ port: 0 }],
      healthChecks: [
        { protocol: "MESOS_HTTP", path: "/", intervalSeconds: 1, delaySeconds: 0, gracePeriodSeconds: 20 },
      ],
    });
    await settled();
    const running = async (after?: Task): Promise<Task> => {
      let found: Task | undefined;
      await cluster.waitFor("a healthy task", async () => {
        const { tasks, tasksHealthy } = await app("/keeper");
        found = tasks.find((t) => t.state === "TASK_RUNNING" && t.id !== after?.id);
        return tasksHealthy === 1 && found !== undefined;
      });
      assert.ok(found !== undefined);
      return found;
    };
    const starts = async (task: Task) => await (await fetch(`http://${task.host}:${task.ports[0]}/`)).text();
    const first = await running();
    assert.equal(await starts(first), "start\n");

    await send("DELETE", `/v2/apps/keeper/tasks/${first.id}`);
    const second = await running(first);
    assert.deepEqual([second.slaveId, second.localVolumes], [first.slaveId, first.localVolumes]);
    assert.equal(await starts(second), "start\nstart\n");

    await send("PUT", "/v2/apps/keeper", { instances: 0 });
    await settled();
    await send("PUT", "/v2/apps/keeper", { instances: 1 });
    await settled();
    const third = await running(second);
    assert.equal(await starts(third), "start\nstart\nstart\n");

    await send("DELETE", `/v2/apps/keeper/tasks/${third.id}?wipe=true`);
    const fourth = await running(third);
    assert.notEqual(fourth.localVolumes[0]?.persistenceId, third.localVolumes[0]?.persistenceId);
    assert.equal(await starts(fourth), "start\n");
    await send("DELETE", "/v2/apps/keeper");
    await settled();
  });
});
