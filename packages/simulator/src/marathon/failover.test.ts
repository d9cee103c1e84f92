// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { agent, FakeMaster } from "./testing/fake-master";
import { freePort, RealZooKeeper, until, zookeeperServer } from "./testing/real-zookeeper";

interface Program {
  readonly url: string;
  readonly address: string;
  readonly process: ChildProcess;
  readonly exited: Promise<number | null>;
}

const app = {
  id: "/sleepers",
  cmd: "sleep 1000",
  cpus: 0.1,
  mem: 16,
  instances: 3,
};
const executable = zookeeperServer();

async function get(url: string): Promise<{ status: number; headers: Headers; text: string }> {
  try {
    const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(20_000) });
    return { status: response.status, headers: response.headers, text: await response.text() };
  } catch (error) {
    return { status: 0, headers: new Headers(), text: String(error) };
  }
}

async function post(
  url: string,
  body: unknown,
  method = "POST",
): Promise<{ status: number; id: string; text: string }> {
  const response = await fetch(url, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return {
    status: response.status,
    id: response.headers.get("marathon-deployment-id") ?? "",
    text: await response.text(),
  };
}

describe("marathon: the program on a real ZooKeeper", function () {
  this.timeout(180_000);
  const programs: Program[] = [];
  let zookeeper: RealZooKeeper;
  let master: FakeMaster;

  before(async () => {
    assert.ok(executable, "zookeeper-server is neither on PATH nor in the cache: run npm run up once");
    zookeeper = await RealZooKeeper.start(executable, "127.85.9.1");
  });
  after(async () => {
    await zookeeper?.stop();
  });
  beforeEach(async () => {
    master = await FakeMaster.start([agent(1), agent(2)]);
  });
  afterEach(async () => {
    for (const program of programs.splice(0)) {
      program.process.kill("SIGKILL");
      await program.exited;
    }
    await master.close();
  });

  async function start(host: string, path: string, port?: number): Promise<Program> {
    const used = port ?? (await freePort(host));
    const child = spawn(
      process.execPath,
      [
        join(__dirname, "main.js"),
        `--master=http://${master.address}`,
        `--zk=zk://${zookeeper.servers}${path}`,
        `--hostname=${host}`,
        `--http_address=${host}`,
        `--http_port=${used}`,
        "--zk_session_timeout=6000",
      ],
      { stdio: "ignore", env: { PATH: process.env["PATH"] } },
    );
    const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
    const program = { url: `http://${host}:${used}`, address: `${host}:${used}`, process: child, exited };
    programs.push(program);
    await until(
      async () => (await get(`${program.url}/ping`)).text === "pong",
      `${program.url}/ping`,
      60_000,
    );
    return program;
  }

  const running = () => [...master.tasks.values()].filter((t) => t.state === "TASK_RUNNING").length;

  it("restarts nothing when it is killed and started again", async () => {
    const first = await start("127.85.9.2", "/restart");
    await post(`${first.url}/v2/apps`, app);
    await until(() => running() === 3, "three tasks", 60_000);
    const before = [...master.tasks.keys()];
    const framework = JSON.parse((await get(`${first.url}/v2/info`)).text).frameworkId;
    await until(async () => (await get(`${first.url}/v2/deployments`)).text === "[]", "its end", 60_000);
    first.process.kill("SIGKILL");
    await first.exited;
    const again = await start("127.85.9.2", "/restart", Number(first.address.split(":")[1]));
    await until(
      async () => {
        const answer = await get(`${again.url}/v2/apps/sleepers`);
        return answer.status === 200 && JSON.parse(answer.text).app.tasksRunning === 3;
      },
      "the same app with three tasks",
      60_000,
    );
    await until(
      () => master.callsOf("SUBSCRIBE").length === 2 && master.callsOf("RECONCILE").length === 3,
      "reconciliation by both",
      60_000,
    );
    assert.deepEqual([...master.tasks.keys()], before);
    assert.equal(master.callsOf("KILL").length, 0);
    assert.equal(JSON.parse((await get(`${again.url}/v2/info`)).text).frameworkId, framework);
  });

  it("goes on with a deployment under the same id when the leader dies in the middle", async () => {
    master.hold = (task) => task.id.startsWith("sleepers") && master.tasks.size > 1;
    const first = await start("127.85.9.3", "/resume");
    const { id } = await post(`${first.url}/v2/apps`, app);
    await until(() => master.tasks.size === 3, "three launches", 60_000);
    const second = await start("127.85.9.4", "/resume");
    first.process.kill("SIGKILL");
    await first.exited;
    await until(
      async () => {
        const answer = await get(`${second.url}/v2/leader`);
        return answer.text.includes(second.address);
      },
      "the second to lead",
      60_000,
    );
    const deployments = JSON.parse((await get(`${second.url}/v2/deployments`)).text);
    assert.deepEqual(
      deployments.map((d: { id: string }) => d.id),
      [id],
    );
    const tasks = [...master.tasks.keys()];
    for (const task of tasks) master.update(task, "TASK_RUNNING");
    await until(async () => (await get(`${second.url}/v2/deployments`)).text === "[]", "its end", 60_000);
    assert.deepEqual([...master.tasks.keys()], tasks);
  });

  it("a standby hands requests on, sends event readers to the leader, and refuses a loop", async () => {
    const leader = await start("127.85.9.5", "/standby");
    const standby = await start("127.85.9.6", "/standby");
    const answer = await get(`${standby.url}/v2/leader`);
    assert.deepEqual(JSON.parse(answer.text), { leader: leader.address });
    assert.equal(answer.headers.get("x-marathon-leader"), `http://${leader.address}`);
    assert.equal(answer.headers.get("x-marathon-via"), `1.1 ${standby.address}`);
    const made = await post(`${standby.url}/v2/apps`, { ...app, instances: 1 });
    assert.equal(made.status, 201, made.text);
    const events = await get(`${standby.url}/v2/events?event_type=a`);
    assert.equal(events.status, 302);
    assert.equal(events.headers.get("location"), `http://${leader.address}/v2/events?event_type=a`);
    const loop = await fetch(`${standby.url}/v2/apps`, {
      headers: { "x-marathon-via": `1.1 ${standby.address}` },
    });
    assert.equal(loop.status, 502);
    assert.match(await loop.text(), /Detected proxying loop/);
  });

  it("ends when it abdicates, and the standby leads", async () => {
    const leader = await start("127.85.9.7", "/abdicate");
    const standby = await start("127.85.9.8", "/abdicate");
    const answer = await fetch(`${leader.url}/v2/leader`, { method: "DELETE" });
    assert.deepEqual(await answer.json(), { message: "Leadership abdicated" });
    assert.notEqual(await leader.exited, 0);
    await until(
      async () => (await get(`${standby.url}/v2/leader`)).text.includes(standby.address),
      "it to lead",
      60_000,
    );
  });

  it("stops cleanly on SIGTERM and leaves its tasks alone", async () => {
    const program = await start("127.85.9.9", "/stop");
    await post(`${program.url}/v2/apps`, app);
    await until(() => running() === 3, "three tasks", 60_000);
    program.process.kill("SIGTERM");
    assert.equal(await program.exited, 0);
    assert.equal(running(), 3);
  });
});

describe("marathon: the command line", function () {
  this.timeout(180_000);

  async function run(...args: string[]): Promise<{ code: number | null; stderr: string; stdout: string }> {
    const child = spawn(process.execPath, [join(__dirname, "main.js"), ...args], { env: {} });
    let stderr = "";
    let stdout = "";
    child.stderr.on("data", (chunk) => {
      stderr += String(chunk);
    });
    child.stdout.on("data", (chunk) => {
      stdout += String(chunk);
    });
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { code, stderr, stdout };
  }

  it("fails when a flag is unknown, with usage", async () => {
    const { code, stderr } = await run("--master=zk://h/mesos", "--no_such_flag", "1");
    assert.equal(code, 1);
    assert.match(stderr, /unknown flag 'no_such_flag'/);
    assert.match(stderr, /Usage: marathon/);
  });

  it("fails when the master is missing", async () => {
    const { code, stderr } = await run();
    assert.equal(code, 1);
    assert.match(stderr, /Required option 'master' not found/);
  });

  it("prints its version and help", async () => {
    assert.equal((await run("--version")).stdout, "1.10.26\n");
    assert.match((await run("--help")).stdout, /--failover_timeout/);
  });
});
