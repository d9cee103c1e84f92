// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { App, Task } from "./observed";
import { planMoves } from "./plan-moves";

const task = (id: string, agentId: string, more: Partial<Task> = {}): Task => ({
  id,
  agentId,
  healthy: true,
  killing: false,
  ...more,
});
const app = (more: Partial<App> = {}): App => ({
  id: "/a",
  instances: 2,
  minimumHealthCapacity: 1,
  tasks: [task("t1", "S1"), task("t2", "S2")],
  deployments: [],
  resident: false,
  guarded: false,
  ...more,
});
const leave = new Set(["S1"]);
const move = { taskId: "t1", instances: 2 };

describe("the plan of moves", () => {
  it("begins with one more instance and records before it what instances was", () => {
    const plan = planMoves([app()], leave, {});
    assert.deepEqual(plan.moves, { "/a": move });
    assert.deepEqual(plan.steps, [{ kind: "scale", appId: "/a", instances: 3 }]);
  });

  it("kills with scale once a replacement is healthy, not before", () => {
    const starting = app({
      instances: 3,
      tasks: [task("t1", "S1"), task("t2", "S2"), task("t3", "S2", { healthy: false })],
    });
    assert.deepEqual(planMoves([starting], leave, { "/a": move }).steps, []);
    const ready = app({ instances: 3, tasks: [...app().tasks, task("t3", "S2")] });
    assert.deepEqual(planMoves([{ ...ready, deployments: ["d"] }], leave, { "/a": move }).steps, []);
    assert.deepEqual(planMoves([ready], leave, { "/a": move }).steps, [
      { kind: "kill", appId: "/a", taskId: "t1", scale: true },
    ]);
  });

  it("ends when the task is gone and instances is as it was", () => {
    const done = app({ tasks: [task("t2", "S2"), task("t3", "S2")] });
    assert.deepEqual(planMoves([done], leave, { "/a": move }).moves, {});
    const killing = app({ tasks: [task("t1", "S1", { killing: true }), ...done.tasks] });
    assert.deepEqual(planMoves([killing], leave, { "/a": move }), {
      moves: { "/a": move },
      steps: [],
      stuck: new Map(),
    });
  });

  it("kills first where the minimum allows it, and only as many as it allows", () => {
    const half = app({ minimumHealthCapacity: 0.5 });
    const plan = planMoves([half], leave, {});
    assert.deepEqual(plan.moves, {});
    assert.deepEqual(plan.steps, [{ kind: "kill", appId: "/a", taskId: "t1", scale: false }]);
    const weak = app({ minimumHealthCapacity: 0.5, tasks: [task("t1", "S1")] });
    assert.deepEqual(planMoves([weak], leave, {}).steps, [{ kind: "scale", appId: "/a", instances: 3 }]);
  });

  it("puts instances back when the task died by itself or need not leave any more", () => {
    const back = [{ kind: "scale", appId: "/a", instances: 2, force: false }];
    const surplus = app({ instances: 3, tasks: [task("t2", "S2"), task("t3", "S2"), task("t4", "S2")] });
    assert.deepEqual(planMoves([surplus], leave, { "/a": move }).steps, back);
    assert.deepEqual(planMoves([app({ instances: 3 })], new Set(), { "/a": move }).steps, back);
  });

  it("cancels its own deployment to put instances back, never another's", () => {
    const locked = app({ instances: 3, deployments: ["ours"] });
    const ours = { "/a": { ...move, deployment: "ours" } };
    assert.deepEqual(planMoves([locked], new Set(), ours).steps, [
      { kind: "scale", appId: "/a", instances: 2, force: true },
    ]);
    assert.deepEqual(planMoves([{ ...locked, deployments: ["theirs"] }], new Set(), ours).steps, []);
  });

  it("begins anew when somebody else scales the app meanwhile", () => {
    const scaled = app({ instances: 5 });
    assert.deepEqual(planMoves([scaled], leave, { "/a": move }).moves, {});
  });

  it("waits for an app that is being deployed, and names one that cannot move", () => {
    const locked = planMoves([app({ deployments: ["d"] })], leave, {});
    assert.deepEqual(locked.steps, []);
    assert.equal(locked.stuck.get("S1"), "/a is being deployed");
    const resident = planMoves([app({ resident: true })], leave, {});
    assert.match(resident.stuck.get("S1") ?? "", /^\/a has volumes on this agent/);
    const guarded = planMoves([app({ guarded: true })], leave, {});
    assert.match(guarded.stuck.get("S1") ?? "", /^\/a is protected by its label/);
    assert.deepEqual(guarded.steps, []);
  });

  it("sends no other task of an app out that is about to be scaled, and brings the one on its way there", () => {
    const held = new Set(["/a"]);
    const plan = planMoves([app()], leave, {}, held);
    assert.deepEqual([plan.moves, plan.steps], [{}, []]);
    assert.equal(plan.stuck.get("S1"), "/a is about to be scaled");
    const ready = app({ instances: 3, tasks: [...app().tasks, task("t3", "S2")] });
    assert.equal(planMoves([ready], leave, { "/a": move }, held).steps.length, 1);
  });

  it("forgets an app that is gone", () => {
    assert.deepEqual(planMoves([], leave, { "/a": move }).moves, {});
  });
});
