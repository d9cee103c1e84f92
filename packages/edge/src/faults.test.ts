// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, readlink, rm, writeFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { encodeBambooNode, goQueryEscape } from "@pulumi-mesos/model";
import { answers } from "./haproxy/answers";
import { Runtime } from "./haproxy/runtime";
import { statLines } from "./haproxy/stat";
import { haproxyCheck } from "./haproxy/validate";
import { ask, Gate, masterPid, until } from "./testing/edge-bench.test.support";
import type { FakeTask } from "./testing/fake-marathon.test.support";
import { TestEdge } from "./testing/test-edge.test.support";

/** What a Bamboo would break on, one by one. */
describe("mesos-edge keeps routing", function () {
  this.timeout(240_000);
  const edge = new TestEdge("127.86.3");

  before(async () => {
    await edge.prepare();
    await edge.start({ stallMs: 1_000 });
    edge.marathon.put({ id: "/first", tasks: [await edge.task("first", 21000)] });
    await edge.answers("/first", "first");
  });

  after(() => edge.remove());

  it("when an app's document is odd through and through: it alone stays as it was", async () => {
    edge.marathon.put({
      ...{ id: "/odd", instances: "three", healthChecks: [null, 1], ports: [null], networks: [null] },
      tasks: [
        ...[null, 7, { id: 1, host: [], healthCheckResults: [null] }],
        { ...(await edge.task("odd", 21004)), healthCheckResults: [null], ipAddresses: [null] },
      ] as unknown as FakeTask[],
    });
    edge.marathon.put({ id: "/beside", tasks: [await edge.task("beside", 21005)] });
    await edge.answers("/beside", "beside");
    // Also in the list of all apps.
    const { lists } = edge.marathon;
    await ask(edge.api, "/api/marathon/event_callback", { method: "POST" });
    await until("the list", async () => edge.marathon.lists > lists);
    edge.marathon.put({ id: "/beside", tasks: [await edge.task("beside 2", 21006)] });
    await edge.answers("/beside", "beside 2");
    assert.equal((await edge.health()).marathon.problem, null);
    edge.marathon.apps.delete("/odd");
    edge.marathon.emit("app_terminated_event", { appId: "/odd" });
  });

  it("when an app has an impossible port, a secret, no ports of its own, or fewer than its rule asks for", async () => {
    edge.marathon.put({
      id: "/poisoned",
      env: { PLAIN: "1", PASSWORD: { secret: "password" } },
      networks: [{ mode: "host" }],
      portDefinitions: [{ port: 0 }, { port: 1 }],
      tasks: [
        { id: "zero", host: edge.host, ports: [0], state: "TASK_RUNNING" },
        { id: "large", host: edge.host, ports: [99_999, 99_998], state: "TASK_RUNNING" },
        { id: "none", host: edge.host, ports: [], state: "TASK_RUNNING" },
      ],
    });
    const second = encodeBambooNode("path_beg /poisoned", { PortIndex: "1" });
    await edge.client.put(`/bamboo/${goQueryEscape("/poisoned")}`, second);
    edge.marathon.put({ id: "/second", tasks: [await edge.task("second", 21001)] });
    await edge.answers("/second", "second");
    assert.equal(await edge.who("/poisoned"), "503");
    await until("the reasons", async () => {
      const { zero, large, none } = (await edge.health()).leftOut;
      return /no port with index 1/.test(`${zero}`) && /99998/.test(`${large}`) && none !== undefined;
    });
    const state = JSON.parse((await ask(edge.api, "/api/state")).body);
    const poisoned = state.Apps.find((app: { Id: string }) => app.Id === "/poisoned");
    assert.deepEqual([poisoned.Env, poisoned.Tasks], [{ PLAIN: "1" }, []]);
  });

  it("when many apps come one after the other: it reloads five times a second at most", async () => {
    const tasks = edge.marathon.apps.get("/first")?.tasks ?? [];
    const { reloads } = (await edge.health()).haproxy;
    const began = performance.now();
    for (let i = 0; i < 40; i++) {
      edge.marathon.put({ id: `/many-${i}`, tasks });
      assert.equal(await edge.who("/first"), "first");
    }
    await edge.answers("/many-39", "first");
    const more = (await edge.health()).haproxy.reloads - reloads;
    // One may have begun before.
    const most = 2 + Math.floor((performance.now() - began) / 200);
    assert.ok(more >= 1 && more <= most, `${more} reloads, of ${most}`);
  });

  it("when Marathon's stream falls silent without an end: it is opened anew and everything read", async () => {
    edge.marathon.mute = true;
    const { lists } = edge.marathon;
    edge.marathon.put({ id: "/unsaid", tasks: [await edge.task("unsaid", 21002)] });
    await edge.answers("/unsaid", "unsaid");
    assert.ok(edge.marathon.lists > lists);
    edge.marathon.mute = false;
  });

  it("when ZooKeeper's session expires, and has the rules that were written meanwhile", async () => {
    await edge.zookeeper.stop();
    await until(
      "the end of the session",
      async () =>
        /expired|away|connect/.test((await edge.health()).zookeeper.problem ?? "") &&
        edge.client.state === "disconnected",
    );
    // The session's 10 s pass without a server.
    await until(
      "the expiry",
      async () => (await edge.health()).zookeeper.problem !== "the connection is lost",
    );
    assert.equal(await edge.who("/first"), "first");
    await edge.zookeeper.start();
    await until("the new session", async () => (await edge.health()).zookeeper.connected);
    await edge.client.put(`/bamboo/${goQueryEscape("/first")}`, encodeBambooNode("path_beg /renamed", null));
    await edge.answers("/renamed", "first");
  });

  it("when its file cannot be written: tasks come and go, the reason is told, and the file follows later", async () => {
    const obstacle = join(edge.directory, "haproxy.cfg.new");
    await mkdir(obstacle);
    const one = { id: "/second", tasks: [await edge.task("instead", 21003)] };
    edge.marathon.put(one);
    await edge.answers("/second", "instead");
    await until("the report", async () => /EISDIR/.test((await edge.health()).haproxy.problem ?? ""));
    await rm(obstacle, { recursive: true });
    await until("the file", async () =>
      (await readFile(join(edge.directory, "haproxy.cfg"), "utf8")).includes(":21003"),
    );
    await until("recovery", async () => (await edge.health()).haproxy.problem === null);
  });
});

