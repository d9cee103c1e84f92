// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { TestBrowser, type TestPage } from "@pulumi-mesos/pages/testing";
import { type Cluster, startCluster } from "../kit/cluster";
import { http, until } from "../test-cluster.test";

const healthy = [
  {
    protocol: "COMMAND",
    command: { value: "true" },
    gracePeriodSeconds: 5,
    delaySeconds: 0,
    intervalSeconds: 1,
    timeoutSeconds: 5,
  },
];
const small = { cpus: 0.1, mem: 16, cmd: "sleep 1000" };
const appHash = (id: string): string => `/ui/#/apps/${encodeURIComponent(id)}`;

describe("GET /ui/: Marathon's page (SPEC-marathon: Page)", function () {
  this.timeout(240_000);
  let browser: TestBrowser;
  let cluster: Cluster;
  /** The one that leads, and the other one. */
  let leader: string;
  let standby: string;
  let seen: TestPage;

  before(async () => {
    browser = await TestBrowser.open();
    cluster = await startCluster({ programs: true, agents: 2, marathons: 2, network: "127.107.9" });
    const { text } = await http("GET", `${cluster.marathon.url}/v2/leader`);
    const urls = cluster.marathons.map((m) => m.url);
    leader = `http://${JSON.parse(text).leader}`;
    standby = urls.find((url) => url !== leader) ?? assert.fail();
  });
  after(async () => {
    await browser?.close();
    await cluster?.close();
  });
  beforeEach(async () => {
    seen = await browser.page();
  });
  afterEach(async () => {
    const { text } = await http("GET", `${leader}/v2/groups`);
    const root = JSON.parse(text) as { groups: { id: string }[]; apps: { id: string }[] };
    for (const { id } of root.apps) await http("DELETE", `${leader}/v2/apps${id}?force=true`);
    for (const { id } of root.groups) await http("DELETE", `${leader}/v2/groups${id}?force=true`);
    await until("no task is left", async () =>
      JSON.parse((await http("GET", `${leader}/v2/tasks`)).text).tasks.length === 0 ? true : undefined,
    );
    await seen.page.close();
  });

  async function post(app: Record<string, unknown>): Promise<void> {
    const { status, text } = await http("POST", `${leader}/v2/apps`, { ...small, ...app });
    assert.equal(status, 201, text);
  }

  async function app(id: string): Promise<{ instances: number; version: string; tasks: { id: string }[] }> {
    return JSON.parse((await http("GET", `${leader}/v2/apps${id}`)).text).app;
  }

  it("shows apps and groups as a tree with their health, as events tell of them", async () => {
    await seen.page.goto(leader);
    assert.equal(seen.page.url(), `${leader}/ui/`);
    await seen.sees("#connection", /^live from/);
    await seen.sees("#apps", /No application yet/);
    await post({ id: "/shop/web", instances: 2, healthChecks: healthy, labels: { team: "blue" } });
    await seen.sees("#apps tbody", /shop\/ ?group of 1.*web ?running ?2 of 2 ?2 healthy/);
    await post({ id: "/lone" });
    await seen.sees("#apps tbody", /lone ?running ?1 of 1 ?1 running, health unknown/);
    await seen.page.type("#apps input", "blue");
    await seen.sees("#apps .count", /^1 of 3$/);
    await seen.page.$eval("#apps input", (box) => {
      box.value = "";
      box.dispatchEvent(new Event("input"));
    });
    await seen.click("#apps tbody a[href*=groups]");
    await seen.sees("#where", /All \/ shop/);
    await seen.sees("#apps .count", /^1$/);
    assert.deepEqual(seen.errors, []);
  });

  it("shows an app's instances with host, ports and health, and its configuration", async () => {
    await post({ id: "/web", instances: 2, healthChecks: healthy });
    await seen.page.goto(leader + appHash("/web"));
    await seen.sees("#app dl", /Status ?running.*2 of 2.*2 healthy/);
    await seen.sees("#instances tbody", /web\.instance-.*127\.107\.9\.\d+.*running.*healthy.*ago/);
    const link = await seen.page.$eval("#instances tbody a", (a) => (a as unknown as { href: string }).href);
    assert.match(link, /^http:\/\/127\.107\.9\.\d+:31\d\d\d\/$/);
    assert.match(await seen.text("#app pre"), /"cmd": "sleep 1000"/);
    assert.doesNotMatch(await seen.text("#app pre"), /tasksRunning|lastTaskFailure/);
  });

  it("scales, restarts, suspends and destroys by its buttons", async () => {
    await post({ id: "/web" });
    await seen.page.goto(leader + appHash("/web"));
    await seen.sees("#app dl", /running.*1 of 1/);
    await seen.page.$eval("#app input", (box) => (box as unknown as { select(): void }).select());
    await seen.page.type("#app input", "3");
    await seen.press("Scale", "#app");
    await seen.sees("#app dl", /running ?Instances ?3 of 3/);
    const before = (await app("/web")).tasks.map((t) => t.id);
    await seen.press("Restart", "#app");
    await until("other tasks", async () => {
      const { tasks } = await app("/web");
      return tasks.length === 3 && tasks.every((t) => !before.includes(t.id)) ? true : undefined;
    });
    await seen.press("Suspend", "#app");
    await seen.press("Suspend it", "dialog");
    await seen.sees("#app dl", /suspended ?Instances ?0 of 0/);
    await seen.press("Destroy", "#app");
    await seen.press("Cancel", "dialog");
    assert.equal((await app("/web")).instances, 0);
    await seen.press("Destroy", "#app");
    await seen.press("Destroy it", "dialog");
    await seen.sees("#apps", /No application yet/);
    await until("its end", async () => (await http("GET", `${leader}/v2/apps/web`)).status === 404);
    assert.deepEqual(seen.errors, []);
  });

  it("shows the last task failure with its message and time, and how long the next try waits", async () => {
    await post({ id: "/crash", cmd: "exit 3", backoffSeconds: 60 });
    await seen.page.goto(leader + appHash("/crash"));
    await seen.sees("#app", /Last task failure.*failed.*status 3.*ago.*127\.107\.9/);
    await seen.sees("#app", /1 instance waits.*next try in \d+ s because it failed/);
    await seen.sees("#app dl", /delayed/);
  });

  it("shows a deployment's steps and why offers are refused, and rolls it back or stops it", async () => {
    await post({ id: "/huge", cpus: 64 });
    await seen.page.goto(leader + appHash("/huge"));
    await seen.sees("#deployments tbody", /\/huge.*step 2 of 2.*1\. start \/huge – done.*2\. scale \/huge/);
    await seen.sees("#app", /too few CPUs/);
    await seen.press("Roll back", "#deployments");
    await seen.sees("#app", /There is no app \/huge/);
    await post({ id: "/huge", cpus: 64 });
    await seen.press("Stop", "#deployments");
    await seen.press("Stop it", "dialog");
    await seen.page.waitForSelector("#deployments", { hidden: true });
    assert.equal((await app("/huge")).instances, 1);
  });

  it("says what Marathon refuses, and forces only when asked to", async () => {
    await post({ id: "/huge", cpus: 64 });
    await seen.page.goto(leader + appHash("/huge"));
    await seen.sees("#app dl", /deploying/);
    await seen.page.type("#app input", "2");
    await seen.press("Scale", "#app");
    await seen.sees("#notice", /Could not scale \/huge: 409 App is locked/);
    await seen.press("Force it", "#notice");
    await until("the new number", async () => ((await app("/huge")).instances !== 1 ? true : undefined));
    await seen.sees("#notice", /^$/);
  });

  it("works through a standby, where it asks again instead of listening", async () => {
    await post({ id: "/web" });
    await seen.page.goto(`${standby}/ui/`);
    await seen.sees("#connection", /through a standby/);
    await seen.sees("#apps tbody", /web ?running ?1 of 1/);
    const link = await seen.page.$eval("#leader", (a) => (a as unknown as { href: string }).href);
    assert.equal(link, `${leader}/ui/`);
    await seen.page.goto(standby + appHash("/web"));
    await seen.sees("#app dl", /running/);
    await seen.press("Suspend", "#app");
    await seen.press("Suspend it", "dialog");
    await seen.sees("#app dl", /suspended/);
    assert.deepEqual(seen.errors, []);
  });

  it("shows labels, commands and messages as text, never as markup or script", async () => {
    const hostile = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`;
    await post({ id: "/web", cmd: `echo '${hostile}'; sleep 1000`, labels: { [hostile]: hostile } });
    await seen.page.goto(leader + appHash("/web"));
    await seen.sees("#app pre", /<img src=x onerror=/);
    await seen.page.goto(`${leader}/ui/#/apps/${encodeURIComponent(`/${hostile}`)}`);
    await seen.sees("#app", /There is no app \/<img src=x/);
    assert.equal(await seen.page.$$eval("main img, main script", (all) => all.length), 0);
    assert.doesNotMatch(await seen.page.title(), /^owned/);
  });

  it("sends a policy without anything inline, and takes no change from another site", async () => {
    const { headers, text } = await http("GET", `${leader}/ui/`);
    assert.match(String(headers["content-security-policy"]), /default-src 'none'.*frame-ancestors 'none'/);
    assert.doesNotMatch(text, /<script>|<style|style=|\son\w+=/);
    assert.equal((await http("GET", `${leader}/ui`)).headers["location"], "/ui/");
    await post({ id: "/web" });
    const foreign = { origin: "http://evil.example" };
    for (const url of [leader, standby]) {
      const { status } = await http("PUT", `${url}/v2/apps/web`, { instances: 0 }, foreign);
      assert.equal(status, 403);
    }
    assert.equal((await app("/web")).instances, 1);
  });

  it("fits a phone in the dark: nothing to scroll sideways", async () => {
    await post({ id: "/a-group/with-a-long-name/and-an-app-with-a-rather-long-name-too", instances: 1 });
    const phone = await browser.page({ width: 390, dark: true });
    await phone.page.goto(`${leader}/ui/`);
    await phone.sees("#apps tbody", /rather-long-name-too ?running/);
    assert.equal(await phone.scrollsSideways(), false);
    await phone.page.goto(
      leader + appHash("/a-group/with-a-long-name/and-an-app-with-a-rather-long-name-too"),
    );
    await phone.sees("#instances tbody", /running/);
    assert.equal(await phone.scrollsSideways(), false);
    await phone.page.close();
  });

  it("says that it is disconnected, and goes on through the next leader", async () => {
    await post({ id: "/web" });
    await seen.page.goto(`${leader}/ui/`);
    await seen.sees("#apps tbody", /web ?running/);
    const [member] = cluster.marathons.filter((m) => m.url === leader);
    assert.ok(member);
    await cluster.kill(member);
    await seen.sees("#connection", /disconnected/);
    await cluster.restart(member);
    await seen.sees("#connection", /through a standby|live from/);
    await seen.sees("#apps tbody", /web ?running/);
    leader = await until("a leader", async () => {
      const { text } = await http("GET", `${standby}/v2/leader`);
      return /leader/.test(text) ? `http://${JSON.parse(text).leader}` : undefined;
    });
  });
});

describe("GET /ui/ behind basic authentication (SPEC-marathon: Page)", function () {
  this.timeout(240_000);

  it("asks for the password as browsers do, and works with it", async () => {
    const credentials = { http_credentials: "ann:secret" };
    const browser = await TestBrowser.open();
    const cluster = await startCluster({ network: "127.107.8", flags: { marathon: credentials } });
    try {
      const { url } = cluster.marathon;
      assert.equal((await http("GET", `${url}/ui/`)).status, 401);
      const seen = await browser.page({ login: { username: "ann", password: "secret" } });
      await seen.page.goto(`${url}/ui/`);
      await seen.sees("#connection", /^live from/);
      await seen.sees("#apps", /No application yet/);
    } finally {
      await browser.close();
      await cluster.close();
    }
  });
});
