// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { isMesosError, type PoolTemplate, templateDigest } from "@pulumi-mesos/model";
import fc from "fast-check";
import type { Clock } from "../clock";
import type { Applied } from "../observed";
import { awsBackend } from "./aws";
import type { Backend } from "./backend";
import { FakeAws } from "./fake-aws.test.support";

const group = "demo-web";
const declared = (version: number): Applied => ({
  template: { command: ["mesos-agent"], launchTemplate: `lt-1:${version}` } satisfies PoolTemplate,
  backend: { kind: "aws", group },
});
const never = new AbortController().signal;

/** Every pause is a second in which the group does one thing. */
function world(): { aws: FakeAws; backend: Backend; clock: Clock } {
  const aws = new FakeAws(group, "lt-1:1");
  let now = 0;
  const clock: Clock = {
    now: () => now,
    wall: () => now,
    pause: async (ms) => {
      now += ms;
      aws.step();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  return { aws, backend: awsBackend(aws, clock), clock };
}

/** The group comes to rest. */
function settle(aws: FakeAws): void {
  for (let step = 0; step < 50; step++) aws.step();
}

describe("the aws backend", () => {
  it("launches one machine a member, whoever starts beside whom, and knows each by its address", async () => {
    const { aws, backend } = world();
    await Promise.all([1, 2, 3, 4, 5].map((index) => backend.start("web", index, declared(1), never)));
    settle(aws);
    assert.equal(aws.desired, 5);
    assert.equal(aws.live().length, 5);
    const members = await backend.members("web");
    assert.deepEqual(members.map(({ index }) => index).sort(), [1, 2, 3, 4, 5]);
    assert.equal(new Set(members.map(({ address }) => address)).size, 5);
    for (const { running, template } of members)
      assert.deepEqual(
        [running, template],
        [true, templateDigest(declared(1).template, declared(1).backend)],
      );
  });

  it("ends with as many machines as members, whatever starts, dies and leaves at the same time", async () => {
    const indices = fc.integer({ min: 1, max: 4 });
    const events = fc.array(
      fc.record({ what: fc.constantFrom("start", "end", "kill"), index: indices, steps: fc.nat(8) }),
      {
        maxLength: 12,
      },
    );
    await fc.assert(
      fc.asyncProperty(events, fc.boolean(), async (all, hooks) => {
        const { aws, backend, clock } = world();
        aws.hooks = hooks;
        const wanted = new Set<number>();
        const work = new Map<number, Promise<void>>();
        for (const { what, index, steps } of all) {
          for (let step = 0; step < steps; step++) await clock.pause(1, never);
          if (what === "kill") {
            const victim = aws.live().find(({ member }) => member === `web-${index}`);
            if (victim !== undefined) aws.kill(victim.id);
            continue;
          }
          // As the controller does: one thing at a time for each member, many members at once.
          const before = work.get(index) ?? Promise.resolve();
          if (what === "start") wanted.add(index);
          else wanted.delete(index);
          const next = (): Promise<void> =>
            what === "start"
              ? backend.start("web", index, declared(1), never)
              : backend.terminate(`web-${index}`, never);
          work.set(index, before.then(next));
        }
        await Promise.all(work.values());
        // Those that were killed are started again, as the controller does.
        await Promise.all([...wanted].map((index) => backend.start("web", index, declared(1), never)));
        settle(aws);
        const members = (await backend.members("web")).map(({ index }) => index).sort();
        assert.deepEqual(members, [...wanted].sort());
        assert.deepEqual([aws.waiting, aws.harm], [{}, []]);
        await Promise.all(members.map((index) => backend.terminate(`web-${index}`, never)));
        settle(aws);
        assert.deepEqual([aws.desired, aws.live().length, aws.harm], [0, 0, []]);
      }),
      { numRuns: 60 },
    );
  });

  it("lets a machine that somebody ends wait until its member is drained, and takes no other down for it", async () => {
    const { aws, backend } = world();
    aws.hooks = true;
    await Promise.all([1, 2].map((index) => backend.start("web", index, declared(1), never)));
    settle(aws);
    const [machine] = await aws.machines({ member: "web-1" });
    assert.ok(machine);
    // By hand, without a smaller desired capacity: the group launches another one beside it.
    await aws.terminate(machine.id, { decrement: false });
    await aws.tag(machine.id, { pool: "web", member: "web-1", notice: "termination" });
    settle(aws);
    const members = await backend.members("web");
    assert.deepEqual(
      members.map(({ name, running, notice }) => [name, running, notice]),
      [
        ["web-1", true, { kind: "termination" }],
        ["web-2", true, undefined],
      ],
    );
    await backend.start("web", 3, declared(1), never);
    assert.equal(aws.waiting[machine.id], "Terminating:Wait");
    assert.deepEqual([aws.desired, aws.live().length], [2, 3]);
    await backend.terminate("web-1", never);
    settle(aws);
    assert.deepEqual(
      (await backend.members("web")).map(({ name }) => name),
      ["web-2", "web-3"],
    );
    assert.deepEqual([aws.desired, aws.live().length, aws.waiting, aws.harm], [2, 2, {}, []]);
  });

  it("ends a machine once, also where a controller was killed before it let it go on", async () => {
    const { aws, backend, clock } = world();
    aws.hooks = true;
    await backend.start("web", 1, declared(1), never);
    const [machine] = aws.live();
    assert.ok(machine);
    await aws.terminate(machine.id, { decrement: true });
    settle(aws);
    await awsBackend(aws, clock).terminate("web-1", never);
    settle(aws);
    assert.deepEqual([aws.desired, aws.live(), aws.harm, await backend.members("web")], [0, [], [], []]);
  });

  it("fails when a machine that was ended does not come to its end", async () => {
    const { aws, backend } = world();
    aws.hooks = true;
    await backend.start("web", 1, declared(1), never);
    aws.step = () => undefined;
    await assert.rejects(
      backend.terminate("web-1", never),
      /web-1 of the auto-scaling group demo-web was ended and is still Terminating; see its activities$/,
    );
    assert.equal((await backend.members("web")).length, 1);
  });

  it("asks again for the end of a machine that AWS has refused, or has said and not done", async () => {
    for (const [deaf, said] of [
      ["refuses", /Throttling: Rate exceeded/],
      [
        "lies",
        /web-1 of the auto-scaling group demo-web was ended and is still InService; see its activities$/,
      ],
    ] as const) {
      const { aws, backend } = world();
      aws.hooks = true;
      await Promise.all([1, 2].map((index) => backend.start("web", index, declared(1), never)));
      aws.deaf = deaf;
      await assert.rejects(backend.terminate("web-1", never), said);
      assert.equal((await backend.members("web")).length, 2, deaf);
      aws.deaf = undefined;
      await backend.terminate("web-1", never);
      settle(aws);
      const [left, ...more] = await backend.members("web");
      assert.deepEqual([left?.name, more, aws.desired, aws.live().length, aws.harm], ["web-2", [], 1, 1, []]);
    }
  });

  it("replaces a machine of an earlier launch template, a member's or nobody's", async () => {
    const { aws, backend } = world();
    await backend.start("web", 1, declared(1), never);
    aws.desired = 2;
    settle(aws);
    const before = aws.live().map(({ id }) => id);
    aws.launches = "lt-1:2";
    await Promise.all([
      backend.start("web", 1, declared(2), never),
      backend.start("web", 2, declared(2), never),
    ]);
    settle(aws);
    const after = aws.live();
    assert.deepEqual([aws.desired, after.length], [2, 2]);
    assert.deepEqual(
      after.filter(({ id, launched }) => before.includes(id) || launched !== "lt-1:2"),
      [],
    );
  });

  it("goes on where a controller was killed: what was claimed is its member's", async () => {
    const { aws, backend, clock } = world();
    aws.desired = 1;
    settle(aws);
    const [machine] = aws.live();
    assert.ok(machine);
    await aws.tag(machine.id, { pool: "web", member: "web-7" });
    assert.deepEqual(await backend.members("web"), [
      { index: 7, name: "web-7", running: false, template: undefined, address: machine.address },
    ]);
    await awsBackend(aws, clock).start("web", 7, declared(1), never);
    assert.deepEqual(
      aws.live().map(({ id }) => id),
      [machine.id],
    );
    assert.equal((await backend.members("web"))[0]?.running, true);
  });

  it("fails when the group launches something else than is declared, is full, or launches nothing", async () => {
    const { aws, backend } = world();
    const refused = (message: RegExp) => (error: unknown) =>
      isMesosError(error) && message.test(error.message);
    await assert.rejects(
      backend.start("web", 1, declared(2), never),
      refused(
        /^web-1: the auto-scaling group demo-web launches lt-1:1, but the declaration says lt-1:2; run up again$/,
      ),
    );
    aws.most = 0;
    await assert.rejects(
      backend.start("web", 1, declared(1), never),
      refused(/has room for 0 members, got 1$/),
    );
    aws.most = 5;
    aws.step = () => undefined;
    await assert.rejects(
      backend.start("web", 1, declared(1), never),
      refused(/launched no instance within 15 minutes/),
    );
  });

  it("fails when an agent does not answer in time, and keeps the machine for the next attempt", async () => {
    const { aws, backend } = world();
    // Nothing listens on port 1 of this address.
    const template = { ...declared(1).template, ready: { tcp: "127.0.0.1:1" } };
    await assert.rejects(
      backend.start("web", 1, { ...declared(1), template }, never),
      /web-1: waited in vain for .*127\.0\.0\.1:1/,
    );
    assert.equal((await backend.members("web"))[0]?.running, false);
    const [before] = aws.live();
    await backend.start("web", 1, declared(1), never);
    assert.deepEqual(
      aws.live().map(({ id }) => id),
      [before?.id],
    );
  });

  it("stops waiting when it is told to", async () => {
    const { aws, backend } = world();
    aws.step = () => undefined;
    const stop = new AbortController();
    const started = backend.start("web", 1, declared(1), stop.signal);
    stop.abort();
    await assert.rejects(started, (error) => (error as Error).name === "AbortError");
  });
});
