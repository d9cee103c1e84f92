// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type AppResourceInputs, MesosError, resourceTokens } from "@pulumi-mesos/model";
import type { ProviderConfig } from "../config";
import { app } from "./app";
import type { AppState } from "./app-facts";
import { type TestContext, testContext } from "./context.test.support";
import { FakeMarathon } from "./marathon.test.support";
import { marathonIn } from "./marathon-in";

const inputs: AppResourceInputs = { appId: "/web", cmd: "sleep 1000", instances: 2 };

describe("mesos:marathon:App when an answer is lost", function () {
  this.timeout(60_000);
  let marathon: FakeMarathon;
  let config: ProviderConfig;

  beforeEach(async () => {
    marathon = await FakeMarathon.start();
    config = { marathonUrls: [marathon.url], mesosUrls: [], bambooUrls: [] };
  });
  afterEach(async () => {
    await marathonIn({ config }).watch.close();
    await marathon.close();
  });

  function context(signal?: AbortSignal): TestContext {
    return { ...testContext(resourceTokens.app, { signal }), config };
  }

  async function created(): Promise<AppState> {
    const { outputs } = await app.create(inputs, context());
    return { ...inputs, ...outputs };
  }

  function sent(method: string): number {
    return marathon.requests.filter((request) => request.startsWith(method)).length;
  }

  it("adopts the app whose create was answered by half a document, and makes it once", async () => {
    marathon.faults.push({ matches: "POST", answer: "cut after" });
    await created();
    assert.equal(sent("POST"), 1);
    assert.equal(marathon.apps.get("/web")?.["tasksRunning"], 2);
  });

  it("goes on when an update was answered by half a document, and writes once", async () => {
    const state = await created();
    marathon.faults.push({ matches: "PUT", answer: "cut after" });
    await app.update("/web", state, { ...inputs, instances: 3 }, context());
    assert.equal(sent("PUT"), 1);
    assert.equal(marathon.apps.get("/web")?.["instances"], 3);
  });

  it("waits for the end of a delete that was answered by half a document, and deletes once", async () => {
    const state = await created();
    marathon.patient = true;
    marathon.tasksLeft = [{ id: "t1", appId: "/web" }];
    marathon.faults.push({ matches: "DELETE", answer: "cut after" });
    const around = context();
    const deleting = app.delete("/web", state, around);
    while (around.lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(around.lines, ["deleting, step 1 of 2 (ScaleApplication), 1 task left"]);
    marathon.tasksLeft = [];
    marathon.finish("/web");
    await deleting;
    assert.equal(sent("DELETE"), 1);
  });

  it("deletes again when the answer was lost and nothing was deleted", async () => {
    const state = await created();
    marathon.faults.push({ matches: "DELETE", answer: { status: 200, body: "half" } });
    await app.delete("/web", state, context());
    assert.equal(sent("DELETE"), 2);
    assert.equal(marathon.apps.size, 0);
  });

  it("fails at once with Marathon's own words for a failure of its own, because that stays", async () => {
    marathon.faults.push({
      matches: "POST",
      answer: { status: 500, body: { message: "port range exhausted" } },
    });
    await assert.rejects(app.create(inputs, context()), /POST .* answered 500: port range exhausted$/);
    assert.equal(sent("POST"), 1);
  });

  it("fails when the time is over, and says which answer was lost", async () => {
    const timeout = new AbortController();
    const around = context(timeout.signal);
    marathon.faults.push({ matches: "POST", answer: { status: 502, body: { message: "Bad gateway" } } });
    const creating = app.create(inputs, around);
    while (sent("GET /v2/apps") === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    timeout.abort(new MesosError("MESOS_PLUGIN_TIMEOUT", "not done after 1 s"));
    await assert.rejects(creating, {
      code: "MESOS_PLUGIN_TIMEOUT",
      message: /^not done after 1 s; POST .*\/v2\/apps answered 502: Bad gateway$/,
    });
  });
});
