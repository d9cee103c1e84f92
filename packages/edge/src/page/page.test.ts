// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { encodeBambooNode, goQueryEscape } from "@pulumi-mesos/model";
import { TestBrowser, type TestPage } from "@pulumi-mesos/pages/testing";
import { ask } from "../testing/edge-bench.test.support";
import { TestEdge } from "../testing/test-edge.test.support";

const markup = `<img src=x onerror="document.title='ran'">`;
const api = "/api/services";

describe("GET /: the edge's page", function () {
  this.timeout(240_000);
  const edge = new TestEdge("127.86.24");
  let browser: TestBrowser;
  let seen: TestPage;
  // Not where tasks of agents of this machine listen at all addresses.
  let port = 21_000;

  async function app(id: string, more: object = {}): Promise<void> {
    edge.marathon.put({ id, tasks: [await edge.task(id, port++)], ...more });
  }

  function remove(id: string): void {
    edge.marathon.apps.delete(id);
    edge.marathon.emit("app_terminated_event", { appId: id });
  }

  async function rule(id: string, acl: string): Promise<void> {
    const body = JSON.stringify({ id, acl });
    assert.equal((await ask(edge.api, api, { method: "POST", body })).status, 200);
  }

  async function stored(id: string): Promise<unknown> {
    return JSON.parse((await ask(edge.api, api)).body)[id]?.Config;
  }

  async function fill(values: Record<string, string>, inside = "dialog"): Promise<void> {
    for (const [label, value] of Object.entries(values)) await seen.fill(label, value, inside);
  }

  before(async () => {
    browser = await TestBrowser.open();
    await edge.prepare();
    await edge.start({ raw: { statsPassword: "not-for-the-page" } });
    await edge.serving();
    await app("/shop");
    await edge.answers("/shop", "/shop");
  });
  after(async () => {
    await browser?.close();
    await edge.remove();
  });
  beforeEach(async () => {
    seen = await browser.page();
  });
  afterEach(async () => {
    assert.deepEqual(seen.errors, []);
    await seen.page.close();
    for (const id of Object.keys(JSON.parse((await ask(edge.api, api)).body)))
      await ask(edge.api, `${api}/${encodeURIComponent(id)}`, { method: "DELETE" });
  });

  it("shows rules, apps and instances, follows every change without being loaded again, and searches", async () => {
    await seen.page.goto(edge.api);
    await seen.page.evaluate("window.loadedOnce = true");
    await seen.sees("#connection", /^live$/);
    await seen.sees("#health", /Edge ?serves.*1 apps.*0 rules.*runs, pid \d+/);
    await seen.sees("#rules .count", /^0$/);
    await rule("/shop", "path_beg /buy");
    await seen.sees("#rules tbody", /^\/shop ?path_beg \/buy ?in use/);
    await rule("/gone", "path_beg /gone");
    await seen.sees("#rules tbody", /^\/gone ?path_beg \/gone ?missing app in Marathon/);
    await seen.page.type("#rules input", "buy");
    await seen.sees("#rules .count", /^1 of 2$/);
    await seen.page.goto(`${edge.api}/#apps`);
    await seen.sees("#view-apps tbody", /^\/shop ?rule ?path_beg \/buy ?1 of 1 take requests/);
    await app("/new", { labels: { HAPROXY_GROUP: "x", HAPROXY_0_VHOST: "new.test" } });
    await seen.sees("#view-apps tbody", /\/new ?labels ?host new\.test, path \/ ?1 of 1/);
    await seen.click('nav a[href="#instances"]');
    await seen.sees("#view-instances tbody", /\/shop ?\/shop ?127\.86\.24\.3:\d+ ?takes requests/);
    edge.marathon.emit("status_update_event", { appId: "/new", taskId: "/new", taskStatus: "TASK_KILLING" });
    await seen.sees("#view-instances tbody", /\/new ?\/new ?[\d.:]+ ?finishes its requests/);
    remove("/new");
    await seen.sees("#view-instances .count", /^1$/);
    assert.equal(await seen.page.evaluate("window.loadedOnce"), true);
  });

  it("makes, changes and deletes rules by keyboard, and says why HAProxy refuses one", async () => {
    await seen.page.goto(edge.api);
    await seen.sees("#connection", /^live$/);
    await seen.page.focus("#new-rule");
    await seen.page.keyboard.press("Enter");
    await fill({ App: "shop", Condition: "path_nonsense /x" });
    await seen.page.keyboard.press("Enter");
    await seen.sees("dialog [role=alert]", /^400 acl: haproxy refuses it: .*path_nonsense/);
    assert.equal(await stored("/shop"), undefined);
    await fill({ Condition: "path_beg -i /Keys", Priority: "7" });
    await seen.page.keyboard.press("Enter");
    await seen.sees("#rules tbody", /^\/shop ?path_beg -i \/Keys ?Priority = 7 ?in use/);
    assert.deepEqual(await stored("/shop"), { Acl: "path_beg -i /Keys", Priority: "7" });
    await edge.answers("/kEYs", "/shop");
    await seen.press("Edit", "#rules");
    await fill({ Condition: "path_beg /other", Priority: " ", "Port index": "0" });
    await seen.page.keyboard.press("Enter");
    await seen.sees("#rules tbody", /^\/shop ?path_beg \/other ?PortIndex = 0 ?in use/);
    await seen.click("#new-rule");
    await fill({ App: "/shop", Condition: "path_beg /twice" });
    await seen.press("Save", "dialog");
    await seen.sees("dialog [role=alert]", /has a rule already/);
    await seen.page.keyboard.press("Escape");
    await seen.page.waitForSelector("dialog", { hidden: true });
    await seen.press("Delete", "#rules");
    await seen.press("Cancel", "dialog");
    assert.notEqual(await stored("/shop"), undefined);
    await seen.press("Delete", "#rules");
    await seen.press("Delete it", "dialog");
    await seen.sees("#rules .count", /^0$/);
    assert.equal(await stored("/shop"), undefined);
    // The answer that was asked for is no error of the page.
    seen.errors.splice(0, seen.errors.length, ...seen.errors.filter((e) => !/status of 400/.test(e)));
  });

  it("says which rule takes a URL and why, and follows when that changes", async () => {
    await rule("/shop", "path_beg /buy");
    await seen.page.goto(`${edge.api}/#route`);
    await seen.sees("#connection", /^live$/);
    await fill({ "URL or path": "http://a.test/buy/1", Headers: "X-Version: 2" }, "#view-route");
    await seen.press("Explain");
    await seen.sees(
      "#answer",
      /^\/shop takes it by its rule \(an entry of rules\.map\) path_beg \/buy, priority 0/,
    );
    await seen.sees("#steps tbody", /passes ?statistics ?\/haproxy_stats/);
    await rule("/shop", "hdr(x-version) 3");
    await seen.sees("#answer", /^Nobody takes it: HAProxy answers 503\.$/);
    await seen.sees(
      "#steps tbody",
      /passes ?\/shop ?rule ?hdr\(x-version\) 3 ?priority 0 ?the header x-version 2 is not 3/,
    );
    await rule("/shop", "path_reg ^/buy");
    await seen.sees("#answer", /unless one of 1 before it does that only HAProxy can judge/);
    await seen.page.$eval("#view-route input", (box) => {
      box.value = "no url";
    });
    await seen.press("Explain");
    await seen.sees("#answer", /^400 url: must be a URL such as/);
    seen.errors.splice(0, seen.errors.length, ...seen.errors.filter((e) => !/status of 400/.test(e)));
  });

  it("shows the configuration as applied, by sections that can be searched, without its passwords", async () => {
    await app("/locked", {
      labels: {
        HAPROXY_GROUP: "x",
        HAPROXY_0_VHOST: "locked.test",
        HAPROXY_0_AUTH: "realm:me:$5$salt$secret-hash",
      },
    });
    await edge.answers("/", "401", { headers: { host: "locked.test" } });
    await seen.page.goto(`${edge.api}/#configuration`);
    await seen.sees(
      "#view-configuration pre",
      /frontend http-in.*userlist ::locked:0-cluster user 'me' password '\(hidden\)'/,
    );
    await seen.sees("#view-configuration pre", /# hosts\.map locked\.test\/ ::locked:0-cluster/);
    const shown = await seen.page.content();
    assert.doesNotMatch(shown, /secret-hash|not-for-the-page/);
    await seen.page.type("#view-configuration input", "backend ::shop");
    await seen.sees("#view-configuration pre", /^backend ::shop-cluster balance leastconn(?!.*frontend)/);
    remove("/locked");
  });

  it("shows names full of markup as they are, and errors with their reasons", async () => {
    const id = `/${markup}`;
    await app(id);
    await edge.client.put(
      `/bamboo/${goQueryEscape(id)}`,
      encodeBambooNode(`path_beg ${markup}`, { [markup]: markup }),
    );
    await edge.client.put("/bamboo/%2Fshop", encodeBambooNode(`path_nonsense ${markup}`, null));
    await seen.page.goto(edge.api);
    await seen.sees("#rules tbody", /<img src=x onerror=.*<img/);
    await seen.sees("#errors tbody", /\/shop ?acl: .*path_nonsense/);
    for (const view of ["apps", "instances", "configuration"]) {
      await seen.click(`nav a[href="#${view}"]`);
      await seen.sees(`#view-${view}`, /onerror/);
    }
    await seen.click('nav a[href="#route"]');
    await fill({ "URL or path": `/${markup}` }, "#view-route");
    await seen.press("Explain");
    await seen.sees("#steps tbody", /onerror/);
    assert.equal(await seen.page.title(), "Edge");
    assert.equal((await seen.page.$$("main img")).length, 0);
    remove(id);
  });

  it("fits a phone, in the dark", async () => {
    await rule("/shop", `path_beg /${"long".repeat(40)}`);
    const phone = await browser.page({ width: 390, dark: true });
    await phone.page.goto(edge.api);
    await phone.sees("#rules tbody", /longlong/);
    for (const view of ["rules", "apps", "instances", "route", "configuration"]) {
      await phone.page.goto(`${edge.api}/#${view}`);
      assert.equal(await phone.scrollsSideways(), false, view);
    }
    const ground = await phone.page.evaluate("getComputedStyle(document.body).backgroundColor");
    assert.equal(ground, "rgb(17, 21, 27)");
    assert.deepEqual(phone.errors, []);
  });
});

describe("the page of an edge with a token", function () {
  this.timeout(240_000);
  const edge = new TestEdge("127.86.25");
  const apiToken = "a-token-of-the-test";
  let browser: TestBrowser;

  before(async () => {
    browser = await TestBrowser.open();
    await edge.prepare();
    await edge.start({ raw: { apiToken } });
  });
  after(async () => {
    await browser?.close();
    await edge.remove();
  });

  it("asks for it until it is right, keeps it in memory alone, and asks again when the page is loaded again", async () => {
    const seen = await browser.page();
    const urls: string[] = [];
    seen.page.on("request", (request) => urls.push(request.url()));
    await seen.page.goto(edge.api);
    for (const wrong of ["a-wrong-token-of-16", apiToken]) {
      await seen.page.waitForSelector("dialog input");
      await seen.page.type("dialog input", wrong);
      await seen.page.keyboard.press("Enter");
      if (wrong !== apiToken) await seen.sees("dialog [role=alert]", /That is not its token/);
    }
    await seen.sees("#connection", /^live$/);
    await seen.click("#new-rule");
    await seen.page.waitForSelector("dialog input");
    await seen.page.keyboard.type("/x");
    await seen.page.keyboard.press("Tab");
    await seen.page.keyboard.type("path_beg /x");
    await seen.page.keyboard.press("Enter");
    await seen.sees("#rules tbody", /^\/x ?path_beg \/x/);
    const kept = await seen.page.evaluate(
      `JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state,
        document.documentElement.outerHTML, [...document.querySelectorAll("input")].map(({ value }) => value)])`,
    );
    assert.ok(!`${kept}${urls}`.includes(apiToken));
    assert.ok(
      urls.every((url) => url.startsWith(edge.api)),
      urls.join(),
    );
    await seen.page.reload();
    await seen.sees("dialog h2", /asks for its token/);
    await seen.page.keyboard.press("Escape");
    await seen.sees("dialog h2", /asks for its token/);
    assert.deepEqual(
      seen.errors.filter((error) => !/status of 401/.test(error)),
      [],
    );
  });

  it("is itself open, also to links of other sites, while the API is not", async () => {
    const from = { headers: { "sec-fetch-site": "cross-site" } };
    const page = await ask(edge.api, "/", from);
    assert.equal(page.status, 200);
    assert.match(
      String(page.headers["content-security-policy"]),
      /default-src 'none'.*frame-ancestors 'none'/,
    );
    assert.doesNotMatch(page.body, /https?:\/\//);
    for (const path of ["/api/overview", "/api/haproxy", "/api/route?url=/", "/api/changes"]) {
      assert.equal((await ask(edge.api, path)).status, 401, path);
      assert.equal((await ask(edge.api, path, from)).status, 403, path);
    }
    for (const path of ["/ui/../package.json", "/ui/none.js", "/pages/", "/ui/index.html", "/index.html"])
      assert.notEqual((await ask(edge.api, path)).status, 200, path);
    assert.equal((await ask(edge.api, "/", { headers: { host: "evil.test" } })).status, 403);
    const headers = { authorization: `Bearer ${apiToken}` };
    assert.equal((await ask(edge.api, "/api/changes", { method: "HEAD", headers })).status, 404);
  });
});
