// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import path from "node:path";
import { type Cluster, startCluster } from "@pulumi-mesos/simulator";
import { eventually, hangMs } from "./support/eventually";
import { type Answer, getJson, request } from "./support/http";
import { repository } from "./support/repository";
import { TestStack } from "./support/test-stack";

interface Task {
  readonly id: string;
  readonly host: string;
  readonly ports: readonly number[];
  readonly localVolumes: readonly { readonly persistenceId: string }[];
}

describe("the example database", function () {
  this.timeout(1_200_000);
  let cluster: Cluster;
  let stack: TestStack;

  before(async () => {
    cluster = await startCluster({
      network: "127.124.0",
      agents: 2,
      tasks: "process",
      flags: { marathon: { mesos_role: "database", mesos_authentication_principal: "marathon" } },
    });
    stack = await TestStack.create({
      program: { directory: path.join(repository, "examples/database") },
      config: { marathonUrls: JSON.stringify([cluster.marathon.url]) },
    });
  });
  after(async () => {
    await stack?.close();
    const unknown = cluster?.unknownRequests;
    await cluster?.close();
    assert.deepEqual(unknown, [], "a request that Marathon does not know");
  });

  async function task(): Promise<Task> {
    const { app } = await getJson<{ app: { tasks: Task[] } }>(`${cluster.marathon.url}/v2/apps/database`);
    const [only, ...others] = app.tasks;
    assert.ok(only !== undefined && others.length === 0, "one task");
    return only;
  }

  async function ask(method: string, key: string, headers: Record<string, string> = {}): Promise<Answer> {
    const { host, ports } = await task();
    return await request(`http://${host}:${ports[0]}/${key}`, { method, headers });
  }

  /** Fails unless another task than before answers with what was written, from the same volume. */
  async function remembers(before: Task): Promise<void> {
    const now = await task();
    assert.notEqual(now.id, before.id);
    assert.deepEqual(
      now.localVolumes.map((v) => v.persistenceId),
      before.localVolumes.map((v) => v.persistenceId),
    );
    const read = await ask("GET", "greeting");
    assert.deepEqual([read.status, read.body], [200, '"hello"']);
  }

  it("is previewed, made on a volume of its own, and then nothing changes any more", async () => {
    assert.match(await stack.ok("preview"), /\+ +mesos:marathon:App +database +create/);
    await stack.up();
    assert.equal((await task()).localVolumes.length, 1);
    await stack.ok("refresh", "--yes", "--skip-preview", "--expect-no-changes");
    await stack.unchanged();
  });

  it("keeps what was written when its task dies", async () => {
    const { host, ports } = await task();
    const written = await request(`http://${host}:${ports[0]}/greeting`, { method: "PUT", json: "hello" });
    assert.equal(written.status, 200);
    const before = await task();
    assert.equal(await cluster.tasks.fail("/database"), 1);
    await eventually(hangMs, () => remembers(before));
  });

  it("keeps what was written over an update", async () => {
    const before = await task();
    await stack.ok("config", "set", "environment", "staging");
    await stack.up();
    await remembers(before);
    await stack.unchanged();
  });

  it("is previewed as replaced when its resources change (immutable change planned as replace)", async () => {
    await stack.ok("config", "set", "cpus", "0.2");
    assert.match(await stack.ok("preview"), /\+-? *mesos:marathon:App +database +replace/);
    await stack.ok("config", "rm", "cpus");
    await stack.unchanged();
  });

  it("is imported with its volume, and its program shows no change", async () => {
    const provider = (await stack.resources()).find(({ type }) => type === "pulumi:providers:mesos");
    const app = (await stack.resources()).find(({ type }) => type === "mesos:marathon:App");
    await stack.ok("state", "delete", "--yes", app?.urn ?? "");
    await stack.ok(
      ...["import", "mesos:marathon:App", "database", "/database", "--yes", "--skip-preview"],
      ...["--protect=false", "--generate-code=false", "--provider", `mine=${provider?.urn}`],
    );
    const before = await task();
    await stack.ok("preview", "--expect-no-changes");
    assert.equal((await task()).id, before.id);
  });

  it("leaves neither a task nor a volume nor a reservation when it is destroyed", async () => {
    await stack.ok("destroy", "--yes", "--skip-preview");
    assert.deepEqual(await getJson(`${cluster.marathon.url}/v2/apps`), { apps: [] });
    assert.deepEqual(await cluster.tasks.list(), []);
    const leader = await cluster.leader();
    await eventually(hangMs, async () => {
      const { slaves } = await getJson<{ slaves: { reserved_resources: object }[] }>(`${leader.url}/slaves`);
      assert.deepEqual(
        slaves.map((agent) => agent.reserved_resources),
        [{}, {}],
      );
    });
  });
});
