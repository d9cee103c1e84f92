// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { templateDigest } from "@pulumi-mesos/model";
import type { Applied, Member } from "../observed";
import type { Backend } from "./backend";

/** A backend with what the contract needs to know of the place where it makes members. */
export interface BackendUnderTest {
  readonly backend: Backend;
  /** What a member runs that lives until it is ended; its data directory is `{data}`. */
  readonly applied: Applied;
  /** Changes when a member is made anew, and whenever its program starts. */
  lifeOf(name: string): Promise<string>;
  /** Ends a member so that nobody starts it again. */
  kill(name: string): Promise<void>;
  /** Says of a member what is said where it runs. */
  say(name: string, notice: string): Promise<unknown>;
  /** Does of a start only what comes first: the member's data has a place. */
  beginStart(pool: string, name: string): Promise<unknown>;
  /** Names of everything of the stack that is left: programs and data. */
  left(): Promise<string[]>;
}

/** What every backend does alike; the controller relies on it. `given` answers undefined where the tests cannot run. */
export function backendContract(given: () => BackendUnderTest | undefined): void {
  let test: BackendUnderTest;
  let signal: AbortSignal;
  // From its own beginning, however long the tests before it take.
  beforeEach(() => {
    signal = AbortSignal.timeout(240_000);
  });
  const start = (pool: string, index: number): Promise<void> =>
    test.backend.start(pool, index, test.applied, signal);
  /** Without what some backends deal out themselves: addresses and the beginning of what is paid. */
  const members = async (pool: string): Promise<Member[]> =>
    (await test.backend.members(pool))
      .map(({ address: _, paidSince: __, ...member }) => member)
      .sort((a, b) => a.index - b.index);

  /** A member as it is seen that runs what `applied` says. */
  const running = (index: number, name: string, { template, backend } = test.applied): Member => ({
    index,
    name,
    running: true,
    template: templateDigest(template, backend),
  });
  before(function () {
    const found = given();
    if (found === undefined) this.skip();
    else test = found;
  });
  afterEach(async () => {
    for (const pool of ["web", "web-2"])
      for (const { name } of (await test?.backend.members(pool)) ?? [])
        await test.backend.terminate(name, signal);
  });

  it("tells the members of a pool from those of another whose name begins alike", async () => {
    await Promise.all([start("web", 1), start("web-2", 2)]);
    assert.deepEqual(await members("web"), [running(1, "web-1")]);
    assert.deepEqual(await members("web-2"), [running(2, "web-2-2")]);
  });

  it("leaves a member alone that runs as it should", async () => {
    await start("web", 1);
    const before = await test.lifeOf("web-1");
    await start("web", 1);
    assert.equal(await test.lifeOf("web-1"), before);
  });

  it("starts a member anew that runs something else, and tells what it runs", async () => {
    await start("web", 1);
    const before = await test.lifeOf("web-1");
    const template = { ...test.applied.template, env: { CHANGED: "yes" } };
    const changed = { ...test.applied, template };
    await test.backend.start("web", 1, changed, signal);
    assert.notEqual(await test.lifeOf("web-1"), before);
    assert.deepEqual(await members("web"), [running(1, "web-1", changed)]);
  });

  it("sees a dead member and starts it again", async () => {
    await start("web", 2);
    const before = await test.lifeOf("web-2");
    await test.kill("web-2");
    assert.deepEqual(await members("web"), [{ ...running(2, "web-2"), running: false }]);
    await start("web", 2);
    assert.deepEqual(await members("web"), [running(2, "web-2")]);
    assert.notEqual(await test.lifeOf("web-2"), before);
  });

  it("tells what was said about the end of a member, until that is over", async () => {
    await Promise.all([start("web", 1), start("web", 2)]);
    await test.say("web-2", "interruption 2031-01-31T09:30:00Z");
    const notice = { kind: "interruption", until: Date.UTC(2031, 0, 31, 9, 30) };
    assert.deepEqual(await members("web"), [running(1, "web-1"), { ...running(2, "web-2"), notice }]);
    await test.say("web-1", "rebalance");
    assert.deepEqual((await members("web"))[0]?.notice, { kind: "rebalance" });
    await test.backend.terminate("web-2", signal);
    await start("web", 2);
    assert.deepEqual((await members("web"))[1], running(2, "web-2"));
  });

  it("takes one whose start was cut short for a member", async () => {
    await test.beginStart("web", "web-3");
    assert.deepEqual(await members("web"), [
      { index: 3, name: "web-3", running: false, template: undefined },
    ]);
    await start("web", 3);
    assert.deepEqual(await members("web"), [running(3, "web-3")]);
  });

  it("ends a member with its data, dead or alive, also from two sides at once and when it is gone already", async () => {
    await Promise.all([start("web", 1), start("web", 2)]);
    await test.kill("web-2");
    await Promise.all(["web-1", "web-2", "web-1"].map((name) => test.backend.terminate(name, signal)));
    assert.deepEqual(await members("web"), []);
    assert.deepEqual(await test.left(), []);
    await test.backend.terminate("web-1", signal);
  });
}
