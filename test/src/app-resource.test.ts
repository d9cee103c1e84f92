// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { eventually, hangMs } from "./support/eventually";
import { failed, InitFailed, type Kept, PluginDriver } from "./support/plugin";

const type = "mesos:marathon:App";
const small = { cmd: "sleep 1000", cpus: 0.1, mem: 16 };
const app = (appId: string, more: object = {}) => ({ appId, ...small, instances: 2, ...more });
const volume = {
  container: {
    type: "MESOS",
    volumes: [{ containerPath: "data", mode: "RW", persistent: { type: "root", size: 16 } }],
  },
};

interface Running extends Record<string, unknown> {
  readonly instances: number;
  readonly tasksRunning: number;
  readonly version: string;
  readonly tasks: readonly { readonly id: string; readonly host: string; readonly ports: number[] }[];
}

/** A Marathon of the simulator, the plugin over its protocol. */
describe("mesos:marathon:App by rows of the feature table", function () {
  this.timeout(1_200_000);
  let cluster: Cluster;
  let plugin: PluginDriver;

  before(async () => {
    cluster = await startCluster({
      network: "127.120.1",
      agents: 2,
      marathons: 2,
      flags: { marathon: { mesos_role: "apps" } },
    });
    plugin = await PluginDriver.start({ marathonUrls: cluster.marathons.map((m) => m.url) });
  });
  beforeEach(() => {
    plugin.lines.length = 0;
    plugin.warnings.length = 0;
  });
  after(async () => {
    plugin?.close();
    await cluster?.close();
  });

  async function send(method: string, path: string, body?: unknown): Promise<Response> {
    const response = await fetch(cluster.marathon.url + path, {
      method,
      headers: { "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${await response.clone().text()}`);
    return response;
  }
  const running = async (id: string) =>
    ((await (await send("GET", `/v2/apps${id}`)).json()) as { app: Running }).app;
  const taskIds = async (id: string) => (await running(id)).tasks.map((task) => task.id).sort();

  async function byHand(id: string, change: object): Promise<void> {
    await send("PATCH", `/v2/apps${id}`, change);
    await cluster.waitForDeployments();
  }

  /** What a preview of the update says on the resource. */
  async function planned(old: Kept, inputs: Record<string, unknown>): Promise<string> {
    plugin.warnings.length = 0;
    await plugin.diff(old, inputs);
    await plugin.previewUpdate(old, inputs);
    return plugin.warnings.join("\n");
  }

  it("create-or-update idempotent: a second create adopts, an equal update writes nothing", async () => {
    const made = await plugin.create(type, app("/same"));
    const again = await plugin.create(type, app("/same"));
    assert.equal(again.state["version"], made.state["version"]);
    const updated = await plugin.update(made, app("/same", { labels: {} }));
    assert.equal(updated.state["version"], made.state["version"]);
    await assert.rejects(plugin.create(type, app("/same", { mem: 32 })), {
      details:
        /^\/same exists already \(version .*\) and differs in mem; .*`pulumi import mesos:marathon:App r \/same`/,
    });
    await plugin.delete(made);
  });

  it("says in preview whether tasks restart or only scale", async () => {
    const made = await plugin.create(type, app("/said"));
    assert.equal(await planned(made, app("/said", { instances: 5 })), "scale from 2 to 5");
    assert.match(
      await planned(made, app("/said", { env: { A: "b" } })),
      /^rolling restart of 2 tasks \(.*\), because of env/,
    );
    assert.match(
      await planned(made, app("/said", { restartTrigger: "1" })),
      /^rolling restart of 2 tasks .*because of restartTrigger$/,
    );
    assert.equal(await planned(made, app("/said", { force: true })), "nothing changes in Marathon");
    assert.equal(await planned(made, app("/said", { labels: {} })), "");
    assert.deepEqual((await running("/said")).version, made.state["version"]);
    await plugin.delete(made);
  });

  it("immutable change planned as replace: the id, and what a persistent volume fixes", async () => {
    const made = await plugin.create(type, app("/old"));
    assert.deepEqual(await plugin.diff(made, app("/new")), ["appId: UPDATE_REPLACE"]);
    const database = { ...volume, instances: 1, residency: { taskLostBehavior: "WAIT_FOREVER" } };
    const data = await plugin.create(type, app("/data", database));
    const changes = await plugin.diff(data, app("/data", { ...database, mem: 32 }));
    assert.deepEqual(changes, ["mem: UPDATE_REPLACE"]);
    plugin.warnings.length = 0;
    await plugin.diff(data, app("/data", { ...database, cmd: "sleep 2000" }));
    assert.deepEqual(await plugin.diff(data, app("/data", { ...database, cmd: "sleep 2000" })), [
      "cmd: UPDATE",
    ]);
    await Promise.all([plugin.delete(made), plugin.delete(data)]);
  });

  it("unset a field: what the program no longer says goes back to its default", async () => {
    const labels = { labels: { a: "b" }, env: { A: "b" }, user: "nobody", maxLaunchDelaySeconds: 7 };
    const made = await plugin.create(type, app("/unset", labels));
    assert.deepEqual((await running("/unset"))["labels"], { a: "b" });
    const changed = await plugin.update(made, app("/unset"));
    const now = await running("/unset");
    assert.deepEqual([now["labels"], now["env"] ?? {}, now["maxLaunchDelaySeconds"]], [{}, {}, 300]);
    assert.ok(now["user"] === undefined || now["user"] === null);
    const read = await plugin.read(changed);
    assert.deepEqual(read?.inputs, changed.inputs);
    await plugin.delete(changed);
  });

  it("unset a field: executorResources outlive a change of others, change alone, and can be unset", async () => {
    const executor = (cpus: number) => ({ executorResources: { cpus, mem: 32, disk: 10 } });
    const cpusNow = async () =>
      ((await running("/executor"))["executorResources"] as { cpus?: number } | undefined)?.cpus;
    const made = await plugin.create(type, app("/executor", executor(0.2)));
    assert.equal(await cpusNow(), 0.2);
    const both = await plugin.update(made, app("/executor", { ...executor(0.2), env: { A: "b" } }));
    assert.equal(await cpusNow(), 0.2);
    assert.deepEqual((await running("/executor"))["env"], { A: "b" });
    const tasks = await taskIds("/executor");
    const alone = await plugin.update(both, app("/executor", { ...executor(0.3), env: { A: "b" } }));
    assert.equal(await cpusNow(), 0.3);
    assert.deepEqual(await taskIds("/executor"), tasks);
    cluster.failNext("PUT /v2/apps/executor", { status: 503 });
    const lost = await plugin.update(alone, app("/executor", executor(0.3)));
    assert.equal(await cpusNow(), 0.3);
    const none = await plugin.update(lost, app("/executor", { env: { A: "b" } }));
    assert.equal(await cpusNow(), undefined);
    assert.deepEqual(await plugin.diff(none, app("/executor", { env: { A: "b" } })), []);
    await plugin.delete(none);
  });

  it("leave a field to others: the live number of instances stays, and an ignored field too", async () => {
    const open = (more: object = {}) => app("/open", { manageInstances: false, ...more });
    const made = await plugin.create(type, open());
    await byHand("/open", { instances: 3 });
    const read = await plugin.read(made);
    assert.deepEqual(read?.inputs, made.inputs);
    assert.deepEqual(await plugin.diff(made, open({ instances: 1 })), []);
    const changed = await plugin.update(made, open({ env: { A: "b" } }));
    assert.equal((await running("/open")).instances, 3);
    assert.deepEqual((await running("/open"))["env"], { A: "b" });
    await byHand("/open", { labels: { by: "others" } });
    const fresh = await plugin.read(changed);
    assert.ok(fresh);
    await plugin.update(fresh, { ...fresh.inputs, env: { A: "c" } }, 0, ["labels"]);
    assert.deepEqual((await running("/open"))["labels"], { by: "others" });
    assert.equal((await running("/open")).instances, 3);
    await plugin.delete(changed);
  });

  it("drift on refresh: what differs alone is shown, and what is gone is gone", async () => {
    const made = await plugin.create(type, app("/drift", { env: { A: "b" } }));
    await byHand("/drift", { env: { A: "c" }, instances: 1 });
    const read = await plugin.read(made);
    assert.deepEqual(read?.inputs, app("/drift", { env: { A: "c" }, instances: 1 }));
    assert.ok(read);
    assert.deepEqual(await plugin.diff(read, made.inputs), ["env.A: UPDATE", "instances: UPDATE"]);
    const back = await plugin.update(read, made.inputs);
    assert.deepEqual((await running("/drift"))["env"], { A: "b" });
    await send("DELETE", "/v2/apps/drift");
    await cluster.waitForDeployments();
    assert.equal(await plugin.read(back), undefined);
    const rebuilt = await plugin.update(back, app("/drift", { env: { A: "d" } }));
    assert.match(plugin.warnings.join("\n"), /\/drift was deleted by somebody else, so it is made again/);
    assert.equal((await running("/drift")).tasksRunning, 2);
    await plugin.delete(rebuilt);
  });

  it("wait until deployed: create and update end when all instances of the new version run", async () => {
    cluster.tasks.script("/waited", { startMs: 300 });
    const made = await plugin.create(type, app("/waited", { instances: 3 }));
    assert.equal((await running("/waited")).tasksRunning, 3);
    const before = await taskIds("/waited");
    const changed = await plugin.update(made, app("/waited", { instances: 3, env: { A: "b" } }));
    const now = await running("/waited");
    assert.deepEqual([now.tasksRunning, now["deployments"]], [3, []]);
    assert.ok(now.tasks.every((task) => !before.includes(task.id)));
    await plugin.delete(changed);
  });

  it("wait until deployed: goes on when the leader dies in the middle, and answers once", async () => {
    cluster.tasks.script("/failover", { startMs: 500 });
    const creating = plugin.create(type, app("/failover", { instances: 3 }));
    await eventually(hangMs, () => send("GET", "/v2/apps/failover"));
    const { leader } = (await (await send("GET", "/v2/leader")).json()) as { leader: string };
    const member = cluster.marathons.find((m) => m.url === `http://${leader}`);
    assert.ok(member);
    await cluster.kill(member);
    const made = await creating;
    assert.equal((made.state["tasks"] as unknown[]).length, 3);
    await cluster.restart(member);
    await plugin.delete(made);
  });

  it("progress lines name the step and how many run", async () => {
    cluster.tasks.script("/lines", { startMs: 600_000 });
    const creating = plugin.create(type, app("/lines", { backoffSeconds: 0 }));
    await eventually(hangMs, () =>
      assert.match(plugin.lines.join("\n"), /step \d of \d \(\w+\), \d of 2 running/),
    );
    cluster.tasks.script("/lines", { startMs: 0 });
    for (const id of await taskIds("/lines")) await send("DELETE", `/v2/apps/lines/tasks/${id}`);
    await plugin.delete(await creating);
  });

  it("timeout, configurable, per operation: each ends after its own, and the state is kept", async () => {
    cluster.tasks.script("/slow", { startMs: 600_000 });
    const failure = await failed(plugin.create(type, app("/slow"), 2));
    assert.match(failure.reasons[0] ?? "", /^not done after 2 s; raise customTimeouts/);
    assert.equal(failure.kept.id, "/slow");
    const second = await failed(plugin.update(failure.kept, app("/slow", { instances: 3, force: true }), 1));
    assert.match(second.reasons[0] ?? "", /^not done after 1 s/);
    cluster.tasks.script("/slow", { startMs: 0 });
    await plugin.delete(second.kept);
  });

  describe("on timeout: cancel, roll back or keep, chosen", () => {
    const big = (onTimeout?: string) => ({ cpus: 100, ...(onTimeout === undefined ? {} : { onTimeout }) });

    it("on timeout: cancel, roll back or keep, chosen: rolled back to what was, also in the state", async () => {
      const made = await plugin.create(type, app("/back"));
      const failure = await failed(plugin.update(made, app("/back", big("rollback")), 3));
      assert.match(failure.reasons.join("\n"), /rolled back by deployment .* \(onTimeout: rollback\)/);
      const now = await running("/back");
      assert.deepEqual([now["cpus"], now.tasksRunning, now["deployments"]], [0.1, 2, []]);
      assert.equal(failure.kept.state["cpus"], 0.1);
      const done = await plugin.update(failure.kept, app("/back", { mem: 32 }));
      await plugin.delete(done);
      await assert.rejects(plugin.create(type, app("/never", big("rollback")), 3), (error: Error) => {
        assert.ok(!(error instanceof InitFailed));
        assert.match(error.message, /rolled back by deployment/);
        return true;
      });
      assert.equal(await plugin.import(type, "/never"), undefined);
    });

    it("on timeout: cancel, roll back or keep, chosen: cancelled, so that the next update goes on", async () => {
      const made = await plugin.create(type, app("/stop"));
      const failure = await failed(plugin.update(made, app("/stop", big("cancel")), 3));
      assert.match(failure.reasons.join("\n"), /cancelled deployment .* \(onTimeout: cancel\)/);
      assert.deepEqual(
        [(await running("/stop"))["cpus"], (await running("/stop"))["deployments"]],
        [100, []],
      );
      const done = await plugin.update(failure.kept, app("/stop"));
      assert.equal((await running("/stop"))["cpus"], 0.1);
      await plugin.delete(done);
    });

    it("on timeout: cancel, roll back or keep, chosen: kept, and force mends it", async () => {
      const made = await plugin.create(type, app("/kept"));
      const failure = await failed(plugin.update(made, app("/kept", big()), 3));
      assert.match(failure.reasons.join("\n"), /left as it is \(onTimeout: leave\)/);
      assert.equal(((await running("/kept"))["deployments"] as unknown[]).length, 1);
      const done = await plugin.update(failure.kept, app("/kept", { force: true }));
      assert.equal((await running("/kept"))["cpus"], 0.1);
      await plugin.delete(done);
    });
  });

  it("explain a stuck deployment: offers, the last failure and a failing health check", async () => {
    const made = (id: string, more: object = {}) =>
      send("POST", "/v2/apps", { id, ...small, instances: 2, ...more });
    // Made before, so that there is something to explain whenever the time of the resource is over.
    await made("/explained", { cpus: 100 });
    await eventually(hangMs, async () => {
      const answer = await send("GET", "/v2/queue?embed=lastUnusedOffers");
      assert.match(await answer.text(), /InsufficientCpus","declined":[1-9]/);
    });
    const offers = await failed(plugin.create(type, app("/explained", { cpus: 100 }), 3));
    assert.match(offers.reasons.join("\n"), /deployment .* is at step \d of \d \(\w+\)\n0 of 2 running/);
    assert.match(offers.reasons.join("\n"), /2 more of \/explained wait for an offer; .*InsufficientCpus/);
    cluster.tasks.script("/broken", { failStart: "no such file" });
    await made("/broken");
    await eventually(hangMs, async () => assert.ok((await running("/broken"))["lastTaskFailure"]));
    const broken = await failed(plugin.create(type, app("/broken"), 3));
    assert.match(broken.reasons.join("\n"), /last failure: TASK_FAILED on \S+: .*no such file/);
    await Promise.all([force("/explained"), force("/broken")]);
  });

  it("fail early on crash loop / unmatched resources", async () => {
    cluster.tasks.script("/loop", { failStart: "exit code 3" });
    const loop = await failed(plugin.create(type, app("/loop", { backoffSeconds: 0, instances: 1 }), 60));
    assert.match(loop.reasons[0] ?? "", /^given up early: crash loop, \d+ tasks of \/loop ended/);
    const matched = await failed(plugin.create(type, app("/unmatched", { cpus: 100 }), 30));
    assert.match(
      matched.reasons[0] ?? "",
      /^given up early: unmatched resources, .* no offer fits \/unmatched: InsufficientCpus/,
    );
    await Promise.all([force("/loop"), force("/unmatched")]);
  });

  it("locked app: wait and retry / force, chosen", async () => {
    const made = await plugin.create(type, app("/locked"));
    cluster.tasks.script("/locked", { startMs: 600_000 });
    await send("PATCH", "/v2/apps/locked", { instances: 3 });
    const waiting = plugin.update(made, app("/locked", { mem: 32 }));
    const lock = await eventually(hangMs, () => {
      const said = /waiting for deployment (\S+) that locks \/locked/.exec(plugin.lines.join("\n"));
      return said?.[1] ?? assert.fail("nothing is said of a lock");
    });
    cluster.tasks.script("/locked", { startMs: 0 });
    await send("DELETE", `/v2/deployments/${lock}?force=true`);
    const waited = await waiting;
    assert.deepEqual([(await running("/locked"))["mem"], (await running("/locked")).instances], [32, 2]);
    cluster.tasks.script("/locked", { startMs: 600_000 });
    await send("PATCH", "/v2/apps/locked", { instances: 4 });
    plugin.lines.length = 0;
    const forced = await plugin.update(waited, app("/locked", { mem: 32, force: true }));
    assert.doesNotMatch(plugin.lines.join("\n"), /locks/);
    assert.equal((await running("/locked")).instances, 2);
    await plugin.delete(forced);
  });

  it("wait for delete: it ends when no task is left, and again when nothing is there", async () => {
    const made = await plugin.create(type, app("/gone"));
    cluster.tasks.script("/gone", { stopMs: 1_000 });
    await plugin.delete(made);
    const left = (await cluster.tasks.list()).filter(
      (t) => t.appId === "/gone" && t.state === "TASK_RUNNING",
    );
    assert.deepEqual(left, []);
    await plugin.delete(made);
  });

  it("history and rollback to version: earlier inputs bring the earlier definition back", async () => {
    const first = await plugin.create(type, app("/history", { env: { RELEASE: "1" } }));
    const second = await plugin.update(first, app("/history", { env: { RELEASE: "2" } }));
    const { versions } = (await (await send("GET", "/v2/apps/history/versions")).json()) as {
      versions: string[];
    };
    assert.deepEqual(versions, [second.state["version"], first.state["version"]]);
    const back = await plugin.update(second, first.inputs);
    assert.deepEqual((await running("/history"))["env"], { RELEASE: "1" });
    assert.deepEqual(await plugin.diff(back, first.inputs), []);
    await plugin.delete(back);
  });

  it("restart without change: another restartTrigger replaces all tasks, the same one none", async () => {
    const trigger = (restartTrigger: string, more: object = {}) => app("/again", { restartTrigger, ...more });
    const made = await plugin.create(type, trigger("1"));
    const before = await taskIds("/again");
    assert.deepEqual(await plugin.diff(made, trigger("2")), ["restartTrigger: UPDATE"]);
    const restarted = await plugin.update(made, trigger("2"));
    const now = await taskIds("/again");
    assert.equal(now.length, 2);
    assert.ok(now.every((id) => !before.includes(id)));
    const same = await plugin.update(restarted, trigger("2", { force: true }));
    assert.deepEqual(await taskIds("/again"), now);
    const scaled = await plugin.update(same, trigger("3", { instances: 3 }));
    const last = await taskIds("/again");
    assert.equal(last.length, 3);
    assert.ok(last.every((id) => !now.includes(id)));
    await plugin.delete(scaled);
  });

  it("concurrency guard on foreign change: refused with both versions, unless forced or only scaled", async () => {
    const made = await plugin.create(type, app("/guarded"));
    await byHand("/guarded", { env: { BY: "hand" } });
    const theirs = (await running("/guarded")).version;
    await assert.rejects(plugin.update(made, app("/guarded", { mem: 32 })), (error: Error) => {
      assert.match(error.message, /\/guarded was changed by somebody else: .* they differ in env\.?\w*; /);
      assert.ok(error.message.includes(theirs), "names their version");
      assert.ok(error.message.includes(String(made.state["lastConfigChangeAt"])), "names ours");
      return true;
    });
    assert.deepEqual((await running("/guarded"))["env"], { BY: "hand" });
    const forced = await plugin.update(made, app("/guarded", { mem: 32, force: true }));
    assert.deepEqual((await running("/guarded"))["env"] ?? {}, {});
    await byHand("/guarded", { instances: 4 });
    const scaled = await plugin.update(forced, app("/guarded", { mem: 48 }));
    assert.deepEqual([(await running("/guarded")).instances, (await running("/guarded"))["mem"]], [2, 48]);
    await plugin.delete(scaled);
  });

  it("outputs: servicePorts, tasks host:port, deploymentId, version", async () => {
    const ports = {
      portDefinitions: [
        { port: 0, name: "http" },
        { port: 0, name: "admin" },
      ],
    };
    const { state, ...made } = await plugin.create(type, app("/outputs", ports));
    const now = await running("/outputs");
    const assigned = (now["portDefinitions"] as { port: number }[]).map((p) => p.port);
    assert.deepEqual(state["servicePorts"], assigned);
    assert.equal(assigned.length, 2);
    assert.ok(assigned.every((port) => port > 0));
    const places = (tasks: unknown) =>
      (tasks as Running["tasks"]).map(({ id, host, ports }) => ({ id, host, ports }));
    assert.deepEqual(
      places(state["tasks"]),
      places(now.tasks).sort((a, b) => (a.id < b.id ? -1 : 1)),
    );
    assert.equal(state["version"], now.version);
    assert.match(String(state["deploymentId"]), /^[0-9a-f-]{36}$/);
    assert.equal(state["url"], `${cluster.marathons[0]?.url}/ui/#/apps/%2Foutputs`);
    await plugin.delete({ ...made, state });
  });

  /** Ends an app that will never be deployed. */
  async function force(id: string): Promise<void> {
    await send("DELETE", `/v2/apps${id}?force=true`);
  }
});
