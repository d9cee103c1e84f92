// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type Answer, TestMarathon } from "./testing/test-marathon";

/** The exact pairs of marathon.md §6.4, written out by hand. */

const old = {
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
const { network: _network, portMappings, ...docker } = old.container.docker;
const modern = {
  ...old,
  container: { type: "DOCKER", docker, portMappings },
  networks: [{ mode: "container/bridge" }],
};
const quick = [{ ...old.healthChecks[0], intervalSeconds: 1 }];

const expectedApp = {
  id: "/demo-nginx",
  backoffFactor: 1.15,
  backoffSeconds: 1,
  container: {
    type: "DOCKER",
    docker: { forcePullImage: false, image: "nginx", parameters: [], privileged: false },
    volumes: [],
    portMappings: [{ containerPort: 80, hostPort: 0, labels: {}, protocol: "tcp", servicePort: 0 }],
  },
  cpus: 0.1,
  disk: 0,
  executor: "",
  healthChecks: [
    {
      gracePeriodSeconds: 30,
      ignoreHttp1xx: false,
      intervalSeconds: 10,
      maxConsecutiveFailures: 3,
      path: "/",
      portIndex: 0,
      protocol: "HTTP",
      ipProtocol: "IPv4",
      timeoutSeconds: 5,
      delaySeconds: 15,
    },
  ],
  instances: 2,
  labels: {},
  maxLaunchDelaySeconds: 300,
  mem: 64,
  gpus: 0,
  networks: [{ mode: "container/bridge" }],
  requirePorts: false,
  upgradeStrategy: { maximumOverCapacity: 1, minimumHealthCapacity: 1 },
  killSelection: "YOUNGEST_FIRST",
  unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
  role: "*",
};
const version = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe("marathon: the pairs of marathon.md §6.4", function () {
  this.timeout(60_000);
  let marathon: TestMarathon;

  beforeEach(async () => {
    marathon = await TestMarathon.start();
  });
  afterEach(async () => {
    await marathon.close();
  });

  async function post(document: object): Promise<Answer> {
    const answer = await marathon.call("POST", "/v2/apps", document);
    assert.equal(answer.status, 201, answer.text);
    return answer;
  }

  /** The steps of the deployment that `answer` began, as its success event shows them. */
  function stepsOf(answer: Answer): unknown {
    const ended = marathon.events.find((e) => e["id"] === answer.body.deploymentId);
    return (ended?.["plan"] as { steps: unknown } | undefined)?.steps;
  }

  async function deployed(): Promise<Answer> {
    const answer = await post({ ...modern, healthChecks: quick });
    await marathon.deployed(answer);
    return answer;
  }

  for (const [shape, document] of [
    ["old", old],
    ["new", modern],
  ] as const) {
    it(`A: POST of the ${shape} shape answers the completed app`, async () => {
      const answer = await post(document);
      const id = answer.headers.get("marathon-deployment-id");
      assert.match(answer.headers.get("location") ?? "", /^http:\/\/[\d.]+:\d+\/demo-nginx$/);
      assert.match(answer.body.version, version);
      assert.deepEqual(answer.body, {
        ...expectedApp,
        version: answer.body.version,
        tasksStaged: 0,
        tasksRunning: 0,
        tasksHealthy: 0,
        tasksUnhealthy: 0,
        deployments: [{ id }],
      });
    });
  }

  it("B: GET shows the service port, the counts and both tasks when it is done", async () => {
    const created = await deployed();
    const { status, body } = await marathon.call("GET", "/v2/apps/demo-nginx");
    const v = created.body.version;
    assert.equal(status, 200);
    const { tasks, ...app } = body.app;
    const mapping = { ...expectedApp.container.portMappings[0], servicePort: 10_000 };
    assert.deepEqual(app, {
      ...expectedApp,
      healthChecks: [{ ...expectedApp.healthChecks[0], intervalSeconds: 1 }],
      container: { ...expectedApp.container, portMappings: [mapping] },
      version: v,
      versionInfo: { lastScalingAt: v, lastConfigChangeAt: v },
      tasksStaged: 0,
      tasksRunning: 2,
      tasksHealthy: 2,
      tasksUnhealthy: 0,
      deployments: [],
    });
    assert.equal(tasks.length, 2);
    const [task] = tasks;
    assert.match(task.id, /^demo-nginx\.instance-[0-9a-f-]{36}\._app\.1$/);
    const [health] = task.healthCheckResults;
    assert.deepEqual(task, {
      appId: "/demo-nginx",
      healthCheckResults: [
        {
          alive: true,
          consecutiveFailures: 0,
          firstSuccess: health.firstSuccess,
          instanceId: task.id.replace("._app.1", ""),
          lastSuccess: health.lastSuccess,
        },
      ],
      host: task.host,
      id: task.id,
      ipAddresses: [{ ipAddress: "172.17.0.2", protocol: "IPv4" }],
      ports: [task.ports[0]],
      servicePorts: [],
      slaveId: task.slaveId,
      state: "TASK_RUNNING",
      stagedAt: task.stagedAt,
      startedAt: task.startedAt,
      version: v,
      localVolumes: [],
      role: "*",
    });
    assert.ok(task.ports[0] >= 31_000 && task.ports[0] <= 31_199);
    const all = await marathon.call("GET", "/v2/tasks");
    assert.deepEqual(all.body.tasks[0].servicePorts, [10_000]);
  });

  it("C: GET /v2/deployments shows the plan while it runs", async () => {
    const answer = await post(old);
    await marathon.until(() => marathon.master.tasks.size === 2, "two tasks");
    const { body } = await marathon.call("GET", "/v2/deployments");
    assert.deepEqual(body, [
      {
        id: answer.headers.get("marathon-deployment-id"),
        version: answer.body.version,
        affectedApps: ["/demo-nginx"],
        affectedPods: [],
        steps: [
          { actions: [{ action: "StartApplication", app: "/demo-nginx" }] },
          { actions: [{ action: "ScaleApplication", app: "/demo-nginx" }] },
        ],
        currentActions: [{ action: "ScaleApplication", app: "/demo-nginx", readinessCheckResults: [] }],
        currentStep: 2,
        totalSteps: 2,
      },
    ]);
  });

  it("D: the event stream ends a deployment with deployment_success", async () => {
    const abort = new AbortController();
    const stream = await fetch(`${marathon.url}/v2/events?event_type=deployment_success`, {
      headers: { accept: "text/event-stream" },
      signal: abort.signal,
    });
    assert.equal(stream.status, 200);
    assert.match(stream.headers.get("content-type") ?? "", /^text\/event-stream/);
    const answer = await post({ ...modern, healthChecks: [] });
    const id = answer.headers.get("marathon-deployment-id");
    let text = "";
    const reader = stream.body?.getReader();
    while (!text.includes("\n\n")) text += Buffer.from((await reader?.read())?.value ?? []).toString();
    abort.abort();
    const [event = "", data = ""] = text.split("\n");
    assert.equal(event, "event: deployment_success");
    const parsed = JSON.parse(data.replace(/^data: /, ""));
    assert.deepEqual(parsed, {
      id,
      plan: {
        id,
        version: answer.body.version,
        steps: [
          { actions: [{ action: "StartApplication", app: "/demo-nginx" }] },
          { actions: [{ action: "ScaleApplication", app: "/demo-nginx" }] },
        ],
      },
      eventType: "deployment_success",
      timestamp: parsed.timestamp,
    });
  });

  it("E: the same POST again is a conflict without deployments", async () => {
    await post(old);
    const again = await marathon.call("POST", "/v2/apps", old);
    assert.equal(again.status, 409);
    assert.deepEqual(again.body, { message: "An app with id [/demo-nginx] already exists." });
  });

  it("F: a PUT meets the lock while the app deploys, and scales it afterwards", async () => {
    const first = await post({ ...modern, healthChecks: quick });
    const locked = await marathon.call("PUT", "/v2/apps/demo-nginx", { instances: 3 });
    assert.equal(locked.status, 409);
    assert.deepEqual(locked.body, {
      message:
        "App is locked by one or more deployments. Override with the option '?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'.",
      deployments: [{ id: first.headers.get("marathon-deployment-id") }],
    });
    await marathon.deployed(first);
    const scaled = await marathon.call("PUT", "/v2/apps/demo-nginx", { instances: 3 });
    assert.equal(scaled.status, 200);
    assert.deepEqual(Object.keys(scaled.body).sort(), ["deploymentId", "version"]);
    await marathon.deployed(scaled);
    assert.deepEqual(stepsOf(scaled), [{ actions: [{ action: "ScaleApplication", app: "/demo-nginx" }] }]);
    const { body } = await marathon.call("GET", "/v2/apps/demo-nginx");
    assert.equal(body.app.tasksRunning, 3);
    assert.deepEqual(body.app.versionInfo, {
      lastScalingAt: scaled.body.version,
      lastConfigChangeAt: first.body.version,
    });
  });

  it("G: the same document again changes nothing and still succeeds", async () => {
    await deployed();
    const before = (await marathon.call("GET", "/v2/apps/demo-nginx")).body.app;
    const document = { ...modern, healthChecks: quick };
    const again = await marathon.call("PUT", "/v2/apps/demo-nginx?partialUpdate=false", document);
    assert.equal(again.status, 200);
    await marathon.deployed(again);
    assert.deepEqual(stepsOf(again), []);
    assert.notEqual(again.body.version, before.version);
    const after = (await marathon.call("GET", "/v2/apps/demo-nginx")).body.app;
    assert.equal(after.version, before.version);
    assert.deepEqual(
      after.tasks.map((t: { id: string }) => t.id),
      before.tasks.map((t: { id: string }) => t.id),
    );
  });

  it("H: another image rolls: never fewer than two healthy, never more than four", async () => {
    await deployed();
    const oldTasks = new Set(marathon.master.tasks.keys());
    let most = 0;
    let fewest = 2;
    marathon.core.events.listen(() => {
      const instances = marathon.core.tracker.ofSpec("/demo-nginx");
      const healthy = instances.filter((i) => {
        const first = oldTasks.has(i.task?.id ?? "");
        return (
          i.condition === "Running" && i.wanted && (first || marathon.core.health.healthy(i.id) === true)
        );
      });
      most = Math.max(most, instances.length);
      fewest = Math.min(fewest, healthy.length);
    });
    const container = { ...modern.container, docker: { image: "nginx:1.27" } };
    const update = await marathon.call("PUT", "/v2/apps/demo-nginx", { container });
    await marathon.deployed(update);
    assert.deepEqual(stepsOf(update), [{ actions: [{ action: "RestartApplication", app: "/demo-nginx" }] }]);
    assert.equal(most, 4);
    assert.equal(fewest, 2);
    const { app } = (await marathon.call("GET", "/v2/apps/demo-nginx")).body;
    assert.equal(app.container.portMappings[0].servicePort, 10_000);
    assert.equal(app.tasks.length, 2);
    assert.ok(app.tasks.every((t: { id: string }) => !oldTasks.has(t.id)));
  });

  it("H: with a capacity of half and no surplus it kills one first and never runs three", async () => {
    const upgradeStrategy = { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 };
    await marathon.deployed(await post({ ...modern, healthChecks: [], upgradeStrategy }));
    let most = 0;
    marathon.core.events.listen(() => {
      most = Math.max(most, marathon.master.tasks.size);
    });
    const update = await marathon.call("PUT", "/v2/apps/demo-nginx", { env: { A: "b" } });
    await marathon.deployed(update);
    assert.equal(most, 2);
  });

  it("I: bounds, rules and malformed JSON have their own words", async () => {
    const bound = await marathon.call("POST", "/v2/apps", {
      ...old,
      upgradeStrategy: { minimumHealthCapacity: 2, maximumOverCapacity: 1 },
    });
    assert.equal(bound.status, 422);
    assert.deepEqual(bound.body, {
      message: "Invalid JSON",
      details: [{ path: "/upgradeStrategy/minimumHealthCapacity", errors: ["error.max"] }],
    });
    const rule = await marathon.call("POST", "/v2/apps", {
      ...old,
      healthChecks: [{ ...old.healthChecks[0], portIndex: 1 }],
    });
    assert.equal(rule.status, 422);
    assert.equal(rule.body.message, "Object is not valid");
    assert.deepEqual(rule.body.details[0].errors, [
      "Health check port indices must address an element of the ports array or container port mappings.",
    ]);
    const malformed = await marathon.call("POST", "/v2/apps", "{");
    assert.equal(malformed.status, 400);
    assert.equal(malformed.body.message, "Invalid JSON");
    assert.equal(typeof malformed.body.details, "string");
  });

  it("J: what no agent can run stays in the queue with its reason, and is rolled back to nothing", async () => {
    const answer = await post({ ...old, cpus: 1000 });
    const id = answer.headers.get("marathon-deployment-id");
    let entry: { count: number; delay: unknown; processedOffersSummary: Record<string, unknown> } | undefined;
    await marathon.until(async () => {
      entry = (await marathon.call("GET", "/v2/queue")).body.queue[0];
      return entry?.processedOffersSummary["processedOffersCount"] === 2;
    }, "two refused offers");
    assert.equal(entry?.count, 2);
    assert.deepEqual(entry?.delay, { timeLeftSeconds: 0, overdue: true });
    const summary = entry?.processedOffersSummary["rejectSummaryLastOffers"] as { reason: string }[];
    assert.deepEqual(
      summary.find((line) => line.reason === "InsufficientCpus"),
      { reason: "InsufficientCpus", declined: 2, processed: 2 },
    );
    const rollback = await marathon.call("DELETE", `/v2/deployments/${id}`);
    assert.equal(rollback.status, 200);
    assert.notEqual(rollback.body.deploymentId, id);
    await marathon.deployed(rollback);
    assert.ok(marathon.events.some((e) => e.eventType === "deployment_failed" && e["id"] === id));
    assert.equal((await marathon.call("GET", "/v2/apps/demo-nginx")).status, 404);
  });

  it("K: a deleted app is gone at once while its tasks still stop", async () => {
    await deployed();
    const gone = await marathon.call("DELETE", "/v2/apps/demo-nginx");
    assert.equal(gone.status, 200);
    const get = await marathon.call("GET", "/v2/apps/demo-nginx");
    assert.equal(get.status, 404);
    assert.deepEqual(get.body, { message: "App '/demo-nginx' does not exist" });
    await marathon.deployed(gone);
    assert.deepEqual(stepsOf(gone), [{ actions: [{ action: "StopApplication", app: "/demo-nginx" }] }]);
    assert.equal(marathon.master.tasks.size, 0);
    assert.ok(marathon.events.some((e) => e.eventType === "app_terminated_event"));
  });
});
