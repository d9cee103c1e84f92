// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ZooKeeper } from "@pulumi-mesos/client";
import {
  type AgentPoolDeclaration,
  type AgentPoolInputs,
  type AgentPoolStatus,
  computed,
  controllerPath,
  digestOf,
  MesosError,
  poolPath,
  poolStatusPath,
  resourceTokens,
} from "@pulumi-mesos/model";
import { list, makeVolume, start, volumeExists } from "@pulumi-mesos/supervisor";
import { InitFailedError } from "../init-failed";
import { parseUrn } from "../urn";
import { agentPool } from "./agent-pool";
import { type TestContext, testContext } from "./context.test.support";
import { scopeIn } from "./scope";
import { startZooKeeper } from "./zookeeper.test.support";

const never = new AbortController().signal;
const urn = parseUrn(`urn:pulumi:stack::project::${resourceTokens.agentPool}::web`);
const cluster = "demo";
const path = poolPath(cluster, "web");

function pool(size: number, zookeeper = "127.83.4.1:2181"): AgentPoolInputs {
  const declaration: AgentPoolDeclaration = {
    name: "web",
    size,
    template: { command: ["mesos-agent"] },
    backend: { kind: "local", network: "127.83.5.0/24", taskPorts: [31_000, 31_099], portsPerMember: 20 },
    drain: { graceSeconds: 1, timeoutSeconds: 10 },
  };
  return { cluster, zookeeper, declaration };
}

function withFlag(inputs: AgentPoolInputs, ...flags: string[]): AgentPoolInputs {
  const { template, ...rest } = inputs.declaration;
  const command = [...template.command, ...flags];
  return { ...inputs, declaration: { ...rest, template: { ...template, command } } };
}

/** Reports on each declaration what `report` says, as the controller of agent groups would. */
async function followed(
  session: ZooKeeper,
  report: (declaration: AgentPoolDeclaration) => Partial<AgentPoolStatus>,
): Promise<void> {
  const node = await session.watch(path, () => void followed(session, report).catch(() => {}));
  if (node === undefined || node.data.length === 0) return;
  const declaration = JSON.parse(node.data.toString()) as AgentPoolDeclaration;
  const base = { settled: false, failed: false, message: "", members: [] };
  const status = { ...base, generation: digestOf(declaration), ...report(declaration) };
  await session.put(poolStatusPath(cluster, "web"), Buffer.from(JSON.stringify(status)));
}

