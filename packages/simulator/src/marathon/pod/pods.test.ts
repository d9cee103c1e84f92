// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { MemoryStore } from "../store/state-store";
import { agent, FakeMaster } from "../testing/fake-master";
import { TestMarathon } from "../testing/test-marathon";

const sleeper = {
  name: "sleeper",
  exec: { command: { shell: "sleep 100" } },
  resources: { cpus: 0.1, mem: 32 },
};
const web = {
  name: "web",
  exec: { command: { argv: ["/bin/serve", "now"] } },
  resources: { cpus: 0.2, mem: 64, disk: 5 },
  endpoints: [
    { name: "http", protocol: ["tcp"] },
    { name: "admin-api", hostPort: 0 },
  ],
};
const pod = { id: "/shop/pod", containers: [sleeper], networks: [{ mode: "host" }] };
const rendered = {
  id: "/shop/pod",
  containers: [
    {
      name: "sleeper",
      exec: { command: { shell: "sleep 100" } },
      resources: { cpus: 0.1, mem: 32, disk: 0, gpus: 0 },
    },
  ],
  networks: [{ mode: "host" }],
  scaling: { kind: "fixed", instances: 1 },
  scheduling: {
    backoff: { backoff: 1, backoffFactor: 1.15, maxLaunchDelay: 300 },
    upgrade: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
    placement: {},
    killSelection: "YOUNGEST_FIRST",
    unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
  },
  executorResources: { cpus: 0.1, mem: 32, disk: 10 },
  role: "*",
};

