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

  it("ends the last pool's members when their tasks have nowhere to go", async () => {
    await lead();
    await session.put(path, Buffer.from(JSON.stringify(pool(1).declaration)));
    await followed(session, () => ({ message: "web: 0 of 0 agents active, draining web-1: 1 task left" }));
    const scope = scopeIn(context());
    await makeVolume(scope, "web-1");
    const around = context();
    await agentPool.delete("demo/web", pool(1), around);
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

  it("refuses a changed template, and more members than there are ports for", () => {
    const check = (inputs: AgentPoolInputs, oldInputs?: AgentPoolInputs) =>
      agentPool.check?.({ urn, inputs, oldInputs, isSecret: () => false }).failures.map((f) => f.path);
    assert.deepEqual(check(pool(5), pool(2)), []);
    assert.deepEqual(check(pool(6)), ["declaration.size"]);
    const changed = { ...pool(2).declaration, template: { command: ["mesos-agent", "--new"] } };
    assert.deepEqual(check({ ...pool(2), declaration: changed }, pool(2)), ["declaration.template"]);
    assert.deepEqual(check({ ...pool(2), declaration: changed }), []);
    const unknown = { ...pool(2), declaration: computed } as unknown as AgentPoolInputs;
    assert.deepEqual(check(unknown, pool(2)), []);
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
