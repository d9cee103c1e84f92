// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { type Cluster, type ClusterOptions, startCluster } from "..";
import { processesWith } from "../test-cluster.test";

const network = "127.108.1";

async function send(cluster: Cluster, method: string, path: string, body?: unknown): Promise<Response> {
  return await fetch(cluster.marathon.url + path, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
}

async function deploy(cluster: Cluster, more: Record<string, unknown> = {}): Promise<void> {
  const app = { id: "/web", cmd: "sleep 1000", cpus: 0.1, mem: 16, instances: 3, ...more };
  const response = await send(cluster, "PUT", `/v2/apps${app.id}`, app);
  assert.equal(response.status, 201, await response.text());
  await cluster.waitForApp(app.id);
}

async function ids(cluster: Cluster): Promise<string[]> {
  return (await cluster.tasks.list()).map((t) => t.id).sort();
}

describe("the test kit in this process", function () {
  this.timeout(60_000);
  let cluster: Cluster;
  const start = async (options: ClusterOptions): Promise<Cluster> => {
    cluster = await startCluster({ network, ...options });
    return cluster;
  };
  afterEach(async () => {
    await cluster.close();
  });

  it("runs apps as no-op tasks, replaces a failed one and resets to nothing on the same addresses", async () => {
    await start({ agents: 2 });
    const { url } = cluster.marathon;
    await deploy(cluster);
    const before = await ids(cluster);
    assert.equal(await cluster.tasks.fail("/web", { exitCode: 7 }), 1);
    await cluster.waitForApp("/web");
    const after = await ids(cluster);
    assert.equal(after.filter((id) => before.includes(id)).length, 2);
    const { app } = (await (await send(cluster, "GET", "/v2/apps/web?embed=app.lastTaskFailure")).json()) as {
      app: { lastTaskFailure: { message: string } };
    };
    assert.equal(app.lastTaskFailure.message, "Command exited with status 7");
    await cluster.reset();
    assert.equal(cluster.marathon.url, url);
    assert.deepEqual(await (await send(cluster, "GET", "/v2/apps")).json(), { apps: [] });
    assert.deepEqual(await cluster.tasks.list(), []);
  });

  it("loses no task when the leading master, a Marathon and an agent are killed", async () => {
    await start({ masters: 3, marathons: 2, agents: 2 });
    await deploy(cluster);
    const before = await ids(cluster);
    const leader = await cluster.leader();
    await cluster.kill(leader);
    await cluster.kill("marathon-1");
    await cluster.kill("agent-1");
    assert.notEqual((await cluster.leader()).name, leader.name);
    await cluster.restart("agent-1");
    await cluster.restart(leader);
    await cluster.waitUntilUp();
    await cluster.waitForApp("/web");
    assert.deepEqual(await ids(cluster), before);
  });

  it("runs pods: replaces an instance of which a task fails, keeps them over a new leader, frees all at the end", async () => {
    await start({ masters: 3, agents: 2 });
    const container = (name: string) => ({
      ...{ name, exec: { command: { shell: "sleep 1000" } }, resources: { cpus: 0.1, mem: 16 } },
      healthCheck: { exec: { command: { shell: "true" } } },
    });
    const pod = {
      ...{ id: "/worker", containers: ["a", "b"].map(container) },
      scaling: { kind: "fixed", instances: 2 },
    };
    const stable = () =>
      cluster.waitFor("a stable pod", async () => {
        const status = (await (await send(cluster, "GET", "/v2/pods/worker::status")).json()) as {
          status: string;
          instances?: unknown[];
        };
        return status.status === "STABLE" && status.instances?.length === 2;
      });
    const made = await send(cluster, "POST", "/v2/pods", pod);
    assert.equal(made.status, 201, await made.text());
    await stable();
    const before = await ids(cluster);
    assert.equal(before.length, 4);
    assert.equal(await cluster.tasks.fail("/worker", { exitCode: 7 }), 1);
    await cluster.waitFor("other tasks", async () => {
      const now = await ids(cluster);
      return now.length === 4 && now.filter((id) => before.includes(id)).length === 2;
    });
    await stable();
    const after = await ids(cluster);
    const leader = await cluster.leader();
    await cluster.kill(leader);
    assert.notEqual((await cluster.leader()).name, leader.name);
    await cluster.waitForAgents();
    await stable();
    assert.deepEqual(await ids(cluster), after);
    const used = async (): Promise<number> => {
      const { slaves } = (await (await fetch(`${(await cluster.leader()).url}/slaves`)).json()) as {
        slaves: { used_resources: { cpus: number } }[];
      };
      return Math.round(slaves.reduce((sum, { used_resources: { cpus } }) => sum + cpus, 0) * 10) / 10;
    };
    assert.equal(await used(), 0.6, "two tasks of 0.1 cpus and an executor of 0.1 each");
    assert.equal((await send(cluster, "DELETE", "/v2/pods/worker")).status, 202);
    await cluster.waitFor("nothing in use", async () => (await used()) === 0);
  });

  it("gives up a paused and a parted leader, which comes back as a follower", async () => {
    await start({ masters: 3, agents: 1 });
    for (const fault of ["pause", "partition"] as const) {
      const leader = await cluster.leader();
      await cluster[fault](leader);
      await cluster.waitFor("another leader", async () => (await cluster.leader()).name !== leader.name);
      await (fault === "pause" ? cluster.resume(leader) : cluster.heal());
      await cluster.waitUntilUp();
      assert.notEqual((await cluster.leader()).name, leader.name);
    }
  });

  it("parts an agent from the masters alone", async () => {
    await start({ agents: 2 });
    await cluster.partition("agent-1", "master-1");
    const active = async (): Promise<number> => {
      const { slaves } = (await (await fetch(`${(await cluster.leader()).url}/slaves`)).json()) as {
        slaves: { active: boolean }[];
      };
      return slaves.filter((s) => s.active).length;
    };
    await cluster.waitFor("one agent", async () => (await active()) === 1);
    await cluster.heal();
    await cluster.waitForAgents();
  });

  it("moves time by steps alone: backoff, pings and the unreachable agents' tasks", async () => {
    await start({ agents: 2, clock: "stepped" });
    await deploy(cluster, { instances: 2, backoffSeconds: 10, constraints: [["hostname", "UNIQUE"]] });
    const began = cluster.clock.now();
    await cluster.tasks.fail("/web");
    await cluster.clock.step(9_000);
    assert.equal((await ids(cluster)).length, 1);
    await cluster.clock.step(3_000);
    assert.equal((await ids(cluster)).length, 2);
    assert.equal(cluster.clock.now() - began, 12_000);
    await cluster.pause("agent-2");
    await cluster.clock.step(90_000);
    const { slaves } = (await (await fetch(`${(await cluster.leader()).url}/slaves`)).json()) as {
      slaves: { hostname: string }[];
    };
    assert.deepEqual(
      slaves.map((s) => s.hostname),
      ["agent-1"],
    );
  });

  it("gives the same ids for the same seed", async () => {
    const seen: (string | undefined)[] = [];
    for (let i = 0; i < 2; i++) {
      await start({ agents: 1, seed: "same" });
      await deploy(cluster, { instances: 1 });
      const leader = (await (await fetch(`${(await cluster.leader()).url}/state`)).json()) as { id: string };
      seen.push(`${leader.id} ${(await ids(cluster)).join()}`);
      await cluster.close();
    }
    assert.equal(seen[0], seen[1]);
  });

  it("fails the next request, slows a member and records what nobody knows", async () => {
    await start({ agents: 1 });
    cluster.failNext("GET /v2/apps", { status: 503, body: { message: "not now" } });
    const first = await send(cluster, "GET", "/v2/apps?embed=apps.tasks");
    assert.deepEqual([first.status, await first.json()], [503, { message: "not now" }]);
    assert.equal((await send(cluster, "GET", "/v2/apps")).status, 200);
    assert.equal(cluster.unknownRequests.length, 0);
    cluster.slow(cluster.marathon, 300);
    const began = Date.now();
    await send(cluster, "GET", "/ping");
    assert.ok(Date.now() - began >= 290);
    cluster.slow(cluster.marathon, 0);
    await send(cluster, "GET", "/v2/nothing");
    await fetch(`${(await cluster.leader()).url}/nothing`);
    assert.deepEqual(
      cluster.unknownRequests.map((r) => `${r.member} ${r.method} ${r.url}`),
      ["marathon-1 GET /v2/nothing", "master-1 GET /nothing"],
    );
  });

  it("runs scripts of no-op tasks: slow starts, failing starts, ends and health", async () => {
    await start({ agents: 1, clock: "stepped" });
    cluster.tasks.script("/web", { startMs: 5_000, healthy: false });
    const check = { protocol: "HTTP", path: "/", portIndex: 0, gracePeriodSeconds: 0, intervalSeconds: 5 };
    await send(cluster, "POST", "/v2/apps", {
      id: "/web",
      cmd: "true",
      cpus: 0.1,
      mem: 16,
      instances: 1,
      healthChecks: [{ ...check, maxConsecutiveFailures: 0 }],
    });
    await cluster.waitFor("a task", async () => (await cluster.tasks.list()).length === 1);
    assert.equal((await cluster.tasks.list())[0]?.state, "TASK_STARTING");
    await cluster.clock.step(5_000);
    assert.equal((await cluster.tasks.list())[0]?.state, "TASK_RUNNING");
    const counts = async (): Promise<unknown[]> => {
      const { app } = (await (await send(cluster, "GET", "/v2/apps/web")).json()) as {
        app: { tasksHealthy: number; tasksUnhealthy: number };
      };
      return [app.tasksHealthy, app.tasksUnhealthy];
    };
    await cluster.clock.step(6_000);
    assert.deepEqual(await counts(), [0, 1]);
    cluster.tasks.script("/web", { healthy: true });
    await cluster.clock.step(6_000);
    assert.deepEqual(await counts(), [1, 0]);
  });

  it("runs tasks as processes when asked, and leaves none of them", async () => {
    await start({ agents: 1, tasks: "process" });
    await deploy(cluster, { instances: 2, cmd: "sleep 98765" });
    assert.equal((await cluster.tasks.list()).length, 2);
    assert.ok(processesWith(cluster.directory).length >= 2);
    const before = await ids(cluster);
    assert.equal(await cluster.tasks.fail("/web"), 1);
    await cluster.waitForApp("/web");
    assert.notDeepEqual(await ids(cluster), before);
    await cluster.close();
    assert.deepEqual(processesWith(cluster.directory), []);
  });

  it("fails when it is asked for what cannot be, in one line", async () => {
    await assert.rejects(startCluster({ programs: true, tasks: "noop" }), /programs run processes only/);
    await assert.rejects(startCluster({ programs: true, clock: "stepped" }), /machine's own/);
    await assert.rejects(startCluster({ agents: -1 }), /agents: must be a whole number from 0, got -1/);
    await assert.rejects(startCluster({ flags: { master: { nope: "1" } } }), /nope/);
    await start({ agents: 0 });
    await assert.rejects(cluster.kill("agent-9"), /no member 'agent-9', there are master-1, marathon-1/);
    await assert.rejects(cluster.clock.step(1), /stepped/);
    await assert.rejects(cluster.kill("zookeeper"), /only programs/);
  });
});

describe("the test kit with programs", function () {
  this.timeout(120_000);

  it("kills, parts and pauses real processes, loses no task, and leaves nothing", async () => {
    const cluster = await startCluster({ programs: true, masters: 3, agents: 2, network: "127.108.2" });
    try {
      await deploy(cluster);
      const before = await ids(cluster);
      const leader = await cluster.leader();
      await cluster.kill(leader);
      const second = await cluster.leader();
      assert.notEqual(second.name, leader.name);
      await cluster.restart(leader);
      await cluster.partition(second);
      await cluster.waitFor("another leader", async () => (await cluster.leader()).name !== second.name);
      await cluster.heal();
      await cluster.kill("zookeeper");
      await cluster.kill("agent-1");
      await cluster.restart("zookeeper");
      await cluster.restart("agent-1");
      await cluster.waitUntilUp(AbortSignal.timeout(60_000));
      await cluster.waitForApp("/web");
      assert.deepEqual(await ids(cluster), before);
      assert.equal(await cluster.tasks.fail("/web"), 1);
      await cluster.waitForApp("/web");
      assert.notDeepEqual(await ids(cluster), before);
    } finally {
      await cluster.close();
    }
    assert.deepEqual(processesWith(cluster.directory), []);
    assert.ok(!existsSync(`/proc/${cluster.marathons[0]?.pid}`));
  });
});
