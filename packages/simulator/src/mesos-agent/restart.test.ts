// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  Fixture,
  freePort,
  processesWith,
  type TestMaster,
  TestScheduler,
  until,
} from "../test-cluster.test";
import type { AgentProgram } from "./program";

describe("an agent that starts again on its work_dir (docs/agent-recovery.md)", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let master: TestMaster;
  let scheduler: TestScheduler;
  let argv: string[];
  let meta: string;

  beforeEach(async () => {
    fixture = new Fixture();
    meta = join(fixture.directory, "a", "meta");
    master = await fixture.master("m", [], "127.115.1.2");
    await until("a leader", () => master.program.leader);
    argv = [
      `--master=${master.address}`,
      "--ip=127.115.2.2",
      `--port=${await freePort("127.115.2.2")}`,
      "--resources=cpus:2;mem:512;disk:512;ports:[31000-31009]",
    ];
    scheduler = new TestScheduler(master.url);
    await scheduler.subscribe();
  });
  afterEach(async () => {
    scheduler.disconnect();
    await fixture.end();
  });

  const registered = async (more: readonly string[] = []): Promise<AgentProgram> => {
    const program = await fixture.agent("a", [...argv, ...more]);
    await until("registered", () => program.agent?.registered);
    return program;
  };
  const withTask = async (): Promise<AgentProgram> => {
    const program = await registered();
    const task = { task_id: { value: "t" }, command: { value: "exec sleep 1000" } };
    await scheduler.launch(await scheduler.offer(), task);
    await scheduler.state("t", "TASK_RUNNING");
    return program;
  };
  const tasksLeft = () => processesWith(`MESOS_SANDBOX=${fixture.directory}`).length;

  it("keeps its id over what --reconfiguration_policy=additive allows, and the master learns of it", async () => {
    const domain = { fault_domain: { region: { name: "r" }, zone: { name: "z" } } };
    master = await fixture.master("n", [`--domain=${JSON.stringify(domain)}`], "127.115.1.2");
    await until("a leader", () => master.program.leader);
    argv = [`--master=${master.address}`, ...argv.slice(1)];
    const first = await registered();
    const id = first.agent?.id;
    await first.close();
    const second = await registered([
      "--reconfiguration_policy=additive",
      "--resources=cpus:4;mem:512;disk:512;ports:[31000-31009]",
      "--attributes=rack:r1",
      `--domain=${JSON.stringify(domain)}`,
    ]);
    assert.equal(second.agent?.id, id);
    const known = () => master.program.leader?.context.state.agents.get(id ?? "")?.info;
    await until("the new attributes", () => known()?.attributes[0]?.name === "rack");
    assert.deepEqual(known()?.domain, domain);
  });

  it("keeps its id after a reboot, unless it is another agent by then", async () => {
    const first = await registered();
    await first.close();
    writeFileSync(join(meta, "boot_id"), "an earlier start of the machine");
    const second = await registered();
    assert.equal(second.agent?.id, first.agent?.id);
    await second.close();
    writeFileSync(join(meta, "boot_id"), "an earlier start of the machine");
    const third = await registered(["--resources=cpus:1;mem:512;disk:512;ports:[31000-31009]"]);
    assert.notEqual(third.agent?.id, first.agent?.id);
  });

  it("fails after --recover=cleanup has killed what the last run left", async () => {
    const first = await withTask();
    await first.close();
    assert.ok(tasksLeft() > 0);
    const cleanup = fixture.agentProcess([...argv, `--work_dir=${fixture.directory}/a`, "--recover=cleanup"]);
    let stderr = "";
    cleanup.stderr?.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    assert.equal(await new Promise((resolve) => cleanup.once("close", resolve)), 1);
    assert.match(stderr, /restart with --recover=reconnect/);
    await until("no task", () => tasksLeft() === 0);
    assert.equal(existsSync(join(meta, "slaves", "latest")), false);
    const next = await registered();
    assert.notEqual(next.agent?.id, first.agent?.id);
  });

  it("kills tasks of the last run when it was away for more than --recovery_timeout", async () => {
    const first = await withTask();
    await first.close();
    const before = Date.now() / 1000 - 3_000;
    utimesSync(join(meta, "alive"), before, before);
    const late = await registered(["--recovery_timeout=40mins"]);
    const failed = await scheduler.state("t", "TASK_FAILED");
    assert.equal(failed.reason, "REASON_EXECUTOR_TERMINATED");
    await until("no task", () => tasksLeft() === 0);
    assert.equal(late.agent?.id, first.agent?.id);
  });

  it("goes on with tasks when it was away for less", async () => {
    const first = await withTask();
    await first.close();
    const before = Date.now() / 1000 - 3_000;
    utimesSync(join(meta, "alive"), before, before);
    const second = await registered(["--recovery_timeout=1hrs"]);
    await until("recovered", () => second.agent?.tasks[0]?.state === "TASK_RUNNING");
    assert.deepEqual(scheduler.states("t"), ["TASK_STARTING", "TASK_RUNNING"]);
    second.agent?.tasks[0]?.abandon();
  });
});
