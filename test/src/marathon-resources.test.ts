// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { getJson, request } from "./support/http";
import { marathonProgram, rewrite } from "./support/marathon-program";
import { TestStack } from "./support/test-stack";

interface RunningApp {
  readonly instances: number;
  readonly mem: number;
  readonly env?: Readonly<Record<string, unknown>>;
  readonly taskKillGracePeriodSeconds?: number;
  readonly tasksRunning: number;
  readonly tasks: readonly { readonly id: string }[];
}

/** One app with these fields besides its size. */
function web(fields: Readonly<Record<string, unknown>>): string {
  const args = { cmd: "exec sleep 100000", cpus: 0.1, mem: 32, instances: 2, ...fields };
  return `
const web = new mesos.marathon.App("web", ${JSON.stringify(args)}, { provider });
exports.appId = web.appId;
exports.ports = web.servicePorts;`;
}

const first = { env: { RELEASE: "1" }, taskKillGracePeriodSeconds: 7 };

describe("resources of a Marathon that somebody else made", function () {
  this.timeout(1_200_000);
  let cluster: Cluster;
  let stack: TestStack;

  before(async () => {
    cluster = await startCluster({ network: "127.123.0", agents: 3 });
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

  async function app(id: string): Promise<RunningApp> {
    return (await getJson<{ app: RunningApp }>(`${cluster.marathon.url}/v2/apps${id}`)).app;
  }

  async function taskIds(id: string): Promise<string[]> {
    return (await app(id)).tasks.map((task) => task.id).sort();
  }

  async function byHand(method: string, path: string, json?: object): Promise<void> {
    const answer = await request(`${cluster.marathon.url}${path}`, { method, json });
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.body}`);
    await cluster.waitForDeployments();
  }

  /** What a preview of the program would change. */
  async function preview(): Promise<string> {
    return await stack.ok("preview", "--diff");
  }

  /** Fails unless neither a refresh nor a preview finds any change. */
  async function settled(): Promise<void> {
    await stack.ok("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    await stack.ok("preview", "--expect-no-changes");
  }

  describe("an app", () => {
    it("is previewed, made and waited for, and then nothing changes any more", async () => {
      rewrite(stack, web(first));
      assert.match(await preview(), /\+ mesos:marathon:App: \(create\)/);
      await stack.up();
      const running = await app("/web");
      assert.deepEqual([running.instances, running.tasksRunning], [2, 2]);
      assert.deepEqual(running.env, { RELEASE: "1" });
      assert.deepEqual(await stack.outputs(), { appId: "/web", ports: [10_000] });
      await stack.unchanged();
      await settled();
    });

    it("keeps its tasks while it is only scaled", async () => {
      const before = await taskIds("/web");
      rewrite(stack, web({ ...first, instances: 3 }));
      assert.match(await preview(), /~ instances *: 2 => 3/);
      await stack.up();
      const now = await taskIds("/web");
      assert.equal(now.length, 3);
      assert.deepEqual(
        before.filter((id) => !now.includes(id)),
        [],
      );
      await settled();
    });

    it("gets new tasks by a rolling restart", async () => {
      const before = await taskIds("/web");
      rewrite(stack, web({ ...first, env: { RELEASE: "2" }, instances: 3 }));
      await stack.up();
      const now = await taskIds("/web");
      assert.equal(now.length, 3);
      assert.deepEqual(
        before.filter((id) => now.includes(id)),
        [],
      );
      await settled();
    });

    it("loses a field that the program no longer has", async () => {
      rewrite(stack, web({ instances: 3 }));
      await stack.up();
      const { env, taskKillGracePeriodSeconds } = await app("/web");
      assert.deepEqual([env ?? {}, taskKillGracePeriodSeconds], [{}, undefined]);
      await settled();
    });

    it("shows what somebody changed by hand, and is repaired", async () => {
      await byHand("PATCH", "/v2/apps/web", { mem: 48, labels: { by: "hand" } });
      const drift = await stack.ok("refresh", "--yes", "--skip-preview", "--diff");
      assert.match(drift, /~ mem *: 32 => 48/);
      assert.match(await preview(), /~ mem *: 48 => 32/);
      await stack.up();
      assert.equal((await app("/web")).mem, 32);
      await settled();
    });

    it("is made again after somebody deleted it", async () => {
      await byHand("DELETE", "/v2/apps/web?force=false");
      await stack.ok("refresh", "--yes", "--skip-preview");
      assert.match(await preview(), /\+ mesos:marathon:App: \(create\)/);
      await stack.up();
      assert.equal((await app("/web")).tasksRunning, 3);
      await settled();
    });

    it("made by hand is imported, and a program for it shows no change", async () => {
      await byHand("POST", "/v2/apps", {
        id: "/by-hand",
        cmd: "exec sleep 5000",
        cpus: 0.1,
        mem: 16,
        instances: 1,
      });
      const provider = (await stack.resources()).find(({ type }) => type === "pulumi:providers:mesos");
      await stack.ok(
        ...["import", "mesos:marathon:App", "by-hand", "/by-hand", "--yes", "--skip-preview"],
        ...["--protect=false", "--generate-code=false", "--provider", `mine=${provider?.urn}`],
      );
      const before = await taskIds("/by-hand");
      rewrite(
        stack,
        `${web({ instances: 3 })}
new mesos.marathon.App("by-hand", { cmd: "exec sleep 5000", cpus: 0.1, mem: 16, instances: 1 }, { provider });`,
      );
      await settled();
      assert.deepEqual(await taskIds("/by-hand"), before);
    });
  });

  describe("all of it", () => {
    it("leaves nothing in Marathon when it is destroyed", async () => {
      await stack.ok("destroy", "--yes", "--skip-preview");
      assert.deepEqual(await getJson(`${cluster.marathon.url}/v2/apps`), { apps: [] });
      assert.deepEqual(await cluster.tasks.list(), []);
    });
  });
});
