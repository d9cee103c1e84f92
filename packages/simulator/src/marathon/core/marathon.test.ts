// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { agent, FakeMaster } from "../testing/fake-master";
import { TestMarathon } from "../testing/test-marathon";

describe("marathon: instances, groups and the API around them", function () {
  this.timeout(60_000);
  let marathon: TestMarathon;
  let master: FakeMaster;

  beforeEach(async () => {
    master = await FakeMaster.start([
      agent(1, { attributes: { zone: "a" } }),
      agent(2, { attributes: { zone: "b" } }),
    ]);
    marathon = await TestMarathon.start({ master });
  });
  afterEach(async () => {
    await marathon.close();
    await master.close();
  });

  const sleeper = { id: "/sleeper", cmd: "sleep 100", cpus: 0.1, mem: 16 };

  const done = (method: string, path: string, body?: unknown) => marathon.done(method, path, body);
  const taskIds = () => [...master.tasks.keys()];

  it("starts a failed task again as the next incarnation, after a delay, and remembers the failure", async () => {
    await done("POST", "/v2/apps", { ...sleeper, backoffSeconds: 1 });
    const [id = ""] = taskIds();
    master.update(id, "TASK_FAILED", { message: "it broke" });
    await marathon.until(
      async () => (await marathon.call("GET", "/v2/queue")).body.queue.length === 1,
      "the queue",
    );
    const [entry] = (await marathon.call("GET", "/v2/queue")).body.queue;
    assert.deepEqual(entry.delay, { timeLeftSeconds: 1, overdue: false });
    const reset = await marathon.call("DELETE", "/v2/queue/sleeper/delay");
    assert.equal(reset.status, 204);
    await marathon.until(() => taskIds().length === 1, "the next task");
    assert.equal(taskIds()[0], id.replace("._app.1", "._app.2"));
    const { app } = (await marathon.call("GET", "/v2/apps/sleeper")).body;
    assert.equal(app.lastTaskFailure.message, "it broke");
    assert.equal(app.lastTaskFailure.state, "TASK_FAILED");
    const unknown = await marathon.call("DELETE", "/v2/queue/nothing/delay");
    assert.deepEqual(unknown.body, { message: "Application /nothing not found in tasks queue." });
  });

  it("replaces an unreachable task, and kills the replacement when it comes back", async () => {
    await done("POST", "/v2/apps", sleeper);
    const [id = ""] = taskIds();
    master.update(id, "TASK_UNREACHABLE");
    await marathon.until(() => taskIds().length === 2, "a replacement");
    const next = taskIds().find((other) => other !== id) ?? "";
    master.update(id, "TASK_RUNNING");
    await marathon.until(() => !master.tasks.has(next), "the younger one killed");
    assert.deepEqual(taskIds(), [id]);
  });

  it("kills an instance after maxConsecutiveFailures and starts it again", async () => {
    const healthChecks = [
      { protocol: "TCP", intervalSeconds: 1, gracePeriodSeconds: 0, maxConsecutiveFailures: 2 },
    ];
    await done("POST", "/v2/apps", { ...sleeper, healthChecks });
    const [id = ""] = taskIds();
    const port = [...master.tasks.values()][0]?.ports[0] ?? 0;
    marathon.failing.add(port);
    await marathon.until(() => !master.tasks.has(id), "the kill");
    marathon.failing.clear();
    await marathon.until(() => taskIds().length === 1, "the next");
    const killed = marathon.events.find((e) => e.eventType === "unhealthy_instance_kill_event");
    assert.equal(killed?.["reason"], "connection refused");
    assert.ok(marathon.events.some((e) => e.eventType === "failed_health_check_event"));
  });

  it("holds constraints: UNIQUE waits for a third agent, and the queue says why", async () => {
    const constraints = [["hostname", "UNIQUE"]];
    const answer = await marathon.call("POST", "/v2/apps", { ...sleeper, instances: 3, constraints });
    await marathon.until(() => taskIds().length === 2, "two tasks");
    await marathon.until(async () => {
      const summary = (await marathon.call("GET", "/v2/queue")).body.queue[0]?.processedOffersSummary;
      return summary?.rejectSummaryLastOffers[1].declined === 2;
    }, "refusals by constraint");
    master.agents.push(agent(3));
    master.offer();
    await marathon.deployed(answer);
    assert.equal(new Set([...master.tasks.values()].map((t) => t.agent.hostname)).size, 3);
  });

  it("gives tasks their ports and names in the environment", async () => {
    await done("POST", "/v2/apps", {
      ...sleeper,
      env: { MINE: "1" },
      labels: { "a-b": "c" },
      portDefinitions: [{ port: 0, name: "http" }, { port: 0 }],
    });
    const [task] = [...master.tasks.values()];
    const command = task?.info["command"] as {
      environment: { variables: { name: string; value: string }[] };
    };
    const env = Object.fromEntries(command.environment.variables.map((v) => [v.name, v.value]));
    const [first, second] = task?.ports ?? [];
    assert.equal(env["PORT"], String(first));
    assert.equal(env["PORT0"], String(first));
    assert.equal(env["PORT1"], String(second));
    assert.equal(env["PORTS"], `${first},${second}`);
    assert.equal(env["PORT_HTTP"], String(first));
    assert.equal(env["PORT_10000"], String(first));
    assert.equal(env["HOST"], task?.agent.hostname);
    assert.equal(env["MARATHON_APP_ID"], "/sleeper");
    assert.equal(env["MESOS_TASK_ID"], task?.id);
    assert.equal(env["MARATHON_APP_LABEL_A_B"], "c");
    assert.equal(env["MINE"], "1");
  });

  it("uses one offer for several instances, suppresses when nothing waits, and revives at once", async () => {
    await done("POST", "/v2/apps", { ...sleeper, instances: 4 });
    const accepts = master.callsOf("ACCEPT");
    assert.equal(accepts.length, 1);
    await marathon.until(() => master.callsOf("SUPPRESS").length > 0, "suppress");
    const revives = master.callsOf("REVIVE").length;
    await done("PUT", "/v2/apps/sleeper", { instances: 5 });
    assert.equal(master.callsOf("REVIVE").length, revives + 1);
  });

  it("kills a named task: without scale it is replaced, with scale the app shrinks by it", async () => {
    await done("POST", "/v2/apps", { ...sleeper, instances: 3 });
    const [first = "", second = ""] = taskIds();
    const killed = await marathon.call("DELETE", `/v2/apps/sleeper/tasks/${first}`);
    assert.equal(killed.body.task.id, first);
    await marathon.until(() => taskIds().length === 3 && !taskIds().includes(first), "its replacement");
    const scaled = await done("POST", "/v2/tasks/delete?scale=true", { ids: [second] });
    assert.ok(scaled.body.deploymentId);
    assert.equal(taskIds().includes(second), false);
    assert.equal(taskIds().length, 2);
    assert.equal((await marathon.call("GET", "/v2/apps/sleeper")).body.app.instances, 2);
    const both = await marathon.call("DELETE", "/v2/apps/sleeper/tasks?scale=true&wipe=true");
    assert.equal(both.status, 400);
  });

  it("restarts an app with new instances and the same definition", async () => {
    await done("POST", "/v2/apps", { ...sleeper, instances: 2 });
    const before = taskIds();
    const app = (await marathon.call("GET", "/v2/apps/sleeper")).body.app;
    const answer = await done("POST", "/v2/apps/sleeper/restart");
    assert.ok(taskIds().every((id) => !before.includes(id)));
    const after = (await marathon.call("GET", "/v2/apps/sleeper")).body.app;
    assert.equal(after.versionInfo.lastConfigChangeAt, answer.body.version);
    assert.equal(after.versionInfo.lastScalingAt, app.versionInfo.lastScalingAt);
  });

  it("force replaces a running deployment, whose end is a failure", async () => {
    const stuck = await marathon.call("POST", "/v2/apps", { ...sleeper, cpus: 999 });
    const id = stuck.headers.get("marathon-deployment-id");
    const forced = await marathon.call("PUT", "/v2/apps/sleeper?force=true", { cpus: 0.1 });
    await marathon.deployed(forced);
    const failed = marathon.events.find((e) => e.eventType === "deployment_failed" && e["id"] === id);
    assert.equal(failed?.["reason"], "The upgrade has been cancelled");
    assert.equal(taskIds().length, 1);
  });

  it("cancels a deployment with force and answers 202, and 404 for one that is not there", async () => {
    const stuck = await marathon.call("POST", "/v2/apps", { ...sleeper, cpus: 999 });
    const id = stuck.headers.get("marathon-deployment-id");
    const cancelled = await marathon.call("DELETE", `/v2/deployments/${id}?force=true`);
    assert.equal(cancelled.status, 202);
    assert.equal(cancelled.text, "");
    const again = await marathon.call("DELETE", `/v2/deployments/${id}`);
    assert.equal(again.status, 404);
    assert.deepEqual(again.body, { message: `DeploymentPlan ${id} does not exist` });
  });

  it("deploys a group in the order of its dependencies, shows it, and removes what a PUT leaves out", async () => {
    const group = {
      id: "/shop",
      apps: [
        { id: "web", cmd: "sleep 1", cpus: 0.1, dependencies: ["db"] },
        { id: "db", cmd: "sleep 1", cpus: 0.1 },
      ],
      groups: [{ id: "extra", apps: [{ id: "mail", cmd: "sleep 1", cpus: 0.1 }] }],
    };
    const dry = await marathon.call("PUT", "/v2/groups/shop?dryRun=true", group);
    assert.deepEqual(
      dry.body.steps.map((s: { actions: { app: string }[] }) => s.actions.map((a) => a.app).sort()),
      [["/shop/db", "/shop/extra/mail", "/shop/web"], ["/shop/db", "/shop/extra/mail"], ["/shop/web"]],
    );
    const made = await done("POST", "/v2/groups", group);
    assert.equal(made.status, 201);
    const again = await marathon.call("POST", "/v2/groups", group);
    assert.equal(again.status, 409);
    assert.equal(again.body.message, "Group /shop is already created. Use PUT to change this group.");
    const shown = (await marathon.call("GET", "/v2/groups/shop")).body;
    assert.deepEqual(shown.apps.map((a: { id: string }) => a.id).sort(), ["/shop/db", "/shop/web"]);
    assert.deepEqual(shown.apps.find((a: { id: string }) => a.id === "/shop/web").dependencies, ["/shop/db"]);
    assert.equal(shown.groups[0].apps[0].id, "/shop/extra/mail");
    assert.equal(shown.enforceRole, false);
    await done("PUT", "/v2/groups/shop", { apps: [group.apps[1]], groups: [] });
    assert.deepEqual([...marathon.core.root.apps.keys()], ["/shop/db"]);
    await done("DELETE", "/v2/groups/shop");
    assert.equal((await marathon.call("GET", "/v2/groups/shop")).status, 404);
    assert.equal(taskIds().length, 0);
  });

  it("fails when dependencies form a circle", async () => {
    const apps = [
      { id: "a", cmd: "sleep 1", dependencies: ["b"] },
      { id: "b", cmd: "sleep 1", dependencies: ["a"] },
    ];
    const answer = await marathon.call("PUT", "/v2/groups/g", { apps });
    assert.equal(answer.status, 422);
    assert.match(answer.text, /Dependency graph has cyclic dependencies/);
  });

  it("filters apps by id and labels, and embeds tasks where asked", async () => {
    await done("POST", "/v2/apps", { ...sleeper, labels: { tier: "web" } });
    await done("POST", "/v2/apps", { ...sleeper, id: "/other", labels: { tier: "db" } });
    const ids = async (query: string) =>
      (await marathon.call("GET", `/v2/apps?${query}`)).body.apps.map((a: { id: string }) => a.id);
    assert.deepEqual(await ids("label=tier==web"), ["/sleeper"]);
    assert.deepEqual(await ids("label=tier!=web"), ["/other"]);
    assert.deepEqual(await ids("label=tier+in+(web,db)"), ["/sleeper", "/other"]);
    assert.deepEqual(await ids("id=oth"), ["/other"]);
    const [app] = (await marathon.call("GET", "/v2/apps?embed=apps.tasks")).body.apps;
    assert.equal(app.tasks.length, 1);
    assert.equal((await marathon.call("GET", "/v2/apps")).body.apps[0].tasks, undefined);
  });

  it("subscribes again when the master cuts the stream, and restarts nothing", async () => {
    await done("POST", "/v2/apps", sleeper);
    const before = taskIds();
    master.cut();
    await marathon.until(() => master.callsOf("SUBSCRIBE").length === 2, "the second SUBSCRIBE");
    const [, again] = master.callsOf("SUBSCRIBE");
    assert.deepEqual(again?.["framework_id"], { value: "fake-0000" });
    await marathon.until(() => master.callsOf("RECONCILE").length >= 3, "reconciliation");
    assert.deepEqual(taskIds(), before);
  });

  it("rolls the deployment of a new group back to none, whatever groups it holds", async () => {
    const big = { ...sleeper, id: "db", cpus: 1000 };
    const stuck = await marathon.call("PUT", "/v2/groups", {
      id: "/shop",
      groups: [{ id: "back", groups: [{ id: "store", apps: [big] }] }],
    });
    const back = await marathon.call("DELETE", `/v2/deployments/${stuck.body.deploymentId}`);
    await marathon.deployed(back);
    for (const path of ["shop", "shop/back", "shop/back/store"])
      assert.equal((await marathon.call("GET", `/v2/groups/${path}`)).status, 404, path);
  });

  it("a readiness check holds a deployment until its answer is right", async () => {
    const answer = await marathon.call("POST", "/v2/apps", {
      ...sleeper,
      portDefinitions: [{ port: 0, name: "http-api" }],
      readinessChecks: [{ intervalSeconds: 2, timeoutSeconds: 1, httpStatusCodesForReady: [418] }],
    });
    await marathon.until(async () => {
      const [deployment] = (await marathon.call("GET", "/v2/deployments")).body;
      return deployment?.currentActions[0]?.readinessCheckResults.length === 1;
    }, "a readiness result");
    const [deployment] = (await marathon.call("GET", "/v2/deployments")).body;
    const [result] = deployment.currentActions[0].readinessCheckResults;
    assert.deepEqual([result.ready, result.lastResponse], [false, undefined]);
    assert.equal((await marathon.call("DELETE", `/v2/deployments/${deployment.id}`)).status, 200);
    assert.ok(answer.status === 201);
  });

  for (const fails of [false, true]) {
    it(`shows the last response of a readiness check that ${fails ? "nobody answered" : "was answered"}, its media type alone (ReadinessCheckExecutorImpl)`, async () => {
      if (fails) for (let port = 31_000; port < 32_000; port++) marathon.failing.add(port);
      await marathon.call("POST", "/v2/apps", {
        ...sleeper,
        portDefinitions: [{ port: 0, name: "http-api" }],
        readinessChecks: [{ path: "/ready", httpStatusCodesForReady: [418], preserveLastResponse: true }],
      });
      const last = async () =>
        (await marathon.call("GET", "/v2/apps/sleeper?embed=app.readiness")).body.app.readinessCheckResults[0]
          ?.lastResponse;
      await marathon.until(async () => (await last()) !== undefined, "a response");
      const { host, ports } = (await marathon.call("GET", "/v2/apps/sleeper")).body.app.tasks[0];
      const body = `Marathon could not query http://${host}:${ports[0]}/ready: connection refused`;
      assert.deepEqual(
        await last(),
        fails
          ? { status: 504, contentType: "text/plain", body }
          : { status: 200, contentType: "application/json", body: "{}" },
      );
    });
  }

  it("answers ping by the media type, 405 to event readers that take no stream, and 500 to unknown routes", async () => {
    const ping = (accept: string) => fetch(`${marathon.url}/ping`, { headers: { accept } });
    assert.equal(await (await ping("*/*")).text(), "pong");
    assert.equal(await (await ping("application/json")).text(), '"pong"');
    assert.equal((await ping("image/png")).status, 204);
    assert.equal((await marathon.call("GET", "/v2/events")).status, 405);
    const unknown = await marathon.call("GET", "/v2/nothing");
    assert.equal(unknown.status, 500);
    assert.deepEqual(unknown.body, { message: "URI not found" });
    const empty = await marathon.call("POST", "/v2/apps", "");
    assert.equal(empty.status, 400);
    assert.equal(empty.body.message, "Please specify data in JSON format");
    const page = await fetch(`${marathon.url}/v2/apps`, { headers: { origin: "http://evil.example" } });
    assert.equal(page.status, 403);
  });
});
