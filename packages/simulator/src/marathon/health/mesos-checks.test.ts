// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { MemoryStore } from "../store/state-store";
import { agent, FakeMaster } from "../testing/fake-master";
import { type Answer, TestMarathon } from "../testing/test-marathon";

const app = { id: "/a", cmd: "sleep 100", cpus: 0.1, mem: 16 };
const bridge = {
  container: { docker: { image: "x" }, portMappings: [{ containerPort: 80 }, { containerPort: 0 }] },
  networks: [{ mode: "container/bridge" }],
};
const timing = {
  delay_seconds: 15,
  interval_seconds: 60,
  timeout_seconds: 20,
  consecutive_failures: 3,
  grace_period_seconds: 300,
};
const shown = {
  gracePeriodSeconds: 300,
  intervalSeconds: 60,
  maxConsecutiveFailures: 3,
  ipProtocol: "IPv4",
  timeoutSeconds: 20,
  delaySeconds: 15,
};

/** SPEC-marathon.md, "Apps, deployments, instances": health checks that the agent runs, and `check`. */
describe("marathon: checks that the agent runs (marathon.md §1.5)", function () {
  this.timeout(60_000);
  let master: FakeMaster;
  let store: MemoryStore;
  let marathon: TestMarathon;

  beforeEach(async () => {
    master = await FakeMaster.start([agent(1)]);
    store = new MemoryStore();
    marathon = await TestMarathon.start({ master, store });
  });
  afterEach(async () => {
    await marathon.close();
    await master.close();
  });

  const post = (more: object): Promise<Answer> => marathon.call("POST", "/v2/apps", { ...app, ...more });
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
  const get = async (): Promise<any> => (await marathon.call("GET", "/v2/apps/a")).body.app;
  const onlyTask = async () => {
    await marathon.until(() => master.tasks.size === 1, "the task");
    const [task] = [...master.tasks.values()];
    assert.ok(task !== undefined);
    return task;
  };

  for (const [what, given, answered, sent] of [
    [
      "COMMAND",
      { protocol: "COMMAND", command: { value: "true" }, portIndex: 0, delaySeconds: 3 },
      { ...shown, protocol: "COMMAND", command: { value: "true" }, delaySeconds: 3 },
      { type: "COMMAND", command: { shell: true, value: "true" }, ...timing, delay_seconds: 3 },
    ],
    [
      "MESOS_HTTP",
      { protocol: "MESOS_HTTP", path: "/up", maxConsecutiveFailures: 0, ignoreHttp1xx: true },
      { ...shown, protocol: "MESOS_HTTP", path: "/up", portIndex: 0, maxConsecutiveFailures: 0 },
      {
        type: "HTTP",
        http: { protocol: "IPv4", scheme: "http", port: 80, path: "/up" },
        ...timing,
        consecutive_failures: 0,
      },
    ],
    [
      "MESOS_HTTPS",
      { protocol: "MESOS_HTTPS", port: 8443, ipProtocol: "IPv6" },
      { ...shown, protocol: "MESOS_HTTPS", port: 8443, ipProtocol: "IPv6" },
      { type: "HTTP", http: { protocol: "IPv6", scheme: "https", port: 8443 }, ...timing },
    ],
    [
      "MESOS_TCP",
      { protocol: "MESOS_TCP", path: "/dropped", gracePeriodSeconds: 1 },
      { ...shown, protocol: "MESOS_TCP", portIndex: 0, gracePeriodSeconds: 1 },
      { type: "TCP", tcp: { protocol: "IPv4", port: 80 }, ...timing, grace_period_seconds: 1 },
    ],
  ] as const) {
    it(`hands ${what} to the agent in TaskInfo.health_check`, async () => {
      const answer = await post({ ...bridge, healthChecks: [given] });
      assert.equal(answer.status, 201, answer.text);
      assert.deepEqual(answer.body.healthChecks, [answered]);
      assert.deepEqual((await onlyTask()).info["health_check"], sent);
    });
  }

  it("asks the host's port where the container's is 0, and Marathon's own checks stay with Marathon", async () => {
    const mesos = { protocol: "MESOS_TCP", portIndex: 1 };
    await post({ ...bridge, healthChecks: [{ protocol: "HTTP", path: "/" }, mesos] });
    const { info, ports } = await onlyTask();
    assert.deepEqual((info["health_check"] as { tcp: object }).tcp, { protocol: "IPv4", port: ports[1] });
  });

  it("waits for the agent's first result, counts and shows it, and leaves the kill to the agent", async () => {
    const check = {
      protocol: "COMMAND",
      command: { value: "true" },
      maxConsecutiveFailures: 1,
      gracePeriodSeconds: 0,
    };
    const answer = await post({ healthChecks: [check] });
    const { id } = await onlyTask();
    await marathon.until(async () => (await get()).tasksRunning === 1, "running");
    assert.equal((await marathon.call("GET", "/v2/deployments")).body.length, 1);
    assert.equal((await get()).tasksHealthy, 0);
    master.update(id, "TASK_RUNNING", { healthy: true });
    await marathon.deployed(answer);
    const up = await get();
    assert.deepEqual([up.tasksHealthy, up.tasksUnhealthy], [1, 0]);
    const [result] = up.tasks[0].healthCheckResults;
    assert.deepEqual([result.alive, result.consecutiveFailures], [true, 0]);
    master.update(id, "TASK_RUNNING", { healthy: false });
    master.update(id, "TASK_RUNNING", { healthy: false });
    await marathon.until(
      async () => (await get()).tasks[0].healthCheckResults[0].consecutiveFailures === 2,
      "two failures",
    );
    const down = await get();
    assert.deepEqual([down.tasksHealthy, down.tasksUnhealthy], [0, 1]);
    assert.deepEqual(master.callsOf("KILL"), []);
    const healthy = marathon.events.filter((e) => e.eventType === "instance_health_changed_event");
    assert.deepEqual(
      healthy.map((e) => e["healthy"]),
      [true, false],
    );
    assert.equal(
      marathon.events.some((e) => /failed_health_check|health_status_changed/.test(e.eventType)),
      false,
    );
    master.update(id, "TASK_KILLED", { healthy: false, message: "health check failed" });
    const next = await onlyTask();
    assert.equal(next.id, id.replace("._app.1", "._app.2"));
  });

  it("keeps the agent's last result over a restart, because Mesos tells it only when it changes", async () => {
    const answer = await post({ healthChecks: [{ protocol: "COMMAND", command: { value: "true" } }] });
    master.update((await onlyTask()).id, "TASK_RUNNING", { healthy: true });
    await marathon.deployed(answer);
    await marathon.close();
    marathon = await TestMarathon.start({ master, store });
    assert.equal((await get()).tasksHealthy, 1);
  });

  for (const [what, check, sent, status, result] of [
    [
      "exec",
      { exec: { command: { shell: "test -f x" } } },
      { type: "COMMAND", command: { command: { shell: true, value: "test -f x" } } },
      { type: "COMMAND", command: { exit_code: 1 } },
      { command: { exitCode: 1 } },
    ],
    [
      "http",
      { http: { portIndex: 0, path: "/up", scheme: "HTTP" } },
      { type: "HTTP", http: { port: 31_000, path: "/up" } },
      { type: "HTTP", http: { status_code: 503 } },
      { http: { statusCode: 503 } },
    ],
    [
      "tcp",
      { tcp: { port: 99 } },
      { type: "TCP", tcp: { port: 99 } },
      { type: "TCP", tcp: { succeeded: false } },
      { tcp: { succeeded: false } },
    ],
  ] as const) {
    it(`hands a check of kind ${what} to the agent, shows its result, and does not wait for it`, async () => {
      const answer = await post({ check: { ...check, intervalSeconds: 5 } });
      assert.deepEqual(answer.body.check, {
        ...check,
        intervalSeconds: 5,
        timeoutSeconds: 20,
        delaySeconds: 15,
      });
      const task = await onlyTask();
      assert.deepEqual(task.info["check"], {
        ...sent,
        delay_seconds: 15,
        interval_seconds: 5,
        timeout_seconds: 20,
      });
      await marathon.deployed(answer);
      assert.equal("checkResult" in (await get()).tasks[0], false);
      master.update(task.id, "TASK_RUNNING", { check_status: status });
      await marathon.until(async () => (await get()).tasks[0].checkResult !== undefined, "its result");
      assert.deepEqual((await get()).tasks[0].checkResult, result);
      assert.equal((await get()).tasksUnhealthy, 0);
    });
  }

  for (const [what, more, status, path] of [
    [
      "COMMAND has a path",
      { healthChecks: [{ protocol: "COMMAND", command: { value: "x" }, path: "/" }] },
      500,
    ],
    [
      "COMMAND has a port",
      { healthChecks: [{ protocol: "COMMAND", command: { value: "x" }, port: 1 }] },
      500,
    ],
    ["COMMAND has no command", { healthChecks: [{ protocol: "COMMAND" }] }, 500],
    ["HTTP has a command", { healthChecks: [{ command: { value: "x" } }] }, 500],
    [
      "two MESOS checks are given",
      { healthChecks: [{ protocol: "MESOS_TCP" }, { protocol: "MESOS_HTTP" }] },
      422,
      "/",
    ],
    [
      "a port index is out of range",
      { healthChecks: [{ protocol: "MESOS_TCP", portIndex: 7 }] },
      422,
      "/healthChecks(0)",
    ],
    [
      "IPv6 is asked of a Marathon check",
      { healthChecks: [{ ipProtocol: "IPv6" }] },
      422,
      "/healthChecks(0)",
    ],
    ["check has no kind", { check: { intervalSeconds: 1 } }, 500],
    ["check has two kinds", { check: { tcp: { port: 1 }, exec: { command: { shell: "true" } } } }, 500],
    ["check is given with Docker", { ...bridge, check: { tcp: { port: 1 } } }, 422, "/check"],
  ] as const) {
    it(`fails when ${what}`, async () => {
      const answer = await post(more);
      assert.equal(answer.status, status, answer.text);
      if (path === undefined) return;
      const paths = answer.body.details.map((d: { path: string }) => d.path);
      assert.deepEqual(paths, [path]);
    });
  }
});
