// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { TestBrowser, type TestPage } from "@pulumi-mesos/pages/testing";
import { Fixture, http, type TestMaster, TestScheduler, until } from "../test-cluster.test";

const hostile = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;

describe("GET / of master and agent: pages that people read (SPEC: Pages)", function () {
  this.timeout(240_000);
  let browser: TestBrowser;
  let fixture: Fixture;
  let master: TestMaster;
  let scheduler: TestScheduler;

  before(async () => {
    browser = await TestBrowser.open();
  });
  after(async () => {
    await browser?.close();
  });
  beforeEach(async () => {
    fixture = new Fixture();
    master = await fixture.master("m1", ["--cluster=bay"], "127.107.1.1");
    await until("a leader", () => master.program.leader !== undefined);
    scheduler = new TestScheduler(master.url);
  });
  afterEach(async () => {
    scheduler.disconnect();
    await fixture.end();
  });

  const agent = (...argv: string[]) =>
    fixture.agent("a1", ["--ip=127.107.2.1", `--master=${master.address}`, ...argv]);

  async function withTask(task: Record<string, unknown>): Promise<void> {
    await scheduler.launch(await scheduler.offer(), task);
  }

  const shell = (value: string): Record<string, unknown> => ({ command: { value, shell: true } });

  async function opened(url: string, options: Parameters<TestBrowser["page"]>[0] = {}): Promise<TestPage> {
    const seen = await browser.page(options);
    await seen.page.goto(url);
    return seen;
  }

  it("shows an agent, an offer, a framework and its task as they come, without asking for the tasks again", async () => {
    const seen = await opened(master.url);
    await seen.sees("#connection", /^live from 127\.107\.1\.1/);
    assert.equal(await seen.page.title(), "bay – Mesos");
    assert.match(await seen.text("#agents"), /No agent has registered yet/);
    await agent("--attributes=rack:r1");
    await seen.sees("#agents tbody", /127\.107\.2\.1.*active.*0 used, 2 free.*rack: r1/);
    await scheduler.subscribe({ name: "demo" });
    await seen.sees("#frameworks tbody", /demo.*active/);
    await seen.sees("#offers tbody", /demo.*127\.107\.2\.1.*2.*31000–31009/);
    const asked: string[] = [];
    seen.page.on("request", (request) => asked.push(`${request.url()} ${request.postData() ?? ""}`));
    await withTask({ name: "sleeper", task_id: { value: "t1" }, ...shell("sleep 1000") });
    await seen.sees("#tasks tbody", /sleeper.*running.*demo.*127\.107\.2\.1/);
    await seen.sees("#agents tbody", /0\.1 used, 1\.9 free/);
    await seen.sees("#totals", /1 running of 1/);
    assert.deepEqual(
      asked.filter((url) => /\/tasks|\/state(?!-)|GET_TASKS|GET_STATE|SUBSCRIBE/.test(url)),
      [],
    );
    await scheduler.call("KILL", { task_id: { value: "t1" } });
    await seen.sees("#completed tbody", /sleeper.*killed/);
    await seen.sees("#tasks", /No task runs/);
    assert.deepEqual(seen.errors, []);
  });

  it("shows deactivated and drained agents, which the stream does not tell", async () => {
    await agent();
    const seen = await opened(master.url);
    await seen.sees("#agents tbody", /active/);
    const agents = await http("POST", `${master.url}/api/v1`, { type: "GET_AGENTS" });
    const id = JSON.parse(agents.text).get_agents.agents[0].agent_info.id;
    await http("POST", `${master.url}/api/v1`, {
      type: "DEACTIVATE_AGENT",
      deactivate_agent: { agent_id: id },
    });
    await seen.sees("#agents tbody", /deactivated/);
    await http("POST", `${master.url}/api/v1`, {
      type: "REACTIVATE_AGENT",
      reactivate_agent: { agent_id: id },
    });
    await http("POST", `${master.url}/api/v1`, { type: "DRAIN_AGENT", drain_agent: { agent_id: id } });
    await seen.sees("#agents tbody", /drained/);
  });

  it("leads to a task's sandbox on its agent, whose output grows as it is written", async () => {
    await agent();
    await scheduler.subscribe();
    const seen = await opened(master.url);
    const loop = "echo begun äöü; n=0; while sleep 0.1; do n=$((n+1)); echo line $n; echo error $n >&2; done";
    await withTask({ name: "writer", task_id: { value: "t1" }, ...shell(loop) });
    await seen.sees("#tasks tbody", /writer.*running/);
    await seen.click("#tasks tbody a");
    await seen.sees("#connection", /^live from 127\.107\.2\.1/);
    assert.match(seen.page.url(), /^http:\/\/127\.107\.2\.1:\d+\/\?framework=/);
    await seen.sees("#what", /Sandbox of t1/);
    await seen.sees("#text", /begun äöü line 1 line 2/);
    const before = (await seen.text("#text")).length;
    await until("more output", async () => (await seen.text("#text")).length > before);
    await seen.press("stderr", "#output");
    await seen.sees("#text", /error 1 error 2/);
    await seen.sees("#directory tbody", /stderr.*stdout/);
    await seen.click('header a[href="/"]');
    await seen.sees("#tasks tbody", /writer.*running/);
    assert.deepEqual(seen.errors, []);
  });

  it("shows the output of a task that has ended, and says so when there is none any more", async () => {
    await agent();
    await scheduler.subscribe();
    await withTask({ name: "short", task_id: { value: "t1" }, ...shell("echo last words") });
    await scheduler.state("t1", "TASK_FINISHED");
    const seen = await opened(master.url);
    await seen.sees("#completed tbody", /short.*finished/);
    await seen.click("#completed tbody a");
    await seen.sees("#text", /last words/);
    const { origin } = new URL(seen.page.url());
    const gone = await opened(`${origin}/?framework=none&task=none`);
    await gone.sees("#problem", /There is no such sandbox here/);
  });

  it("shows names, labels and addresses from outside as text, never as markup or script", async () => {
    await agent();
    await scheduler.subscribe({ name: hostile, webui_url: "javascript:document.title='owned'" });
    const task = {
      name: hostile,
      task_id: { value: `"><img src=x onerror=alert(1)>`.replaceAll(/[\s/]/g, "") },
    };
    await withTask({ ...task, ...shell(`echo '${hostile.replaceAll("'", "")}'; sleep 1000`) });
    const seen = await opened(master.url);
    await seen.sees("#tasks tbody", /<img src=x onerror=.*running/);
    await seen.sees("#frameworks tbody", /<script>/);
    const made = await seen.page.$$eval(
      "main img, main script, main a[href^='javascript']",
      (all) => all.length,
    );
    assert.equal(made, 0);
    await seen.click("#tasks tbody a");
    await seen.sees("#text", /<img src=x onerror=/);
    assert.notEqual(await seen.page.title(), "owned");
    assert.deepEqual(seen.errors, []);
  });

  it("sends a policy without anything inline, and pages and scripts from its own origin alone", async () => {
    for (const path of ["/", "/assets/master.js", "/pages/table.js", "/pages/page.css"]) {
      const { status, headers } = await http("GET", master.url + path);
      assert.equal(status, 200, path);
      assert.match(String(headers["content-security-policy"]), /default-src 'none'.*script-src 'self'/, path);
      assert.equal(headers["x-frame-options"], "DENY", path);
    }
    for (const path of ["/assets/none.js", "/assets/..%2fpackage.json", "/pages/package.json", "/pages/"]) {
      assert.equal((await http("GET", master.url + path)).status, 404, path);
    }
    assert.doesNotMatch((await http("GET", master.url)).text, /<script>|<style|style=|\son\w+=/);
  });

  it("says that it is disconnected when its master is gone, and goes on when it is back", async () => {
    const seen = await opened(master.url);
    await seen.sees("#connection", /live/);
    await master.program.close();
    await seen.sees("#connection", /disconnected/);
    const port = new URL(master.url).port;
    await fixture.master("m1", ["--cluster=bay", `--port=${port}`], "127.107.1.1");
    await seen.sees("#connection", /live/);
    await agent();
    await seen.sees("#agents tbody", /active/);
  });

  it("keeps filter, focus and place while rows come and go", async () => {
    await agent();
    await scheduler.subscribe();
    const seen = await opened(master.url);
    await withTask({ name: "one", task_id: { value: "t1" }, ...shell("sleep 1000") });
    await seen.sees("#tasks tbody", /one.*running/);
    // The link to the sandbox comes with the agent's address, which the page may ask for after it shows the task.
    await seen.page.waitForSelector("#tasks tbody a");
    await seen.page.focus("#tasks tbody a");
    await withTask({ name: "two", task_id: { value: "t2" }, ...shell("sleep 1000") });
    await seen.sees("#tasks tbody", /two.*running.*one.*running/);
    const focused = await seen.page.evaluate("document.activeElement.closest('tr').textContent");
    assert.match(String(focused), /^one/);
    await seen.page.type("#tasks input", "tw");
    await seen.sees("#tasks .count", /^1 of 2$/);
    assert.doesNotMatch(await seen.text("#tasks tbody"), /one/);
  });

  it("fits a phone: cards instead of columns, nothing to scroll sideways, headers for everybody", async () => {
    await agent();
    await scheduler.subscribe({ name: "a-framework-with-a-rather-long-name-without-any-blank-in-it" });
    await withTask({ name: "x".repeat(120), task_id: { value: "t1" }, ...shell("sleep 1000") });
    const seen = await opened(master.url, { width: 390 });
    await seen.sees("#tasks tbody", /running/);
    assert.equal(await seen.scrollsSideways(), false);
    const heads = await seen.page.$$eval("table", (tables) =>
      tables.every((t) => t.caption !== null && t.querySelectorAll('th[scope="col"]').length > 0),
    );
    assert.ok(heads);
  });
});