describe("mesos:index:AgentPool", function () {
  this.timeout(60_000);
  let server: Awaited<ReturnType<typeof startZooKeeper>>;
  let session: ZooKeeper;
  let state: string;

  before(async () => {
    server = await startZooKeeper("127.83.4.1");
    state = await mkdtemp(join(tmpdir(), "agent-pool-"));
  });
  after(async () => {
    await server.stop();
    await rm(state, { recursive: true, force: true });
  });
  beforeEach(async () => {
    session = await ZooKeeper.connect({ servers: server.servers }, never);
  });
  afterEach(async () => {
    await session.removeTree("/pulumi-mesos");
    await session.close();
  });

  function context(signal?: AbortSignal): TestContext {
    const environment = { XDG_STATE_HOME: state, PATH: process.env["PATH"] };
    return testContext(resourceTokens.agentPool, { environment, signal });
  }

  const lead = () => session.create(controllerPath(cluster), Buffer.from("{}"), "ephemeral");

  it("declares the pool and waits until the controller reports exactly this declaration settled", async () => {
    await lead();
    await session.put(path, Buffer.alloc(0));
    await followed(session, ({ size }) => ({
      settled: true,
      message: `web: ${size} of ${size} agents active`,
    }));
    const { id } = await agentPool.create(pool(2), context());
    assert.equal(id, "demo/web");
    await agentPool.update(id, pool(2), pool(3), context());
    const stored = JSON.parse((await session.get(path))?.data.toString() ?? "");
    assert.deepEqual(stored, pool(3).declaration);
  });

  it("fails with the declaration kept when the controller cannot go on", async () => {
    await lead();
    await session.put(path, Buffer.alloc(0));
    await followed(session, () => ({ failed: true, message: "web: web-2 does not start" }));
    await assert.rejects(agentPool.create(pool(2), context()), (error) => {
      assert.ok(error instanceof InitFailedError);
      assert.deepEqual(error.initFailed.reasons, ["web: web-2 does not start"]);
      return true;
    });
  });

  it("fails with what was said last when the time is over", async () => {
    const timeout = new AbortController();
    const around = context(timeout.signal);
    const creating = assert.rejects(agentPool.create(pool(2), around), (error) => {
      assert.ok(error instanceof InitFailedError);
      assert.deepEqual(error.initFailed.reasons, [
        "not done after 1 s",
        "no controller of agent groups has taken the declaration up",
      ]);
      return true;
    });
    while (around.lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(around.lines, ["web: waiting until the controller of agent groups runs"]);
    timeout.abort(new MesosError("MESOS_PLUGIN_TIMEOUT", "not done after 1 s"));
    await creating;
  });

  it("reads what is declared, drift of the size included, and nothing once the declaration is gone", async () => {
    const known = { inputs: pool(2), state: pool(2) };
    const read = () => agentPool.read({ id: "demo/web", known }, context());
    assert.equal(await read(), undefined);
    await session.put(path, Buffer.from(JSON.stringify(pool(2).declaration)));
    assert.equal((await read())?.inputs, known.inputs);
    await session.put(path, Buffer.from(JSON.stringify(pool(4).declaration)));
    assert.equal((await read())?.inputs.declaration.size, 4);
  });

  it("lets the controller empty the pool before its declaration goes", async () => {
    await lead();
    await session.put(path, Buffer.from(JSON.stringify(pool(2).declaration)));
    const sizes: number[] = [];
    await followed(session, ({ size }) => {
      sizes.push(size);
      return { settled: true };
    });
    await agentPool.delete("demo/web", pool(2), context());
    assert.deepEqual([...new Set(sizes)], [2, 0]);
    assert.equal(await session.exists(path), false);
    await agentPool.delete("demo/web", pool(2), context());
  });

  it("ends the last pool's members when their tasks have nowhere to go, also where another pool goes with it", async () => {
    await lead();
    const other = poolPath(cluster, "api");
    const api = (size: number) => Buffer.from(JSON.stringify({ ...pool(size).declaration, name: "api" }));
    await session.put(other, api(1));
    await session.put(path, Buffer.from(JSON.stringify(pool(1).declaration)));
    await followed(session, () => ({ message: "web: 0 of 0 agents active, draining web-1: 1 task left" }));
    const scope = scopeIn(context());
    await makeVolume(scope, "web-1");
    const around = context();
    const deleting = agentPool.delete("demo/web", pool(1), around);
    while (!around.lines.some((line) => line.includes("draining web-1"))) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await session.put(other, api(0));
    await deleting;
    await session.removeTree(other);
    assert.equal(await volumeExists(scope, "web-1"), false);
    assert.equal(await session.exists(path), false);
    assert.match(around.warnings[0] ?? "", /its tasks have nowhere to go \(web: .*1 task left\)$/);
  });

  it("ends members by their records when ZooKeeper refuses", async () => {
    const scope = scopeIn(context());
    const spec = { name: "web-1", command: ["sleep", "1000"], volume: "web-1" };
    await makeVolume(scope, "web-1");
    await start(scope, spec, { searchPath: process.env["PATH"] ?? "", signal: never });
    await makeVolume(scope, "web-2");
    await makeVolume(scope, "web-other-1");
    const around = context();
    await agentPool.delete("demo/web", pool(2, "127.83.4.9:2181"), around);
    assert.deepEqual(await list(scope), []);
    assert.equal(await volumeExists(scope, "web-2"), false);
    assert.equal(await volumeExists(scope, "web-other-1"), true);
    assert.match(
      around.warnings[0] ?? "",
      /^demo\/web: ended web-1, web-2 without draining, because ZooKeeper/,
    );
  });

  it("takes a changed template, and refuses more members than there are ports for", () => {
    const check = (inputs: AgentPoolInputs, oldInputs?: AgentPoolInputs) =>
      agentPool.check?.({ urn, inputs, oldInputs, isSecret: () => false }).failures.map((f) => f.path);
    assert.deepEqual(check(pool(5), pool(2)), []);
    assert.deepEqual(check(pool(6)), ["declaration.size"]);
    assert.deepEqual(check(withFlag(pool(2), "--new"), pool(2)), []);
    const unknown = { ...pool(2), declaration: computed } as unknown as AgentPoolInputs;
    assert.deepEqual(check(unknown, pool(2)), []);
  });

  it("says in words what a change does to its agents", () => {
    const summary = (inputs: AgentPoolInputs, oldInputs = pool(2)): string | undefined =>
      agentPool.diff?.({ id: "demo/web", urn, oldInputs, state: oldInputs, inputs }).summary;
    assert.equal(summary(pool(2)), undefined);
    assert.equal(summary(pool(5)), "web: makes 3 more");
    assert.equal(summary(pool(1)), "web: drains and removes the 1 emptiest");
    assert.equal(
      summary(withFlag(pool(3), "--gc_delay=1days")),
      "web: restarts its 2 agents in place one at a time, the first alone until it holds (gc_delay); tasks keep running, none moves; web: makes 1 more",
    );
    assert.match(
      summary(withFlag(pool(2), "--attributes=rack:b"), withFlag(pool(2), "--attributes=rack:a")) ?? "",
      /^web: replaces its 2 agents one at a time.*, because the attribute rack changes; each is drained/,
    );
    assert.equal(summary(withFlag(pool(0), "--new")), "web: drains and removes the 2 emptiest");
  });

  it("says between which sizes a group keeps itself, and nothing while that stays", () => {
    const scaled = (max: number): AgentPoolInputs => ({
      ...pool(0),
      declaration: { ...pool(0).declaration, autoscale: { min: 1, max } },
    });
    const summary = (inputs: AgentPoolInputs, oldInputs: AgentPoolInputs): string | undefined =>
      agentPool.diff?.({ id: "demo/web", urn, oldInputs, state: oldInputs, inputs }).summary;
    assert.match(agentPool.announce?.(scaled(3)) ?? "", /^web: 1 to 3 agents by load, at most 95 % in use/);
    assert.equal(agentPool.announce?.(pool(2)), undefined);
    assert.match(summary(scaled(3), pool(2)) ?? "", /^web: 1 to 3 agents by load/);
    assert.match(summary(scaled(4), scaled(3)) ?? "", /^web: 1 to 4 agents by load/);
    assert.equal(summary(scaled(3), scaled(3)), undefined);
    assert.equal(summary(pool(2), scaled(3)), "web: has 2 agents from now on, whatever the load");
    const check = (inputs: AgentPoolInputs) =>
      agentPool
        .check?.({ urn, inputs, oldInputs: undefined, isSecret: () => false })
        .failures.map((f) => f.path);
    assert.deepEqual(check(scaled(5)), []);
    assert.deepEqual(check(scaled(6)), ["declaration.autoscale.max"]);
    assert.deepEqual(check(scaled(0)), ["declaration.autoscale.max"]);
  });

  it("foresees how many tasks move or stay", async () => {
    await put();
    const foresee = (inputs: AgentPoolInputs) =>
      agentPool.foresee?.("demo/web", withFlag(pool(2), "--attributes=rack:a"), inputs, context());
    assert.equal(await foresee(withFlag(pool(2), "--attributes=rack:b")), "5 tasks to move");
    assert.equal(
      await foresee(withFlag(pool(2), "--attributes=rack:a", "--gc_delay=1days")),
      "5 tasks to stay",
    );
    assert.equal(await foresee(withFlag(pool(3), "--attributes=rack:a")), undefined);

    async function put(): Promise<void> {
      const members = [2, 3].map((tasks, n) => ({
        name: `web-${n + 1}`,
        address: `127.83.5.${n + 1}`,
        state: "active" as const,
        tasks,
      }));
      const status: AgentPoolStatus = { generation: "", settled: true, failed: false, message: "", members };
      await session.put(path, Buffer.from(JSON.stringify(pool(2).declaration)));
      await session.put(poolStatusPath(cluster, "web"), Buffer.from(JSON.stringify(status)));
    }
  });

  it("changes the size in place, and replaces for another name, cluster or backend", () => {
    const diff = (inputs: AgentPoolInputs) =>
      agentPool
        .diff({ id: "demo/web", urn, oldInputs: pool(2), state: pool(2), inputs })
        .differences.map((d) => [d.path, d.replace]);
    assert.deepEqual(diff(pool(3)), [["declaration.size", false]]);
    assert.deepEqual(diff({ ...pool(2), cluster: "other" }), [["cluster", true]]);
    const renamed = { ...pool(2).declaration, name: "api" };
    assert.deepEqual(diff({ ...pool(2), declaration: renamed }), [["declaration.name", true]]);
  });
});
