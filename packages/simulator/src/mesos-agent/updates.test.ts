// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { ManualClock } from "../mesos-master/manual-clock.test";
import type { TaskState, TaskStatus } from "../protocol/types";
import { StatusUpdates } from "./updates";

const status = (state: TaskState, uuid: string): TaskStatus => ({ task_id: { value: "t" }, state, uuid });

describe("a task's statuses on their way to the master (src/status_update_manager)", () => {
  let clock: ManualClock;
  let sent: (string | undefined)[];
  let updates: StatusUpdates;

  beforeEach(() => {
    clock = new ManualClock();
    sent = [];
    updates = new StatusUpdates(clock, ({ uuid }) => sent.push(uuid), [], 0);
  });
  afterEach(() => updates.stop());

  it("sends the next only when the one before is acknowledged, and no other", () => {
    updates.add(status("TASK_STARTING", "1"));
    updates.add(status("TASK_RUNNING", "2"));
    assert.deepEqual(sent, ["1"]);
    assert.equal(updates.acknowledge("2"), false);
    assert.deepEqual(sent, ["1"]);
    assert.equal(updates.acknowledge("1"), true);
    assert.deepEqual([sent, updates.done], [["1", "2"], false]);
    assert.equal(updates.acknowledge("2"), true);
    assert.deepEqual([sent, updates.done], [["1", "2"], true]);
  });

  it("sends again after 10 s, 20 s … at most 10 min, until it is acknowledged", async () => {
    updates.add(status("TASK_RUNNING", "1"));
    const at: number[] = [];
    for (let before = sent.length; at.length < 9; ) {
      await clock.advance(1000);
      if (sent.length > before) at.push(clock.now() / 1000);
      before = sent.length;
    }
    const pauses = at.map((time, n) => time - (at[n - 1] ?? 0));
    assert.deepEqual(pauses, [10, 20, 40, 80, 160, 320, 600, 600, 600]);
    updates.acknowledge("1");
    await clock.advance(3_600_000);
    assert.equal(sent.length, 10);
  });

  it("begins with what was not acknowledged before a restart", () => {
    const before = [status("TASK_STARTING", "1"), status("TASK_RUNNING", "2")];
    updates = new StatusUpdates(clock, ({ uuid }) => sent.push(uuid), before, 1);
    updates.resend();
    assert.deepEqual(sent, ["2"]);
  });
});
