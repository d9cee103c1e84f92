// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Fixture, processesWith, type TestMaster, TestScheduler, until } from "../test-cluster.test";

describe("an agent's program that is killed or restarted (mesos.md 1.3)", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let master: TestMaster;
  let scheduler: TestScheduler;
  let argv: string[];

  beforeEach(async () => {
    fixture = new Fixture();
    master = await fixture.master("m", []);
    await until("a leader", () => master.program.leader);
    argv = await fixture.agentFlags(master, "127.84.3.1");
    scheduler = new TestScheduler(master.url);
    await scheduler.subscribe();
  });
  afterEach(async () => {
    scheduler.disconnect();
    await fixture.end();
  });

  const agentIds = () => [...(master.program.leader?.context.state.agents.keys() ?? [])];
  const connected = () =>
    [...(master.program.leader?.context.state.agents.values() ?? [])].some((a) => a.link !== undefined);
  const killed = async (child: ReturnType<Fixture["agentProcess"]>) => {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    await until("disconnected", () => !connected());
  };

  it("leaves its tasks running and takes them up again under the same id", async () => {
    const child = fixture.agentProcess(argv);
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "t" },
      command: { value: "exec sleep 1000" },
    });
    await scheduler.state("t", "TASK_RUNNING");
    const before = processesWith(`MESOS_SANDBOX=${fixture.directory}`);
    const ids = agentIds();
    await killed(child);
    fixture.agentProcess(argv);
    await until("re-registered", connected);
    assert.deepEqual(agentIds(), ids);
    assert.deepEqual(processesWith(`MESOS_SANDBOX=${fixture.directory}`), before);
    assert.deepEqual(scheduler.states("t"), ["TASK_STARTING", "TASK_RUNNING"]);
    await scheduler.call("KILL", { task_id: { value: "t" } });
    await scheduler.state("t", "TASK_KILLED");
  });

  it("knows how a task ended while it was away", async () => {
    const child = fixture.agentProcess(argv);
    const flag = join(fixture.directory, "go");
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "t" },
      command: { value: `while [ ! -e '${flag}' ]; do sleep 0.05; done; exit 7` },
    });
    await scheduler.state("t", "TASK_RUNNING");
    await killed(child);

    writeFileSync(flag, "");
    await until("the task's end", () => processesWith(`MESOS_SANDBOX=${fixture.directory}`).length === 0);
    fixture.agentProcess(argv);
    assert.equal((await scheduler.state("t", "TASK_FAILED")).message, "Command exited with status 7");
  });

  it("unregisters and kills its tasks on SIGUSR1", async () => {
    const child = fixture.agentProcess(argv);
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "t" },
      command: { value: "exec sleep 1000" },
    });
    await scheduler.state("t", "TASK_RUNNING");
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGUSR1");
    assert.equal(await gone, 0);
    await until("removed", () => agentIds().length === 0);
    assert.deepEqual(processesWith(`MESOS_SANDBOX=${fixture.directory}`), []);
    assert.equal(existsSync(join(fixture.directory, "a", "meta", "slaves", "latest")), false);
  });

  it("fails when its resources changed, with the remedy in words", async () => {
    const child = fixture.agentProcess(argv);
    const latest = join(fixture.directory, "a", "meta", "slaves", "latest");
    await until("its info on disk", () => existsSync(latest)); // the master knows of it earlier
    await killed(child);
    const changed = argv.map((a) =>
      a.startsWith("--resources") ? "--resources=cpus:1;mem:512;disk:512" : a,
    );
    const second = fixture.agentProcess(changed);
    let stderr = "";
    second.stderr?.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const code = await new Promise((resolve) => second.once("close", resolve));
    assert.equal(code, 1);
    assert.match(stderr, /Incompatible agent info detected/);
    assert.match(stderr, new RegExp(`rm -f ${fixture.directory}/a/meta/slaves/latest`));
  });

  it("fails when a flag is unknown or --master is missing", async () => {
    for (const [args, said] of [
      [["--nope=1", ...argv], /unknown flag 'nope'/],
      [argv.slice(1), /--master/],
    ] as const) {
      const child = fixture.agentProcess(args);
      let stderr = "";
      child.stderr?.on("data", (chunk: Buffer) => {
        stderr += chunk.toString();
      });
      assert.equal(await new Promise((resolve) => child.once("close", resolve)), 1);
      assert.match(stderr, said);
      assert.match(stderr, /Usage: mesos-agent/);
    }
  });
});

describe("a master's failover under running tasks (mesos.md 1.3)", function () {
  this.timeout(60_000);

  it("brings agents, tasks and frameworks to the new leader", async () => {
    const fixture = new Fixture();
    const schedulers: TestScheduler[] = [];
    try {
      const { servers } = await fixture.zooKeeper();
      const zk = `zk://${servers}/mesos`;
      const argv = [`--zk=${zk}`, "--quorum=2", "--zk_session_timeout=4secs"];
      const masters: TestMaster[] = [];
      for (const n of [1, 2, 3]) masters.push(await fixture.master(`m${n}`, argv, `127.84.1.${n}`));
      const first = await until("a leader", () => masters.find((m) => m.program.leader));
      const agent = await fixture.agent("a", [`--master=${zk}`]);
      const scheduler = new TestScheduler(first.url);
      schedulers.push(scheduler);
      await scheduler.subscribe();
      const offer = await scheduler.offer();
      await scheduler.launch(offer, { task_id: { value: "t" }, command: { value: "exec sleep 1000" } });
      await scheduler.state("t", "TASK_RUNNING");
      await until("all vote", () =>
        masters.every((m) => m.program.metrics()["registrar/log/recovered"] === 1),
      );
      await first.program.close();
      const second = await until("another leader", () =>
        masters.find((m) => m !== first && m.program.leader),
      );
      const state = () => second.program.leader?.context.state;
      await until("the agent", () => state()?.agents.get(offer.agent_id.value)?.tasks.size === 1);
      assert.equal(state()?.frameworks.get(scheduler.frameworkId)?.recovered, true);
      const again = new TestScheduler(second.url);
      schedulers.push(again);
      await again.subscribe({ id: { value: scheduler.frameworkId } });
      assert.equal(again.frameworkId, scheduler.frameworkId);
      await again.call("RECONCILE", { tasks: [] });
      assert.equal((await again.state("t", "TASK_RUNNING")).reason, "REASON_RECONCILIATION");
      await again.call("KILL", { task_id: { value: "t" } });
      await again.state("t", "TASK_KILLED");
      assert.deepEqual(processesWith(`MESOS_SANDBOX=${fixture.directory}`), []);
      assert.equal(agent.agent?.registered, true);
    } finally {
      for (const s of schedulers) s.disconnect();
      await fixture.end();
    }
  });
});
