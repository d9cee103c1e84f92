// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { eventually, hangMs } from "./support/eventually";
import { InitFailed, type Kept, PluginDriver } from "./support/plugin";

type Values = Record<string, unknown>;

const type = "mesos:marathon:Group";
const app = (id: string, more: object = {}) => ({ id, cmd: "sleep 1000", cpus: 0.1, mem: 16, ...more });

interface RunningApp extends Values {
  readonly id: string;
  readonly instances: number;
  readonly tasksRunning: number;
  readonly role: string;
  readonly tasks: readonly { readonly id: string; readonly startedAt: string }[];
}

/** A Marathon of the simulator, the plugin over its protocol. */
describe("mesos:marathon:Group by rows of the feature table", function () {
  this.timeout(1_200_000);
  let cluster: Cluster;
  let plugin: PluginDriver;

  before(async () => {
    cluster = await startCluster({
      network: "127.124.1",
      agents: 2,
      marathons: 2,
      tasks: "process",
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
    const unknown = cluster?.unknownRequests;
    await cluster?.close();
    assert.deepEqual(unknown, [], "a request that Marathon does not know");
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

  async function byHand(method: string, path: string, body?: unknown): Promise<void> {
    await send(method, path, body);
    await cluster.waitForDeployments();
  }

  const running = async (id: string) =>
    ((await (await send("GET", `/v2/apps${id}`)).json()) as { app: RunningApp }).app;
  const taskIds = async (id: string) => (await running(id)).tasks.map((task) => task.id).sort();
  const exists = async (path: string) => (await fetch(cluster.marathon.url + path)).status === 200;
  const version = async (id: string) =>
    ((await (await send("GET", `/v2/groups${id}`)).json()) as { version: string }).version;

  async function failed(work: Promise<unknown>): Promise<InitFailed> {
    try {
      await work;
    } catch (error) {
      if (error instanceof InitFailed) return error;
      throw error;
    }
    throw new assert.AssertionError({ message: "did not fail" });
  }

  /** What a preview of the update says on the resource. */
  async function planned(old: Kept, inputs: Values): Promise<string> {
    plugin.warnings.length = 0;
    await plugin.diff(old, inputs);
    await plugin.previewUpdate(old, inputs);
    return plugin.warnings.join("\n");
  }

  const shop = (groupId: string, more: object = {}) => ({
    groupId,
    apps: [app("web", { dependencies: ["back"] })],
    groups: [{ id: "back", apps: [app("queue", { dependencies: ["db"] }), app("db")] }],
    ...more,
  });

  it("groups as one resource: nested and with dependencies it is made, waited for, read and deleted", async () => {
    const made = await plugin.create(type, shop("/life"));
    assert.equal(made.id, "/life");
    const apps = made.state["deployedApps"] as {
      appId: string;
      tasks: Values[];
      servicePorts: number[];
      url: string;
    }[];
    assert.deepEqual(
      apps.map((a) => a.appId),
      ["/life/back/db", "/life/back/queue", "/life/web"],
    );
    for (const { tasks, servicePorts, url, appId } of apps) {
      assert.equal(tasks.length, 1);
      assert.equal(servicePorts.length, 1);
      assert.ok(url.endsWith(encodeURIComponent(appId)));
    }
    const started = async (id: string) => Date.parse((await running(id)).tasks[0]?.startedAt ?? "");
    const order = [
      await started("/life/back/db"),
      await started("/life/back/queue"),
      await started("/life/web"),
    ];
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
      "in the order of the dependencies",
    );
    assert.equal(made.state["version"], await version("/life"));
    const same = await plugin.read(made);
    assert.deepEqual(same?.inputs, made.inputs);
    assert.deepEqual(same?.state, made.state);
    assert.deepEqual(await plugin.diff(made, shop("/life", { dependencies: [] })), []);
    await plugin.delete(made);
    assert.equal(await plugin.read(made), undefined);
    assert.equal(await exists("/v2/groups/life"), false);
    await plugin.delete(made);
  });

  it("create-or-update idempotent: a second create adopts, an equal update writes nothing", async () => {
    const made = await plugin.create(type, shop("/same"));
    const again = await plugin.create(type, shop("/same"));
    assert.equal(again.state["version"], made.state["version"]);
    const updated = await plugin.update(made, shop("/same", { force: true }));
    assert.equal(updated.state["version"], made.state["version"]);
    await assert.rejects(plugin.create(type, shop("/same", { apps: [app("web", { mem: 32 })] })), {
      details:
        /^\/same exists already \(version .*\) and has another definition of \/same\/web; .*`pulumi import mesos:marathon:Group r \/same`/,
    });
    await assert.rejects(plugin.create(type, { groupId: "/same", apps: [], groups: [] }), {
      details:
        /^\/same exists already .* and has \/same\/web, \/same\/back\/queue, \/same\/back\/db besides; /,
    });
    await plugin.delete(updated);
  });

  it("adopts a group that is empty, and one to which it only adds", async () => {
    await byHand("PUT", "/v2/groups/vacant", { dependencies: ["/elsewhere"] });
    const made = await plugin.create(type, shop("/vacant"));
    assert.equal((made.state["deployedApps"] as unknown[]).length, 3);
    await plugin.delete(made);
    await byHand("PUT", "/v2/groups/shared", { apps: [app("theirs")] });
    const before = await taskIds("/shared/theirs");
    const added = await plugin.create(type, {
      groupId: "/shared",
      groups: [{ id: "ours", apps: [app("a")] }],
    });
    assert.deepEqual(added.state["managed"], ["/shared/ours/a"]);
    await plugin.delete(added);
    assert.match(
      plugin.warnings.join("\n"),
      /\/shared stays, because the program has never named \/shared\/theirs in it/,
    );
    assert.deepEqual(await taskIds("/shared/theirs"), before);
    assert.equal(await exists("/v2/apps/shared/ours/a"), false);
    await byHand("DELETE", "/v2/groups/shared");
  });

  it("says in preview whether tasks restart or only scale, which apps come and go, and the server's own ?dryRun steps", async () => {
    const made = await plugin.create(type, shop("/said"));
    const web = (more: object) => shop("/said", { apps: [app("web", { dependencies: ["back"], ...more })] });
    assert.equal(
      await planned(made, web({ instances: 3 })),
      "scale /said/web from 1 to 3; 1 step of Marathon: scale /said/web",
    );
    assert.equal(
      await planned(made, web({ env: { A: "b" }, instances: 2 })),
      "rolling restart of 1 task, of /said/web (1), because of env; scale /said/web from 1 to 2; 1 step of Marathon: restart /said/web",
    );
    assert.equal(
      await planned(made, { groupId: "/said", apps: [app("new")], groups: [] }),
      "start /said/new; end /said/web, /said/back/queue, /said/back/db; 3 steps of Marathon: stop /said/web, stop /said/back/queue, stop /said/back/db, then start /said/new, then scale /said/new",
    );
    assert.equal(
      await planned(made, shop("/said", { dependencies: ["/x"] })),
      "change the order of deployments; no step of Marathon",
    );
    assert.equal(await planned(made, shop("/said", { onTimeout: "cancel" })), "nothing changes in Marathon");
    assert.equal(await planned(made, shop("/said", { enforceRole: false })), "");
    assert.match(await planned(made, shop("/other")), /^replace: another groupId is another group/);
    assert.deepEqual(await plugin.diff(made, shop("/other")), ["groupId: UPDATE_REPLACE"]);
    assert.equal(await version("/said"), made.state["version"]);
    await plugin.delete(made);
  });

  it("is previewed also while Marathon does not answer, by what the state says", async () => {
    const made = await plugin.create(type, shop("/silent"));
    const deaf = await PluginDriver.start({ marathonUrls: ["http://127.124.1.250:1"] });
    const more = shop("/silent", { apps: [app("web", { dependencies: ["back"], instances: 2 })] });
    await deaf.diff(made, more);
    await deaf.previewUpdate(made, more);
    deaf.close();
    assert.match(
      deaf.warnings.join("\n"),
      /^scale \/silent\/web from 1 to 2; what runs could not be asked: .*ECONNREFUSED/,
    );
    await plugin.delete(made);
  });

  it("keeps tasks that nothing changes, scales and restarts the others, unsets what is no longer said", async () => {
    const made = await plugin.create(type, shop("/parts", { apps: [app("web", { labels: { a: "b" } })] }));
    const [web, db] = [await taskIds("/parts/web"), await taskIds("/parts/back/db")];
    const scaled = await plugin.update(
      made,
      shop("/parts", { apps: [app("web", { labels: { a: "b" }, instances: 3 })] }),
    );
    const now = await taskIds("/parts/web");
    assert.deepEqual(
      [now.length, now.includes(web[0] ?? ""), await taskIds("/parts/back/db")],
      [3, true, db],
    );
    const changed = await plugin.update(scaled, shop("/parts", { apps: [app("web", { env: { A: "b" } })] }));
    const { tasks, ...fields } = await running("/parts/web");
    assert.ok(tasks.every((task) => !now.includes(task.id)));
    assert.deepEqual([fields["labels"], fields["env"], fields.instances], [{}, { A: "b" }, 1]);
    assert.deepEqual(await taskIds("/parts/back/db"), db);
    await plugin.delete(changed);
  });

  it("prune what left the group (owned groups)", async () => {
    const made = await plugin.create(type, shop("/prune"));
    const db = await taskIds("/prune/back/db");
    const smaller = await plugin.update(made, {
      groupId: "/prune",
      groups: [{ id: "back", apps: [app("db")] }],
      apps: [],
    });
    assert.equal(await exists("/v2/apps/prune/web"), false);
    assert.equal(await exists("/v2/apps/prune/back/queue"), false);
    assert.deepEqual(await taskIds("/prune/back/db"), db);
    assert.deepEqual(smaller.state["managed"], ["/prune/back/db"]);
    const none = await plugin.update(smaller, { groupId: "/prune", apps: [], groups: [] });
    assert.equal(await exists("/v2/groups/prune/back"), false);
    await plugin.delete(none);
  });

  it("refuses to end apps and pods that no program has named, also after a refresh, unless forced", async () => {
    const made = await plugin.create(type, shop("/mine"));
    await byHand("POST", "/v2/apps", app("/mine/theirs"));
    await byHand("POST", "/v2/pods", {
      id: "/mine/back/pod",
      containers: [
        { name: "c", resources: { cpus: 0.1, mem: 16 }, exec: { command: { shell: "sleep 1000" } } },
      ],
    });
    const smaller = { groupId: "/mine", apps: [app("web")], groups: [] };
    const refused = {
      details:
        /^\/mine: this would end \/mine\/theirs, pod \/mine\/back\/pod, which the program has never named; name it in the group, /,
    };
    await assert.rejects(plugin.update(made, smaller), refused);
    const read = await plugin.read(made);
    assert.ok(read);
    assert.deepEqual(
      (read.inputs["apps"] as { id: string }[]).map((a) => a.id),
      ["web", "theirs"],
    );
    assert.match(
      await planned(read, shop("/mine")),
      /^end \/mine\/theirs; will be refused as things stand: \/mine: this would end \/mine\/theirs, which the program has never named; /,
    );
    await assert.rejects(plugin.update(read, smaller), refused);
    await assert.rejects(plugin.delete(read), {
      details: /this would end \/mine\/theirs, which the program has never named/,
    });
    const named = await plugin.update(read, shop("/mine", { apps: [app("web"), app("theirs")] }));
    await plugin.update(named, { ...smaller, force: true });
    assert.deepEqual(
      [await exists("/v2/apps/mine/theirs"), await exists("/v2/pods/mine/back/pod")],
      [false, false],
    );
    await plugin.delete(named);
  });

  it("leave a field to others: lists that are not given, and the live numbers of instances", async () => {
    const open = (more: object = {}) => ({
      groupId: "/open",
      manageInstances: false,
      apps: [app("web", { instances: 1, ...more })],
    });
    const made = await plugin.create(type, open());
    await byHand("POST", "/v2/apps", app("/open/others/theirs"));
    await byHand("PATCH", "/v2/apps/open/web", { instances: 3 });
    const read = await plugin.read(made);
    assert.deepEqual(read?.inputs, made.inputs);
    assert.ok(read);
    assert.deepEqual(await plugin.diff(read, open({ instances: 2 })), []);
    const changed = await plugin.update(read, open({ env: { A: "b" } }));
    assert.equal((await running("/open/web")).instances, 3);
    assert.ok(await exists("/v2/apps/open/others/theirs"));
    const { manageInstances: _, ...closed } = open({ env: { A: "c" } });
    const ignored = await plugin.update(changed, closed, 0, ["apps[*].instances"]);
    assert.equal((await running("/open/web")).instances, 3);
    const disowned = { groupId: "/open" };
    assert.equal(await planned(ignored, disowned), "leave apps to others");
    assert.deepEqual(await plugin.diff(ignored, disowned), ["apps: DELETE"]);
    const left = await plugin.update(ignored, disowned);
    assert.deepEqual(left.state["managed"], []);
    await plugin.delete(left);
    assert.ok(await exists("/v2/apps/open/web"));
    await byHand("DELETE", "/v2/groups/open");
  });

  it("drift on refresh: what differs alone is shown, what is gone is gone, and it is repaired", async () => {
    const made = await plugin.create(type, shop("/drift"));
    await byHand("PATCH", "/v2/apps/drift/back/db", { mem: 24, instances: 2 });
    await byHand("DELETE", "/v2/apps/drift/web");
    const read = await plugin.read(made);
    assert.ok(read);
    assert.deepEqual(read.inputs, {
      groupId: "/drift",
      apps: [],
      groups: [
        { id: "back", apps: [app("queue", { dependencies: ["db"] }), app("db", { mem: 24, instances: 2 })] },
      ],
    });
    assert.deepEqual(await plugin.diff(read, made.inputs), [
      "apps[0]: ADD",
      "groups[0].apps[1].instances: UPDATE",
      "groups[0].apps[1].mem: UPDATE",
    ]);
    const back = await plugin.update(read, made.inputs);
    assert.equal((await running("/drift/back/db"))["mem"], 16);
    assert.equal((await running("/drift/web")).tasksRunning, 1);
    await byHand("DELETE", "/v2/groups/drift");
    assert.equal(await plugin.read(back), undefined);
    const rebuilt = await plugin.update(back, made.inputs);
    assert.match(plugin.warnings.join("\n"), /\/drift was deleted by somebody else, so it is made again/);
    await plugin.delete(rebuilt);
  });

  it("concurrency guard on foreign change: others' changes are not overwritten unless forced", async () => {
    const made = await plugin.create(type, shop("/guard"));
    await byHand("PATCH", "/v2/apps/guard/back/db", { labels: { by: "hand" } });
    const versionInfo = (await running("/guard/back/db"))["versionInfo"] as { lastConfigChangeAt: string };
    const news = shop("/guard", { apps: [app("web", { env: { A: "b" } })] });
    await assert.rejects(plugin.update(made, news), (error: Error) => {
      assert.match(
        error.message,
        /\/guard\/back\/db was changed by somebody else: Marathon has its definition of /,
      );
      assert.ok(error.message.includes(versionInfo.lastConfigChangeAt));
      assert.match(error.message, /they differ in labels.by; run `pulumi refresh`/);
      return true;
    });
    await byHand("PATCH", "/v2/apps/guard/web", { instances: 2 });
    const same = shop("/guard");
    const db = {
      ...same,
      groups: [
        { id: "back", apps: [app("queue", { dependencies: ["db"] }), app("db", { labels: { by: "hand" } })] },
      ],
    };
    const agreed = await plugin.update(made, db);
    assert.equal((await running("/guard/web")).instances, 1, "instances are drift, no conflict");
    await byHand("PUT", "/v2/groups/guard", { dependencies: ["/by-hand"] });
    await assert.rejects(plugin.update(agreed, { ...db, dependencies: ["/ours"] }), {
      details:
        /\/guard was changed by somebody else: Marathon has its version .*, the state has .*, and they differ in dependencies/,
    });
    const forced = await plugin.update(agreed, { ...news, force: true });
    assert.deepEqual((await running("/guard/back/db"))["labels"], {});
    await plugin.delete(forced);
  });

  it("import / adopt: by its path, and then nothing changes", async () => {
    const { groupId: _, ...document } = shop("/x", { dependencies: ["/elsewhere"] });
    await byHand("PUT", "/v2/groups/imported", document);
    const before = await version("/imported");
    const found = await plugin.import(type, "/imported");
    assert.ok(found);
    assert.deepEqual(await plugin.diff(found, found.inputs), []);
    assert.deepEqual(await plugin.diff(found, shop("/imported", { dependencies: ["/elsewhere"] })), []);
    const updated = await plugin.update(found, found.inputs);
    assert.equal(await version("/imported"), before);
    await plugin.delete(updated);
    assert.equal(await plugin.import(type, "/imported"), undefined);
  });

  it("enforceRole by PATCH: its apps get the group's name as role", async () => {
    const made = await plugin.create(type, { groupId: "/role", apps: [app("a")] });
    assert.equal((await running("/role/a")).role, "apps");
    assert.match(
      await planned(made, { groupId: "/role", apps: [app("a")], enforceRole: true }),
      /^rolling restart of 1 task, of \/role\/a \(1\), because of role; set whether the group's name is the role of its apps$/,
    );
    const enforced = await plugin.update(made, { groupId: "/role", apps: [app("a")], enforceRole: true });
    assert.equal((await running("/role/a")).role, "role");
    const read = await plugin.read(enforced);
    assert.deepEqual(read?.inputs, enforced.inputs);
    const nested = await plugin.create(type, { groupId: "/role/nested", apps: [app("b")] });
    assert.equal((await running("/role/nested/b")).role, "role");
    assert.deepEqual(
      await plugin.diff(nested, { groupId: "/role/nested", apps: [app("b", { role: "role" })] }),
      [],
    );
    const free = await plugin.update(enforced, {
      groupId: "/role",
      apps: [app("a", { role: "role" })],
      enforceRole: false,
    });
    await plugin.delete(nested);
    await plugin.delete(free);
  });

  it("immutable change: an app with a persistent volume is refused another size before anything is sent", async () => {
    const volume = {
      container: {
        type: "MESOS",
        volumes: [{ containerPath: "data", mode: "RW", persistent: { type: "root", size: 16 } }],
      },
    };
    const data = (more: object) => ({
      groupId: "/data",
      apps: [app("web"), app("db", { ...volume, ...more })],
    });
    const made = await plugin.create(type, data({}));
    await assert.rejects(
      plugin.diff(made, data({ mem: 32 })),
      /apps\[1\]\.mem: cannot change while \/data\/db has persistent volumes; give the app another id/,
    );
    assert.deepEqual(await plugin.diff(made, data({ cmd: "sleep 2000" })), ["apps[1].cmd: UPDATE"]);
    await plugin.delete(made);
  });

  it("locked app: waits for the deployment that locks it, also where that may never be done, unless forced", async () => {
    const made = await plugin.create(type, shop("/locked"));
    cluster.failNext("PUT /v2/groups/locked", {
      status: 409,
      body: { message: "App is locked by one or more deployments.", deployments: [{ id: "d-other" }] },
    });
    const waited = await plugin.update(made, shop("/locked", { apps: [app("web", { labels: { a: "b" } })] }));
    assert.deepEqual((await running("/locked/web"))["labels"], { a: "b" });
    await send("PATCH", "/v2/apps/locked/web", { cpus: 100 });
    const forced = await plugin.update(waited, shop("/locked", { force: true }));
    assert.equal((await running("/locked/web"))["cpus"], 0.1);
    await plugin.delete(forced);
  });

  it("a lost answer makes one group, and one of a server that fails changes it once", async () => {
    cluster.failNext("POST /v2/groups", { status: 503 });
    const made = await plugin.create(type, shop("/lost"));
    cluster.failNext("PUT /v2/groups/lost", { status: 500, body: "<html>oops</html>" });
    const changed = await plugin.update(made, shop("/lost", { apps: [app("web", { labels: { a: "b" } })] }));
    assert.deepEqual((await running("/lost/web"))["labels"], { a: "b" });
    await plugin.delete(changed);
  });

  it("explain a stuck deployment: the apps that are not there, with reasons, and the state is kept", async () => {
    const big = { groupId: "/big", apps: [app("fits"), app("too-big", { cpus: 100 })] };
    const failure = await failed(plugin.create(type, big, 3));
    assert.equal(failure.kept.id, "/big");
    assert.match(
      failure.reasons.join("\n"),
      /^not done after 3 s; .*\n(.*\n)*1 of 2 apps ready\n\/big\/too-big: 0 of 1 running\n/,
    );
    assert.match(
      failure.reasons.join("\n"),
      /1 more of \/big\/too-big wait for an offer; .*InsufficientCpus/,
    );
    assert.equal(failure.reasons.at(-1), "left as it is (onTimeout: leave)");
    assert.ok(
      plugin.lines.some((line) => line.includes("1 of 2 apps ready; /big/too-big 0 of 1 running")),
      plugin.lines.join("\n"),
    );
    const done = await plugin.update(failure.kept, {
      groupId: "/big",
      apps: [app("fits"), app("too-big")],
      force: true,
    });
    assert.equal((done.state["deployedApps"] as unknown[]).length, 2);
    await plugin.delete(done);
  });

  it("fail early on unmatched resources, naming the app", async () => {
    const failure = await failed(
      plugin.create(type, { groupId: "/early", apps: [app("fits"), app("never", { cpus: 100 })] }, 20),
    );
    assert.match(
      failure.reasons[0] ?? "",
      /^given up early: unmatched resources, for \d+ s no offer fits \/early\/never: InsufficientCpus/,
    );
    await plugin.delete({ ...failure.kept, state: { ...failure.kept.state, force: true } });
  });

  it("on timeout: roll back, chosen, and the state is of what is back", async () => {
    const made = await plugin.create(type, shop("/back"));
    const news = shop("/back", { apps: [app("web", { cpus: 100 }), app("new")], onTimeout: "rollback" });
    const failure = await failed(plugin.update(made, news, 3));
    assert.match(failure.reasons.at(-1) ?? "", /^rolled back by deployment .* \(onTimeout: rollback\)$/);
    assert.deepEqual(failure.kept.inputs, made.inputs);
    assert.equal((await running("/back/web"))["cpus"], 0.1);
    assert.equal(await exists("/v2/apps/back/new"), false);
    await plugin.delete(failure.kept);
  });

  it("several leaders: goes on when the leader dies in the middle", async () => {
    const creating = plugin.create(type, shop("/failover", { apps: [app("web", { instances: 4 })] }));
    await eventually(hangMs, async () => {
      await send("GET", "/v2/groups/failover");
    });
    const { leader } = (await (await send("GET", "/v2/leader")).json()) as { leader: string };
    const member = cluster.marathons.find((m) => m.url === `http://${leader}`);
    assert.ok(member);
    await cluster.kill(member.name);
    const made = await creating;
    assert.equal((made.state["deployedApps"] as unknown[]).length, 3);
    await cluster.restart(member.name);
    await plugin.delete(made);
  });
});
