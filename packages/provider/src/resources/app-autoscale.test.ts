// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { ZooKeeper } from "@pulumi-mesos/client";
import {
  type AppAutoscale,
  type AppResourceInputs,
  appScalePath,
  appScaleStatesPath,
  computed,
  resourceTokens,
} from "@pulumi-mesos/model";
import type { ProviderConfig } from "../config";
import { app } from "./app";
import type { AppState } from "./app-facts";
import { type TestContext, testContext } from "./context.test.support";
import { FakeMarathon } from "./marathon.test.support";
import { marathonIn } from "./marathon-in";
import { startZooKeeper } from "./zookeeper.test.support";

const never = new AbortController().signal;
const autoscale: AppAutoscale = { min: 2, max: 6, targetRps: 50 };
const inputs: AppResourceInputs = { appId: "/web", cmd: "sleep 1000", autoscale };
const node = appScalePath("demo", "/web");
const urn = testContext(resourceTokens.app).urn;

describe("an app with autoscale", function () {
  this.timeout(60_000);
  let zookeeper: { servers: string; stop(): Promise<void> };
  let session: ZooKeeper;
  let marathon: FakeMarathon;
  let config: ProviderConfig;

  before(async () => {
    zookeeper = await startZooKeeper("127.83.4.9");
    session = await ZooKeeper.connect({ servers: zookeeper.servers }, never);
  });
  after(async () => {
    await session.close();
    await zookeeper.stop();
  });
  beforeEach(async () => {
    marathon = await FakeMarathon.start();
    const controller = { zookeeper: zookeeper.servers, cluster: "demo" };
    config = { marathonUrls: [marathon.url], bambooUrls: [], mesosUrls: [], controller };
  });
  afterEach(async () => {
    await marathonIn({ config }).watch.close();
    await marathon.close();
    await session.removeTree("/pulumi-mesos/demo");
  });

  const context = (): TestContext => ({ ...testContext(resourceTokens.app), config });
  const created = async (more: object = {}): Promise<AppState> => {
    const given = { ...inputs, ...more };
    const { outputs } = await app.create(given, context());
    return { ...given, ...outputs };
  };
  const declared = async (): Promise<unknown> => {
    const found = await session.get(node);
    return found && JSON.parse(found.data.toString());
  };
  const scale = (instances: number): void => {
    Object.assign(marathon.apps.get("/web") ?? {}, { instances, tasksRunning: instances });
  };
  const diff = (state: AppState, news: object) =>
    app.diff({ id: "/web", urn, oldInputs: state, state, inputs: { ...news } });

  it("begins with the least, and tells the controller once it is there", async () => {
    await created();
    assert.equal(marathon.apps.get("/web")?.["instances"], 2);
    assert.equal(marathon.bodies[0]?.["autoscale"], undefined);
    assert.deepEqual(await declared(), autoscale);
    assert.match(app.announce?.(inputs) ?? "", /^2 to 6 instances by traffic, 50 requests\/s each/);
  });

  it("has no drift in the instances that the controller has chosen", async () => {
    const state = await created();
    scale(5);
    const read = await app.read({ id: "/web", known: { inputs, state } }, context());
    assert.deepEqual(read?.inputs, inputs);
    assert.deepEqual(diff(state, inputs).differences, []);
  });

  it("keeps the instances that it has when something else changes", async () => {
    const state = await created();
    scale(5);
    await app.update("/web", state, { ...inputs, env: { A: "b" } }, context());
    assert.equal(marathon.apps.get("/web")?.["instances"], 5);
  });

  it("has other bounds at once, without a restart, and says so before", async () => {
    const state = await created();
    const news = { ...inputs, autoscale: { ...autoscale, min: 4 } };
    const { differences, summary } = diff(state, news);
    assert.deepEqual(
      differences.map(({ path }) => path),
      ["autoscale.min"],
    );
    assert.match(summary ?? "", /^4 to 6 instances by traffic/);
    assert.doesNotMatch(summary ?? "", /restart/);
    await app.update("/web", state, news, context());
    assert.equal(marathon.apps.get("/web")?.["instances"], 4);
    assert.deepEqual(await declared(), news.autoscale);
  });

  it("stays stopped when somebody has stopped it", async () => {
    const state = await created();
    scale(0);
    await app.update("/web", state, { ...inputs, autoscale: { ...autoscale, max: 9 } }, context());
    assert.equal(marathon.apps.get("/web")?.["instances"], 0);
  });

  it("gives instances back to the program", async () => {
    const state = await created();
    scale(5);
    const { autoscale: _, ...rest } = inputs;
    const news = { ...rest, instances: 3 };
    assert.equal(diff(state, news).summary, "instances are the program's again: 3");
    await app.update("/web", state, news, context());
    assert.equal(marathon.apps.get("/web")?.["instances"], 3);
    assert.equal(await declared(), undefined);
  });

  it("takes over the instances of an app that had none of it", async () => {
    const { autoscale: _, ...rest } = inputs;
    const plain = { ...rest, instances: 3 };
    const { outputs } = await app.create(plain, context());
    await app.update("/web", { ...plain, ...outputs }, inputs, context());
    assert.equal(marathon.apps.get("/web")?.["instances"], 3);
    assert.deepEqual(await declared(), autoscale);
  });

  it("sees in a refresh that somebody has changed what the controller follows, or taken it away", async () => {
    const state = await created();
    await session.put(node, Buffer.from(JSON.stringify({ ...autoscale, max: 99 })));
    const read = () => app.read({ id: "/web", known: { inputs, state } }, context());
    assert.equal((await read())?.inputs.autoscale?.max, 99);
    await session.remove(node);
    assert.equal((await read())?.inputs.autoscale, undefined);
  });

  it("is adopted with the instances that the controller has chosen when an earlier create was cut", async () => {
    await created();
    scale(5);
    await created();
    assert.equal(marathon.apps.get("/web")?.["instances"], 5);
  });

  it("cancels the controller's own deployment that locks it", async () => {
    const state = await created();
    const states = { "/web": { instances: 5, deployment: "grow" } };
    await session.put(appScaleStatesPath("demo"), Buffer.from(JSON.stringify(states)));
    marathon.faults.push({
      matches: "PUT",
      answer: { status: 409, body: { message: "App is locked", deployments: [{ id: "grow" }] } },
    });
    await app.update("/web", state, { ...inputs, env: { A: "b" } }, context());
    assert.ok(marathon.requests.includes("DELETE /v2/deployments/grow"));
  });

  it("is declared no more once it is deleted", async () => {
    await app.delete("/web", await created(), context());
    assert.equal(await declared(), undefined);
    assert.equal(marathon.apps.size, 0);
  });

  it("fails before anything is made when its provider names no controller", async () => {
    const { controller: _, ...bare } = config;
    await assert.rejects(app.create(inputs, { ...context(), config: bare }), {
      code: "MESOS_APP_NO_CONTROLLER",
      message: /provider: cluster\.provider/,
    });
    assert.deepEqual(marathon.bodies, []);
  });

  it("fails its check in one line for each thing that is wrong, and not for what is not known", () => {
    const lines = (given: object) =>
      app
        .check?.({ urn, inputs: { ...inputs, ...given }, oldInputs: undefined, isSecret: () => false })
        .failures.map(({ path, message }) => `${path}: ${message}`);
    assert.deepEqual(lines({ autoscale: { min: 9, max: 6 } }), [
      "autoscale.min: must be max (6) or less, got 9; raise max or lower min",
      "autoscale: must have targetRps or targetConcurrency: what one instance is good for",
    ]);
    assert.deepEqual(lines({ autoscale: { min: 1, max: computed, targetRps: computed } }), []);
  });
});
