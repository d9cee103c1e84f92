// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { computed, type ReleaseInputs, resourceTokens } from "@pulumi-mesos/model";
import type { ProviderConfig } from "../config";
import { InitFailedError } from "../init-failed";
import { parseUrn } from "../urn";
import { FakeBamboo } from "./bamboo.test.support";
import { type TestContext, testContext } from "./context.test.support";
import { FakeMarathon } from "./marathon.test.support";
import { marathonIn } from "./marathon-in";
import { release } from "./release";
import type { ReleaseState } from "./release-facts";

const inputs: ReleaseInputs = {
  appId: "/shop",
  app: { cmd: "sleep 1000", instances: 2, env: { V: "1" } },
  acl: "path_beg /shop",
  steps: [10, 50],
  intervalSeconds: 0,
};
const version = (v: string): ReleaseInputs => ({ ...inputs, app: { ...inputs.app, env: { V: v } } });

describe("mesos:marathon:Release", function () {
  this.timeout(60_000);
  let marathon: FakeMarathon;
  let bamboo: FakeBamboo;
  let config: ProviderConfig;

  beforeEach(async () => {
    marathon = await FakeMarathon.start();
    bamboo = await FakeBamboo.start();
    config = { marathonUrls: [marathon.url], bambooUrls: [bamboo.url], mesosUrls: [] };
  });
  afterEach(async () => {
    await marathonIn({ config }).watch.close();
    await Promise.all([marathon.close(), bamboo.close()]);
  });

  function context(signal?: AbortSignal): TestContext {
    return { ...testContext(resourceTokens.release, { signal }), config };
  }

  async function created(): Promise<ReleaseState> {
    const { id, outputs } = await release.create(inputs, context());
    assert.equal(id, "/shop");
    return { ...inputs, ...outputs };
  }

  async function updated(state: ReleaseState, news: ReleaseInputs): Promise<ReleaseState> {
    return { ...news, ...(await release.update("/shop", state, news, context())) };
  }

  /** The state that the engine keeps of an update that fails, and why it failed. */
  async function failing(work: Promise<unknown>): Promise<{ state: ReleaseState; reasons: string }> {
    const error = await work.then(
      () => assert.fail("it did not fail"),
      (e: unknown) => e,
    );
    assert.ok(error instanceof InitFailedError, String(error));
    const { id, inputs: kept, outputs, reasons } = error.initFailed;
    assert.equal(id, "/shop");
    return { state: { ...kept, ...outputs } as ReleaseState, reasons: reasons.join("; ") };
  }

  const weights = (): string[] => bamboo.written.map((rule) => rule.Config["Weights"] ?? "none");
  const apps = (): string[] => [...marathon.apps.keys()].sort();
  const env = (path: string) => marathon.apps.get(path)?.["env"];

  it("makes one app and sends it all requests", async () => {
    const state = await created();
    assert.deepEqual([apps(), weights()], [["/shop-blue"], ["/shop-blue=100"]]);
    assert.deepEqual([state.liveAppId, state.weights], ["/shop-blue", { "/shop-blue": 100 }]);
    assert.equal(bamboo.rules.get("/shop")?.Acl, inputs.acl);
  });

  it("starts a changed version beside the old one, moves the requests in steps, and ends the old one", async () => {
    const state = await updated(await created(), version("2"));
    assert.deepEqual(weights(), [
      "/shop-blue=100",
      "/shop-blue=100 /shop-green=0",
      "/shop-blue=90 /shop-green=10",
      "/shop-blue=50 /shop-green=50",
      "/shop-blue=0 /shop-green=100",
      "/shop-green=100",
    ]);
    assert.deepEqual([apps(), env("/shop-green")], [["/shop-green"], { V: "2" }]);
    assert.deepEqual([state.liveAppId, state.weights], ["/shop-green", { "/shop-green": 100 }]);
    const again = await updated(state, version("3"));
    assert.deepEqual([apps(), again.liveAppId], [["/shop-blue"], "/shop-blue"]);
  });

  it("scales the running version in place", async () => {
    const state = await created();
    const { writes } = bamboo;
    const news = { ...inputs, app: { ...inputs.app, instances: 5 } };
    const { liveAppId } = await updated(state, news);
    assert.deepEqual([apps(), liveAppId], [["/shop-blue"], "/shop-blue"]);
    assert.equal(marathon.apps.get("/shop-blue")?.["instances"], 5);
    assert.equal(bamboo.writes, writes + 1);
  });

  it("leaves the old version untouched when the new one does not start, and the way back removes it", async () => {
    const state = await created();
    const before = JSON.stringify(marathon.apps.get("/shop-blue"));
    marathon.patient = true;
    const around = context();
    const failed = failing(release.update("/shop", state, version("bad"), around));
    while (!marathon.apps.has("/shop-green")) await new Promise((resolve) => setTimeout(resolve, 5));
    marathon.finish("/shop-green", "deployment_failed");
    const { state: kept, reasons } = await failed;
    marathon.patient = false;
    assert.match(
      reasons,
      /^deployment \w+ of \/shop-green failed: .*; all requests go to \/shop-blue, which was not touched; \/shop-green is left/,
    );
    assert.deepEqual(kept.app, inputs.app);
    assert.equal(JSON.stringify(marathon.apps.get("/shop-blue")), before);
    assert.equal(weights().at(-1), "/shop-blue=100 /shop-green=0");
    assert.deepEqual(apps(), ["/shop-blue", "/shop-green"]);
    const back = await updated(kept, inputs);
    assert.deepEqual([apps(), weights().at(-1)], [["/shop-blue"], "/shop-blue=100"]);
    assert.equal(back.liveAppId, "/shop-blue");
  });

  it("makes a mended version afresh after one that failed", async () => {
    const state = await created();
    marathon.faults.push({
      matches: "POST",
      answer: { status: 422, body: { message: "Object is not valid" } },
    });
    const { state: kept } = await failing(release.update("/shop", state, version("bad"), context()));
    const { liveAppId } = await updated(kept, version("good"));
    assert.deepEqual(
      [apps(), env("/shop-green"), liveAppId],
      [["/shop-green"], { V: "good" }, "/shop-green"],
    );
  });

  it("takes the requests back as soon as the new version is not healthy any more", async () => {
    const state = await created();
    const news = { ...version("sick"), intervalSeconds: 3600 };
    const failed = failing(release.update("/shop", state, news, context()));
    while (!weights().includes("/shop-blue=90 /shop-green=10")) await new Promise((r) => setTimeout(r, 5));
    Object.assign(marathon.apps.get("/shop-green") ?? {}, { tasksRunning: 1 });
    const { reasons, state: kept } = await failed;
    assert.match(reasons, /^\/shop-green failed at 10 % of the requests: 1 of 2 running; all requests go to/);
    assert.equal(weights().at(-1), "/shop-blue=100 /shop-green=0");
    assert.equal(kept.liveAppId, "/shop-blue");
    assert.deepEqual(
      release.diff({ id: "/shop", urn: urn(), oldInputs: kept, state: kept, inputs }).differences,
      [{ path: "weights", kind: "update", replace: false, input: false }],
    );
  });

  /** Each question of the edge finds so many more requests of the new version, and errors among them. */
  function counts(requests: number, errors: number): void {
    let asked = 0;
    bamboo.traffic = () => {
      asked++;
      const green = { requests: asked * requests, errors: asked * errors };
      return { "/shop-green": { ...green, connectionFailures: 0, requestsPerSecond: requests } };
    };
  }

  it("takes the requests back when too many of the new version end with an error, and says how many", async () => {
    const state = await created();
    counts(10, 1);
    const news = { ...version("wrong"), intervalSeconds: 3600, maxErrorRate: 0.05, minRequests: 20 };
    const { reasons, state: kept } = await failing(release.update("/shop", state, news, context()));
    assert.match(
      reasons,
      /^\/shop-green failed at 10 % of the requests: 2 of 20 requests \(10 %\) ended with a 5xx, maxErrorRate is 0\.05; all requests go to \/shop-blue,/,
    );
    assert.equal(weights().at(-1), "/shop-blue=100 /shop-green=0");
    assert.deepEqual([kept.liveAppId, kept.maxErrorRate], ["/shop-blue", undefined]);
  });

  it("goes on when as many end with an error as may, once there are enough to tell", async () => {
    const state = await created();
    counts(10, 1);
    const around = context();
    const news = { ...version("2"), steps: [100], maxErrorRate: 0.1, minRequests: 15 };
    const { liveAppId } = await release.update("/shop", state, news, around);
    assert.equal(liveAppId, "/shop-green");
    assert.ok(
      around.lines.some((line) => /1 of 10 requests .* too few to judge it: minRequests is 15/.test(line)),
    );
  });

  it("takes requests that are too few for neither success nor failure: it waits, and goes back when the time is over", async () => {
    const state = await created();
    counts(0, 0);
    const stop = new AbortController();
    const around = context(stop.signal);
    const news = { ...version("quiet"), maxErrorRate: 0.05 };
    const done = failing(release.update("/shop", state, news, around));
    while (!around.lines.some((line) => line.includes("too few"))) await new Promise((r) => setTimeout(r, 5));
    stop.abort(new DOMException("time is over", "TimeoutError"));
    const { reasons } = await done;
    assert.match(
      reasons,
      /time is over; .* 0 of 0 requests ended with a 5xx, too few to judge it: minRequests is 20; all requests go to \/shop-blue/,
    );
    assert.equal(weights().at(-1), "/shop-blue=100 /shop-green=0");
    const passed = { ...version("quiet"), maxErrorRate: 0, minRequests: 0 };
    assert.equal((await updated(state, passed)).liveAppId, "/shop-green");
  });

  it("fails over a real Bamboo, which heeds no weights", async () => {
    bamboo.traffic = undefined;
    const { reasons } = await failing(release.create(inputs, context()));
    assert.match(reasons, /^\/shop-blue runs, but .*: weights: a Bamboo heeds none; leave them out/);
    assert.equal(bamboo.writes, 0);
  });

  it("takes the requests back when the time is over, and leaves all as it is on Cancel", async () => {
    const state = await created();
    const news = { ...version("slow"), intervalSeconds: 3600 };
    for (const reason of [
      new DOMException("time is over", "TimeoutError"),
      new DOMException("", "AbortError"),
    ]) {
      const stop = new AbortController();
      const done = release.update("/shop", state, news, context(stop.signal)).catch((e: unknown) => e);
      while (weights().at(-1) !== "/shop-blue=90 /shop-green=10") await new Promise((r) => setTimeout(r, 5));
      stop.abort(reason);
      const isBack = reason.name === "TimeoutError";
      assert.equal((await done) instanceof InitFailedError, isBack);
      assert.equal(
        weights().at(-1),
        isBack ? "/shop-blue=100 /shop-green=0" : "/shop-blue=90 /shop-green=10",
      );
    }
  });

  it("goes on where an earlier run was cut, and does not begin again", async () => {
    const state = await created();
    const news = version("2");
    const stop = new AbortController();
    const watching = { ...news, intervalSeconds: 3600, steps: [10, 50] };
    const cut = release.update("/shop", state, watching, context(stop.signal)).catch((e: unknown) => e);
    while (weights().at(-1) !== "/shop-blue=90 /shop-green=10") await new Promise((r) => setTimeout(r, 5));
    stop.abort(new DOMException("", "AbortError"));
    await cut;
    const posts = marathon.requests.filter(
      (line) => line.startsWith("PUT") || line.startsWith("DELETE"),
    ).length;
    const begun = marathon.apps.get("/shop-green")?.["version"];
    const seen = bamboo.written.length;
    const again = await updated(state, news);
    assert.deepEqual(weights().slice(seen), [
      "/shop-blue=90 /shop-green=10",
      "/shop-blue=50 /shop-green=50",
      "/shop-blue=0 /shop-green=100",
      "/shop-green=100",
    ]);
    assert.equal(again.version, begun);
    const later = marathon.requests.filter((line) => line.startsWith("PUT") || line.startsWith("DELETE"));
    assert.deepEqual(later.slice(posts), ["DELETE /v2/apps/shop-blue"]);
  });

  it("ends what is left when it was cut after the old version was ended", async () => {
    const state = await created();
    await updated(state, version("2"));
    // The engine knows nothing of it: its state is that of before.
    const found = await release.read({ id: "/shop", known: { inputs, state } }, context());
    assert.deepEqual(found?.inputs, version("2"));
    assert.equal(found?.outputs.liveAppId, "/shop-green");
    const settled = await updated({ ...found?.inputs, ...found?.outputs } as ReleaseState, version("2"));
    assert.deepEqual([apps(), settled.liveAppId], [["/shop-green"], "/shop-green"]);
  });

  it("waits until every edge knows the weights before it ends the old version", async () => {
    const other = await FakeBamboo.start(bamboo.rules);
    config = { ...config, bambooUrls: [bamboo.url, other.url] };
    try {
      const state = await created();
      other.isBehind = true;
      const around = context();
      const done = release.update("/shop", state, version("2"), around);
      const isWaiting = (line: string): boolean => line.includes(`${other.url} does not know the weights`);
      while (!around.lines.some(isWaiting)) await new Promise((resolve) => setTimeout(resolve, 5));
      assert.ok(apps().includes("/shop-blue"));
      other.isBehind = false;
      assert.equal((await done).liveAppId, "/shop-green");
    } finally {
      await other.close();
    }
  });

  it("tells drift: other weights, what is left of another version, a rule or an app that is gone", async () => {
    const state = await created();
    const known = { inputs, state };
    const differs = async (): Promise<string[]> => {
      const found = await release.read({ id: "/shop", known }, context());
      assert.ok(found);
      const now = { ...found.inputs, ...found.outputs };
      return release
        .diff({ id: "/shop", urn: urn(), oldInputs: found.inputs, state: now, inputs })
        .differences.map((d) => d.path);
    };
    assert.deepEqual(await differs(), []);
    const rule = bamboo.rules.get("/shop");
    assert.ok(rule);
    bamboo.rules.set("/shop", { ...rule, Config: { ...rule.Config, Weights: "/shop-blue=1 /x=1" } });
    assert.deepEqual(await differs(), ["weights"]);
    bamboo.rules.set("/shop", { ...rule, Acl: "path /", Config: { ...rule.Config, Acl: "path /" } });
    assert.deepEqual(await differs(), ["acl"]);
    bamboo.rules.delete("/shop");
    assert.deepEqual(await differs(), ["weights"]);
    bamboo.rules.set("/shop", rule);
    const blue = marathon.apps.get("/shop-blue") ?? {};
    marathon.apps.set("/shop-green", { ...blue, id: "/shop-green" });
    assert.deepEqual(await differs(), ["weights"]);
    marathon.apps.delete("/shop-green");
    marathon.apps.set("/shop-blue", { ...blue, env: { V: "by hand" } });
    assert.deepEqual(await differs(), ["app.env.V"]);
    marathon.apps.delete("/shop-blue");
    assert.ok((await differs()).length > 0);
    bamboo.rules.delete("/shop");
    assert.equal(await release.read({ id: "/shop", known }, context()), undefined);
  });

  it("is taken for what it was while the stack's own cluster does not run, and fails elsewhere", async () => {
    const state = await created();
    config = { ...config, bambooUrls: ["http://127.83.3.9:8000"] };
    const known = { inputs, state };
    await assert.rejects(release.read({ id: "/shop", known }, context()), {
      code: "MESOS_CLIENT_UNREACHABLE",
    });
    config = { ...config, clusterInStack: true };
    const around = context();
    const found = await release.read({ id: "/shop", known }, around);
    assert.deepEqual([found?.inputs, found?.outputs.liveAppId], [inputs, "/shop-blue"]);
    assert.match(around.warnings[0] ?? "", /^\/shop cannot be looked at/);
  });

  it("is taken for what it was while the edge of the stack's own cluster misses its ZooKeeper, so that an up can mend that", async () => {
    const known = { inputs, state: await created() };
    bamboo.isBroken = true;
    await assert.rejects(release.read({ id: "/shop", known }, context()), { code: "MESOS_CLIENT_STATUS" });
    config = { ...config, clusterInStack: true };
    const around = context();
    const found = await release.read({ id: "/shop", known }, around);
    assert.deepEqual([found?.inputs, found?.outputs.liveAppId], [inputs, "/shop-blue"]);
    assert.match(around.warnings[0] ?? "", /^\/shop cannot be looked at, .*zookeeper is away/);
    await assert.rejects(release.read({ id: "/shop", known: undefined }, around), /zookeeper is away/);
  });

  it("is imported by its path, with the version that serves", async () => {
    await updated(await created(), version("2"));
    const found = await release.read({ id: "/shop", known: undefined }, context());
    const { steps: _, intervalSeconds: __, ...rest } = version("2");
    assert.deepEqual(found?.inputs, rest);
    assert.deepEqual([found?.outputs.liveAppId, found?.secrets], ["/shop-green", []]);
    assert.equal(await release.read({ id: "/none", known: undefined }, context()), undefined);
  });

  it("adopts what a create that was cut has made, and fails over what is another's", async () => {
    await created();
    const { liveAppId } = (await release.create(inputs, context())).outputs;
    assert.deepEqual([liveAppId, apps()], ["/shop-blue", ["/shop-blue"]]);
    await assert.rejects(release.create(version("2"), context()), {
      code: "MESOS_APP_EXISTS",
      message:
        /^\/shop-blue exists already .* run `pulumi import mesos:marathon:Release web \/shop`, or choose/,
    });
    bamboo.rules.set("/other", { Id: "/other", Acl: "path /", Config: { Acl: "path /" } });
    await assert.rejects(release.create({ ...inputs, appId: "/other" }, context()), {
      code: "MESOS_RULE_EXISTS",
    });
    assert.deepEqual(apps(), ["/shop-blue"]);
  });

  it("leaves neither rule nor app when it is deleted, in the middle of a release too", async () => {
    const state = await created();
    marathon.apps.set("/shop-green", { ...marathon.apps.get("/shop-blue"), id: "/shop-green" });
    await release.delete("/shop", state, context());
    assert.deepEqual([apps(), bamboo.rules.size], [[], 0]);
    await release.delete("/shop", state, context());
  });

  it("says before what becomes of the requests", async () => {
    const state = await created();
    const summary = (news: object): string | undefined =>
      release.diff({ id: "/shop", urn: urn(), oldInputs: inputs, state, inputs: { ...inputs, ...news } })
        .summary;
    assert.equal(
      summary(version("2")),
      "starts /shop-green beside /shop-blue, because of env.V; once it is healthy sends it 10, 50, 100 % of the requests, each watched for 0 s, then ends /shop-blue; if it fails all go back to /shop-blue",
    );
    assert.match(
      summary({ ...version("2"), maxErrorRate: 0.015 }) ?? "",
      / each watched for 0 s and for 20 requests, of which at most 1\.5 % may end with a 5xx, then ends/,
    );
    assert.equal(summary({ app: { ...inputs.app, instances: 5 } }), "/shop-blue: scale from 2 to 5");
    assert.equal(summary({ acl: "path /" }), undefined);
    assert.equal(summary({ appId: "/y" }), undefined);
    const diff = release.diff({
      id: "/shop",
      urn: urn(),
      oldInputs: inputs,
      state,
      inputs: { ...inputs, appId: "/y" },
    });
    assert.deepEqual(
      diff.differences.map(({ path, replace }) => [path, replace]),
      [["appId", true]],
    );
    const { liveAppId, weights: shares } = release.preview?.(inputs, urn(), state) ?? {};
    assert.deepEqual([liveAppId, shares], ["/shop-blue", { "/shop-blue": 100 }]);
    assert.equal(release.preview?.({ ...version("2") }, urn(), state)["liveAppId"], computed);
  });

  it("refuses what two versions cannot be, by the user's own paths", () => {
    const check = (news: object): string[] =>
      (
        release.check?.({
          urn: urn(),
          inputs: { ...inputs, ...news },
          oldInputs: undefined,
          isSecret: () => false,
        }).failures ?? []
      ).map((f) => f.path);
    const volume = { containerPath: "data", mode: "RW", persistent: { size: 1 } };
    assert.deepEqual(check({}), []);
    assert.deepEqual(check({ app: computed, acl: computed, steps: computed }), []);
    assert.deepEqual(check({ app: { ...inputs.app, labels: { HAPROXY_0_VHOST: "x" } } }), [
      "app.labels.HAPROXY_0_VHOST",
    ]);
    assert.deepEqual(
      check({ app: { ...inputs.app, container: { type: "MESOS", volumes: [volume] } } }).filter((p) =>
        /volumes$/.test(p),
      ),
      ["app.container.volumes"],
    );
    assert.deepEqual(check({ steps: [50, 10] }), ["steps"]);
    assert.deepEqual(check({ minRequests: 5 }), ["minRequests"]);
    assert.deepEqual(check({ minRequests: 5, maxErrorRate: computed }), []);
    assert.deepEqual(check({ acl: "a\nb", config: { Weights: "/a=1" } }), ["acl", "config.Weights"]);
    assert.ok(check({ app: { instances: 1 } }).some((path) => path.startsWith("app")));
  });
});

function urn() {
  return parseUrn(`urn:pulumi:stack::project::${resourceTokens.release}::web`);
}
