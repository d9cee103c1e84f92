// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  Fixture,
  fileIn,
  getJson,
  http,
  processesWith,
  type TestMaster,
  type TestOffer,
  TestScheduler,
  until,
} from "../test-cluster.test";

const ip = "127.103.4.1";
const scalar = (name: string, value: number) => ({ name, type: "SCALAR", scalar: { value } });

/**
 * An executor as a framework would write one: it knows only its environment. Tasks run until they are killed; the file
 * `mute` in its sandbox keeps it from subscribing, `hold` from telling what it knows.
 */
const program = String.raw`
const http = require("http"), fs = require("fs"), crypto = require("crypto");
const env = process.env, [host, port] = env.MESOS_AGENT_ENDPOINT.split(":");
const ids = { framework_id: { value: env.MESOS_FRAMEWORK_ID }, executor_id: { value: env.MESOS_EXECUTOR_ID } };
fs.writeFileSync("environment", JSON.stringify(env));
const updates = new Map(), tasks = new Map();
const post = (body, onAnswer) => {
  const sent = http.request({ host, port, path: "/slave(1)/api/v1/executor", method: "POST", headers: { "content-type": "application/json", accept: "application/json" } }, onAnswer);
  sent.on("error", () => undefined);
  sent.end(JSON.stringify({ ...ids, ...body }));
};
const update = (task_id, state) => {
  const status = { task_id, state, source: "SOURCE_EXECUTOR", uuid: Buffer.from(crypto.randomUUID().replace(/-/g, ""), "hex").toString("base64") };
  updates.set(status.uuid, { status });
  post({ type: "UPDATE", update: { status } }, (a) => a.resume());
};
const on = (event) => {
  fs.appendFileSync("events", event.type + "\n");
  if (event.type === "LAUNCH") { tasks.set(event.launch.task.task_id.value, event.launch.task); update(event.launch.task.task_id, "TASK_RUNNING"); }
  if (event.type === "KILL") { update(event.kill.task_id, "TASK_KILLED"); }
  if (event.type === "ACKNOWLEDGED") { updates.delete(event.acknowledged.uuid); tasks.delete(event.acknowledged.task_id.value); }
  if (event.type === "MESSAGE") post({ type: "MESSAGE", message: { data: event.message.data } }, (a) => a.resume());
  if (event.type === "SHUTDOWN") process.exit(3);
};
const subscribe = () => {
  if (fs.existsSync(env.MUTE)) return setTimeout(subscribe, 50);
  const subscribe_ = { unacknowledged_tasks: [...tasks.values()], unacknowledged_updates: [...updates.values()] };
  let rest = Buffer.alloc(0), again = false;
  const retry = () => { if (!again) setTimeout(subscribe, 50); again = true; };
  const sent = http.request({ host, port, path: "/api/v1/executor", method: "POST", headers: { "content-type": "application/json", accept: "application/json" } }, (answer) => {
    answer.on("data", (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (;;) {
        const at = rest.indexOf("\n"), size = Number(rest.subarray(0, at));
        if (at < 0 || rest.length < at + 1 + size) break;
        const event = JSON.parse(rest.subarray(at + 1, at + 1 + size));
        rest = rest.subarray(at + 1 + size);
        on(event);
      }
    });
    answer.on("close", retry);
  });
  sent.on("error", retry);
  sent.end(JSON.stringify({ ...ids, type: "SUBSCRIBE", subscribe: subscribe_ }));
};
subscribe();
`;

