// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { TestBrowser, type TestPage } from "@pulumi-mesos/pages/testing";
import { createStatusServer } from "./status-server";

const markup = `<img src=x onerror="document.title='ran'">`;
const start = Date.parse("2026-01-01T10:00:00Z");
const sample = (n: number, size: number) => ({
  ...{ at: start + n * 10_000, size, agents: size, demand: size - 0.5, waiting: 4 - n, cost: size * 2 },
});
const decision = {
  ...{ at: new Date(start).toISOString(), until: new Date(start).toISOString(), agents: 1, size: 3 },
  ...{ demand: 2.5, waiting: 4, change: "1 to 3 agents", reasons: [`2 more for 4 tasks of /${markup}`] },
};

function statusOf(samples: number) {
  const member = { name: "demo-web-1", address: "127.0.0.9", state: "active", tasks: 3 };
  const pool = { settled: true, failed: false, message: "demo-web: 1 of 1 agents active", members: [member] };
  const scaling = {
    policy: "1 to 5 agents by load",
    decisions: [{ ...decision, frozen: "3 agents are unreachable" }],
    samples: Array.from({ length: samples }, (_, n) => sample(n, n + 1)),
  };
  return {
    cluster: "demo",
    leading: true,
    pools: {
      "demo-web": pool,
      "demo-api": { ...pool, members: [], failed: true, message: "demo-api: no room" },
    },
    autoscale: {
      groups: { "demo-web": scaling },
      queued: [{ work: markup, tasks: 4, refused: "InsufficientCpus (3 offers)" }],
      unplaceable: [{ works: ["/huge"], tasks: 1, reason: "no agent of any group has cpus 64" }],
    },
  };
}

describe("GET /: the groups' page", function () {
  this.timeout(120_000);
  let browser: TestBrowser;
  let seen: TestPage;
  let server: ReturnType<typeof createStatusServer>;
  let status: object;

  async function open(token?: string): Promise<void> {
    const metrics = async (): Promise<string> => "";
    server = createStatusServer({ health: () => ({}), status: () => status, metrics, token });
    const port = await server.listen("127.0.0.1", 0);
    await seen.page.goto(`http://127.0.0.1:${port}/`);
  }

  before(async () => {
    browser = await TestBrowser.open();
  });
  after(() => browser?.close());
  beforeEach(async () => {
    seen = await browser.page();
    status = statusOf(2);
  });
  afterEach(async () => {
    await seen.page.close();
    await server.close();
  });

  it("shows every group with its sizes over time and the reasons, and what waits", async () => {
    await open();
    await seen.sees("#connection", /^live$/);
    await seen.sees("#controller", /Cluster ?demo.*Controller ?leads.*Groups ?2.*Size themselves ?1/);
    const group = '[data-group="demo-web"]';
    await seen.sees(group, /1 of 1 agents active.*1 to 5 agents by load.*3 agents are unreachable/);
    await seen.sees(`${group} .legend`, /size 2 ?use 1\.5 ?waiting 3 ?cost 4/);
    await seen.sees(`${group} tbody`, /1 to 3 agents.*2 more for 4 tasks of \/<img/);
    await seen.sees(
      "#waiting tbody",
      /\/huge ?1 ?no agent of any group has cpus 64.*InsufficientCpus \(3 offers\)/,
    );
    await seen.sees('[data-group="demo-api"]', /demo-api: no room/);
    assert.equal(await seen.page.title(), "Agent groups");
    assert.equal(await seen.scrollsSideways(), false);
    assert.deepEqual(seen.errors, []);
  });

  it("follows changes without being loaded again, its chart included", async () => {
    await open();
    await seen.sees('[data-group="demo-web"] .legend', /size 2/);
    await seen.page.evaluate("window.loadedOnce = true");
    const drawn = () =>
      seen.page.$eval('[data-line="size"]', (path) =>
        (path as { getAttribute(n: string): unknown }).getAttribute("d"),
      );
    const before = String(await drawn());
    status = statusOf(4);
    await seen.sees('[data-group="demo-web"] .legend', /size 4/);
    const after = String(await drawn());
    assert.equal(before.match(/H/g)?.length, 1);
    assert.equal(after.match(/H/g)?.length, 3);
    const { "demo-web": _, ...pools } = statusOf(1).pools;
    status = { ...statusOf(1), pools };
    await seen.sees("#groups", /^demo-api(?!.*demo-web)/);
    assert.equal(await seen.page.evaluate("window.loadedOnce"), true);
    assert.deepEqual(seen.errors, []);
  });

  it("asks for the token of a controller that has one, and fits on a phone in the dark", async () => {
    seen = await browser.page({ width: 390, dark: true });
    await open("secret");
    await seen.fill("Token", "wrong", "dialog");
    await seen.press("Go on", "dialog");
    await seen.sees("dialog", /That is not its token/);
    await seen.fill("Token", "secret", "dialog");
    await seen.press("Go on", "dialog");
    await seen.sees('[data-group="demo-web"] .legend', /size 2/);
    assert.equal(await seen.scrollsSideways(), false);
  });
});
