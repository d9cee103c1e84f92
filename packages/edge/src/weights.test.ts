// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeBambooNode, goQueryEscape } from "@pulumi-mesos/model";
import type { AppTraffic } from "./haproxy/traffic";
import { ask, haproxies, masterPid, until } from "./testing/edge-bench.test.support";
import type { FakeTask } from "./testing/fake-marathon.test.support";
import { TestEdge } from "./testing/test-edge.test.support";

const acl = "path_beg /shop";

/** One rule over several apps, with real requests. */
describe("an edge whose rule has weights", function () {
  this.timeout(240_000);
  const edge = new TestEdge("127.86.16");
  const tasks = new Map<string, FakeTask>();

  /** Makes an app of tasks that answer with the app's name and a number: `blue 1`. */
  async function app(name: string, numbers: readonly number[]): Promise<void> {
    const port = name === "blue" ? 21_100 : 21_200;
    const all = await Promise.all(
      numbers.map(async (n) => {
        const key = `${name} ${n}`;
        const task = tasks.get(key) ?? (await edge.task(key, port + n));
        tasks.set(key, task);
        return task;
      }),
    );
    edge.marathon.put({ id: `/shop-${name}`, tasks: all });
  }

  async function weigh(Weights: string): Promise<void> {
    const body = JSON.stringify({ id: "/shop", acl, config: { Weights } });
    assert.equal((await ask(edge.api, "/api/services", { method: "POST", body })).status, 200);
  }

  /** Of 100 requests, how many each answerer took; `by` shortens what it says. */
  async function shares(by = (answer: string) => answer.replace(/ .*/, "")): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (let i = 0; i < 100; i++) {
      const answer = by(await edge.who("/shop"));
      counts.set(answer, (counts.get(answer) ?? 0) + 1);
    }
    return counts;
  }

  /** Waits for a hundred requests of which `green` takes `percent`, and blue the rest. */
  async function settles(percent: number): Promise<void> {
    let last = "";
    const isSettled = async (): Promise<boolean> => {
      const counts = await shares();
      last = JSON.stringify([...counts]);
      const green = counts.get("green") ?? 0;
      const rest = (counts.get("blue") ?? 0) + green === 100;
      return rest && (percent % 100 === 0 ? green === percent : Math.abs(green - percent) <= 2);
    };
    await until(`${percent} % for green`, isSettled).catch((error: Error) => {
      throw new assert.AssertionError({ message: `${error.message}, lastly ${last}` });
    });
  }

  async function workers(): Promise<number[]> {
    const master = await masterPid(edge.directory);
    return (await haproxies(edge.directory)).filter((pid) => pid !== master);
  }

  before(async () => {
    await edge.prepare();
    await edge.start();
    await edge.serving();
    await app("blue", [1, 2]);
    await app("green", [1]);
    await weigh("/shop-blue=90 /shop-green=10");
    await settles(10);
  });
  after(() => edge.remove());

  it("shares requests by app, not by task, and moves without a reload, a failure or another worker", async () => {
    await until("one worker", async () => (await workers()).length === 1);
    const [reloads, before] = [(await edge.health()).haproxy.reloads, await workers()];
    const failed: string[] = [];
    let asked = 0;
    let over = false;
    const load = Array.from({ length: 4 }, async () => {
      while (!over) {
        const answer = await edge.who("/shop");
        asked++;
        if (!/^(blue|green) \d$/.test(answer)) failed.push(answer);
      }
    });
    await app("green", [1, 2, 3]);
    await settles(10);
    await app("blue", [1]);
    await settles(10);
    await weigh("/shop-blue=50 /shop-green=50");
    await settles(50);
    await app("blue", [1, 2]);
    await weigh("/shop-blue=0 /shop-green=1");
    await settles(100);
    await weigh("/shop-blue=90 /shop-green=10");
    await settles(10);
    over = true;
    await Promise.all(load);
    assert.ok(asked > 100);
    assert.deepEqual(failed, []);
    assert.equal((await edge.health()).haproxy.reloads, reloads);
    assert.deepEqual(await workers(), before);
  });

  it("gives every task of an app its part", async () => {
    const counts = await shares((answer) => answer);
    assert.deepEqual([...counts.keys()].sort(), ["blue 1", "blue 2", "green 1", "green 2", "green 3"]);
    assert.ok(Math.abs((counts.get("blue 1") ?? 0) - (counts.get("blue 2") ?? 0)) <= 2);
  });

  async function traffic(): Promise<Record<string, AppTraffic>> {
    return JSON.parse((await ask(edge.api, "/api/traffic")).body);
  }

  it("counts the requests and errors of each app of the rule", async () => {
    const before = await traffic();
    const counts = await shares();
    const after = await traffic();
    for (const [name, app] of Object.entries({ blue: "/shop-blue", green: "/shop-green" })) {
      const [was, is] = [before[app], after[app]];
      assert.ok(was && is);
      assert.equal(is.requests - was.requests, counts.get(name));
      assert.equal(is.errors, 0);
    }
    assert.equal(after["/shop"], undefined);
    const { body } = await ask(edge.api, "/metrics");
    assert.match(body, /^mesos_edge_app_requests_total{app="\/shop-green"} [1-9]\d*$/m);
    assert.match(body, /^mesos_edge_app_errors_total{app="\/shop-green"} 0$/m);
    assert.match(body, /^mesos_edge_app_connection_failures_total{app="\/shop-blue"} 0$/m);
  });

  it("counts the requests of an app that have no answer yet", async () => {
    let held: Promise<void> | undefined;
    const slow = await edge.task("slow", 21_300, async () => held);
    edge.marathon.put({ id: "/slow", tasks: [slow] });
    const body = JSON.stringify({ id: "/slow", acl: "path_beg /slow", config: {} });
    assert.equal((await ask(edge.api, "/api/services", { method: "POST", body })).status, 200);
    await edge.answers("/slow", "slow");
    let release = (): void => {};
    held = new Promise((resolve) => {
      release = resolve;
    });
    const open = async (): Promise<number | undefined> => (await traffic())["/slow"]?.openRequests;
    const answers = Array.from({ length: 3 }, () => edge.who("/slow"));
    await until("three requests", async () => (await open()) === 3);
    release();
    assert.deepEqual(await Promise.all(answers), ["slow", "slow", "slow"]);
    await until("none", async () => (await open()) === 0);
    assert.equal((await ask(edge.api, "/api/services/slow", { method: "DELETE" })).status, 200);
  });

  it("writes the weights to the file, and HAProxy begins with them after it was killed", async () => {
    const inFile = (): Promise<string> => readFile(join(edge.directory, "haproxy.cfg"), "utf8");
    await until("the file", async () => {
      const section = (await inFile()).split("backend ::shop-cluster\n")[1]?.split("\n\n")[0] ?? "";
      return (section.match(/ weight \d+$/gm) ?? []).length === 5;
    });
    const pid = await masterPid(edge.directory);
    process.kill(pid, "SIGKILL");
    await until("another HAProxy", async () => (await masterPid(edge.directory)) !== pid);
    await settles(10);
  });

  it("follows weights that another edge wrote into ZooKeeper", async () => {
    const node = `/bamboo/${goQueryEscape("/shop")}`;
    await edge.client.set(node, encodeBambooNode(acl, { Weights: "/shop-blue=20 /shop-green=80" }));
    await settles(80);
    const { body } = await ask(edge.api, "/api/services");
    const config = { Acl: acl, Weights: "/shop-blue=20 /shop-green=80" };
    assert.deepEqual(JSON.parse(body), { "/shop": { Id: "/shop", Acl: acl, Config: config } });
  });

  it("gives the others what an app without tasks would get, one without weight too, and nobody whom it does not name", async () => {
    await app("green", []);
    await settles(0);
    await weigh("/shop-blue=0 /shop-green=1");
    await settles(0);
    await weigh("/shop-green=1");
    await until("nobody", async () => (await shares()).get("503") === 100);
    await app("green", [1]);
    await settles(100);
  });

  it("refuses weights that are none with the reason, and leaves out such a rule of somebody else", async () => {
    const body = JSON.stringify({ id: "/shop", acl, config: { Weights: "/shop-green=many" } });
    const refused = await ask(edge.api, "/api/services/shop", { method: "PUT", body });
    assert.deepEqual([refused.status, /^config\.Weights: must be pairs/.test(refused.body)], [400, true]);
    const node = `/bamboo/${goQueryEscape("/bad")}`;
    await edge.client.put(node, encodeBambooNode("path_beg /bad", { Weights: "x" }));
    await until("the reason", async () => /^Weights: /.test((await edge.health()).leftOut["/bad"] ?? ""));
    await settles(100);
  });
});
