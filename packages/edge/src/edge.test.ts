// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ZooKeeper } from "@pulumi-mesos/client";
import { encodeBambooNode, goQueryEscape } from "@pulumi-mesos/model";
import { findHaproxy } from "./haproxy/find-haproxy";
import { haproxyCheck } from "./haproxy/validate";
import type { EdgeHealth } from "./health";
import {
  ask,
  backend,
  Gate,
  haproxies,
  masterPid,
  reloaded,
  removeData,
  type TestZooKeeper,
  until,
  zooKeeper,
} from "./testing/edge-bench.test.support";
import { FakeMarathon, type FakeTask } from "./testing/fake-marathon.test.support";

const api = "http://127.86.2.2:8000";
const traffic = "http://127.86.2.2:8888";
const host = "127.86.2.3";
const password = "a secret, it's 'quoted'";
const check = { protocol: "HTTP", path: "/", portIndex: 0 };

describe("mesos-edge", function () {
  this.timeout(240_000);
  let server: TestZooKeeper;
  let client: ZooKeeper;
  let directory: string;
  let program: ChildProcess;
  let output = "";
  const marathon = new FakeMarathon();
  const over = new AbortController();
  const closers: (() => Promise<void>)[] = [];

  async function start(): Promise<void> {
    program = spawn(
      join(__dirname, "..", "bin", "mesos-edge"),
      [
        ...["-bind=127.86.2.2:8000", "-log", join(directory, "edge.log")],
        ...["--frontend-bind=127.86.2.2:8888", `--data-dir=${directory}`],
      ],
      {
        env: {
          PATH: process.env["PATH"],
          HOME: process.env["HOME"],
          SUPERVISED_BY: directory,
          NODE_EXTRA: "must not reach haproxy",
          MARATHON_ENDPOINT: marathon.url,
          MARATHON_USE_EVENT_STREAM: "true",
          BAMBOO_ENDPOINT: api,
          BAMBOO_ZK_HOST: server.servers,
          BAMBOO_ZK_PATH: "/bamboo",
          EDGE_STATS_PASSWORD: password,
        },
      },
    );
    for (const stream of [program.stdout, program.stderr])
      stream?.on("data", (chunk) => (output += String(chunk)));
    await until("a healthy edge", async () => (await health())?.serving);
  }

  async function kill(signal: NodeJS.Signals): Promise<void> {
    if (!program || program.exitCode !== null || program.signalCode !== null) return;
    const exited = once(program, "exit");
    program.kill(signal);
    await exited;
  }

  async function health(): Promise<EdgeHealth | undefined> {
    try {
      return JSON.parse((await ask(api, "/api/health")).body);
    } catch (error) {
      if (/ECONNREFUSED|ECONNRESET|hang up/.test(String((error as Error).message))) return undefined;
      throw error;
    }
  }

  /** Who answers `path`: a task's name, or the status of HAProxy's own answer. */
  async function who(path: string): Promise<string> {
    try {
      const { status, body } = await ask(traffic, path);
      return status === 200 ? body : String(status);
    } catch (error) {
      return String((error as NodeJS.ErrnoException).code ?? error);
    }
  }

  /** Waits until `name` answers `path`, and nobody who does not know of it any more. */
  async function answers(path: string, name: string): Promise<void> {
    await until(`${name} at ${path}`, async () => (await who(path)) === name);
    await reloaded(directory);
  }

  /** Everybody who answers `path` in 20 requests. */
  async function all(path: string): Promise<string[]> {
    const names = new Set<string>();
    for (let i = 0; i < 20; i++) names.add(await who(path));
    return [...names].sort();
  }

  async function task(name: string, port: number, onRequest?: () => Promise<void>): Promise<FakeTask> {
    closers.push(await backend(host, port, name, onRequest));
    return { id: name, host, ports: [port], state: "TASK_RUNNING" };
  }

  const rule = (id: string, acl: string) =>
    client.put(`/bamboo/${goQueryEscape(id)}`, encodeBambooNode(acl, null));

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "edge-program-"));
    server = await zooKeeper("127.86.2.1");
    await Promise.all([server.start(), marathon.listen()]);
    client = await ZooKeeper.connect({ servers: server.servers, sessionTimeoutMs: 60_000 }, over.signal);
    await start();
  });

  afterEach(function () {
    if (this.currentTest?.state === "failed") process.stderr.write(output);
    output = "";
  });

  after(async () => {
    await kill("SIGKILL");
    await client?.close();
    over.abort();
    await Promise.all([server?.remove(), marathon.close(), ...closers.map((close) => close())]);
    await removeData(directory);
  });

  it("routes an app without a rule by its id, the longest first", async () => {
    marathon.put({ id: "/foo", tasks: [await task("foo", 21000)] });
    marathon.put({ id: "/foo/bar", tasks: [await task("bar", 21001)] });
    await answers("/foo/x", "foo");
    await answers("/FOO/bar/x", "bar");
    assert.equal(await who("/other"), "503");
  });

  it("takes a task in at its first passing check and lets it go before it dies, without a reload", async () => {
    const [one, two] = [await task("one", 21002), await task("two", 21003)];
    const passing = { healthCheckResults: [{ alive: true }] };
    marathon.put({ id: "/checked", healthChecks: [check], tasks: [{ ...one, ...passing }, two] });
    await answers("/checked", "one");
    assert.deepEqual(await all("/checked"), ["one"]);
    const { singles } = marathon;
    const reloads = (await health())?.haproxy?.reloads;

    marathon.emit("instance_health_changed_event", {
      runSpecId: "/checked",
      instanceId: "two",
      healthy: true,
    });
    await until("the second task", async () => (await all("/checked")).length === 2);

    marathon.emit("status_update_event", { appId: "/checked", taskId: "one", taskStatus: "TASK_KILLING" });
    await until("the first task's leave", async () => (await all("/checked")).join() === "two");
    marathon.put({ id: "/checked", healthChecks: [check], tasks: [{ ...two, ...passing }] });
    assert.equal((await health())?.haproxy?.reloads, reloads);
    assert.ok(marathon.singles > singles, "the app was asked for");
  });

  it("keeps a task whose health became unknown, as after an election", async () => {
    const known = await task("known", 21004);
    marathon.put({
      id: "/known",
      healthChecks: [check],
      tasks: [{ ...known, healthCheckResults: [{ alive: true }] }],
    });
    await answers("/known", "known");
    const beside = { ...(await task("beside", 21007)), healthCheckResults: [{ alive: true }] };
    marathon.put({ id: "/known", healthChecks: [check], tasks: [known, beside] });
    await until("both", async () => (await all("/known")).join() === "beside,known");
    marathon.put({ id: "/known", healthChecks: [check], tasks: [known] });
    await until("the one", async () => (await all("/known")).join() === "known");
  });

  it("lets a request end that a leaving task has begun", async () => {
    const gate = new Gate();
    marathon.put({ id: "/slow", tasks: [await task("slow", 21005, gate.pass)] });
    await answers("/slow", "slow");
    const came = gate.hold();
    const answer = who("/slow");
    await came;
    marathon.emit("status_update_event", { appId: "/slow", taskId: "slow", taskStatus: "TASK_KILLING" });
    await until("the leave", async () => (await who("/slow")) === "503");
    gate.release();
    assert.equal(await answer, "slow");
    marathon.put({ id: "/slow", tasks: [] });
  });

  it("changes nothing on an error, a page of HTML, or an empty list after many apps", async () => {
    for (const broken of ["status", "unauthorized", "html", "empty"] as const) {
      marathon.broken = broken;
      const before = marathon.lists;
      const headers = { "content-type": "application/json" };
      await ask(api, "/api/marathon/event_callback", { method: "POST", headers });
      await until("the question", async () => marathon.lists > before);
      await until("the report", async () => {
        const state = (await health())?.marathon;
        return state && (state.problem !== null || state.holding);
      });
      assert.deepEqual(
        [await who("/foo"), await who("/foo/bar"), await who("/checked")],
        ["foo", "bar", "two"],
      );
      marathon.broken = "no";
      await until("recovery", async () => {
        await ask(api, "/api/marathon/event_callback", { method: "POST", headers });
        const state = (await health())?.marathon;
        return state?.problem === null && !state.holding;
      });
    }
  });

  it("routes by the rules of ZooKeeper and leaves out the bad ones", async () => {
    await rule("/foo/bar", "no_such_fetch 1");
    await rule("/foo", "hdr(host) -i foo.example");
    await rule("/known", "path_beg /'unbalanced");
    await until("the reasons", async () => {
      const left = (await health())?.leftOut ?? {};
      return "/foo/bar" in left && "/known" in left && !("/foo" in left);
    });
    await until("the good rule", async () => {
      const answer = await ask(traffic, "/", { headers: { host: "foo.example" } });
      return answer.body === "foo";
    });
    await reloaded(directory);
    await client.remove(`/bamboo/${goQueryEscape("/foo/bar")}`);
    await client.remove(`/bamboo/${goQueryEscape("/known")}`);
    await answers("/foo/bar", "bar");
    await answers("/known", "known");
  });

  it("shows statistics to admin alone and keeps the password out of sight", async () => {
    assert.equal((await ask(traffic, "/haproxy_stats")).status, 401);
    const headers = { authorization: `Basic ${Buffer.from(`admin:${password}`).toString("base64")}` };
    assert.equal((await ask(traffic, "/haproxy_stats", { headers })).status, 200);
    assert.equal((await stat(join(directory, "haproxy.cfg"))).mode & 0o777, 0o600);
    for (const pid of await haproxies(directory)) {
      assert.doesNotMatch(await readFile(`/proc/${pid}/cmdline`, "utf8"), /secret/);
      const names = (await readFile(`/proc/${pid}/environ`, "utf8"))
        .split("\0")
        .map((entry) => entry.split("=")[0]);
      assert.ok(names.includes("SUPERVISED_BY"));
      assert.ok(!names.some((name) => /^(EDGE|MARATHON|BAMBOO|NODE|HOME)/.test(name ?? "")), names.join());
    }
    assert.doesNotMatch(output + (await readFile(join(directory, "haproxy.log"), "utf8")), /secret/);
    const log = await readFile(join(directory, "edge.log"), "utf8");
    assert.match(log, /"listening"/);
    assert.doesNotMatch(log, /secret/);
  });

  it("leaves HAProxy alone when it is killed or ended, and adopts it", async () => {
    const pid = await masterPid(directory);
    const workers = await until("the old workers' end", async () => {
      const pids = await haproxies(directory);
      return pids.length === 2 && pids;
    });
    for (const signal of ["SIGKILL", "SIGTERM"] as const) {
      await kill(signal);
      assert.equal(await who("/checked"), "two");
      await start();
      assert.equal(await masterPid(directory), pid);
      assert.deepEqual(await haproxies(directory), workers);
      assert.deepEqual(await all("/known"), ["known"]);
    }
  });

  it("leaves a file that HAProxy takes when it is killed while a change is written", async () => {
    const judge = haproxyCheck(await findHaproxy(process.env), directory);
    const before = marathon.apps.get("/known");
    const put = (tasks: readonly FakeTask[]): void => {
      const passing = tasks.map((t) => ({ ...t, healthCheckResults: [{ alive: true }] }));
      marathon.put({ id: "/known", healthChecks: [check], tasks: passing });
    };
    for (const round of [1, 2, 3]) {
      const name = `round-${round}`;
      put([await task(name, 21020 + round)]);
      await answers("/known", name);
      // The file follows the change.
      await kill("SIGKILL");
      const text = await readFile(join(directory, "haproxy.cfg"), "utf8");
      assert.equal(await judge(text, AbortSignal.timeout(60_000)), undefined);
      await start();
      assert.deepEqual(await all("/known"), [name]);
    }
    put(before?.tasks ?? []);
    await answers("/known", "known");
  });

  it("starts HAProxy again when it is killed", async () => {
    const pid = await masterPid(directory);
    process.kill(pid, "SIGKILL");
    await until(
      "traffic",
      async () => (await masterPid(directory)) !== pid && (await who("/checked")) === "two",
    );
    const master = await masterPid(directory);
    const workers = (await haproxies(directory)).filter((other) => other !== master);
    for (const worker of workers) process.kill(worker, "SIGKILL");
    await until("another master", async () => (await masterPid(directory)) !== master);
    await until("traffic", async () => (await who("/checked")) === "two");
  });

  it("goes on routing while ZooKeeper is away and reads the rules when it is back", async () => {
    await server.stop();
    await until("the report", async () => (await health())?.zookeeper?.connected === false);
    assert.equal(await who("/checked"), "two");
    const refused = await ask(api, "/api/services");
    assert.equal(refused.status, 503);
    marathon.put({ id: "/meanwhile", tasks: [await task("meanwhile", 21006)] });
    await answers("/meanwhile", "meanwhile");
    await server.start();
    await until("the connection", async () => (await health())?.zookeeper?.connected);
    await rule("/meanwhile", "path_beg /changed");
    await answers("/changed", "meanwhile");
  });

  it("takes an app away when Marathon says so", async () => {
    marathon.apps.delete("/foo/bar");
    marathon.emit("app_terminated_event", { appId: "/foo/bar" });
    await until("its end", async () => (await who("/foo/bar")) === "503");
  });
});