describe("a framework's own executor on POST /api/v1/executor (docs/executor-http-api.md)", function () {
  this.timeout(60_000);
  let fixture: Fixture;
  let master: TestMaster;
  let scheduler: TestScheduler;
  let argv: string[];
  let mute: string;

  beforeEach(async () => {
    fixture = new Fixture();
    master = await fixture.master("m", [], "127.103.1.3");
    await until("a leader", () => master.program.leader);
    argv = [...(await fixture.agentFlags(master, ip)), "--executor_registration_timeout=1mins"];
    mute = join(fixture.directory, "mute");
    writeFileSync(join(fixture.directory, "executor.js"), program);
    scheduler = new TestScheduler(master.url);
    await scheduler.subscribe();
  });
  afterEach(async () => {
    scheduler.disconnect();
    await fixture.end();
  });

  const executor = (more: Record<string, unknown> = {}) => ({
    executor_id: { value: "own" },
    command: {
      value: `exec '${process.execPath}' '${fixture.directory}/executor.js'`,
      environment: { variables: [{ name: "MUTE", value: mute }] },
    },
    resources: [scalar("cpus", 0.2), scalar("mem", 64)],
    ...more,
  });
  const launch = async (offer: TestOffer, id: string, more: Record<string, unknown> = {}) =>
    await scheduler.launch(offer, { task_id: { value: id }, executor: executor(more) });
  const failure = async () =>
    (await until("FAILURE", () => scheduler.events.find((e) => e.type === "FAILURE")))["failure"];
  const inSandbox = (name: string) => fileIn(join(fixture.directory, "a", "slaves"), name);
  const kill = async (id: string) => await scheduler.call("KILL", { task_id: { value: id } });
  const of = (offer: TestOffer) => ({ agent_id: offer.agent_id, executor_id: { value: "own" } });

  it("runs several tasks, carries messages both ways, and ends on SHUTDOWN with its status as FAILURE", async () => {
    await fixture.agent("a", argv);
    const offer = await scheduler.offer();
    await launch(offer, "t1");
    const running = await scheduler.state("t1", "TASK_RUNNING");
    assert.equal(running.source, "SOURCE_EXECUTOR");
    assert.deepEqual((running as unknown as Record<string, unknown>)["executor_id"], { value: "own" });
    await launch(await scheduler.offer(), "t2");
    await scheduler.state("t2", "TASK_RUNNING");
    assert.equal(processesWith(`MUTE=${mute}`).length > 0, true);
    const { frameworks, slaves } = await getJson<{
      frameworks: { executors: Record<string, unknown>[] }[];
      slaves: { used_resources: Record<string, number> }[];
    }>(`${master.url}/state`);
    assert.deepEqual(
      frameworks[0]?.executors.map((e) => [e["executor_id"], e["slave_id"]]),
      [["own", offer.agent_id.value]],
    );
    assert.equal(slaves[0]?.used_resources["cpus"], 0.4);

    const environment = JSON.parse(readFileSync(inSandbox("environment") ?? "", "utf8")) as Record<
      string,
      string
    >;
    const port = argv.find((a) => a.startsWith("--port="))?.slice(7);
    const { MESOS_DIRECTORY, MESOS_SANDBOX, PATH, MUTE, PWD, SHLVL, _, ...rest } = environment;
    assert.equal(MESOS_DIRECTORY, MESOS_SANDBOX);
    assert.ok(PATH !== undefined && MUTE !== undefined && (PWD ?? SHLVL ?? _ ?? "") !== undefined);
    assert.deepEqual(rest, {
      MESOS_FRAMEWORK_ID: scheduler.frameworkId,
      MESOS_EXECUTOR_ID: "own",
      MESOS_SLAVE_ID: offer.agent_id.value,
      MESOS_SLAVE_PID: `slave(1)@${ip}:${port}`,
      MESOS_AGENT_ENDPOINT: `${ip}:${port}`,
      MESOS_ALLOCATION_ROLE: "*",
      MESOS_CHECKPOINT: "1",
      MESOS_RECOVERY_TIMEOUT: "15mins",
      MESOS_SUBSCRIPTION_BACKOFF_MAX: "2secs",
      MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: "5secs",
    });

    const data = Buffer.from("hello").toString("base64");
    assert.equal((await scheduler.call("MESSAGE", { ...of(offer), data })).status, 202);
    const said = await until("MESSAGE", () => scheduler.events.find((e) => e.type === "MESSAGE"));
    assert.deepEqual(said["message"], { ...of(offer), data });

    await kill("t1");
    await scheduler.state("t1", "TASK_KILLED");
    assert.equal((await scheduler.call("SHUTDOWN", of(offer))).status, 202);
    const failed = await scheduler.state("t2", "TASK_FAILED");
    assert.deepEqual([failed.reason, failed.source], ["REASON_EXECUTOR_TERMINATED", "SOURCE_AGENT"]);
    assert.deepEqual(await failure(), { ...of(offer), status: 3 << 8 });
  });

  it("subscribes again after a restart of the agent, with the updates that were not acknowledged", async () => {
    const child = fixture.agentProcess(argv);
    await launch(await scheduler.offer(), "t1");
    await scheduler.state("t1", "TASK_RUNNING");
    const pids = processesWith(`MUTE=${mute}`);
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    fixture.agentProcess(argv);
    const events = () => readFileSync(inSandbox("events") ?? "", "utf8").split("\n");
    await until("subscribed again", () => events().filter((e) => e === "SUBSCRIBED").length === 2);
    assert.deepEqual(processesWith(`MUTE=${mute}`), pids);
    await until("KILL arrives", async () => {
      await kill("t1");
      return scheduler.states("t1").includes("TASK_KILLED");
    });
    assert.deepEqual(scheduler.states("t1"), ["TASK_RUNNING", "TASK_KILLED"]);
  });

  it("is shut down when its framework goes", async () => {
    await fixture.agent("a", argv);
    await launch(await scheduler.offer(), "t1");
    await scheduler.state("t1", "TASK_RUNNING");
    await scheduler.call("TEARDOWN");
    await until("its end", () => processesWith(`MUTE=${mute}`).length === 0);
    assert.match(readFileSync(inSandbox("events") ?? "", "utf8"), /SHUTDOWN/);
  });

  it("fails when it does not subscribe in time", async () => {
    writeFileSync(mute, "");
    await fixture.agent("a", [...argv, "--executor_registration_timeout=500ms"]);
    await launch(await scheduler.offer(), "t1");
    const late = await scheduler.state("t1", "TASK_FAILED");
    assert.equal(late.reason, "REASON_EXECUTOR_REGISTRATION_TIMEOUT");
    assert.equal(late.message, "Executor did not register within 500ms");
    assert.deepEqual(((await failure()) as { status: number }).status, 9);
  });

  it("fails when it does not subscribe again in time after a restart of the agent", async () => {
    const child = fixture.agentProcess(argv);
    await launch(await scheduler.offer(), "t2");
    await scheduler.state("t2", "TASK_RUNNING");
    writeFileSync(mute, "");
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
    fixture.agentProcess([...argv, "--executor_reregistration_timeout=300ms"]);
    const lost = await scheduler.state("t2", "TASK_FAILED");
    assert.equal(lost.reason, "REASON_EXECUTOR_REREGISTRATION_TIMEOUT");
    await until("its end", () => processesWith(`MUTE=${mute}`).length === 0);
  });

  it("says no to calls that make no sense, as Mesos does", async () => {
    const agent = await fixture.agent("a", argv);
    await launch(await scheduler.offer(), "t1");
    await scheduler.state("t1", "TASK_RUNNING");
    const port = agent.pid.split(":")[1];
    const post = async (body: Record<string, unknown>) => {
      const ids = { framework_id: { value: scheduler.frameworkId }, executor_id: { value: "own" } };
      const url = `http://${ip}:${port}/slave(1)/api/v1/executor`;
      const { status, text } = await http("POST", url, { ...ids, ...body });
      return `${status} ${text}`;
    };
    const status = { task_id: { value: "t1" }, state: "TASK_RUNNING", source: "SOURCE_EXECUTOR" };
    const uuid = Buffer.alloc(16, 0x41).toString("base64");
    const prefix = "400 Failed to validate Executor::Call: ";
    assert.equal(await post({ type: "UPDATE" }), `${prefix}Expecting 'update' to be present`);
    assert.equal(
      await post({ type: "UPDATE", update: { status } }),
      `${prefix}Expecting 'uuid' to be present`,
    );
    const noVersion = Buffer.alloc(16, 1).toString("base64");
    assert.equal(
      await post({ type: "UPDATE", update: { status: { ...status, uuid: noVersion } } }),
      `${prefix}Not a valid UUID`,
    );
    assert.match(
      await post({ type: "UPDATE", update: { status: { ...status, uuid, source: "SOURCE_AGENT" } } }),
      /invalid source, expecting 'SOURCE_EXECUTOR'$/,
    );
    assert.equal(await post({ type: "SUBSCRIBE" }), `${prefix}Expecting 'subscribe' to be present`);
    assert.equal(
      await post({ type: "MESSAGE", message: { data: "" }, executor_id: { value: "x" } }),
      "400 Executor cannot be found",
    );
    assert.equal(
      await post({ type: "MESSAGE", message: { data: "" }, framework_id: { value: "x" } }),
      "400 Framework cannot be found",
    );
    assert.equal((await http("GET", `http://${ip}:${port}/api/v1/executor`)).status, 405);
    // executor.Call by hand: executor_id 1, framework_id 2, type 3 (MESSAGE is 3), message 6 with data 2
    const field = (number: number, bytes: Buffer) =>
      Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
    const body = Buffer.concat([
      field(1, field(1, Buffer.from("own"))),
      field(2, field(1, Buffer.from(scheduler.frameworkId))),
      Buffer.from([3 << 3, 3]),
      field(6, field(2, Buffer.from("hi"))),
    ]);
    const answer = await fetch(`http://${ip}:${port}/api/v1/executor`, {
      method: "POST",
      headers: { "content-type": "application/x-protobuf" },
      body,
    });
    assert.deepEqual([answer.status, await answer.text()], [202, ""]);
    const said = await until("MESSAGE", () => scheduler.events.find((e) => e.type === "MESSAGE"));
    assert.equal((said["message"] as { data: string }).data, Buffer.from("hi").toString("base64"));
    assert.equal(existsSync(mute), false);
  });
});
