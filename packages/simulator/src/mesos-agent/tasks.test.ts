// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  Fixture,
  fileIn,
  freePort,
  getJson,
  http,
  processesWith,
  type TestMaster,
  TestScheduler,
  until,
} from "../test-cluster.test";
import type { AgentProgram } from "./program";

const nanoseconds = (ms: number) => ({ grace_period: { nanoseconds: ms * 1e6 } });

describe("the scheduler API and tasks that really run (mesos.md 2.3)", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let master: TestMaster;
  let agent: AgentProgram;
  let scheduler: TestScheduler;

  beforeEach(async () => {
    fixture = new Fixture();
    master = await fixture.master("m", []);
    await until("a leader", () => master.program.leader);
    agent = await fixture.agent("a", [`--master=${master.address}`, "--attributes=rack:r1;size:2"], {
      SUPERVISED_BY: "/the/mark",
    });
    scheduler = new TestScheduler(master.url);
  });
  afterEach(async () => {
    scheduler.disconnect();
    for (const task of agent.agent?.tasks ?? []) task.abandon();
    await fixture.end();
  });

  it("goes from SUBSCRIBE over OFFERS, ACCEPT, UPDATE and ACKNOWLEDGE to KILL", async () => {
    await scheduler.subscribe({ capabilities: [{ type: "MULTI_ROLE" }, { type: "TASK_KILLING_STATE" }] });
    assert.match(scheduler.frameworkId, new RegExp(`^${master.id}-0000$`));
    const offer = await scheduler.offer();
    assert.match(offer.id.value, new RegExp(`^${master.id}-O\\d+$`));
    assert.match(offer.agent_id.value, new RegExp(`^${master.id}-S0$`));
    assert.deepEqual(offer.resources.find((r) => r.name === "ports")?.ranges, {
      range: [{ begin: 31000, end: 31009 }],
    });
    const answer = await scheduler.launch(offer, {
      task_id: { value: "t1" },
      command: {
        value: 'echo "$GREETING $MESOS_TASK_ID"; env > part; mv part all; exec sleep 1000',
        environment: { variables: [{ name: "GREETING", value: "hello" }] },
      },
    });
    assert.equal(answer.status, 202);
    await scheduler.state("t1", "TASK_RUNNING");
    const stdout = await until("output", () => fileIn(join(fixture.directory, "a", "slaves"), "stdout"));
    await until("a line", () => readFileSync(stdout, "utf8") === "hello t1\n");
    const all = await until("the environment", () => fileIn(join(fixture.directory, "a", "slaves"), "all"));
    const names = readFileSync(all, "utf8")
      .split("\n")
      .map((l) => l.split("=")[0] ?? "");
    assert.deepEqual(names.filter((n) => n !== "" && n !== "PWD" && n !== "_").sort(), [
      "GREETING",
      "MESOS_SANDBOX",
      "MESOS_TASK_ID",
      "PATH",
      "SUPERVISED_BY",
    ]);
    const state = await getJson<{ frameworks: { tasks: { id: string; state: string }[] }[] }>(
      `${master.url}/state`,
    );
    assert.deepEqual(
      state.frameworks[0]?.tasks.map((t) => [t.id, t.state]),
      [["t1", "TASK_RUNNING"]],
    );
    assert.equal((await scheduler.call("KILL", { task_id: { value: "t1" } })).status, 202);
    await scheduler.state("t1", "TASK_KILLED");
    assert.deepEqual(scheduler.states("t1"), [
      "TASK_STARTING",
      "TASK_RUNNING",
      "TASK_KILLING",
      "TASK_KILLED",
    ]);
    await until(
      "nothing left",
      () => master.program.leader?.context.state.agents.get(offer.agent_id.value)?.tasks.size === 0,
    );
    const tasks = await getJson<{ tasks: { state: string }[] }>(`${master.url}/tasks`);
    assert.equal(tasks.tasks[0]?.state, "TASK_KILLED");
    assert.deepEqual(processesWith(`MESOS_SANDBOX=${fixture.directory}`), []);
  });

  it("holds a terminal task's resources until the scheduler acknowledges, and tells it again when it is back", async () => {
    scheduler.acknowledges = false;
    await scheduler.subscribe();
    const offer = await scheduler.offer();
    await scheduler.launch(offer, { task_id: { value: "t1" }, command: { value: "exit 3" } });
    const next = async (state: string) => {
      const update = await scheduler.state("t1", state);
      await scheduler.call("ACKNOWLEDGE", {
        agent_id: update.agent_id,
        task_id: update.task_id,
        uuid: update.uuid ?? "",
      });
    };
    await next("TASK_STARTING");
    await next("TASK_RUNNING");
    const failed = await scheduler.state("t1", "TASK_FAILED");
    assert.equal(failed.message, "Command exited with status 3");
    const record = () => master.program.leader?.context.state.agents.get(offer.agent_id.value);
    assert.equal(record()?.tasks.size, 1);
    const second = new TestScheduler(master.url);
    second.acknowledges = false;
    await second.subscribe({ id: { value: scheduler.frameworkId } });
    await until("the old stream ends", () => scheduler.closed);
    assert.ok(scheduler.events.some((e) => e.type === "ERROR"));
    const again = await second.state("t1", "TASK_FAILED");
    assert.equal(again.uuid, failed.uuid);
    await second.call("ACKNOWLEDGE", {
      agent_id: again.agent_id,
      task_id: again.task_id,
      uuid: again.uuid ?? "",
    });
    await until("freed", () => record()?.tasks.size === 0);
    second.disconnect();
  });

  it("refuses calls with a wrong stream id, framework or type as Mesos does", async () => {
    const post = async (body: unknown, headers: Record<string, string> = {}) =>
      (await http("POST", scheduler.url, body, headers)).status;
    await scheduler.subscribe();
    const framework_id = { value: scheduler.frameworkId };
    assert.equal(
      await post(
        { type: "SUBSCRIBE", subscribe: { framework_info: { user: "u", name: "n" } } },
        { "mesos-stream-id": "x" },
      ),
      400,
    );
    assert.equal(await post({ type: "REVIVE", framework_id }), 400);
    assert.equal(await post({ type: "REVIVE", framework_id }, { "mesos-stream-id": "wrong" }), 400);
    assert.equal(
      await post({ type: "REVIVE", framework_id: { value: "none" } }, { "mesos-stream-id": "x" }),
      400,
    );
    assert.equal(await post({ framework_id }), 400);
    assert.equal((await scheduler.call("REVIVE")).status, 202);
    scheduler.disconnect();
    await until(
      "disconnected",
      () => master.program.leader?.context.state.frameworks.get(framework_id.value)?.link === undefined,
    );
    assert.equal((await scheduler.call("REVIVE")).status, 403);
  });

  it("keeps declined resources away until REVIVE, and offers again at once", async () => {
    await scheduler.subscribe();
    const offer = await scheduler.offer();
    await scheduler.call("DECLINE", { offer_ids: [offer.id], filters: { refuse_seconds: 3600 } });
    await until(
      "filtered",
      () => master.program.leader?.context.state.frameworks.get(scheduler.frameworkId)?.filters.size === 1,
    );
    assert.equal(master.program.leader?.context.state.offers.size, 0);
    await scheduler.call("REVIVE");
    assert.notEqual((await scheduler.offer()).id.value, offer.id.value);
  });

  it("says TASK_ERROR for what does not fit and TASK_LOST for what it does not know", async () => {
    await scheduler.subscribe();
    const offer = await scheduler.offer();
    const resources = [{ name: "cpus", type: "SCALAR", scalar: { value: 99 } }];
    await scheduler.launch(offer, { task_id: { value: "big" }, resources, command: { value: "true" } });
    assert.match((await scheduler.state("big", "TASK_ERROR")).message ?? "", /more than available/);
    await scheduler.launch(offer, { task_id: { value: "late" }, command: { value: "true" } });
    assert.equal((await scheduler.state("late", "TASK_LOST")).reason, "REASON_INVALID_OFFERS");
    await scheduler.call("RECONCILE", { tasks: [{ task_id: { value: "who" }, agent_id: offer.agent_id }] });
    assert.equal((await scheduler.state("who", "TASK_LOST")).reason, "REASON_RECONCILIATION");
  });

  it("kills the whole session when SIGTERM is ignored, after the task's grace period", async () => {
    await scheduler.subscribe();
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "stubborn" },
      kill_policy: nanoseconds(200),
      command: { value: "trap '' TERM; setsid -w sleep 1000 & while :; do sleep 0.1; done" },
    });
    await scheduler.state("stubborn", "TASK_RUNNING");
    await scheduler.call("KILL", { task_id: { value: "stubborn" } });
    await scheduler.state("stubborn", "TASK_KILLED");
    const left = processesWith(`MESOS_SANDBOX=${fixture.directory}`);
    for (const pid of left) process.kill(pid, "SIGKILL");
    assert.ok(left.length <= 2, "only what made a session of its own outlives the task's");
  });

  it("fails a Docker task in one line when no dockerd answers and no local program knows the image", async () => {
    await scheduler.subscribe();
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "redis" },
      command: { shell: false },
      container: { type: "DOCKER", docker: { image: "redis:7", network: "BRIDGE" } },
    });
    const { message } = await scheduler.state("redis", "TASK_FAILED");
    assert.equal(
      message,
      `image redis:7: no dockerd answers at unix://${fixture.directory}/no-docker.sock and there is no local program for it`,
    );
  });

  it("serves an nginx image by the local nginx on the agent's own address", async () => {
    const port = await freePort("127.84.2.1");
    await scheduler.subscribe();
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "web" },
      command: { shell: false },
      container: {
        type: "DOCKER",
        docker: {
          image: "nginx:latest",
          network: "BRIDGE",
          port_mappings: [{ host_port: port, container_port: 80, protocol: "tcp" }],
        },
      },
    });
    const running = await scheduler.state("web", "TASK_RUNNING");
    assert.equal(running.message, "served by local nginx");
    const page = await until(
      "a page",
      async () => await http("GET", `http://127.84.2.1:${port}/`).catch(() => undefined),
    );
    assert.equal(page.status, 200);
    assert.match(page.text, /Welcome to nginx!/);
    await assert.rejects(http("GET", `http://127.84.2.2:${port}/`));
    await scheduler.call("KILL", { task_id: { value: "web" } });
    await scheduler.state("web", "TASK_KILLED");
    await assert.rejects(http("GET", `http://127.84.2.1:${port}/`));
  });

  it("deactivates, drains and marks an agent gone", async () => {
    await scheduler.subscribe({ capabilities: [{ type: "MULTI_ROLE" }, { type: "PARTITION_AWARE" }] });
    const offer = await scheduler.offer();
    await scheduler.launch(offer, { task_id: { value: "t" }, command: { value: "exec sleep 1000" } });
    await scheduler.state("t", "TASK_RUNNING");
    const call = async (body: Record<string, unknown>) => await http("POST", `${master.url}/api/v1`, body);
    const agent_id = offer.agent_id;
    assert.equal((await call({ type: "DEACTIVATE_AGENT", deactivate_agent: { agent_id } })).status, 200);
    await until("no offers", () => master.program.leader?.context.state.offers.size === 0);
    assert.equal((await call({ type: "REACTIVATE_AGENT", reactivate_agent: { agent_id } })).status, 200);
    assert.equal(
      (await call({ type: "DRAIN_AGENT", drain_agent: { agent_id, max_grace_period: "10mins" } })).status,
      400,
    );
    assert.equal(
      (await call({ type: "DRAIN_AGENT", drain_agent: { agent_id: { value: "none" } } })).status,
      400,
    );
    scheduler.acknowledges = false;
    const drain = { agent_id, max_grace_period: { seconds: 10 }, mark_gone: false };
    assert.equal((await call({ type: "DRAIN_AGENT", drain_agent: drain })).status, 200);
    const killed = await scheduler.state("t", "TASK_KILLED");
    assert.equal(killed.reason, "REASON_AGENT_DRAINING");
    const info = async () => {
      const { text } = await call({ type: "GET_AGENTS" });
      return JSON.parse(text).get_agents.agents[0];
    };
    assert.deepEqual((await info()).drain_info, {
      state: "DRAINING",
      config: { max_grace_period: { nanoseconds: 10_000_000_000 }, mark_gone: false },
    });
    assert.equal((await call({ type: "REACTIVATE_AGENT", reactivate_agent: { agent_id } })).status, 400);
    await scheduler.call("ACKNOWLEDGE", { agent_id, task_id: killed.task_id, uuid: killed.uuid ?? "" });
    await until("drained", async () => (await info()).drain_info.state === "DRAINED");
    assert.deepEqual([(await info()).deactivated, (await info()).active], [true, false]);
    assert.equal(
      (await call({ type: "MARK_AGENT_GONE", mark_agent_gone: { agent_id: { value: "none" } } })).status,
      404,
    );
    assert.equal((await call({ type: "MARK_AGENT_GONE", mark_agent_gone: { agent_id } })).status, 200);
    assert.equal(await info(), undefined);
    assert.ok(master.program.leader?.context.registrar.registry.gone[agent_id.value]);
    assert.ok(scheduler.events.some((e) => e.type === "FAILURE"));
  });
});
