// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { noticeMs, readNotice } from "./notice";
import { planPool } from "./plan";
import { SmallWorld } from "./small-world.test.support";

/** Three agents with a task of `/a` each. */
function world(size = 3): SmallWorld {
  const made = new SmallWorld(size);
  while (!made.round().settled);
  made.run({ id: "/a", instances: size });
  return made;
}

function give(of: SmallWorld, name: string, text: string): void {
  const member = of.members.find((m) => m.name === name);
  assert.ok(member, name);
  member.notice = readNotice(text, of.now);
}

function run(of: SmallWorld, most = 200): string[] {
  const messages: string[] = [];
  for (let n = 0; n < most; n++) {
    const { settled, message } = of.round();
    if (messages.at(-1) !== message) messages.push(message);
    if (settled) return messages;
  }
  return messages;
}

const names = (of: SmallWorld): string[] => of.members.map(({ name }) => name).sort();

describe("a notice", () => {
  it("is read with its time, and without one is two minutes after it was written", () => {
    assert.deepEqual(readNotice("interruption 2026-01-31T09:30:00Z\n", 5), {
      kind: "interruption",
      until: Date.UTC(2026, 0, 31, 9, 30),
    });
    for (const text of ["interruption", "", "what? ever", "interruption soon"])
      assert.deepEqual(readNotice(text, 5), { kind: "interruption", until: 5 + noticeMs });
    assert.deepEqual(readNotice(" rebalance \n", 5), { kind: "rebalance" });
    assert.deepEqual(readNotice("termination", 5), { kind: "termination" });
  });
});