describe("mesos-edge and a host that falls silent", function () {
  this.timeout(240_000);
  const edge = new TestEdge("127.86.10");
  const silent = "127.86.10.4";
  const fillers: Socket[] = [];
  let frozen: ChildProcess;

  before(async () => {
    await edge.prepare();
    await edge.start();
    const answer = `(_, response) => response.setHeader("connection", "close").end("doomed")`;
    const server = (port: number): string =>
      `require("node:http").createServer(${answer}).listen({ host: "${silent}", port: ${port}, backlog: 1 }`;
    const program = `${server(21_000)}, () => ${server(21_002)}, () => process.send("up")))`;
    frozen = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    await once(frozen, "message");
  });
  after(async () => {
    for (const socket of fillers) socket.destroy();
    frozen.kill("SIGKILL");
    await edge.remove();
  });

  /** What HAProxy says of the servers of /half. */
  async function servers(): Promise<((column: string) => string)[]> {
    const runtime = new Runtime(edge.directory);
    const lines = statLines(await runtime.command(edge.generation, "show stat -1 4 -1"));
    runtime.close();
    return lines.filter((column) => column("pxname") === "::half-cluster");
  }

  it("sends every GET elsewhere, and soon none to it, nor to its tasks that nobody asks", async () => {
    const idle = { id: "idle", host: silent, ports: [21_002], state: "TASK_RUNNING" };
    edge.marathon.put({ id: "/idle", tasks: [idle] });
    await edge.answers("/idle", "doomed");
    const doomed = { id: "doomed", host: silent, ports: [21_000], state: "TASK_RUNNING" };
    edge.marathon.put({ id: "/half", tasks: [await edge.task("alive", 21_001), doomed] });
    for (const name of ["alive", "doomed", "alive"]) await edge.answers("/half", name);
    // HAProxy has just checked both, so its next checks are seconds away and requests alone can find out.
    const isChecked = (column: (name: string) => string): boolean => column("check_status") === "L4OK";
    await until("both checks", async () => (await servers()).filter(isChecked).length === 2);
    // A program that is stopped accepts nothing, and once its queue is full the kernel drops what comes.
    frozen.kill("SIGSTOP");
    for (let i = 0; i < 8; i++)
      fillers.push(connect(i % 2 === 0 ? 21_000 : 21_002, silent).on("error", () => {}));
    await once(fillers[0] as Socket, "connect");
    const ofSilent = async () =>
      (await servers()).find((column) => column("addr") === `${silent}:21000`) ?? assert.fail();
    await until("that it is given up", async () => {
      assert.equal(await edge.who("/half"), "alive");
      return (await ofSilent())("status").startsWith("DOWN");
    });
    const before = await ofSilent();
    assert.ok(Number(before("wredis")) > 0, "the silent host was never tried");
    for (let i = 0; i < 50; i++) assert.equal(await edge.who("/half"), "alive");
    assert.equal((await ofSilent())("lbtot"), before("lbtot"));
    assert.equal(await answers(silent, 21_000), false);
    const log = (): Promise<string> => readFile(join(edge.directory, "haproxy.log"), "utf8");
    await until("the end of the idle one", async () => /Server ::idle-cluster\/s1 is DOWN/.test(await log()));
  });
});

