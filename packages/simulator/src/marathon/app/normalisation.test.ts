// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type Answer, TestMarathon } from "../testing/test-marathon";

/** The normalisations of marathon.md §1.7, over the HTTP API. */
describe("marathon: what a document becomes (marathon.md §1.7)", function () {
  this.timeout(60_000);
  let marathon: TestMarathon;

  before(async () => {
    marathon = await TestMarathon.start();
  });
  after(async () => {
    await marathon.close();
  });
  afterEach(async () => {
    for (const id of marathon.core.root.apps.keys())
      await marathon.call("DELETE", `/v2/apps${id}?force=true`);
    await marathon.until(() => marathon.core.tracker.specIds().length === 0, "no instances");
  });

  async function post(document: object): Promise<Answer> {
    const answer = await marathon.call("POST", "/v2/apps", document);
    assert.equal(answer.status, 201, answer.text);
    await marathon.deployed(answer);
    return answer;
  }
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
  async function get(id: string): Promise<any> {
    return (await marathon.call("GET", `/v2/apps${id}`)).body.app;
  }
  async function put(id: string, document: object, query = ""): Promise<Answer> {
    const answer = await marathon.call("PUT", `/v2/apps${id}${query}`, document);
    assert.equal(answer.status, 200, answer.text);
    await marathon.deployed(answer);
    return answer;
  }

  it("1: ids and dependencies resolve against the root, and come back absolute", async () => {
    await post({ id: "db", cmd: "sleep 1" });
    await post({ id: "web/front", cmd: "sleep 1", dependencies: ["db"] });
    assert.deepEqual((await get("/web/front")).dependencies, ["/db"]);
  });

  it("2: service port 0 becomes the lowest free one, and a later 0 keeps it", async () => {
    await post({ id: "/a", cmd: "sleep 1", portDefinitions: [{ port: 10_000 }] });
    await post({ id: "/b", cmd: "sleep 1" });
    assert.equal((await get("/b")).portDefinitions[0].port, 10_001);
    await put("/b", { portDefinitions: [{ port: 0, name: "default" }] });
    assert.equal((await get("/b")).portDefinitions[0].port, 10_001);
  });

  it("3: the 201 shows service port 0 and no versionInfo", async () => {
    const { body } = await post({ id: "/a", cmd: "sleep 1" });
    assert.equal(body.portDefinitions[0].port, 0);
    assert.equal("versionInfo" in body, false);
  });

  it("4: a missing host port becomes 0 in bridge mode and stays absent in container mode", async () => {
    const portMappings = [{ containerPort: 80 }];
    const container = { docker: { image: "x" }, portMappings };
    const bridge = await post({ id: "/a", container, networks: [{ mode: "container/bridge" }] });
    assert.equal(bridge.body.container.portMappings[0].hostPort, 0);
    const user = await post({ id: "/b", container, networks: [{ mode: "container", name: "net" }] });
    assert.equal("hostPort" in user.body.container.portMappings[0], false);
  });

  it("5: old networking, ports and uris come back in the new shape only", async () => {
    const { body } = await post({
      id: "/a",
      cmd: "sleep 1",
      ports: [0, 12_000],
      uris: ["http://h/a.tgz", "http://h/b.txt"],
    });
    assert.deepEqual(body.portDefinitions, [
      { port: 0, protocol: "tcp" },
      { port: 12_000, protocol: "tcp" },
    ]);
    assert.deepEqual(body.fetch, [
      { uri: "http://h/a.tgz", extract: true, executable: false, cache: false },
      { uri: "http://h/b.txt", extract: false, executable: false, cache: false },
    ]);
    for (const key of ["ports", "uris", "ipAddress"]) assert.equal(key in body, false);
    const user = await post({
      id: "/b",
      container: { docker: { image: "x", network: "USER", portMappings: [{ containerPort: 80 }] } },
      ipAddress: { networkName: "net" },
    });
    assert.deepEqual(user.body.networks, [{ name: "net", mode: "container" }]);
    assert.deepEqual(Object.keys(user.body.container.docker).sort(), [
      "forcePullImage",
      "image",
      "parameters",
      "privileged",
    ]);
  });

  it("6: port definitions turn into as many default mappings off host mode", async () => {
    const { body } = await post({
      id: "/a",
      container: { docker: { image: "x" } },
      networks: [{ mode: "container/bridge" }],
      requirePorts: true,
    });
    assert.equal("portDefinitions" in body, false);
    assert.equal(body.requirePorts, false);
    assert.deepEqual(body.container.portMappings, [
      { containerPort: 0, hostPort: 0, labels: {}, protocol: "tcp", servicePort: 0, name: "default" },
    ]);
    const none = await post({
      id: "/c",
      container: { docker: { image: "x" }, portMappings: [] },
      networks: [{ mode: "container/bridge" }],
    });
    assert.deepEqual(none.body.container.portMappings, []);
  });

  it("7: health checks get their defaults, delaySeconds 15, and TCP loses its path", async () => {
    const { body } = await post({
      id: "/a",
      cmd: "sleep 1",
      portDefinitions: [{ port: 0 }],
      instances: 0,
      healthChecks: [{ protocol: "TCP", path: "/x", delaySeconds: 3 }, {}],
    });
    const defaults = {
      gracePeriodSeconds: 300,
      intervalSeconds: 60,
      maxConsecutiveFailures: 3,
      portIndex: 0,
      ipProtocol: "IPv4",
      timeoutSeconds: 20,
      delaySeconds: 15,
    };
    assert.deepEqual(body.healthChecks, [
      { ...defaults, protocol: "TCP" },
      { ...defaults, protocol: "HTTP", ignoreHttp1xx: false },
    ]);
  });

  it("8: sets in another order, and repeated, are no change", async () => {
    const constraints = [
      ["hostname", "LIKE", ".*"],
      ["hostname", "UNLIKE", "x"],
    ];
    await post({ id: "/a", cmd: "sleep 1", constraints });
    const { version } = await get("/a");
    await put("/a", { constraints: [...constraints].reverse() });
    assert.equal((await get("/a")).version, version);
  });

  it("10 and 11: unset keys and empty lists are absent, labels and volumes are not; unknown keys are dropped", async () => {
    const { body } = await post({
      id: "/a",
      cmd: "sleep 1",
      args: null,
      env: {},
      constraints: [],
      healthChecks: [],
      noSuchKey: 1,
      container: { type: "MESOS", noSuchKey: 2 },
    });
    for (const key of [
      "args",
      "env",
      "constraints",
      "healthChecks",
      "dependencies",
      "fetch",
      "secrets",
      "noSuchKey",
    ]) {
      assert.equal(key in body, false, key);
    }
    assert.deepEqual(body.labels, {});
    assert.deepEqual(body.container, { type: "MESOS", volumes: [] });
  });

  it("12: a partial update keeps scalars, replaces objects whole, and loses executorResources", async () => {
    await post({
      id: "/a",
      cmd: "sleep 1",
      taskKillGracePeriodSeconds: 7,
      labels: { a: "1", b: "2" },
      executorResources: { cpus: 0.2 },
    });
    assert.deepEqual((await get("/a")).executorResources, { cpus: 0.2, mem: 32, disk: 10 });
    await put("/a", { taskKillGracePeriodSeconds: null, labels: { c: "3" } });
    const app = await get("/a");
    assert.equal(app.taskKillGracePeriodSeconds, 7);
    assert.deepEqual(app.labels, { c: "3" });
    assert.equal("executorResources" in app, false);
  });

  it("13: a full replacement without instances means one", async () => {
    await post({ id: "/a", cmd: "sleep 1", instances: 3 });
    await put("/a", { cmd: "sleep 1" }, "?partialUpdate=false");
    assert.equal((await get("/a")).instances, 1);
  });

  it("14: a changed label restarts tasks, changed executorResources do not", async () => {
    await post({ id: "/a", cmd: "sleep 1" });
    const [before] = (await get("/a")).tasks;
    await marathon.call("PATCH", "/v2/apps/a", { executorResources: { cpus: 0.3 } });
    await marathon.until(async () => (await get("/a")).deployments.length === 0, "its end");
    assert.equal((await get("/a")).tasks[0].id, before.id);
    await put("/a", { labels: { x: "y" } });
    assert.notEqual((await get("/a")).tasks[0].id, before.id);
  });

  it("2.1: version alone rolls back, with anything else it is refused", async () => {
    const first = await post({ id: "/rolled-back", cmd: "sleep 1" });
    await put("/rolled-back", { cmd: "sleep 2" });
    const mixed = await marathon.call("PUT", "/v2/apps/rolled-back", {
      version: first.body.version,
      cmd: "x y",
    });
    assert.equal(mixed.status, 422);
    await put("/rolled-back", { version: first.body.version });
    assert.equal((await get("/rolled-back")).cmd, "sleep 1");
    const { versions } = (await marathon.call("GET", "/v2/apps/rolled-back/versions")).body;
    assert.equal(versions.length, 3);
    const old = await marathon.call("GET", `/v2/apps/rolled-back/versions/${first.body.version}`);
    assert.equal(old.body.cmd, "sleep 1");
  });

  for (const [what, change, path] of [
    ["an unknown constraint operator", { constraints: [["hostname", "NEAR"]] }, "/constraints(0)"],
    [
      "a persistent volume without a role to reserve for",
      {
        container: { type: "MESOS", volumes: [{ containerPath: "d", mode: "RW", persistent: { size: 1 } }] },
      },
      "/role",
    ],
    ["a secret", { env: { A: { secret: "s" } }, secrets: { s: { source: "x" } } }, "/secrets"],
    ["a foreign role", { role: "other" }, "/role"],
    ["cmd with args", { args: ["x"] }, "/"],
    ["an upper-case id", { id: "/Big" }, "/id"],
  ] as const) {
    it(`fails when ${what} is given`, async () => {
      const answer = await marathon.call("POST", "/v2/apps", { id: "/a", cmd: "sleep 1", ...change });
      assert.equal(answer.status, 422, answer.text);
      assert.ok(
        answer.body.details.some((d: { path: string }) => d.path === path),
        answer.text,
      );
    });
  }
});
