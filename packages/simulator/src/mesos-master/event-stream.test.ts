// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { connect, type Socket } from "node:net";
import { systemClock } from "../clock";
import { Fixture, http, type TestMaster, TestScheduler, until, valuesOf } from "../test-cluster.test";
import type { Json } from "../v1";
import { masterFlags } from "./flags";
import { MasterProgram } from "./program";
import { json, Stream } from "./wire-client.test";

const own = (record: Json): Json => record[String(record["type"]).toLowerCase()] as Json;

/** A reader that sends a call and then takes nothing from its connection. */
async function stalled(url: string, body: Json): Promise<{ socket: Socket; closed: () => boolean }> {
  const { hostname, port, pathname } = new URL(url);
  const text = JSON.stringify(body);
  const socket = connect({ host: hostname, port: Number(port) });
  let closed = false;
  socket.on("error", () => undefined);
  socket.on("close", () => {
    closed = true;
  });
  socket.pause();
  socket.write(
    `POST ${pathname} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: ${json}\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
  return { socket, closed: () => closed };
}

describe("the event stream of a master: SUBSCRIBE of POST /api/v1 (docs/operator-http-api.md)", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let streams: { close(): void }[] = [];
  beforeEach(() => {
    fixture = new Fixture();
  });
  afterEach(async () => {
    for (const stream of streams) stream.close();
    streams = [];
    await fixture.end();
  });

  const listen = (url: string): Stream => {
    const stream = new Stream(`${url}/api/v1`, json, "mesos.v1.master.Call", "mesos.v1.master.Event", {
      type: "SUBSCRIBE",
    });
    streams.push(stream);
    return stream;
  };
  const started = async (argv: string[] = []): Promise<TestMaster> => {
    const master = await fixture.master("m", argv, "127.114.1.4");
    await until("a leader", () => master.program.leader);
    return master;
  };
  const subscribed = async (url: string, info: Json = {}): Promise<TestScheduler> => {
    const scheduler = new TestScheduler(url);
    streams.push({ close: () => scheduler.disconnect() });
    await scheduler.subscribe(info);
    return scheduler;
  };

  it("tells of agents, frameworks and tasks as they come, change and go", async () => {
    const master = await started();
    const stream = listen(master.url);
    const { get_state, heartbeat_interval_seconds } = own(await stream.next("SUBSCRIBED"));
    assert.deepEqual(
      [Object.keys(get_state as Json).sort(), heartbeat_interval_seconds],
      [["get_agents", "get_executors", "get_frameworks", "get_tasks"], 15],
    );
    await fixture.agent("a", [`--master=${master.address}`, "--ip=127.114.2.4"]);
    const { agent } = own(await stream.next("AGENT_ADDED")) as { agent: Record<string, Json> };
    const agentId = agent["agent_info"]?.["id"];
    assert.equal(agent["agent_info"]?.["hostname"], "127.114.2.4");

    const scheduler = await subscribed(master.url);
    const id = { value: scheduler.frameworkId };
    const added = own(await stream.next("FRAMEWORK_ADDED"))["framework"] as Record<string, Json>;
    assert.deepEqual(added["framework_info"]?.["id"], id);
    await scheduler.launch(await scheduler.offer(), {
      task_id: { value: "t" },
      command: { value: "exit 0" },
    });
    const task = own(await stream.next("TASK_ADDED"))["task"] as Json;
    assert.deepEqual(
      [task["task_id"], task["framework_id"], task["agent_id"], task["state"]],
      [{ value: "t" }, id, agentId, "TASK_STAGING"],
    );
    const last = await stream.next("TASK_UPDATED", (r) => own(r)["state"] === "TASK_FINISHED");
    assert.deepEqual(own(last)["framework_id"], id);
    const states = stream.records.filter((r) => r["type"] === "TASK_UPDATED").map((r) => own(r)["state"]);
    assert.deepEqual(states, ["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED"]);

    const framework_info = {
      id,
      user: "root",
      name: "renamed",
      failover_timeout: 3600,
      checkpoint: true,
      roles: ["*"],
      capabilities: [{ type: "MULTI_ROLE" }],
    };
    const changed = await scheduler.call("UPDATE_FRAMEWORK", { framework_info });
    assert.equal(changed.status, 200, changed.text);
    const updated = own(await stream.next("FRAMEWORK_UPDATED"))["framework"] as Record<string, Json>;
    assert.equal(updated["framework_info"]?.["name"], "renamed");
    await scheduler.call("TEARDOWN");
    const removed = own(await stream.next("FRAMEWORK_REMOVED"))["framework_info"] as Json;
    assert.deepEqual(removed["id"], id);
    const gone = { type: "MARK_AGENT_GONE", mark_agent_gone: { agent_id: agentId } };
    assert.equal((await http("POST", `${master.url}/api/v1`, gone)).status, 200);
    assert.deepEqual(own(await stream.next("AGENT_REMOVED"))["agent_id"], agentId);
  });

  it("sends the first HEARTBEAT at once, as src/master/readonly_handler.cpp does", async () => {
    const { url } = await started();
    const stream = listen(url);
    await stream.next("HEARTBEAT");
    assert.deepEqual(
      stream.records.map(({ type }) => type),
      ["SUBSCRIBED", "HEARTBEAT"],
    );
  });

  it("sends HEARTBEAT each 15 s to operators and schedulers", async () => {
    const program = new MasterProgram({
      flags: valuesOf(masterFlags, ["--port=0", "--ip=127.114.1.5", `--work_dir=${fixture.directory}/m`]),
      texts: {},
      // 15 s of these programs are 30 ms here
      clock: { ...systemClock, every: (ms, run) => systemClock.every(ms === 15_000 ? 30 : ms, run) },
      uuid: randomUUID,
      log: () => undefined,
      onFatal: (message) => assert.fail(message),
    });
    fixture.onEnd(() => program.close());
    const { port } = await program.start();
    await until("a leader", () => program.leader);
    const url = `http://127.114.1.5:${port}`;
    const stream = listen(url);
    const beats = (events: readonly { type?: unknown }[]) => events.filter((e) => e.type === "HEARTBEAT");
    await until("three heartbeats", () => beats(stream.records).length >= 3);
    assert.deepEqual(beats(stream.records)[0], { type: "HEARTBEAT" });
    const scheduler = await subscribed(url);
    await until("three heartbeats", () => beats(scheduler.events).length >= 3);
  });

  it("cuts a subscriber that reads nothing once it is 32 MiB behind, and delays no other", async () => {
    const { url, program } = await started();
    const state = program.leader?.context.state ?? assert.fail();
    const { socket } = await stalled(`${url}/api/v1`, { type: "SUBSCRIBE" });
    streams.push({ close: () => socket.destroy() });
    await until("the one that reads nothing", () => state.subscribers === 1);
    const stream = listen(url);
    await stream.next("SUBSCRIBED");
    await stream.next("HEARTBEAT");
    const message = "x".repeat(1024 * 1024);
    const status = { task_id: { value: "t" }, state: "TASK_RUNNING", message };
    for (let n = 1; n <= 60; n++) {
      state.emit(() => ({
        type: "TASK_UPDATED",
        task_updated: { framework_id: { value: String(n) }, status, state: "TASK_RUNNING" },
      }));
      await until(`event ${n} at the other`, () => stream.records.length === n + 2);
      if (n === 20) assert.equal(state.subscribers, 2);
    }
    await until("the end of the one that reads nothing", () => state.subscribers === 1);
    state.emit(() => ({ type: "HEARTBEAT" }));
    await stream.next("HEARTBEAT");
  });

  it("cuts a scheduler that reads nothing once it is 32 MiB behind, and delays no other", async () => {
    const { url, program } = await started();
    const frameworks = program.leader?.context.state.frameworks ?? assert.fail();
    const framework_info = { user: "root", name: "stalled", failover_timeout: 3600 };
    const { socket } = await stalled(`${url}/api/v1/scheduler`, {
      type: "SUBSCRIBE",
      subscribe: { framework_info },
    });
    streams.push({ close: () => socket.destroy() });
    const framework = await until("the one that reads nothing", () => [...frameworks.values()][0]);
    const other = await subscribed(url);
    const data = Buffer.alloc(1024 * 1024).toString("base64");
    const event = {
      type: "MESSAGE",
      message: { agent_id: { value: "a" }, executor_id: { value: "e" }, data },
    };
    const messages = () => other.events.filter((e) => e.type === "MESSAGE").length;
    for (let n = 1; n <= 60; n++) {
      framework.link?.send(event);
      frameworks.get(other.frameworkId)?.link?.send(event);
      await until(`event ${n} at the other`, () => messages() === n);
      if (n === 10) assert.ok(framework.link !== undefined);
    }
    await until("disconnected", () => framework.link === undefined);
    assert.ok(frameworks.has(framework.id), "it keeps its failover_timeout");
    assert.ok(!other.closed);
  });

  it("tells only of frameworks and tasks whose users the principal may see", async () => {
    const acls = JSON.stringify({
      view_frameworks: [
        { principals: { type: "ANY" }, users: { values: ["root", "shown"] } },
        { principals: { type: "NONE" }, users: { type: "ANY" } },
      ],
      view_tasks: [
        { principals: { type: "ANY" }, users: { values: ["shown"] } },
        { principals: { type: "NONE" }, users: { type: "ANY" } },
      ],
    });
    const master = await started([`--acls=${acls}`]);
    const stream = listen(master.url);
    await stream.next("SUBSCRIBED");
    await fixture.agent("a", [`--master=${master.address}`, "--ip=127.114.2.4", "--no-switch_user"]);
    const run = async (user: string): Promise<TestScheduler> => {
      const scheduler = await subscribed(master.url, { user, name: user });
      const command = { value: "exit 0" };
      await scheduler.launch(await scheduler.offer(), { task_id: { value: user }, command });
      await scheduler.state(user, "TASK_FINISHED");
      await scheduler.call("TEARDOWN");
      return scheduler;
    };
    await run("hidden");
    await run("root");
    const shown = await run("shown");
    await stream.next(
      "FRAMEWORK_REMOVED",
      (r) => ((own(r)["framework_info"] as Json)["id"] as Json)["value"] === shown.frameworkId,
    );
    const told = stream.records.slice(1).filter((r) => r["type"] !== "HEARTBEAT");
    const frameworks = told.flatMap((r) => {
      const { framework, framework_info } = own(r) as Record<string, Json>;
      const info = (framework?.["framework_info"] ?? framework_info) as Json | undefined;
      return info === undefined ? [] : [`${r["type"]} ${info["user"]}`];
    });
    assert.deepEqual(frameworks, [
      "FRAMEWORK_ADDED root",
      "FRAMEWORK_REMOVED root",
      "FRAMEWORK_ADDED shown",
      "FRAMEWORK_REMOVED shown",
    ]);
    const tasks = told.flatMap((r) => {
      const { task, status } = own(r) as Record<string, Json>;
      const id = (task ?? status)?.["task_id"] as Json | undefined;
      return id === undefined ? [] : [id["value"]];
    });
    assert.deepEqual(new Set(tasks), new Set(["shown"]));
    assert.ok(told.some((r) => r["type"] === "AGENT_ADDED"));
  });
});