describe("the plan of a member with a notice", () => {
  it("starts a replacement and moves its tasks at once when it is interrupted, and ends it drained", () => {
    const of = world();
    give(of, "web-1", "interruption");
    const { plan } = of.round();
    assert.deepEqual(plan.missing, [4]);
    assert.deepEqual(
      plan.leavers.map(({ name }) => name),
      ["web-1"],
    );
    run(of);
    assert.deepEqual(names(of), ["web-2", "web-3", "web-4"]);
    assert.deepEqual([of.harm, of.kills], [[], 1]);
    assert.ok(of.agents.every((agent) => !agent.deactivated));
  });

  it("keeps it until its replacement is active when it may be interrupted, without new tasks on it", () => {
    const of = world();
    give(of, "web-1", "rebalance");
    const first = of.round();
    assert.deepEqual([first.plan.missing, first.plan.leavers], [[4], []]);
    assert.equal(of.agents[0]?.deactivated, true);
    const second = of.round();
    assert.deepEqual([second.plan.missing, second.plan.leavers.map(({ name }) => name)], [[], ["web-1"]]);
    run(of);
    assert.deepEqual([names(of), of.harm], [["web-2", "web-3", "web-4"], []]);
  });

  it("does not wait for a replacement that has no room or does not start", () => {
    const full = world();
    full.capacity = 3;
    give(full, "web-2", "rebalance");
    assert.deepEqual(
      full.round().plan.leavers.map(({ name }) => name),
      ["web-2"],
    );
    const failing = world();
    failing.failures.set("web-4", "no capacity");
    give(failing, "web-2", "rebalance");
    assert.deepEqual(
      failing.round().plan.leavers.map(({ name }) => name),
      ["web-2"],
    );
  });

  it("lets one go that is too many anyway without a replacement", () => {
    const of = world();
    give(of, "web-2", "rebalance");
    of.declare(2);
    const { plan } = of.round();
    assert.deepEqual([plan.missing, plan.leavers.map(({ name }) => name)], [[], ["web-2"]]);
    run(of);
    assert.deepEqual([names(of), of.harm], [["web-1", "web-3"], []]);
  });

  it("replaces all that are told at the same time, also while the group grows", () => {
    const of = world(2);
    of.declare(5);
    give(of, "web-1", "interruption");
    give(of, "web-2", "rebalance");
    run(of);
    assert.deepEqual([of.members.length, of.harm], [5, []]);
    assert.ok(!names(of).includes("web-1") && !names(of).includes("web-2"));
  });

  it("drains what could not be moved shortly before its machine goes, and says so", () => {
    const of = world();
    of.run({ id: "/kept", instances: 3, guarded: true });
    give(of, "web-1", "interruption");
    const at = new Date(of.now + noticeMs).toISOString();
    const messages = run(of, 600);
    assert.ok(
      messages.some((message) => message.includes(`draining web-1: 1 task left (its machine goes at ${at}`)),
    );
    assert.ok(messages.some((message) => message.includes(`goes at ${at}, too soon to move them first`)));
    assert.deepEqual(
      of.harm.filter((line) => line.includes("drained")),
      ["S1 drained with 1 tasks of Marathon"],
    );
    assert.ok(!names(of).includes("web-1"));
  });

  it("gives tasks as much of their grace as there is time for", () => {
    const of = world();
    of.declaration = { ...of.declaration, drain: { graceSeconds: 600, timeoutSeconds: 3600 } };
    of.foreign.set("S1", 1);
    give(of, "web-1", "interruption");
    const graces: number[] = [];
    for (let n = 0; n < 20; n++)
      for (const action of of.round().plan.actions)
        if (action.kind === "drain") graces.push(action.graceSeconds);
    assert.equal(graces.length, 1);
    assert.ok((graces[0] ?? 0) > 90 && (graces[0] ?? 0) < 105, String(graces[0]));
  });

  it("waits for a silent Marathon only as long as there is time", () => {
    const of = world();
    of.silent = true;
    give(of, "web-1", "interruption");
    const began = of.now;
    while (!of.round().plan.actions.some(({ kind }) => kind === "drain"));
    assert.ok(of.now - began > 90_000 && of.now - began < noticeMs - 15_000, String(of.now - began));
  });

  it("gives the tasks up of one that was taken before it was drained, so that they start elsewhere at once", () => {
    const of = world();
    give(of, "web-1", "interruption");
    of.now += noticeMs + 1000;
    const member = of.members.find(({ name }) => name === "web-1");
    assert.ok(member);
    member.running = false;
    const actions = of.round().plan.actions.map(({ kind }) => kind);
    assert.deepEqual(
      actions.filter((kind) => kind === "gone" || kind === "terminate"),
      ["gone"],
    );
    run(of);
    assert.deepEqual(names(of), ["web-2", "web-3", "web-4"]);
  });

  it("never gives up one that still runs, whatever the clock says, and drains it first", () => {
    const of = world();
    give(of, "web-1", "interruption");
    of.now += 10 * noticeMs;
    const { plan } = of.round();
    assert.deepEqual(
      plan.actions.map(({ kind }) => kind),
      ["start", "drain"],
    );
    run(of);
    assert.deepEqual(names(of), ["web-2", "web-3", "web-4"]);
  });

  it("drains one that somebody ends for as long as that takes, and reports it when it takes too long", () => {
    const of = world();
    of.run({ id: "/kept", instances: 3, guarded: true });
    give(of, "web-1", "termination");
    for (let n = 0; n < 600_000 / 250 + 2; n++) of.round();
    const { message, failed, plan } = of.round();
    assert.match(message, /web-1 was not drained within 600 s: 1 task left \(its machine goes\)/);
    assert.deepEqual([failed, plan.actions, of.harm], [true, [], []]);
  });

  it("drains one while it still starts, and ends it when that is over", () => {
    const of = world();
    give(of, "web-1", "interruption");
    const busy = (): ReturnType<typeof planPool> => planPool({ ...of.view(), busy: new Set(["web-1"]) });
    assert.deepEqual(busy().leavers[0]?.actions, [{ kind: "deactivate", agentId: "S1" }]);
    of.agents = of.agents.filter(({ id }) => id !== "S1");
    assert.deepEqual(busy().leavers[0]?.actions, []);
    assert.deepEqual(planPool(of.view()).leavers[0]?.actions, [{ kind: "terminate", name: "web-1" }]);
  });

  it("gives one that leaves already its time, and takes nobody back whose machine goes", () => {
    const of = world();
    of.declare(2);
    const leaver = of.round().plan.leavers[0]?.name ?? "";
    give(of, leaver, "interruption");
    of.declare(3);
    const { plan } = of.round();
    assert.equal(plan.leavers[0]?.name, leaver);
    assert.equal(plan.leavers[0]?.entry.until, of.now - 250 + noticeMs);
    run(of);
    assert.deepEqual([of.members.length, names(of).includes(leaver), of.harm], [3, false, []]);
  });
});
