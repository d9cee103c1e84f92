// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import { ClusterState } from "./cluster-state";

const task = (id: string, more: object = {}) => ({
  id,
  host: "10.0.0.1",
  ports: [31000],
  state: "TASK_RUNNING",
  ...more,
});
const app = (id: string, tasks: object[], checks = 0) => ({
  id,
  tasks,
  healthChecks: Array.from({ length: checks }, () => ({ protocol: "HTTP" })),
});
const results = (...alive: boolean[]) => ({ healthCheckResults: alive.map((a) => ({ alive: a })) });
const places = (state: ClusterState, id = "/a") => state.apps.get(id)?.tasks.map((t) => `${t.id} ${t.place}`);
const event = (type: string, fields: object) => ({ type, fields: fields as Record<string, unknown> });

describe("the state of Marathon's apps", () => {
  it("lets a task in when it runs, and with checks when all of them passed", () => {
    const state = new ClusterState();
    state.full([app("/a", [task("1"), task("2", { state: "TASK_STAGING" })])], 0);
    assert.deepEqual(places(state), ["1 in", "2 out"]);
    state.one("/a", app("/a", [task("1x"), task("2x", results(true)), task("3x", results(true, true))], 2));
    assert.deepEqual(places(state), ["1x out", "2x out", "3x in"]);
  });

  it("lets a task in once it is ready, where its deployment asks for that", () => {
    const state = new ClusterState();
    const deploying = (ready: boolean) => ({
      ...app("/a", [task("1"), task("2")]),
      ...{ readinessChecks: [{ path: "/ready" }], readinessCheckResults: [{ taskId: "1", ready }] },
    });
    state.one("/a", deploying(false));
    assert.deepEqual(places(state), ["1 out", "2 in"]);
    state.one("/a", deploying(true));
    assert.deepEqual(places(state), ["1 in", "2 in"]);
    // Marathon forgets the result when the deployment is over.
    state.one("/a", { ...deploying(true), readinessCheckResults: [] });
    assert.deepEqual(places(state), ["1 in", "2 in"]);
  });

  it("keeps the last verdict while health is unknown and drops a task that is unhealthy", () => {
    const state = new ClusterState();
    state.one("/a", app("/a", [task("1", results(true))], 1));
    state.one("/a", app("/a", [task("1")], 1));
    assert.deepEqual(places(state), ["1 in"]);
    state.one("/a", app("/a", [task("1", { state: "TASK_UNREACHABLE" })], 1));
    assert.deepEqual(places(state), ["1 in"]);
    state.one("/a", app("/a", [task("1", results(false))], 1));
    assert.deepEqual(places(state), ["1 leaving"]);
    state.one("/a", app("/a", [task("1")], 1));
    assert.deepEqual(places(state), ["1 out"]);
  });

  it("lets a task in that HAProxy served before this controller began", () => {
    const state = new ClusterState((_app, t) => t.id === "1");
    state.full([app("/a", [task("1"), task("2")], 1)], 0);
    assert.deepEqual(places(state), ["1 in", "2 out"]);
  });

  it("never takes back a task that is being killed, whatever an older answer says", () => {
    const state = new ClusterState();
    state.full([app("/a", [task("t.instance-1._app.1"), task("t.instance-2._app.1")])], 0);
    const killing = { appId: "/a", taskId: "t.instance-1._app.1", taskStatus: "TASK_KILLING" };
    assert.deepEqual(state.event(event("status_update_event", killing)), { changed: true, fetch: ["/a"] });
    const ended = { runSpecId: "/a", instanceId: "t.instance-2", condition: "Killed" };
    assert.equal(state.event(event("instance_changed_event", ended)).changed, true);
    state.full([app("/a", [task("t.instance-1._app.1"), task("t.instance-2._app.1")])], 0);
    assert.deepEqual(places(state), ["t.instance-1._app.1 leaving", "t.instance-2._app.1 leaving"]);
  });

  it("takes a verdict from an event when it is about all checks", () => {
    const state = new ClusterState();
    state.full([app("/a", [task("1")], 1), app("/b", [task("2")], 2)], 0);
    const health = (id: string, instance: string) =>
      state.event(event("health_status_changed_event", { appId: id, instanceId: instance, alive: true }))
        .changed;
    assert.deepEqual([health("/a", "1"), health("/b", "2")], [true, false]);
    assert.deepEqual([places(state), places(state, "/b")], [["1 in"], ["2 out"]]);
  });

  it("knows a task by its instance's id, as older and newer Marathons write them", () => {
    const uuid = "f81d4fae-7dec-11d0-a765-00a0c91e6bf6";
    for (const [id, instanceId] of [
      [`a_b.${uuid}`, `a_b.marathon-${uuid}`],
      [`a_b.instance-${uuid}._app.1`, `a_b.instance-${uuid}`],
    ] as const) {
      const state = new ClusterState();
      state.full([app("/a/b", [task(id, results(true)), task("other", results(true))], 1)], 0);
      const unhealthy = { runSpecId: "/a/b", instanceId, healthy: false };
      assert.equal(state.event(event("instance_health_changed_event", unhealthy)).changed, true);
      assert.deepEqual(places(state, "/a/b"), [`${id} leaving`, "other in"]);
    }
  });

  it("takes a task in at the event of its start when nothing has to be checked first", () => {
    const state = new ClusterState();
    state.full([app("/a", [task("1")]), app("/b", [task("2")], 1)], 0);
    const started = (appId: string, taskId: string) =>
      state.event(
        event("status_update_event", { appId, taskId, taskStatus: "TASK_RUNNING", host: "h", ports: [1] }),
      );
    assert.deepEqual(started("/a", "3"), { changed: true, fetch: ["/a"] });
    assert.deepEqual([started("/a", "3").changed, started("/b", "4").changed], [false, false]);
    assert.deepEqual(
      [places(state), places(state, "/b")],
      [
        ["1 in", "3 in"],
        ["2 out", "4 out"],
      ],
    );
  });

  it("asks for the apps that an event names", () => {
    const state = new ClusterState();
    const fetch = (type: string, fields: object) => state.event(event(type, fields)).fetch;
    assert.deepEqual(fetch("api_post_event", { appDefinition: { id: "/x" } }), ["/x"]);
    const plan = { plan: { steps: [{ actions: [{ action: "Start", app: "/x" }, { app: "/y" }] }] } };
    assert.deepEqual(fetch("deployment_success", plan), ["/x", "/y"]);
    assert.deepEqual(fetch("event_stream_attached", { remoteAddress: "1" }), []);
  });

  it("keeps apps whose documents are unclear", () => {
    const state = new ClusterState();
    state.full([app("/a", [task("1")])], 0);
    for (const document of [
      { id: "/a" },
      { id: "/a", tasks: [], tasksRunning: 1 },
      { id: "/b", tasks: [] },
    ]) {
      state.one("/a", document);
      state.full([{ ...document, id: "/a", tasks: undefined }], 0);
    }
    assert.deepEqual(places(state), ["1 in"]);
  });

  it("doubts a list that lacks most apps until it was given for a minute", () => {
    const state = new ClusterState();
    const many = ["/a", "/b", "/c"].map((id) => app(id, [task(id)]));
    state.full(many, 0);
    state.full([], 1_000);
    state.full([], 31_000);
    assert.deepEqual([state.apps.size, state.holding], [3, true]);
    state.full(many, 40_000);
    for (const now of [50_000, 80_000, 109_000]) state.full([], now);
    assert.equal(state.apps.size, 3);
    state.full([], 111_000);
    assert.deepEqual([state.apps.size, state.holding], [0, false]);
  });

  it("takes a single app away at once", () => {
    const state = new ClusterState();
    state.full([app("/a", []), app("/b", [])], 0);
    state.full([app("/b", [])], 1);
    assert.deepEqual([...state.apps.keys()], ["/b"]);
    state.one("/b", undefined);
    assert.equal(state.apps.size, 0);
  });

  it("takes any events and documents without failing", () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue()),
        fc.dictionary(fc.string(), fc.jsonValue()),
        (documents, fields) => {
          const state = new ClusterState();
          state.full(documents, 0);
          state.event({ type: "status_update_event", fields: { appId: "/a", taskId: "1", ...fields } });
          for (const document of documents) state.one("/a", document);
        },
      ),
    );
  });
});
