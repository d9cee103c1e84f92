// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type AppResourceInputs, computed, MesosError, resourceTokens } from "@pulumi-mesos/model";
import type { ProviderConfig } from "../config";
import { InitFailedError } from "../init-failed";
import { app } from "./app";
import type { AppState } from "./app-facts";
import { type TestContext, testContext } from "./context.test.support";
import { FakeMarathon } from "./marathon.test.support";
import { marathonIn } from "./marathon-in";

const inputs: AppResourceInputs = { appId: "/web", cmd: "sleep 1000", instances: 2, env: { A: "b" } };

describe("mesos:marathon:App", function () {
  this.timeout(60_000);
  let marathon: FakeMarathon;
  let config: ProviderConfig;

  beforeEach(async () => {
    marathon = await FakeMarathon.start();
    config = { marathonUrls: [marathon.url], bambooUrls: [], mesosUrls: [] };
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

  it("posts the document and waits until all instances run", async () => {
    marathon.patient = true;
    const around = context();
    const creating = app.create(inputs, around);
    while (around.lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    marathon.finish("/web");
    const { id, outputs } = await creating;
    assert.equal(id, "/web");
    assert.deepEqual(marathon.bodies[0], { id: "/web", cmd: "sleep 1000", instances: 2, env: { A: "b" } });
    assert.deepEqual(around.lines, ["step 1 of 2 (ScaleApplication), 0 of 2 running"]);
    assert.deepEqual(outputs.servicePorts, [10_007]);
    assert.equal(outputs.serverFacts, undefined);
  });

  it("goes by polling where no event tells the end", async () => {
    marathon.patient = true;
    const around = context();
    const creating = app.create(inputs, around);
    while (around.lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    marathon.finish("/web", "none");
    await creating;
  });

  it("adopts an app that an earlier create made, with its deployment", async () => {
    const first = await created();
    const again = await app.create(inputs, context());
    assert.equal(again.outputs.version, first.version);
    assert.equal(marathon.apps.size, 1);
  });

  it("adopts an app whose POST lost its answer, and makes it once", async () => {
    marathon.faults.push({ matches: "POST", answer: "drop after" });
    await created();
    assert.equal(marathon.requests.filter((r) => r.startsWith("POST")).length, 1);
  });

  it("posts again when the answer was lost and nothing was made", async () => {
    marathon.faults.push({ matches: "POST", answer: { status: 503, body: {} } });
    await created();
    assert.equal(marathon.requests.filter((r) => r.startsWith("POST")).length, 2);
  });

  it("fails when another app has the id, and says how to import it", async () => {
    await created();
    await assert.rejects(app.create({ ...inputs, mem: 512 }, context()), (error) => {
      assert.ok(error instanceof MesosError);
      assert.equal(error.code, "MESOS_APP_EXISTS");
      assert.match(error.message, /differs in mem; .*`pulumi import mesos:marathon:App web \/web`/);
      return true;
    });
  });

  it("waits for a deployment that locks the app, then replaces the whole document", async () => {
    const state = await created();
    marathon.faults.push({
      matches: "PUT",
      answer: { status: 409, body: { message: "App is locked", deployments: [{ id: "other" }] } },
    });
    const around = context();
    await app.update("/web", state, { ...inputs, instances: 3 }, around);
    assert.equal(around.lines[0], "waiting for deployment other that locks /web");
    assert.equal(marathon.apps.get("/web")?.["instances"], 3);
  });

  it("fails with the state kept and the reasons when the time is over", async () => {
    marathon.patient = true;
    marathon.queue = [
      {
        app: { id: "/web" },
        count: 2,
        delay: { overdue: true, timeLeftSeconds: 0 },
        processedOffersSummary: {
          rejectSummaryLastOffers: [{ reason: "InsufficientCpus", declined: 3, processed: 3 }],
        },
      },
    ];
    const timeout = new AbortController();
    const around = context(timeout.signal);
    const creating = app.create(inputs, around);
    const failed = assert.rejects(creating, (error) => {
      assert.ok(error instanceof InitFailedError);
      assert.equal(error.initFailed.id, "/web");
      assert.deepEqual(error.initFailed.reasons, [
        "not done after 1 s",
        "deployment d1 is at step 1 of 2 (ScaleApplication)",
        "0 of 2 running",
        "2 more of /web wait for an offer; offers did not fit: InsufficientCpus (3 of 3 offers)",
        "left as it is (onTimeout: leave)",
      ]);
      assert.equal(error.initFailed.outputs["deploymentId"], "d1");
      return true;
    });
    while (around.lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    timeout.abort(new MesosError("MESOS_PLUGIN_TIMEOUT", "not done after 1 s"));
    await failed;
  });

  it("fails when the deployment failed, with Marathon's reason", async () => {
    marathon.patient = true;
    const around = context();
    const creating = assert.rejects(
      app.create(inputs, around),
      /deployment d1 of \/web failed: The upgrade has been cancelled/,
    );
    while (around.lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    marathon.finish("/web", "deployment_failed");
    await creating;
  });

  it("deletes without force and waits until no task is left", async () => {
    const state = await created();
    marathon.patient = true;
    marathon.tasksLeft = [
      { id: "t1", appId: "/web" },
      { id: "t2", appId: "/other" },
    ];
    const around = context();
    const deleting = app.delete("/web", state, around);
    while (around.lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(around.lines, ["deleting, step 1 of 2 (ScaleApplication), 1 task left"]);
    marathon.tasksLeft = [];
    marathon.finish("/web", "none");
    await deleting;
    await app.delete("/web", state, context());
  });

  it("cancels its own deployment that locks it before a delete, and no other", async () => {
    const state = await created();
    const deployments = [{ id: state.deploymentId }, { id: "other" }];
    marathon.faults.push({ matches: "DELETE", answer: { status: 409, body: { message: "", deployments } } });
    const around = context();
    await app.delete("/web", state, around);
    assert.deepEqual(
      marathon.requests.filter((request) => request.startsWith("DELETE")),
      ["DELETE /v2/apps/web", `DELETE /v2/deployments/${state.deploymentId}`, "DELETE /v2/apps/web"],
    );
    assert.match(around.lines[0] ?? "", /^cancelling deployment d1 of an earlier run/);
  });

  it("fails to delete when every address refuses, because that may be a short outage", async () => {
    const state = await created();
    const gone = testContext(resourceTokens.app, { config: { marathonUrls: ["http://127.83.3.9:8080"] } });
    await assert.rejects(app.delete("/web", state, gone), {
      code: "MESOS_CLIENT_UNREACHABLE",
      message: /ECONNREFUSED.*so the app stays in the state: run again then, or .*`pulumi state delete 'urn:/,
    });
  });

  it("deletes with a warning when every address of the stack's own cluster refuses, and fails to read then", async () => {
    const state = await created();
    const config = { marathonUrls: ["http://127.83.3.9:8080"], clusterInStack: true };
    const gone = testContext(resourceTokens.app, { config });
    await app.delete("/web", state, gone);
    assert.match(
      gone.warnings[0] ?? "",
      /^\/web: no Marathon listens any more .*, so the app counts as deleted$/,
    );
    const reading = app.read({ id: "/web", known: { inputs, state } }, gone);
    await assert.rejects(reading, { code: "MESOS_CLIENT_UNREACHABLE" });
  });

  it("reads the inputs as they were written while they mean what runs", async () => {
    const state = await created();
    const found = await app.read({ id: "/web", known: { inputs, state } }, context());
    assert.equal(found?.inputs, inputs);
    assert.deepEqual({ ...found?.inputs, ...found?.outputs }, state);
  });

  it("reads drift in what differs alone, and nothing for an app that is gone", async () => {
    const state = await created();
    Object.assign(marathon.apps.get("/web") ?? {}, { instances: 5, env: { A: "b", C: "d" } });
    const found = await app.read({ id: "/web", known: { inputs, state } }, context());
    assert.deepEqual(found?.inputs, { ...inputs, instances: 5, env: { A: "b", C: "d" } });
    const drifted = found?.inputs as AppResourceInputs;
    const { differences } = app.diff(diffing({ ...state, ...drifted }));
    assert.deepEqual(differences.map((d) => d.path).sort(), ["env.C", "instances"]);
    marathon.apps.clear();
    assert.equal(await app.read({ id: "/web", known: { inputs, state } }, context()), undefined);
  });

  it("imports the shortest inputs that mean what runs", async () => {
    await created();
    const found = await app.read({ id: "/web", known: undefined }, context());
    assert.deepEqual(found?.inputs, inputs);
    assert.deepEqual(found?.secrets, []);
  });

  it("keeps secret in the state what an import finds and what looks like a secret", async () => {
    await app.create({ ...inputs, env: { HOST: "db", DB_PASSWORD: "hunter2" } }, context());
    const found = await app.read({ id: "/web", known: undefined }, context());
    assert.deepEqual(found?.secrets, ["env.DB_PASSWORD"]);
  });

  it("compares what is meant, knows what is not known, and replaces for another id", async () => {
    const state = await created();
    const diff = (news: object) => app.diff({ ...diffing(state), inputs: { ...inputs, ...news } });
    assert.deepEqual(diff({ cpus: 1, networks: [{ mode: "host" }] }).differences, []);
    assert.deepEqual(diff({ cmd: computed }).differences, [
      { path: "cmd", kind: "update", replace: false, input: true },
    ]);
    const renamed = diff({ appId: "/other" });
    assert.deepEqual([renamed.differences[0]?.replace, renamed.deleteBeforeReplace], [true, false]);
  });

  it("fails when the provider has no Marathon, and says what is missing", async () => {
    await assert.rejects(app.create(inputs, testContext(resourceTokens.app)), {
      code: "MESOS_APP_NO_MARATHON",
    });
  });

  function diffing(state: AppState) {
    return { id: "/web", urn: context().urn, oldInputs: inputs, state, inputs };
  }
});