/** SPEC-marathon.md, "Pods". */
describe("marathon: pods (marathon.md §1.9, §2.1)", function () {
  this.timeout(60_000);
  let master: FakeMaster;
  let store: MemoryStore;
  let marathon: TestMarathon;

  beforeEach(async () => {
    master = await FakeMaster.start([agent(1), agent(2)]);
    store = new MemoryStore();
    marathon = await TestMarathon.start({ master, store });
  });
  afterEach(async () => {
    await marathon.close();
    await master.close();
  });

  const call = (method: string, path: string, body?: unknown) => marathon.call(method, path, body);
  const done = (method: string, path: string, body?: unknown) => marathon.done(method, path, body);
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
  const status = async (): Promise<any> => (await call("GET", "/v2/pods/shop/pod::status")).body;
  const tasks = () => [...master.tasks.values()];
  const kinds = () => marathon.events.map((e) => e.eventType);

  describe("POST /v2/pods", () => {
    it("answers 201, the completed pod, its place and the deployment", async () => {
      const answer = await call("POST", "/v2/pods", pod);
      assert.equal(answer.status, 201, answer.text);
      const { version, ...body } = answer.body;
      assert.deepEqual(body, rendered);
      assert.match(version, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.equal(answer.headers.get("location"), `${marathon.url}/shop/pod`);
      await marathon.deployed(answer);
      const created = marathon.events.find((e) => e.eventType === "pod_created_event");
      assert.deepEqual([created?.["clientIp"], created?.["uri"]], ["127.0.0.1", "/v2/pods"]);
    });

    it("fails with 409 when the pod exists", async () => {
      await done("POST", "/v2/pods", pod);
      const again = await call("POST", "/v2/pods", pod);
      assert.equal(again.status, 409);
      assert.deepEqual(again.body, { message: "A pod with id [/shop/pod] already exists." });
    });

    it("fails with 422 when an app or a group has the path, and so does the app when a pod has it", async () => {
      await done("POST", "/v2/apps", { id: "/a", cmd: "sleep 1", cpus: 0.1 });
      const app = await call("POST", "/v2/pods", { ...pod, id: "/a" });
      assert.equal(app.status, 422);
      assert.match(app.text, /Applications and Pods may not share the same id/);
      await done("POST", "/v2/pods", pod);
      const group = await call("POST", "/v2/pods", { ...pod, id: "/shop" });
      assert.equal(group.status, 422);
      assert.match(group.text, /Groups and Pods may not have the same identifier/);
      assert.equal((await call("POST", "/v2/apps", { id: "/shop/pod", cmd: "sleep 1" })).status, 422);
      assert.equal((await call("PUT", "/v2/groups/shop/pod", { apps: [] })).status, 422);
    });

    it("fails with 400 on malformed JSON and on an empty body", async () => {
      const malformed = await call("POST", "/v2/pods", "{");
      assert.equal(malformed.status, 400);
      assert.equal(malformed.body.message, "Invalid JSON");
      assert.equal((await call("POST", "/v2/pods", "")).status, 400);
    });
  });

  it("HEAD /v2/pods answers 200 without a body, and GET lists all pods", async () => {
    const head = await fetch(`${marathon.url}/v2/pods`, { method: "HEAD" });
    assert.deepEqual([head.status, await head.text()], [200, ""]);
    assert.deepEqual((await call("GET", "/v2/pods")).body, []);
    await done("POST", "/v2/pods", pod);
    const [listed, ...others] = (await call("GET", "/v2/pods")).body;
    assert.deepEqual([{ ...listed, version: undefined }], [{ ...rendered, version: undefined }]);
    assert.deepEqual(others, []);
  });

  describe("GET, PUT and DELETE /v2/pods/{id}", () => {
    it("GET answers the stored pod, and 404 with the message wrapped twice", async () => {
      const made = await done("POST", "/v2/pods", pod);
      assert.deepEqual((await call("GET", "/v2/pods/shop/pod")).body, made.body);
      const unknown = await call("GET", "/v2/pods/shop/none");
      assert.equal(unknown.status, 404);
      assert.deepEqual(unknown.body, { message: '{"message": "pod with /shop/none does not exist"}' });
    });

    it("PUT creates what is not there, and answers 200", async () => {
      const answer = await done("PUT", "/v2/pods/shop/pod", pod);
      assert.equal(answer.status, 200);
      assert.equal(answer.body.id, "/shop/pod");
      assert.ok(kinds().includes("pod_updated_event"));
      assert.ok(!kinds().includes("pod_created_event"));
    });

    it("PUT that changes nothing answers a new version, keeps the old one and restarts nothing", async () => {
      const made = await done("POST", "/v2/pods", pod);
      const before = [...master.tasks.keys()];
      const again = await done("PUT", "/v2/pods/shop/pod", pod);
      assert.notEqual(again.body.version, made.body.version);
      assert.equal((await call("GET", "/v2/pods/shop/pod")).body.version, made.body.version);
      assert.deepEqual([...master.tasks.keys()], before);
    });

    it("PUT replaces the whole pod: what is left out takes its default again", async () => {
      await done("POST", "/v2/pods", {
        ...pod,
        labels: { a: "b" },
        scaling: { kind: "fixed", instances: 2 },
      });
      await done("PUT", "/v2/pods/shop/pod", pod);
      const { version: _version, ...body } = (await call("GET", "/v2/pods/shop/pod")).body;
      assert.deepEqual(body, rendered);
    });

    it("PUT fails with 400 when the body has another id", async () => {
      const answer = await call("PUT", "/v2/pods/shop/pod", { ...pod, id: "/shop/other" });
      assert.equal(answer.status, 400);
      assert.deepEqual(answer.body, {
        message: "'/shop/pod' does not match definition's id ('/shop/other')",
      });
    });

    it("PUT fails with 409 while the pod deploys, and force replaces that deployment", async () => {
      const stuck = await call("POST", "/v2/pods", {
        ...pod,
        containers: [{ ...sleeper, resources: { cpus: 999 } }],
      });
      const id = stuck.headers.get("marathon-deployment-id");
      const locked = await call("PUT", "/v2/pods/shop/pod", pod);
      assert.equal(locked.status, 409);
      assert.deepEqual(locked.body.deployments, [{ id }]);
      await done("PUT", "/v2/pods/shop/pod?force=true", pod);
      assert.equal(tasks().length, 1);
    });

    it("DELETE answers 202 with the deployment as place, and 404 afterwards", async () => {
      await done("POST", "/v2/pods", pod);
      const answer = await done("DELETE", "/v2/pods/shop/pod");
      assert.deepEqual([answer.status, answer.text], [202, ""]);
      const id = answer.headers.get("marathon-deployment-id");
      assert.equal(answer.headers.get("location"), `${marathon.url}/${id}`);
      assert.equal(tasks().length, 0);
      assert.ok(kinds().includes("pod_deleted_event"));
      assert.ok(
        marathon.events.some((e) => e.eventType === "app_terminated_event" && e["appId"] === "/shop/pod"),
      );
      const again = await call("DELETE", "/v2/pods/shop/pod");
      assert.equal(again.status, 404);
      assert.deepEqual(again.body, { message: "Pod '/shop/pod' does not exist" });
    });
  });

  it("GET ::versions lists the versions, and each can be read while it is kept", async () => {
    const first = await done("POST", "/v2/pods", pod);
    const second = await done("PUT", "/v2/pods/shop/pod", { ...pod, labels: { a: "b" } });
    const list = await call("GET", "/v2/pods/shop/pod::versions");
    assert.deepEqual(list.body, [second.body.version, first.body.version]);
    const old = await call("GET", `/v2/pods/shop/pod::versions/${first.body.version}`);
    assert.deepEqual(old.body, first.body);
    for (const path of ["/shop/none::versions", "/shop/pod::versions/2015-01-01T00:00:00.000Z"]) {
      assert.equal((await call("GET", `/v2/pods${path}`)).status, 404);
    }
  });

  describe("GET ::status", () => {
    it("shows instances, containers and endpoints with their ports", async () => {
      await done("POST", "/v2/pods", { ...pod, containers: [web, sleeper] });
      const body = await status();
      assert.equal(body.status, "STABLE");
      const [instance] = body.instances;
      assert.match(instance.id, /^shop_pod\.instance-[0-9a-f-]{36}$/);
      const [first] = tasks();
      const { statusSince, lastUpdated, lastChanged, containers, ...rest } = instance;
      assert.deepEqual(rest, {
        id: instance.id,
        status: "STABLE",
        conditions: [],
        agentHostname: first?.agent.hostname,
        agentId: first?.agent.id,
        resources: { cpus: 0.4, mem: 128, disk: 15, gpus: 0 },
        networks: [{ addresses: ["172.17.0.2"] }],
        specReference: `/v2/pods/shop/pod::versions/${body.spec.version}`,
        localVolumes: [],
        role: "*",
      });
      assert.deepEqual([lastUpdated, lastChanged], [statusSince, statusSince]);
      assert.deepEqual(
        containers.map((c: Record<string, unknown>) => [c["name"], c["status"], c["containerId"]]),
        [
          ["web", "TASK_RUNNING", `${instance.id}.web.1`],
          ["sleeper", "TASK_RUNNING", `${instance.id}.sleeper.1`],
        ],
      );
      assert.deepEqual(containers[0].resources, { cpus: 0.2, mem: 64, disk: 5, gpus: 0 });
      assert.deepEqual(containers[0].endpoints, [
        { name: "http", allocatedHostPort: first?.ports[0] },
        { name: "admin-api", allocatedHostPort: first?.ports[1] },
      ]);
      assert.deepEqual(body.terminationHistory, []);
      const all = await call("GET", "/v2/pods/::status");
      assert.deepEqual(
        all.body.map((s: { id: string }) => s.id),
        ["/shop/pod"],
      );
      const unknown = await call("GET", "/v2/pods/none::status");
      assert.deepEqual([unknown.status, unknown.body], [404, { message: "Pod '/none' does not exist" }]);
    });

    it("goes from PENDING over STAGING to STABLE, and is DEGRADED until then and while it is unreachable", async () => {
      const big = { ...pod, containers: [{ ...sleeper, resources: { cpus: 100 } }] };
      const stuck = await call("POST", "/v2/pods", big);
      assert.equal((await status()).status, "DEGRADED");
      assert.equal((await status()).instances[0].status, "PENDING");
      assert.equal("agentId" in (await status()).instances[0], false);
      assert.deepEqual((await status()).instances[0].resources, { cpus: 0.1, mem: 32, disk: 10, gpus: 0 });
      await marathon.deployed(
        await call("DELETE", `/v2/deployments/${stuck.headers.get("marathon-deployment-id")}`),
      );
      master.hold = () => true;
      const made = await call("POST", "/v2/pods", {
        ...pod,
        scheduling: { unreachableStrategy: { inactiveAfterSeconds: 100, expungeAfterSeconds: 200 } },
      });
      await marathon.until(() => tasks().length === 1, "the task");
      const id = tasks()[0]?.id ?? "";
      assert.equal((await status()).instances[0].containers[0].status, "TASK_STAGING");
      master.update(id, "TASK_STARTING");
      await marathon.until(async () => (await status()).instances[0].status === "STAGING", "staging");
      master.update(id, "TASK_RUNNING");
      await marathon.deployed(made);
      assert.equal((await status()).status, "STABLE");
      master.update(id, "TASK_UNREACHABLE");
      await marathon.until(async () => (await status()).instances[0].status === "DEGRADED", "unreachable");
      assert.equal((await status()).instances[0].message, "pod instance has become unreachable");
      master.update(id, "TASK_RUNNING");
      await marathon.until(async () => (await status()).status === "STABLE", "back");
    });
  });

  describe("DELETE ::instances", () => {
    it("kills one instance, answers it, and the pod replaces it", async () => {
      await done("POST", "/v2/pods", pod);
      const [{ id }] = (await status()).instances;
      const answer = await call("DELETE", `/v2/pods/shop/pod::instances/${id}`);
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.body.instanceId, id);
      assert.equal(answer.body.state.condition, "Running");
      assert.equal(answer.body.state.goal, "Running");
      assert.deepEqual(answer.body.agentInfo.attributes, []);
      await marathon.until(() => tasks().length === 1 && !tasks()[0]?.id.startsWith(id), "another");
      const gone = await call("DELETE", `/v2/pods/shop/pod::instances/${id}`);
      assert.deepEqual([gone.status, gone.body], [404, { message: `Task '${id}' does not exist` }]);
    });

    it("kills the instances that the body names, and answers those that there are", async () => {
      await done("POST", "/v2/pods", { ...pod, scaling: { kind: "fixed", instances: 3 } });
      const ids = (await status()).instances.map((i: { id: string }) => i.id);
      const none = "shop_pod.instance-00000000-0000-4000-8000-000000000000";
      const answer = await call("DELETE", "/v2/pods/shop/pod::instances", [ids[0], ids[2], none]);
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(
        answer.body.map((i: { instanceId: string }) => i.instanceId),
        [ids[0], ids[2]],
      );
      await marathon.until(
        () => !tasks().some((t) => t.id.startsWith(ids[0]) || t.id.startsWith(ids[2])),
        "killed",
      );
      await marathon.until(() => tasks().length === 3, "three again");
    });

    it("fails with 422 on what is no instance id, and with 404 for what is no pod", async () => {
      assert.equal((await call("DELETE", "/v2/pods/shop/pod::instances", ["x"])).status, 422);
      assert.equal((await call("DELETE", "/v2/pods/shop/pod::instances", { a: 1 })).status, 422);
      assert.equal((await call("DELETE", "/v2/pods/shop/pod::instances/x.instance-1")).status, 404);
    });
  });
});