describe("mesos-edge", function () {
  this.timeout(240_000);
  const edge = new TestEdge("127.86.4");

  before(() => edge.prepare());
  after(() => edge.remove());

  it("reloads again when HAProxy refused a reload", async () => {
    const [wrapper, bad, flag] = ["haproxy", "bad.cfg", "fail-once"].map((name) =>
      join(edge.directory, name),
    );
    assert.ok(wrapper && bad && flag);
    edge.marathon.put({ id: "/first", tasks: [await edge.task("first", 21000)] });
    await edge.start({ raw: { onExit: "stop" } });
    await edge.answers("/first", "first");
    // What is called haproxy may be a script; a master calls itself again by the name that it was given.
    const master = `/proc/${await masterPid(edge.directory)}`;
    const real = await readlink(`${master}/exe`);
    const libraries = /LD_LIBRARY_PATH=[^\0]*/.exec(await readFile(`${master}/environ`, "utf8"))?.[0] ?? "";
    await edge.stop();
    const failing = `if [ "$1" != -c ] && [ -e ${flag} ]; then rm ${flag}; echo junk >> haproxy.cfg; fi`;
    const lines = ["#!/bin/bash", `export ${libraries}`, failing, `exec -a ${wrapper} ${real} "$@"`, ""];
    await writeFile(wrapper, lines.join("\n"), { mode: 0o755 });
    const counts: string[] = [];
    const stats = { increment: (name: string) => counts.push(name), timing: () => {}, close: () => {} };
    await edge.start({ program: { ...edge.program, file: wrapper }, stats });
    await edge.answers("/first", "first");
    await writeFile(flag, "");
    edge.marathon.put({ id: "/second", tasks: [await edge.task("second", 21001)] });
    await until("the refusal", async () => !existsSync(flag));
    const refused = await masterPid(edge.directory);
    await edge.answers("/second", "second");
    assert.equal(await edge.who("/first"), "first");
    assert.equal(await masterPid(edge.directory), refused);
    assert.ok(counts.includes("haproxy.reload.error"));
    await until("recovery", async () => (await edge.health()).haproxy.problem === null);
    const check = haproxyCheck(edge.program, edge.directory);
    const text = await readFile(join(edge.directory, "haproxy.cfg"), "utf8");
    assert.equal(await check(text, AbortSignal.timeout(60_000)), undefined);
  });
});

