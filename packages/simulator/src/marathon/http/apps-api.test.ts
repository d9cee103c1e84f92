// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { TestMarathon } from "../testing/test-marathon";

/** SPEC-marathon.md, Endpoints: `/v2/apps`, what is looked at in which order, and what is said of it (code: AppsResource, AppTasksResource). */
describe("marathon: /v2/apps, order and words", () => {
  let marathon: TestMarathon;

  beforeEach(async () => {
    marathon = await TestMarathon.start();
  });
  afterEach(async () => {
    await marathon.close();
  });

  const app = (id: string, more: object = {}) => ({ id, cmd: "sleep 9", instances: 0, ...more });
  const events = (type: string) => marathon.events.filter((e) => e.eventType === type);

  it("fails on what is no object with the key that it looks for", async () => {
    for (const [body, json] of [
      [[], "[]"],
      [5, "5"],
    ] as const) {
      const { status, body: answer } = await marathon.call("POST", "/v2/apps", body as unknown as object);
      const details = [{ path: "/id", errors: [`'id' is undefined on object: ${json}`] }];
      assert.deepEqual([status, answer], [422, { message: "Invalid JSON", details }]);
    }
  });

  it("fails on an object where a list is wanted, at the empty path", async () => {
    const { status, body } = await marathon.call("PUT", "/v2/apps", app("/a"));
    const details = [{ path: "", errors: ["error.expected.jsarray"] }];
    assert.deepEqual([status, body], [422, { message: "Invalid JSON", details }]);
  });

  it("fails on an update in a list without an id", async () => {
    const { status, body } = await marathon.call("PUT", "/v2/apps", [{ instances: 1 }]);
    assert.deepEqual(
      [status, body],
      [422, { message: "requirement failed: App Update must have app id set" }],
    );
    const whole = await marathon.call("PUT", "/v2/apps?partialUpdate=false", [{ cmd: "sleep 9" }]);
    const errors = [`'id' is undefined on object: {"cmd":"sleep 9"}`];
    assert.deepEqual(whole.body.details, [{ path: "(0)/id", errors }]);
  });

  it("says the rules that an app of a list breaks without its place", async () => {
    const { status, body } = await marathon.call("PUT", "/v2/apps", [app("/a"), app("/b", { cmd: "x" })]);
    assert.deepEqual([status, body.details], [422, [{ path: "/", errors: ["must not be an empty string"] }]]);
  });

  it("judges an update of an app that is not there as a whole app, before it says that there is none", async () => {
    const part = await marathon.call("PATCH", "/v2/apps/none", { instances: 2 });
    assert.equal(part.status, 422, part.text);
    assert.match(part.body.details[0].errors[0], /must either contain one of 'cmd' or 'args'/);
    const whole = await marathon.call("PATCH", "/v2/apps/none", { cmd: "sleep 9" });
    assert.deepEqual([whole.status, whole.body], [404, { message: "App '/none' does not exist" }]);
  });

  it("sends api_post_event for what was taken, of one app only", async () => {
    await marathon.call("POST", "/v2/apps", app("/a"));
    assert.equal(events("api_post_event").length, 1);
    assert.equal((await marathon.call("POST", "/v2/apps", app("/a"))).status, 409);
    assert.equal((await marathon.call("PUT", "/v2/apps", [app("/a", { mem: 64 })])).status, 200);
    assert.equal(events("api_post_event").length, 1);
    await marathon.call("PUT", "/v2/apps/a", { mem: 32 });
    assert.equal(events("api_post_event").length, 2);
    const order = marathon.events.map((e) => e.eventType);
    assert.ok(order.indexOf("group_change_success") < order.indexOf("api_post_event"));
  });

  it("finds by cmd only apps that have one, an empty cmd included", async () => {
    await marathon.call("POST", "/v2/apps", app("/a"));
    const image = { id: "/b", instances: 0, container: { docker: { image: "x" } } };
    await marathon.call("POST", "/v2/apps", image);
    for (const query of ["cmd=", "cmd=SLEEP"]) {
      const { body } = await marathon.call("GET", `/v2/apps?${query}`);
      assert.deepEqual(
        body.apps.map((a: { id: string }) => a.id),
        ["/a"],
      );
    }
  });

  it("fails with 422 and the reason on a label selector that it cannot read", async () => {
    const { status, body } = await marathon.call("GET", "/v2/apps?label=foo+test");
    const message = "Can not parse label selector foo test. Reason: ',' expected but 't' found";
    assert.deepEqual([status, body], [422, { message }]);
  });

  it("says in which version an app does not exist, whether there is the app or not", async () => {
    for (const id of ["a", "none"]) {
      await marathon.call("POST", "/v2/apps", app("/a"));
      const { status, body } = await marathon.call("GET", `/v2/apps/${id}/versions/2020-01-01T00:00:00Z`);
      const message = `App '/${id}' does not exist in version 2020-01-01T00:00:00.000Z`;
      assert.deepEqual([status, body], [404, { message }]);
    }
    assert.equal((await marathon.call("GET", "/v2/apps/a/versions/nonsense")).status, 422);
  });

  it("takes DELETE of …/restart for an app of that name", async () => {
    const { status, body } = await marathon.call("DELETE", "/v2/apps/a/restart");
    assert.deepEqual([status, body], [404, { message: "App '/a/restart' does not exist" }]);
  });

  it("refuses scale with wipe before it looks for the task", async () => {
    await marathon.call("POST", "/v2/apps", app("/a"));
    for (const [method, path, body] of [
      ["DELETE", "/v2/apps/a/tasks/none", undefined],
      ["POST", "/v2/tasks/delete", { ids: ["nonsense"] }],
    ] as const) {
      const answer = await marathon.call(method, `${path}?scale=true&wipe=true`, body);
      assert.deepEqual(
        [answer.status, answer.body],
        [400, { message: "You cannot use scale and wipe at the same time." }],
      );
    }
  });

  it("shows tasks below a group, of apps only, and kills none by the wildcard", async () => {
    await marathon.deployed(await marathon.call("POST", "/v2/apps", app("/g/a", { instances: 1 })));
    assert.equal((await marathon.call("GET", "/v2/apps/g/*/tasks")).body.tasks.length, 1);
    const { status, body } = await marathon.call("GET", "/v2/apps/none/*/tasks");
    assert.deepEqual([status, body], [404, { message: "Group '/none' does not exist" }]);
    const kill = await marathon.call("DELETE", "/v2/apps/g/*/tasks");
    assert.deepEqual([kill.status, kill.body], [404, { message: "App '/g/*' does not exist" }]);
    assert.equal((await marathon.call("GET", "/v2/apps/g/a/tasks")).body.tasks.length, 1);
  });

  it("says 404 of an app that has gone, though its tasks still end", async () => {
    await marathon.deployed(await marathon.call("POST", "/v2/apps", app("/a", { instances: 1 })));
    await marathon.call("DELETE", "/v2/apps/a");
    for (const method of ["GET", "DELETE"]) {
      const { status, body } = await marathon.call(method, "/v2/apps/a/tasks");
      assert.deepEqual([status, body], [404, { message: "App '/a' does not exist" }]);
    }
  });

  it("kills by host all tasks of an app, but one task wherever it is", async () => {
    await marathon.deployed(await marathon.call("POST", "/v2/apps", app("/a", { instances: 1 })));
    const [task] = (await marathon.call("GET", "/v2/apps/a/tasks")).body.tasks;
    const elsewhere = await marathon.call("DELETE", "/v2/apps/a/tasks?host=elsewhere");
    assert.deepEqual([elsewhere.status, elsewhere.body], [200, { tasks: [] }]);
    const one = await marathon.call("DELETE", `/v2/apps/a/tasks/${task.id}?host=elsewhere`);
    assert.deepEqual([one.status, one.body.task.id], [200, task.id]);
  });

  it("deploys with scale=true though no task is found, and knows no path without instances", async () => {
    await marathon.deployed(await marathon.call("POST", "/v2/apps", app("/a", { instances: 1 })));
    const scaled = await marathon.call("DELETE", "/v2/apps/a/tasks/none?scale=true");
    assert.equal(scaled.status, 200, scaled.text);
    assert.equal(typeof scaled.body.deploymentId, "string");
    await marathon.call("POST", "/v2/apps", app("/b"));
    for (const id of ["b", "none"]) {
      const { status, body } = await marathon.call("DELETE", `/v2/apps/${id}/tasks?scale=true`);
      assert.deepEqual([status, body], [404, { message: `Path '/${id}' does not exist` }]);
    }
  });

  it("takes the status of /v2/tasks in any case", async () => {
    await marathon.deployed(await marathon.call("POST", "/v2/apps", app("/a", { instances: 1 })));
    for (const [status, count] of [
      ["RUNNING", 1],
      ["Staging", 0],
      ["other", 1],
    ] as const) {
      const { body } = await marathon.call("GET", `/v2/tasks?status=${status}`);
      assert.equal(body.tasks.length, count, status);
    }
  });

  it("says what breaks a rule of a new group before it says that the group exists", async () => {
    await marathon.call("POST", "/v2/groups", { id: "/g" });
    const broken = await marathon.call("POST", "/v2/groups", { id: "/g", apps: [app("a", { cmd: "x" })] });
    assert.equal(broken.status, 422, broken.text);
    const sound = await marathon.call("POST", "/v2/groups", { id: "/g", apps: [app("a")] });
    assert.deepEqual(
      [sound.status, sound.body],
      [409, { message: "Group /g is already created. Use PUT to change this group." }],
    );
  });
});
