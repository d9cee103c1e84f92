// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { getJson, request } from "./support/http";
import { marathonProgram, rewrite } from "./support/marathon-program";
import { TestStack } from "./support/test-stack";

interface RunningApp {
  readonly instances: number;
  readonly tasksRunning: number;
  readonly tasks: readonly { readonly id: string }[];
}

const app = (id: string, more: object = {}) => ({ id, cmd: "sleep 1000", cpus: 0.1, mem: 16, ...more });
const web = (more: object = {}) => app("web", { dependencies: ["back"], ...more });
const back = { id: "back", apps: [app("queue", { dependencies: ["db"] }), app("db")] };

/** A program with one group, whose outputs the stack exports. */
function shop(args: object, options = "{ provider }"): string {
  return `
const shop = new mesos.marathon.Group("shop", ${JSON.stringify(args)}, ${options});
exports.groupId = shop.groupId;
exports.apps = shop.deployedApps.apply((apps) => apps.map(({ appId, servicePorts, tasks }) => [appId, servicePorts.length, tasks.length]));`;
}

describe("a group of a Marathon that somebody else made", function () {
  this.timeout(1_200_000);
  let cluster: Cluster;
  let stack: TestStack;

  before(async () => {
    cluster = await startCluster({ network: "127.124.3", agents: 3 });
    stack = await TestStack.create({
      program: { source: marathonProgram("") },
      config: { marathonUrls: JSON.stringify([cluster.marathon.url]) },
    });
  });
  after(async () => {
    await stack?.close();
    const unknown = cluster?.unknownRequests;
    await cluster?.close();
    assert.deepEqual(unknown, [], "a request that Marathon does not know");
  });

  async function running(id: string): Promise<RunningApp> {
    return (await getJson<{ app: RunningApp }>(`${cluster.marathon.url}/v2/apps${id}`)).app;
  }

  async function taskIds(...ids: string[]): Promise<string[]> {
    const apps = await Promise.all(ids.map(running));
    return apps.flatMap(({ tasks }) => tasks.map((task) => task.id)).sort();
  }

  async function byHand(method: string, at: string, json?: object): Promise<void> {
    const answer = await request(`${cluster.marathon.url}${at}`, { method, json });
    assert.ok(answer.status < 300, `${method} ${at}: ${answer.status} ${answer.body}`);
    await cluster.waitForDeployments();
  }

  async function groupExists(id: string): Promise<boolean> {
    return (await request(`${cluster.marathon.url}/v2/groups${id}`)).status === 200;
  }

  /** What a preview of the program says that it would change. */
  async function preview(): Promise<string> {
    return await stack.ok("preview", "--diff");
  }

  /** Fails unless neither a refresh nor a preview finds any change. */
  async function settled(): Promise<void> {
    await stack.ok("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    await stack.ok("preview", "--expect-no-changes");
  }

  it("with groups in it and dependencies is previewed, made and waited for, and then nothing changes any more", async () => {
    rewrite(stack, shop({ apps: [web({ instances: 2 })], groups: [back] }));
    assert.match(await preview(), /\+ mesos:marathon:Group: \(create\)/);
    await stack.up();
    assert.deepEqual(await stack.outputs(), {
      groupId: "/shop",
      apps: [
        ["/shop/back/db", 1, 1],
        ["/shop/back/queue", 1, 1],
        ["/shop/web", 1, 2],
      ],
    });
    await stack.unchanged();
    await settled();
  });

  it("is scaled, changed, added to and pruned, each as the preview says", async () => {
    const tasks = await taskIds("/shop/web", "/shop/back/db", "/shop/back/queue");
    rewrite(stack, shop({ apps: [web({ instances: 3 })], groups: [back] }));
    assert.match(await preview(), /scale \/shop\/web from 2 to 3/);
    await stack.up();
    const scaled = await taskIds("/shop/web", "/shop/back/db", "/shop/back/queue");
    assert.deepEqual([scaled.length, tasks.filter((id) => !scaled.includes(id))], [5, []]);
    const others = await taskIds("/shop/back/db", "/shop/back/queue");
    rewrite(
      stack,
      shop({ apps: [web({ instances: 3, env: { RELEASE: "2" } }), app("new")], groups: [back] }),
    );
    assert.match(
      await preview(),
      /rolling restart of 3 tasks, of \/shop\/web \(3\), because of env; start \/shop\/new/,
    );
    await stack.up();
    const web2 = await taskIds("/shop/web");
    assert.deepEqual([web2.length, web2.filter((id) => scaled.includes(id))], [3, []]);
    assert.deepEqual(await taskIds("/shop/back/db", "/shop/back/queue"), others);
    await settled();
    const smaller = { ...back, apps: [app("db")] };
    rewrite(stack, shop({ apps: [app("web", { instances: 3, env: { RELEASE: "2" } })], groups: [smaller] }));
    assert.match(
      await preview(),
      /rolling restart of 3 tasks, .*because of dependencies; end \/shop\/new, \/shop\/back\/queue/,
    );
    await stack.up();
    const left = await getJson<{ apps: { id: string }[] }>(`${cluster.marathon.url}/v2/apps`);
    assert.deepEqual(left.apps.map(({ id }) => id).sort(), ["/shop/back/db", "/shop/web"]);
    await settled();
  });

  it("shows what somebody changed by hand, is repaired, and never ends what somebody made", async () => {
    await byHand("PATCH", "/v2/apps/shop/back/db", { mem: 24 });
    await byHand("POST", "/v2/apps", app("/shop/theirs"));
    const drift = await stack.ok("refresh", "--yes", "--skip-preview", "--diff");
    assert.match(drift, /~ mem *: 16 => 24/);
    const said = await preview();
    assert.match(
      said,
      /end \/shop\/theirs; will be refused as things stand: \/shop: this would end \/shop\/theirs, which /,
    );
    const { code, output } = await stack.pulumi(["up", "--yes", "--skip-preview"]);
    assert.notEqual(code, 0);
    assert.match(output, /\/shop: this would end \/shop\/theirs, which the program has never named; /);
    assert.equal((await running("/shop/theirs")).tasksRunning, 1);
    await byHand("DELETE", "/v2/apps/shop/theirs?force=false");
    await stack.up();
    await settled();
  });

  it("keeps a secret of an app secret in the state, in previews and where its place moves", async () => {
    const secret = `pulumi.secret("hunter2")`;
    const program = (apps: string) => `
new mesos.marathon.Group("hidden", { apps: [${apps}] }, { provider });`;
    const first = JSON.stringify(app("first"));
    const hiding = `{ ...${JSON.stringify(app("second"))}, env: { NEUTRAL: ${secret} } }`;
    const shopNow = shop({
      apps: [app("web", { instances: 3, env: { RELEASE: "2" } })],
      groups: [{ ...back, apps: [app("db")] }],
    });
    rewrite(stack, shopNow + program(`${first}, ${hiding}`));
    const shown = [await preview(), await stack.ok("up", "--yes", "--skip-preview", "--diff")];
    await byHand("DELETE", "/v2/apps/hidden/first");
    await byHand("POST", "/v2/apps", app("/hidden/theirs"));
    shown.push(await stack.ok("refresh", "--yes", "--skip-preview", "--diff"), await preview());
    shown.push(await stack.ok("stack", "export"));
    for (const text of shown) assert.ok(!text.includes("hunter2"), text);
    await byHand("DELETE", "/v2/apps/hidden/theirs");
    rewrite(stack, shopNow);
    await stack.up();
    assert.equal(await groupExists("/hidden"), false);
  });

  it("made by hand is imported, and a program for it shows no change", async () => {
    const document = { dependencies: ["/shop"], apps: [web()], groups: [back] };
    await byHand("PUT", "/v2/groups/by-hand", document);
    const provider = (await stack.resources()).find(({ type }) => type === "pulumi:providers:mesos");
    await stack.ok(
      ...["import", "mesos:marathon:Group", "by-hand", "/by-hand", "--yes", "--skip-preview"],
      ...["--protect=false", "--generate-code=false", "--provider", `mine=${provider?.urn}`],
    );
    const before = await taskIds("/by-hand/web", "/by-hand/back/db", "/by-hand/back/queue");
    rewrite(
      stack,
      `${shop({ apps: [app("web", { instances: 3, env: { RELEASE: "2" } })], groups: [{ ...back, apps: [app("db")] }] })}
new mesos.marathon.Group("by-hand", ${JSON.stringify(document)}, { provider });`,
    );
    await settled();
    assert.deepEqual(await taskIds("/by-hand/web", "/by-hand/back/db", "/by-hand/back/queue"), before);
  });

  it("stands beside an app from a Marathon JSON file that is taken unchanged", async () => {
    const file = path.join(stack.directory, "demo.json");
    const demo = {
      ...app("/demo"),
      ports: [0],
      uris: [],
      cmd: "sleep 2000",
      version: "2026-01-01T00:00:00.000Z",
      tasksRunning: 1,
    };
    writeFileSync(file, JSON.stringify(demo));
    rewrite(stack, `new mesos.marathon.App("demo", mesos.marathon.App.fromJson("demo.json"), { provider });`);
    await stack.up();
    assert.equal((await running("/demo")).tasksRunning, 1);
    assert.deepEqual([await groupExists("/shop"), await groupExists("/by-hand")], [false, false]);
    await settled();
  });

  it("leaves nothing in Marathon when all is destroyed", async () => {
    rewrite(stack, shop({ apps: [web()], groups: [back] }));
    await stack.up();
    await stack.ok("destroy", "--yes", "--skip-preview");
    assert.deepEqual(await getJson(`${cluster.marathon.url}/v2/apps`), { apps: [] });
    assert.equal(await groupExists("/shop"), false);
    assert.deepEqual(await cluster.tasks.list(), []);
  });
});
