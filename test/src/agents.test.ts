// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { list } from "@pulumi-mesos/supervisor";
import { ClusterView } from "./support/cluster-view";
import { eventually, hangMs } from "./support/eventually";
import { getJson, request } from "./support/http";
import { SteadyLoad } from "./support/load";
import { agentsProgram } from "./support/programs";
import { TestStack } from "./support/test-stack";

const octet = 98;
const cluster = new ClusterView(`127.${octet}`);

describe("a change of what agents run", function () {
  this.timeout(1_200_000);
  let stack: TestStack;

  before(async () => {
    stack = await TestStack.create({
      program: { source: agentsProgram },
      config: { network: `127.${octet}.0.0/16` },
      secrets: { clusterSecret: "a-secret-of-thirty-two-characters" },
    });
    await stack.up();
    await eventually(hangMs, async () => {
      assert.equal((await cluster.healthy("/nginx")).length, 4);
      assert.equal((await request(`${cluster.edgeUrl}/`)).status, 200);
    });
  });

  after(() => stack.close());

  /** `up` under load, by which no request may fail; `meanwhile` goes on beside it. */
  async function upUnderLoad(meanwhile: () => Promise<void> = async () => {}): Promise<void> {
    const load = new SteadyLoad(`${cluster.edgeUrl}/`, 100);
    try {
      await Promise.all([stack.up(), meanwhile()]);
    } finally {
      await load.stop();
    }
    console.log(`      ${load.failures.length} of ${load.sent} requests failed`);
    assert.ok(load.sent > 100);
    assert.deepEqual(load.failures, []);
  }

  /** Agents that are registered, by id. */
  async function agents(): Promise<Record<string, { attributes: object; active: boolean }>> {
    const [leader] = await cluster.leadingMasters();
    const { slaves } = await getJson<{ slaves: { id: string; attributes: object; active: boolean }[] }>(
      `http://${leader}:5050/slaves`,
    );
    return Object.fromEntries(slaves.map(({ id, attributes, active }) => [id, { attributes, active }]));
  }

  async function endedTasks(): Promise<number> {
    const [leader] = await cluster.leadingMasters();
    const { frameworks } = await getJson<{ frameworks: { completed_tasks: object[] }[] }>(
      `http://${leader}:5050/state`,
    );
    return frameworks.reduce((sum, { completed_tasks }) => sum + completed_tasks.length, 0);
  }

  async function taskIds(): Promise<string[]> {
    return (await cluster.app("/nginx")).tasks.map(({ id }) => id).sort();
  }

  /** How the last task ended that failed, for whoever reads that one did. */
  async function lastFailure(): Promise<string> {
    const url = `${await cluster.marathonUrl()}/v2/apps/nginx?embed=app.lastTaskFailure`;
    const { app } = await getJson<{ app: { lastTaskFailure?: object } }>(url);
    return `last failure: ${JSON.stringify(app.lastTaskFailure)}`;
  }

  /** Four tasks, all healthy: none that is to take another's place, and none whose end is not told of yet. */
  async function assertFour(): Promise<void> {
    assert.equal((await taskIds()).length, 4);
    assert.equal((await cluster.healthy("/nginx")).length, 4);
  }

  /** When each process of a part was started, by its name. */
  const starts = async (part = "web"): Promise<Map<string, string>> => {
    const members = (await list({ root: stack.state })).filter(({ name }) =>
      name.startsWith(`demo-${part}-`),
    );
    return new Map(members.map(({ name, startedAt = "" }) => [name, startedAt]));
  };

  it("restarts them in place for a flag, after the masters and before Marathon where theirs change too, as the preview said, with every task and every request kept", async () => {
    const [ids, tasks] = [Object.keys(await agents()).sort(), await taskIds()];
    const parts = ["masters", "web", "marathon"];
    const before = new Map((await Promise.all(parts.map(starts))).flatMap((part) => [...part]));
    await stack.ok("config", "set", "--path", "agentFlags.gc_delay", "1days");
    await stack.ok("config", "set", "--path", "masterFlags.offer_timeout", "2mins");
    await stack.ok("config", "set", "--path", "marathonFlags.reconciliation_interval", "500000");
    const preview = await stack.ok("preview", "--diff");
    assert.match(
      preview,
      /demo-web: restarts its 2 agents in place one at a time.*\(gc_delay\).*; 4 tasks to stay/,
    );
    assert.match(preview, /--gc_delay=1days/);
    await upUnderLoad();
    const started = (await Promise.all(parts.map(starts))).map((part) => [...part]);
    const untouched = started.flat().filter(([name, at]) => before.get(name) === at);
    assert.deepEqual(untouched, []);
    const times = started.flatMap((part) => part.map(([, at]) => at).sort());
    assert.deepEqual(times, [...times].sort(), "one part after the other");
    const now = await agents();
    assert.deepEqual(Object.keys(now).sort(), ids);
    assert.ok(Object.values(now).every(({ active }) => active));
    assert.deepEqual(await taskIds(), tasks, await lastFailure());
    assert.equal(await endedTasks(), 0);
    await stack.unchanged();
  });

  it("stops at the first one for a flag that it refuses, and heals only that one when it is taken back", async () => {
    const before = await starts();
    await stack.ok("config", "set", "--path", "agentFlags.no_such_flag", "1");
    const outcome = await stack.pulumi(["up", "--yes", "--skip-preview"]);
    assert.notEqual(outcome.code, 0);
    assert.match(outcome.output, /demo-web: the new template does not come up, so the rest stays as it is/);
    assert.match(outcome.output, /no_such_flag/);
    await stack.ok("config", "rm", "--path", "agentFlags.no_such_flag");
    const tasks = await taskIds();
    await stack.up();
    const healed = [...(await starts())].filter(([name, at]) => before.get(name) !== at);
    assert.equal(healed.length, 1);
    assert.deepEqual(await taskIds(), tasks);
    await stack.unchanged();
  });

  it("replaces them for an attribute, moving each task once, while the controller is killed, with every request kept", async () => {
    const [ids, tasks] = [Object.keys(await agents()), await taskIds()];
    const ended = await endedTasks();
    await stack.ok("config", "set", "rack", "b");
    const preview = await stack.ok("preview", "--diff");
    assert.match(
      preview,
      /demo-web: replaces its 2 agents.*because the attribute rack changes.*; 4 tasks to move/,
    );
    await upUnderLoad(async () => {
      await eventually(hangMs, async () => {
        const known = Object.keys(await agents());
        assert.ok(known.some((id) => !ids.includes(id)));
      });
      const controller = stack
        .processes()
        .find(({ argv }) => argv.some((a) => a.endsWith("mesos-agent-groups")));
      assert.ok(controller, "the controller runs");
      process.kill(controller.pid, "SIGKILL");
    });
    const now = Object.entries(await agents()).filter(([, { active }]) => active);
    assert.deepEqual(
      now.map(([, { attributes }]) => attributes),
      [{ rack: "b" }, { rack: "b" }],
    );
    assert.ok(now.every(([id]) => !ids.includes(id)));
    assert.ok((await taskIds()).every((id) => !tasks.includes(id)));
    assert.equal((await endedTasks()) - ended, 4, "as many moves as tasks");
    await stack.unchanged();
  });

  it("moves the tasks of an agent away whose machine is about to be taken, and replaces it, with every request kept", async () => {
    const [ended, tasks] = [await endedTasks(), await taskIds()];
    const [taken = "", ...others] = [...(await starts()).keys()].sort();
    const load = new SteadyLoad(`${cluster.edgeUrl}/`, 100);
    try {
      // Long before it is taken, so that nothing depends on how fast this machine is.
      const notice = `interruption ${new Date(Date.now() + 3_600_000).toISOString()}`;
      await writeFile(join(stack.state, "volumes", taken, "notice"), notice);
      await eventually(hangMs, async () => {
        const names = [...(await starts()).keys()];
        assert.ok(names.length === 2 && !names.includes(taken) && names.includes(others[0] ?? ""));
        assert.equal(Object.values(await agents()).filter(({ active }) => active).length, 2);
        await assertFour();
      });
    } finally {
      await load.stop();
    }
    console.log(`      ${load.failures.length} of ${load.sent} requests failed`);
    assert.deepEqual(load.failures, []);
    const moved = tasks.length - (await taskIds()).filter((id) => tasks.includes(id)).length;
    assert.equal((await endedTasks()) - ended, moved, "as many ended as had to move");
    await stack.unchanged();
  });

  it("sizes itself between two bounds by what waits and what is needed, with every request kept", async () => {
    const autoscale = {
      ...{ min: 1, max: 3, targetUtilization: 1, headroom: { maxShare: 0 } },
      scaleDown: { stabilizationSeconds: 10, cooldownSeconds: 0, maxStep: 3 },
    };
    const marathon = await cluster.marathonUrl();
    const filler = { id: "/filler", cmd: "exec sleep 86400", cpus: 0.9, mem: 32, instances: 5 };
    const active = async (): Promise<number> =>
      Object.values(await agents()).filter((agent) => agent.active).length;
    await stack.ok("config", "set", "autoscale", JSON.stringify(autoscale));
    assert.match(
      await stack.ok("preview", "--diff"),
      /demo-web: 1 to 3 agents by load, at most 100 % in use/,
    );
    assert.equal((await request(`${marathon}/v2/apps`, { method: "POST", json: filler })).status, 201);
    await stack.up();
    await eventually(hangMs, async () => {
      assert.equal(await active(), 3);
      assert.equal((await cluster.app("/filler")).tasksRunning, 5);
    });
    await stack.unchanged();
    const load = new SteadyLoad(`${cluster.edgeUrl}/`, 100);
    try {
      assert.equal((await request(`${marathon}/v2/apps/filler`, { method: "DELETE" })).status, 200);
      // An agent that drains is active no more, but there until its tasks have moved.
      await eventually(hangMs, async () => assert.equal((await starts()).size, 1));
      await eventually(hangMs, assertFour);
    } finally {
      await load.stop();
    }
    console.log(`      ${load.failures.length} of ${load.sent} requests failed`);
    assert.deepEqual(load.failures, []);
    await stack.unchanged();
  });

  it("has an app follow its traffic and the agents the app, up and back to the least, with no fight about instances and every request kept", async () => {
    // Room for one more of the app's tasks beside this one: any more need another agent.
    const filler = { id: "/filler", cmd: "exec sleep 86400", cpus: 1.5, mem: 32, instances: 1 };
    const traffic = {
      ...{ min: 4, max: 10, targetRps: 5, scaleUp: { maxStep: 10 } },
      scaleDown: { stabilizationSeconds: 10, maxStep: 10 },
    };
    const marathon = await cluster.marathonUrl();
    const active = async (): Promise<number> =>
      Object.values(await agents()).filter((agent) => agent.active).length;
    const size = async (): Promise<number> => (await cluster.app("/nginx")).instances;
    assert.equal((await request(`${marathon}/v2/apps`, { method: "POST", json: filler })).status, 201);
    await eventually(hangMs, async () => assert.equal((await cluster.app("/filler")).tasksRunning, 1));
    const tasks = await taskIds();
    await stack.ok("config", "set", "traffic", JSON.stringify(traffic));
    assert.match(await stack.ok("preview", "--diff"), /4 to 10 instances by traffic, 5 requests\/s each/);
    await stack.up();
    assert.deepEqual(await taskIds(), tasks, "nobody restarts for it");
    // Twice as much as the most instances are good for, and half of what the fewest are: how fast the machine is does not count.
    const high = new SteadyLoad(`${cluster.edgeUrl}/`, 100);
    try {
      await eventually(hangMs, async () => {
        assert.equal((await cluster.app("/nginx")).tasksHealthy, 10);
        assert.equal(await active(), 2);
      });
      // What the controller has chosen is nobody's drift, and nothing that an up would undo.
      await stack.up("--refresh", "--expect-no-changes");
    } finally {
      await high.stop();
    }
    const low = new SteadyLoad(`${cluster.edgeUrl}/`, 10);
    try {
      await eventually(hangMs, async () => {
        assert.equal(await size(), 4);
        assert.equal((await starts()).size, 1);
        await assertFour();
      });
    } finally {
      await low.stop();
    }
    console.log(
      `      ${high.failures.length + low.failures.length} of ${high.sent + low.sent} requests failed`,
    );
    assert.deepEqual([...high.failures, ...low.failures], []);
    await stack.ok("config", "rm", "traffic");
    assert.match(await stack.ok("preview", "--diff"), /instances are the program's again: 4/);
    await stack.up();
  });
});
