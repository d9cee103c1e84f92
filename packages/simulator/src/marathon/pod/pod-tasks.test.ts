// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { MarathonEvent } from "../events";
import { MemoryStore } from "../store/state-store";
import { agent, FakeMaster } from "../testing/fake-master";
import { type Answer, TestMarathon } from "../testing/test-marathon";

type Json = Record<string, unknown>;

interface LaunchGroup {
  readonly executor: Json & { readonly resources: Json[] };
  readonly task_group: { readonly tasks: (Json & { readonly resources: Json[] })[] };
}

const container = { name: "c", exec: { command: { shell: "sleep 100" } }, resources: { cpus: 0.1, mem: 32 } };
const pod = { id: "/shop/pod", containers: [container], networks: [{ mode: "host" }] };
const scaled = (instances: number) => ({ scaling: { kind: "fixed", instances } });

/** SPEC-marathon.md, "Pods": what runs. */
describe("marathon: tasks and deployments of pods", function () {
  this.timeout(60_000);
  let master: FakeMaster;
  let store: MemoryStore;
  let marathon: TestMarathon;

  beforeEach(async () => {
    master = await FakeMaster.start([agent(1, { attributes: { zone: "a" } }), agent(2)]);
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
  const ids = () => [...master.tasks.keys()];
  const launched = (): LaunchGroup[] =>
    master
      .callsOf("ACCEPT")
      .flatMap((c) => (c["accept"] as { operations: { launch_group?: LaunchGroup }[] }).operations)
      .flatMap((o) => o.launch_group ?? []);
  const stepsOf = (answer: Answer) => {
    const id = answer.headers.get("marathon-deployment-id");
    const ended = marathon.events.find((e) => e.eventType === "deployment_success" && e["id"] === id);
    assert.ok(ended);
    return (ended["plan"] as { steps: { actions: Json[] }[] }).steps.map((s) => s.actions);
  };
  const events = (type: string): MarathonEvent[] => marathon.events.filter((e) => e.eventType === type);

  it("launches one group: a default executor with its resources and ports, and a task for each container", async () => {
    await done("POST", "/v2/pods", {
      ...pod,
      labels: { tier: "web" },
      user: "nobody",
      containers: [
        {
          name: "web",
          exec: { command: { argv: ["serve", "now"] }, overrideEntrypoint: true },
          resources: { cpus: 0.2, mem: 64, disk: 5 },
          endpoints: [{ name: "http", protocol: ["tcp"], labels: { VIP_0: "a:80" } }],
          labels: { part: "front" },
          lifecycle: { killGracePeriodSeconds: 1.5 },
          artifacts: [{ uri: "http://host/x.tgz" }],
          resourceLimits: { mem: "unlimited" },
        },
        { ...container, user: "root" },
      ],
    });
    const [{ id }] = (await status()).instances;
    const [group, ...others] = launched();
    assert.deepEqual(others, []);
    const scalar = (name: string, value: number) => ({
      name,
      type: "SCALAR",
      scalar: { value },
      allocation_info: { role: "*" },
    });
    const [port] = master.tasks.get(`${id}.web.1`)?.ports ?? [];
    assert.deepEqual(group?.executor, {
      type: "DEFAULT",
      executor_id: { value: `instance-shop_pod.${id.split(".instance-")[1]}` },
      framework_id: { value: master.frameworkId },
      resources: [
        scalar("cpus", 0.1),
        scalar("mem", 32),
        scalar("disk", 10),
        {
          name: "ports",
          type: "RANGES",
          ranges: { range: [{ begin: port, end: port }] },
          allocation_info: { role: "*" },
        },
      ],
      container: { type: "MESOS" },
      labels: { labels: [{ key: "tier", value: "web" }] },
    });
    const [web, second] = group?.task_group.tasks ?? [];
    const { command, ...rest }: Json = web ?? {};
    assert.deepEqual(rest, {
      name: "web",
      task_id: { value: `${id}.web.1` },
      agent_id: { value: master.tasks.get(`${id}.web.1`)?.agent.id },
      resources: [scalar("cpus", 0.2), scalar("mem", 64), scalar("disk", 5)],
      limits: { mem: { value: "Infinity" } },
      labels: { labels: [{ key: "part", value: "front" }] },
      kill_policy: { grace_period: { nanoseconds: 1_500_000_000 } },
      discovery: {
        visibility: "FRAMEWORK",
        name: "pod.shop",
        ports: {
          ports: [
            {
              number: port,
              name: "http",
              labels: { labels: [{ key: "VIP_0", value: "a:80" }] },
              protocol: "tcp",
            },
          ],
        },
      },
    });
    const { environment: _environment, ...words } = command as Json;
    assert.deepEqual(words, {
      shell: false,
      value: "serve",
      arguments: ["serve", "now"],
      user: "nobody",
      uris: [{ value: "http://host/x.tgz", cache: false, extract: true, executable: false }],
    });
    const its = second?.["command"] as { user: string; value: string } | undefined;
    assert.deepEqual([its?.user, its?.value], ["root", "sleep 100"]);
  });

  it("tells every container of itself and of all endpoints, and its own variables do not win", async () => {
    await done("POST", "/v2/pods", {
      ...pod,
      labels: { "a-b": "c" },
      environment: { SHARED: "pod", MINE: "pod", HOST: "mine" },
      containers: [
        { ...container, environment: { MINE: "container" } },
        { ...container, name: "web", endpoints: [{ name: "web-1" }] },
      ],
    });
    const [first, second] = [...master.tasks.values()];
    const command = first?.info["command"] as {
      environment: { variables: { name: string; value: string }[] };
    };
    const env = Object.fromEntries(command.environment.variables.map((v) => [v.name, v.value]));
    const { version } = (await call("GET", "/v2/pods/shop/pod")).body;
    const [port] = first?.ports ?? [];
    assert.ok(second);
    assert.deepEqual(env, {
      SHARED: "pod",
      MINE: "container",
      HOST: first?.agent.hostname,
      MESOS_TASK_ID: first?.id,
      MESOS_EXECUTOR_ID: `instance-shop_pod.${first?.id.replace(/^.*instance-(.*)\.c\.1$/, "$1")}`,
      MARATHON_APP_ID: "/shop/pod",
      MARATHON_APP_VERSION: version,
      MARATHON_CONTAINER_ID: "c",
      MARATHON_CONTAINER_RESOURCE_CPUS: "0.1",
      MARATHON_CONTAINER_RESOURCE_MEM: "32.0",
      MARATHON_CONTAINER_RESOURCE_DISK: "0.0",
      MARATHON_CONTAINER_RESOURCE_GPUS: "0",
      MARATHON_APP_LABELS: "A_B",
      MARATHON_APP_LABEL_A_B: "c",
      ENDPOINT_WEB_1: String(port),
      EP_HOST_WEB_1: String(port),
    });
  });

  it("maps host ports of bridge and container networks, and shares volumes through the executor's sandbox", async () => {
    await done("POST", "/v2/pods", {
      ...pod,
      containers: [
        {
          ...container,
          endpoints: [
            { name: "e", containerPort: 80, hostPort: 0, protocol: ["tcp", "udp"] },
            { name: "inside", containerPort: 81 },
          ],
          image: { kind: "DOCKER", id: "nginx", forcePull: true },
          volumeMounts: [
            { name: "shared", mountPath: "/data" },
            { name: "host", mountPath: "etc", readOnly: true },
          ],
        },
      ],
      volumes: [{ name: "shared" }, { name: "host", host: "/etc" }],
      networks: [{ name: "dcos", labels: { a: "b" } }],
    });
    const [task] = [...master.tasks.values()];
    const [port] = task?.ports ?? [];
    const mapping = { host_port: port, container_port: 80 };
    assert.deepEqual(launched()[0]?.executor["container"], {
      type: "MESOS",
      network_infos: [
        {
          name: "dcos",
          labels: { labels: [{ key: "a", value: "b" }] },
          port_mappings: [
            { ...mapping, protocol: "tcp" },
            { ...mapping, protocol: "udp" },
          ],
        },
      ],
    });
    assert.deepEqual(task?.info["container"], {
      type: "MESOS",
      volumes: [
        {
          mode: "RW",
          container_path: "/data",
          source: { type: "SANDBOX_PATH", sandbox_path: { type: "PARENT", path: "volumes/shared" } },
        },
        { mode: "RO", container_path: "etc", host_path: "/etc" },
      ],
      mesos: { image: { type: "DOCKER", docker: { name: "nginx" }, cached: false } },
    });
    const discovery = task?.info["discovery"] as { ports: { ports: { number: number; labels: Json }[] } };
    const { ports } = discovery.ports;
    assert.deepEqual(
      ports.map((p) => [p.number, p.labels["labels"]]),
      [
        [port, [{ key: "network-scope", value: "host" }]],
        [port, [{ key: "network-scope", value: "host" }]],
        [81, [{ key: "network-scope", value: "container" }]],
      ],
    );
    assert.deepEqual((await status()).instances[0].containers[0].endpoints, [
      { name: "e", allocatedHostPort: port },
      { name: "inside" },
    ]);
  });

  it("hands health checks to the agent, waits until one has passed and none fails, and shows what it says", async () => {
    const healthChecked = (name: string, healthCheck: object) => ({
      ...container,
      name,
      endpoints: [{ name: `${name}-e`, containerPort: name === "http" ? 80 : 81 }],
      healthCheck,
    });
    const answer = await call("POST", "/v2/pods", {
      ...pod,
      networks: [{ mode: "container/bridge" }],
      containers: [
        healthChecked("http", { http: { endpoint: "http-e", path: "/up" }, maxConsecutiveFailures: 1 }),
        healthChecked("tcp", { tcp: { endpoint: "tcp-e" }, delaySeconds: 1 }),
        healthChecked("exec", { exec: { command: { argv: ["true", "x"] } } }),
        { ...container, name: "none" },
      ].map((c, i) => ({ ...c, ...(i === 2 ? { endpoints: [] } : {}) })),
    });
    await marathon.until(() => ids().length === 4, "four tasks");
    const checks = [...master.tasks.values()].map((t) => t.info["health_check"]);
    const timing = { interval_seconds: 60, timeout_seconds: 20, grace_period_seconds: 300 };
    assert.deepEqual(checks, [
      {
        type: "HTTP",
        http: { scheme: "http", port: 80, path: "/up" },
        ...timing,
        delay_seconds: 15,
        consecutive_failures: 1,
      },
      { type: "TCP", tcp: { port: 81 }, ...timing, delay_seconds: 1, consecutive_failures: 3 },
      {
        type: "COMMAND",
        command: { shell: false, value: "true", arguments: ["true", "x"] },
        ...timing,
        delay_seconds: 15,
        consecutive_failures: 3,
      },
      undefined,
    ]);
    const [http = "", tcp = "", exec = ""] = ids();
    const told = (n: number, reason: string, value: string) =>
      marathon.until(async () => {
        const [condition] = (await status()).instances[0].containers[n].conditions;
        return condition?.reason === reason && condition.value === value;
      }, `${value} of container ${n}`);
    const reported = "health-reported-by-mesos";
    master.update(tcp, "TASK_RUNNING", { healthy: false });
    await told(1, reported, "false");
    master.update(http, "TASK_RUNNING", { healthy: true });
    await told(0, reported, "true");
    assert.equal((await call("GET", "/v2/deployments")).body.length, 1);
    master.update(tcp, "TASK_RUNNING", { healthy: true });
    await marathon.deployed(answer);
    const pending = await status();
    assert.deepEqual([pending.status, pending.instances[0].status], ["DEGRADED", "DEGRADED"]);
    assert.equal(pending.instances[0].message, "at least one container is not healthy");
    assert.equal(pending.instances[0].containers[2].conditions[0].reason, "health-unreported-by-mesos");
    master.update(exec, "TASK_RUNNING", { healthy: true });
    await told(2, reported, "true");
    const up = await status();
    assert.equal(up.status, "STABLE");
    assert.equal(up.instances[0].containers[0].endpoints[0].healthy, true);
    assert.equal(up.instances[0].containers[0].conditions[0].reason, "health-reported-by-mesos");
    master.update(tcp, "TASK_RUNNING", { healthy: false });
    await marathon.until(async () => (await status()).status === "DEGRADED", "not healthy");
    assert.deepEqual(
      events("instance_health_changed_event").map((e) => e["healthy"]),
      [false, true, false],
    );
  });

  it("hands check to the agent, and waits for nothing that it finds", async () => {
    const checked = (name: string, check: object) => ({
      ...container,
      name,
      endpoints: [{ name: `${name}-e`, containerPort: name === "http" ? 80 : 81 }],
      check,
    });
    const { body } = await done("POST", "/v2/pods", {
      ...pod,
      networks: [{ mode: "container/bridge" }],
      containers: [
        checked("http", { http: { endpoint: "http-e", path: "/up" } }),
        checked("tcp", {
          tcp: { endpoint: "tcp-e" },
          intervalSeconds: 1,
          timeoutSeconds: 2,
          delaySeconds: 3,
        }),
        { ...checked("exec", { exec: { command: { shell: "test -f up" } } }), endpoints: [] },
      ],
    });
    const timing = { interval_seconds: 60, timeout_seconds: 20, delay_seconds: 15 };
    assert.deepEqual(
      [...master.tasks.values()].map((t) => t.info["check"]),
      [
        { type: "HTTP", http: { port: 80, path: "/up" }, ...timing },
        { type: "TCP", tcp: { port: 81 }, interval_seconds: 1, timeout_seconds: 2, delay_seconds: 3 },
        { type: "COMMAND", command: { command: { shell: true, value: "test -f up" } }, ...timing },
      ],
    );
    assert.deepEqual(body.containers[0].check, {
      http: { endpoint: "http-e", path: "/up", scheme: "HTTP" },
      intervalSeconds: 60,
      timeoutSeconds: 20,
      delaySeconds: 15,
    });
    assert.equal((await status()).status, "STABLE");
  });

  it("is over when the last container is, is launched again as the next incarnation after a delay, and remembers", async () => {
    await done("POST", "/v2/pods", {
      ...pod,
      containers: [container, { ...container, name: "d" }],
      scheduling: { backoff: { backoff: 30 } },
    });
    const [c = "", d = ""] = ids();
    master.update(c, "TASK_FAILED", { message: "it broke" });
    await marathon.until(async () => (await status()).instances[0].status === "TERMINAL", "failed");
    assert.equal((await call("GET", "/v2/queue")).body.queue.length, 0);
    master.update(d, "TASK_KILLED");
    await marathon.until(async () => (await call("GET", "/v2/queue")).body.queue.length === 1, "the queue");
    const [entry] = (await call("GET", "/v2/queue")).body.queue;
    assert.equal(entry.pod.id, "/shop/pod");
    assert.equal("app" in entry, false);
    assert.equal(entry.delay.overdue, false);
    const [last, ...older] = (await status()).terminationHistory;
    assert.deepEqual(older, []);
    assert.equal(last.message, "it broke");
    assert.deepEqual(last.containers, [{ containerId: c, lastKnownState: "TASK_FAILED" }]);
    assert.equal(last.instanceID, c.replace(".c.1", ""));
    assert.equal((await call("DELETE", "/v2/queue/shop/pod/delay")).status, 204);
    await marathon.until(() => ids().length === 2, "the next tasks");
    assert.deepEqual(ids(), [c.replace(".c.1", ".c.2"), d.replace(".d.1", ".d.2")]);
  });

  it("stays STABLE when a container has finished and the others run", async () => {
    await done("POST", "/v2/pods", { ...pod, containers: [container, { ...container, name: "d" }] });
    master.update(ids()[0] ?? "", "TASK_FINISHED");
    await marathon.until(
      async () => (await status()).instances[0].containers[0].status === "TASK_FINISHED",
      "it",
    );
    const body = await status();
    assert.deepEqual([body.status, body.instances[0].status], ["STABLE", "STABLE"]);
    assert.deepEqual(body.instances[0].containers[0].endpoints, []);
  });

  it("starts, scales and stops with the actions of pods, and says which pods a deployment affects", async () => {
    master.hold = () => true;
    const made = await call("POST", "/v2/pods", pod);
    await marathon.until(() => ids().length === 1, "the task");
    const [deployment] = (await call("GET", "/v2/deployments")).body;
    assert.deepEqual([deployment.affectedApps, deployment.affectedPods], [[], ["/shop/pod"]]);
    assert.deepEqual(deployment.currentActions, [
      { action: "ScalePod", pod: "/shop/pod", readinessCheckResults: [] },
    ]);
    master.hold = () => false;
    master.update(ids()[0] ?? "", "TASK_RUNNING");
    await marathon.deployed(made);
    assert.deepEqual(stepsOf(made), [
      [{ action: "StartPod", pod: "/shop/pod" }],
      [{ action: "ScalePod", pod: "/shop/pod" }],
    ]);
    const more = await done("PUT", "/v2/pods/shop/pod", { ...pod, ...scaled(3) });
    assert.deepEqual(stepsOf(more), [[{ action: "ScalePod", pod: "/shop/pod" }]]);
    assert.equal(ids().length, 3);
    const strategy = { scheduling: { killSelection: "OLDEST_FIRST" } };
    const before = ids();
    const same = await done("PUT", "/v2/pods/shop/pod", { ...pod, ...scaled(3), ...strategy });
    assert.deepEqual([stepsOf(same), ids()], [[], before]);
    const gone = await done("DELETE", "/v2/pods/shop/pod");
    assert.deepEqual(stepsOf(gone), [[{ action: "StopPod", pod: "/shop/pod" }]]);
  });

  it("rolls another configuration through: never fewer than all, never more than twice as many", async () => {
    await done("POST", "/v2/pods", { ...pod, ...scaled(2) });
    const old = new Set(ids());
    let fewest = 2;
    let most = 0;
    marathon.core.events.listen(() => {
      const instances = marathon.core.tracker.ofSpec("/shop/pod");
      fewest = Math.min(fewest, instances.filter((i) => i.condition === "Running" && i.wanted).length);
      most = Math.max(most, instances.length);
    });
    const answer = await done("PUT", "/v2/pods/shop/pod", { ...pod, ...scaled(2), labels: { a: "b" } });
    assert.deepEqual(stepsOf(answer), [[{ action: "RestartPod", pod: "/shop/pod" }]]);
    assert.deepEqual([fewest, most, ids().length], [2, 4, 2]);
    assert.ok(ids().every((id) => !old.has(id)));
  });

  it("rolls with half the capacity and no surplus: one goes first, never three at once", async () => {
    const scheduling = { upgrade: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 } };
    await done("POST", "/v2/pods", { ...pod, ...scaled(2), scheduling });
    let most = 0;
    marathon.core.events.listen(() => {
      most = Math.max(most, master.tasks.size);
    });
    await done("PUT", "/v2/pods/shop/pod", { ...pod, ...scaled(2), scheduling, user: "nobody" });
    assert.equal(most, 2);
  });

  it("rolls a cancelled deployment back to the pod as it was", async () => {
    await done("POST", "/v2/pods", pod);
    const [before] = ids();
    const big = { ...pod, containers: [{ ...container, resources: { cpus: 999 } }] };
    const stuck = await call("PUT", "/v2/pods/shop/pod", big);
    assert.equal(stuck.status, 200, stuck.text);
    const id = stuck.headers.get("marathon-deployment-id");
    await done("DELETE", `/v2/deployments/${id}`);
    assert.equal((await call("GET", "/v2/pods/shop/pod")).body.containers[0].resources.cpus, 0.1);
    assert.equal(ids().length, 1);
    assert.ok(before);
  });

  it("holds constraints, and the queue says why offers do not fit", async () => {
    const placement = { constraints: [{ fieldName: "zone", operator: "LIKE", value: "a" }] };
    await done("POST", "/v2/pods", { ...pod, ...scaled(2), scheduling: { placement } });
    assert.deepEqual(
      [...master.tasks.values()].map((t) => t.agent.id),
      ["S1", "S1"],
    );
    const unique = { constraints: [{ fieldName: "hostname", operator: "UNIQUE" }] };
    const answer = await call("POST", "/v2/pods", {
      ...pod,
      id: "/other",
      ...scaled(3),
      scheduling: { placement: unique },
    });
    await marathon.until(async () => {
      const [entry] = (await call("GET", "/v2/queue")).body.queue;
      return entry?.count === 1 && entry.processedOffersSummary.rejectSummaryLastOffers[1].declined > 0;
    }, "a refusal by constraint");
    master.agents.push(agent(3));
    master.offer();
    await marathon.deployed(answer);
  });

  it("replaces an unreachable instance, and kills the replacement when it comes back", async () => {
    await done("POST", "/v2/pods", pod);
    const [id = ""] = ids();
    master.update(id, "TASK_UNREACHABLE");
    await marathon.until(() => ids().length === 2, "a replacement");
    const next = ids().find((other) => other !== id) ?? "";
    master.update(id, "TASK_RUNNING");
    await marathon.until(() => !master.tasks.has(next), "the younger one killed");
    assert.deepEqual(ids(), [id]);
  });

  it("is in groups: shown, kept by PUT of a kept group, stopped with a removed one, waited for by dependencies", async () => {
    await done("POST", "/v2/pods", pod);
    const app = { id: "web", cmd: "sleep 1", cpus: 0.1, dependencies: ["/shop/pod"] };
    const { body: plan } = await call("PUT", "/v2/groups/shop?dryRun=true", { apps: [app] });
    assert.deepEqual(
      plan.steps.flatMap((s: { actions: Json[] }) => s.actions.map((a) => a["action"])),
      ["StartApplication", "ScaleApplication"],
    );
    await done("PUT", "/v2/groups/shop", { apps: [app] });
    const shop = (await call("GET", "/v2/groups/shop")).body;
    assert.deepEqual(
      shop.pods.map((p: { id: string; status: string }) => [p.id, p.status]),
      [["/shop/pod", "STABLE"]],
    );
    const rolled = await call("POST", "/v2/apps", {
      id: "/late",
      cmd: "sleep 1",
      cpus: 0.1,
      dependencies: ["/shop"],
    });
    await marathon.deployed(rolled);
    await done("DELETE", "/v2/apps/late");
    const both = await done("PUT", "/v2/groups", { id: "/", groups: [] });
    assert.deepEqual(
      stepsOf(both)[0]
        ?.map((a) => a["action"])
        .sort(),
      ["StopApplication", "StopPod"],
    );
    assert.equal(ids().length, 0);
    assert.deepEqual((await call("GET", "/v2/pods")).body, []);
  });

  it("comes back with its group when the group is rolled back", async () => {
    await done("POST", "/v2/pods", pod);
    const [version] = (await call("GET", "/v2/groups/shop/versions")).body;
    await done("DELETE", "/v2/pods/shop/pod");
    await done("PUT", "/v2/groups/shop", { version });
    assert.equal((await status()).status, "STABLE");
  });

  it("is not among the tasks of apps, and its tasks can be killed through them", async () => {
    await done("POST", "/v2/pods", pod);
    assert.deepEqual((await call("GET", "/v2/tasks")).body.tasks, []);
    const [id = ""] = ids();
    assert.deepEqual((await call("POST", "/v2/tasks/delete", { ids: [id] })).body.tasks, []);
    await marathon.until(() => ids().length === 1 && !master.tasks.has(id), "another");
  });

  it("loses nothing when another leader takes over in the middle of a deployment", async () => {
    master.hold = () => true;
    const made = await call("POST", "/v2/pods", {
      ...pod,
      ...scaled(2),
      containers: [container, { ...container, name: "d" }],
    });
    await marathon.until(() => ids().length === 4, "four tasks");
    const before = ids();
    await marathon.close();
    marathon = await TestMarathon.start({ master, store });
    const [deployment] = (await call("GET", "/v2/deployments")).body;
    assert.equal(deployment.id, made.headers.get("marathon-deployment-id"));
    assert.deepEqual(deployment.affectedPods, ["/shop/pod"]);
    for (const id of before) master.update(id, "TASK_RUNNING");
    await marathon.deployed(made);
    assert.deepEqual(ids(), before);
    assert.deepEqual((await call("GET", "/v2/pods/shop/pod")).body, made.body);
    assert.deepEqual((await call("GET", "/v2/pods/shop/pod::versions")).body, [made.body.version]);
    assert.equal((await status()).status, "STABLE");
    const asked = master
      .callsOf("RECONCILE")
      .map((c) => (c["reconcile"] as { tasks: unknown[] }).tasks.length);
    assert.ok(asked.includes(4));
  });
});