describe("two edges on one ZooKeeper", function () {
  this.timeout(240_000);
  const one = new TestEdge("127.86.5");
  const two = new TestEdge("127.86.6");
  const counts: string[] = [];
  const stats = { increment: (name: string) => counts.push(name), timing: () => {}, close: () => {} };

  before(async () => {
    await Promise.all([one.prepare(), two.prepare()]);
    await one.start({ stats });
    await two.start({ raw: { zookeeper: one.zookeeper.servers, marathon: one.marathon.url } });
    one.marathon.put({ id: "/shared", tasks: [await one.task("shared", 21000)] });
    await Promise.all([one.serving(), two.serving()]);
  });
  after(() => Promise.all([one.remove(), two.remove()]));

  const write = async (edge: TestEdge, acl: string): Promise<number> => {
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify({ id: "/shared", acl });
    return (await ask(edge.api, "/api/services", { method: "POST", headers, body })).status;
  };

  it("share rules, whichever of them took the rule", async () => {
    assert.equal(await write(one, "path_beg /by-one"), 200);
    await Promise.all([one, two].map((edge) => edge.answers("/by-one", "shared")));
    assert.equal(await write(two, "path_beg /by-two"), 200);
    await Promise.all([one, two].map((edge) => edge.answers("/by-two", "shared")));
  });

  it("agree after both have written the same rule at once", async () => {
    for (let round = 0; round < 5; round++) {
      const acls = [`path_beg /one-${round}`, `path_beg /two-${round}`] as const;
      assert.deepEqual(await Promise.all([write(one, acls[0]), write(two, acls[1])]), [200, 200]);
    }
    const kept = await one.client.get(`/bamboo/${goQueryEscape("/shared")}`);
    const { Acl } = JSON.parse(String(kept?.data)).config;
    const path = /path_beg (\S+)/.exec(Acl)?.[1] ?? "";
    await Promise.all([one, two].map((edge) => edge.answers(path, "shared")));
    await until("one configuration", async () => {
      const [a, b] = await Promise.all([one.health(), two.health()]);
      return a.haproxy.config === b.haproxy.config;
    });
  });

  it("count by Bamboo's names", async () => {
    await ask(one.api, "/api/marathon/event_callback", { method: "POST" });
    one.marathon.put({ id: "/shared", tasks: [await one.task("counted", 21003)] });
    for (const name of [
      ...["restart", "callback.marathon", "reload.domain"],
      ...["haproxy.reload.marathon.reloaded", "haproxy.reload.skipped"],
    ])
      await until(name, async () => counts.includes(name));
  });

  it("lose no request when one of them ends, to a client that then asks the other", async () => {
    const gate = new Gate();
    one.marathon.put({ id: "/slow", tasks: [await one.task("slow", 21001, gate.pass)] });
    one.marathon.put({ id: "/shared", tasks: [await one.task("quick", 21002)] });
    await Promise.all([one, two].map((edge) => edge.answers("/slow", "slow")));
    const path = "/shared-client";
    assert.equal(await write(one, `path_beg ${path}`), 200);
    await Promise.all([one, two].map((edge) => edge.answers(path, "quick")));
    await one.stop();
    await one.start({ raw: { onExit: "stop" } });
    await one.serving();

    const came = gate.hold();
    const open = one.who("/slow");
    await came;
    const answers: string[] = [];
    let isOver = false;
    const client = (async () => {
      // Nothing was answered on a connection that is refused or closed at once, so a GET may be sent elsewhere.
      while (!isOver) {
        const first = await one.who(path);
        answers.push(/^E/.test(first) ? await two.who(path) : first);
      }
    })();
    const stopped = one.stop();
    await until("the end of its traffic", async () => (await one.who(path)) === "ECONNREFUSED");
    gate.release();
    await stopped;
    assert.equal(await one.who(path), "ECONNREFUSED");
    isOver = true;
    await client;
    assert.equal(await open, "slow");
    assert.deepEqual([...new Set(answers)], ["quick"]);
  });
});
