// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { chmodSync, readFileSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { Fixture, fileIn, type TestMaster, TestScheduler, until } from "../test-cluster.test";
import { rlimitWords } from "./users";

describe("users and rlimits of tasks (docs/configuration/agent.md --switch_user, docs/isolators/posix-rlimits.md)", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let master: TestMaster;
  let scheduler: TestScheduler;

  beforeEach(async () => {
    fixture = new Fixture();
    chmodSync(fixture.directory, 0o711);
    master = await fixture.master("m", [], "127.104.1.2");
    await until("a leader", () => master.program.leader);
    scheduler = new TestScheduler(master.url);
  });
  afterEach(async () => {
    scheduler.disconnect();
    await fixture.end();
  });

  const agent = async (...more: string[]) =>
    await fixture.agent("a", [`--master=${master.address}`, "--ip=127.104.2.2", ...more]);
  const run = async (command: Record<string, unknown>, more: Record<string, unknown> = {}) => {
    await scheduler.launch(await scheduler.offer(), { task_id: { value: "t" }, command, ...more });
    await scheduler.state("t", "TASK_FINISHED");
    const file = fileIn(join(fixture.directory, "a", "slaves"), "stdout") ?? "";
    return { file, text: readFileSync(file, "utf8") };
  };
  const onlyRoot = (context: Mocha.Context): void => {
    if (process.getuid?.() === 0 || context.test === undefined) return;
    context.test.title += " (not on this machine: only root may switch users)";
    context.skip();
  };

  it("runs a command as its own user, who owns the sandbox and all that was fetched into it", async function () {
    onlyRoot(this);
    await agent();
    await scheduler.subscribe({ user: "root" });
    const { file, text } = await run({
      user: "nobody",
      uris: [{ value: "/etc/hostname" }],
      value: "id -un; id -gn; cat hostname > copy && echo ok; echo x > $MESOS_SANDBOX/own && echo ok",
    });
    const [name, group, ...rest] = text.trim().split("\n");
    const { uid, mode } = statSync(dirname(file));
    assert.deepEqual([name, group, rest], ["nobody", "nogroup", ["ok", "ok"]]);
    assert.deepEqual([uid, (mode & 0o777).toString(8)], [statSync(join(dirname(file), "own")).uid, "750"]);
    assert.equal(statSync(join(dirname(file), "hostname")).uid, uid);
  });

  it("runs as the framework's user where the command names none, and with --no-switch_user as the agent's", async function () {
    onlyRoot(this);
    await agent();
    await scheduler.subscribe({ user: "nobody" });
    assert.equal((await run({ value: "id -un" })).text, "nobody\n");
    scheduler.disconnect();
    await fixture.end();
    fixture = new Fixture();
    master = await fixture.master("m", [], "127.104.1.2");
    await until("a leader", () => master.program.leader);
    scheduler = new TestScheduler(master.url);
    await agent("--no-switch_user");
    await scheduler.subscribe({ user: "nobody" });
    assert.equal((await run({ value: "id -un" })).text, "root\n");
  });

  it("drops a task whose user does not exist, in Mesos's words", async function () {
    onlyRoot(this);
    await agent();
    await scheduler.subscribe({ capabilities: [{ type: "MULTI_ROLE" }, { type: "PARTITION_AWARE" }] });
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "t" },
      command: { user: "no-such-user", value: "true" },
    });
    const { reason, message, source } = await scheduler.state("t", "TASK_DROPPED");
    assert.deepEqual([reason, source], ["REASON_EXECUTOR_TERMINATED", "SOURCE_AGENT"]);
    assert.match(
      message ?? "",
      /^Failed to create executor directory '\/.*\/executors\/t\/runs\/[\w-]+': Failed to chown directory to 'no-such-user': No such user 'no-such-user'$/,
    );
    assert.deepEqual(scheduler.states("t"), ["TASK_DROPPED"]);
  });

  it("sets a container's rlimits with the isolator posix/rlimits alone", async () => {
    const container = {
      type: "MESOS",
      rlimit_info: { rlimits: [{ type: "RLMT_NOFILE", soft: 64, hard: 128 }] },
    };
    await agent("--isolation=posix/cpu,posix/mem,posix/rlimits");
    await scheduler.subscribe({ user: userInfo().username });
    assert.equal((await run({ value: "ulimit -Sn; ulimit -Hn" }, { container })).text, "64\n128\n");
  });

  it("fails for limits that are none", () => {
    const words = (limit: Record<string, unknown>) =>
      rlimitWords({ type: "MESOS", rlimit_info: { rlimits: [limit] } });
    assert.deepEqual(words({ type: "RLMT_CORE" }), ["--core=unlimited:unlimited"]);
    assert.deepEqual(words({ type: "RLMT_AS", soft: 1, hard: "18446744073709551615" }), ["--as=1:unlimited"]);
    assert.throws(() => words({ type: "UNKNOWN", soft: 1, hard: 1 }), /Unknown rlimit type/);
    assert.throws(() => words({ type: "RLMT_CPU", soft: 1 }), /RLMT_CPU needs both 'soft' and 'hard'/);
  });

  it("runs a program by its own argv, without a shell", async () => {
    await agent();
    await scheduler.subscribe({ user: userInfo().username });
    const command = {
      shell: false,
      value: "/bin/sh",
      arguments: ["other", "-c", 'echo "$0 $1"', "a b", "*"],
    };
    assert.equal((await run(command)).text, "a b *\n");
  });
});
