// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { isAborted, StatusError, UnreachableError } from "./errors";
import { type ReadClock, SharedReads } from "./shared-reads";

const signal = new AbortController().signal;
const refused = new StatusError({ method: "GET", url: "http://m/v2/apps", status: 403, body: "no" });

/** Counts what is asked of a source whose time, writes and answers the test decides. */
class Fixture {
  ms = 0;
  writes = 0;
  answers = new Map<string, string>();
  /** `list`, or the id that was asked for singly. */
  readonly requests: string[] = [];
  fault: unknown;
  hold: Promise<void> = Promise.resolve();
  aborted = 0;
  readonly #soon: (() => void)[] = [];
  readonly #later: { readonly at: number; readonly action: () => void }[] = [];
  readonly clock: ReadClock = {
    now: () => this.ms,
    soon: (action) => void this.#soon.push(action),
    later: (ms, action) => void this.#later.push({ at: this.ms + ms, action }),
  };
  readonly reads = new SharedReads<string>(
    {
      one: async (id, stop) => {
        this.requests.push(id);
        await this.#held(stop);
        return this.answers.get(id);
      },
      all: async (stop) => {
        this.requests.push("list");
        const then = new Map(this.answers);
        await this.#held(stop);
        if (this.fault) throw this.fault;
        return then;
      },
      writes: () => this.writes,
    },
    this.clock,
  );

  constructor(...ids: string[]) {
    for (const id of ids) this.answers.set(id, `${id} 1`);
  }

  get lists(): number {
    return this.requests.filter((r) => r === "list").length;
  }

  /** Goes to a later moment. */
  pass(ms: number): void {
    this.ms += ms;
    for (const { at, action } of this.#later.splice(0)) {
      if (at <= this.ms) action();
      else this.#later.push({ at, action });
    }
  }

  /** Answers whoever asks for {@link SharedReads.current}. */
  tick(): void {
    for (const action of this.#soon.splice(0)) action();
  }

  async #held(stop: AbortSignal): Promise<void> {
    stop.addEventListener("abort", () => {
      this.aborted += 1;
    });
    await this.hold;
  }
}

function ids(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `/app-${i}`);
}

describe("SharedReads.recent", () => {
  it("reads a few singly", async () => {
    const f = new Fixture("/a", "/b");
    assert.deepEqual(await Promise.all(["/a", "/b", "/c"].map((id) => f.reads.recent(id, signal))), [
      "/a 1",
      "/b 1",
      undefined,
    ]);
    assert.deepEqual(f.requests, ["/a", "/b", "/c"]);
  });

  it("reads 1,000 in 45 s with few requests, 8 at a time as well as one after another", async () => {
    for (const parallel of [8, 1]) {
      const f = new Fixture(...ids(1_000));
      for (let i = 0; i < 1_000; i += parallel) {
        await Promise.all(
          ids(1_000)
            .slice(i, i + parallel)
            .map((id) => f.reads.recent(id, signal)),
        );
        f.pass(45 * parallel);
      }
      assert.ok(f.requests.length <= 8, `${f.requests.length} requests`);
    }
  });

  it("reads singly what the list does not hold, because only that is sure", async () => {
    const f = new Fixture(...ids(10));
    await Promise.all(ids(10).map((id) => f.reads.recent(id, signal)));
    f.answers.set("/new", "made since");
    assert.equal(await f.reads.recent("/new", signal), "made since");
    assert.equal(await f.reads.recent("/gone", signal), undefined);
    assert.deepEqual(f.requests.slice(-2), ["/new", "/gone"]);
  });

  it("answers nothing from a list that is too old", async () => {
    const f = new Fixture(...ids(10));
    await Promise.all(ids(10).map((id) => f.reads.recent(id, signal)));
    f.answers.set("/app-1", "changed");
    assert.equal(await f.reads.recent("/app-1", signal), "/app-1 1");
    f.pass(15_001);
    assert.equal(await f.reads.recent("/app-1", signal), "changed");
  });

  it("answers nothing from before a write of this process, or from during one", async () => {
    const f = new Fixture(...ids(10));
    await Promise.all(ids(10).map((id) => f.reads.recent(id, signal)));
    f.writes += 1;
    f.answers.set("/app-1", "half");
    assert.equal(await f.reads.recent("/app-1", signal), "half");
    f.writes += 1;
    f.answers.set("/app-1", "written");
    for (let i = 0; i < 4; i++) assert.equal(await f.reads.recent("/app-1", signal), "written");
    f.writes += 1;
    f.answers.set("/app-1", "again");
    assert.equal(await f.reads.recent("/app-1", signal), "again");
    assert.equal(f.lists, 2);
  });

  it("reads singly while writes go on between", async () => {
    const f = new Fixture(...ids(100));
    for (const id of ids(100)) {
      await f.reads.recent(id, signal);
      f.writes += 1;
    }
    assert.equal(f.lists, 0);
  });

  it("reads singly when the list is refused, and keeps no list that failed", async () => {
    const f = new Fixture(...ids(10));
    f.fault = refused;
    const found = await Promise.all(ids(10).map((id) => f.reads.recent(id, signal)));
    assert.deepEqual(found, [...f.answers.values()]);
    f.fault = undefined;
    await f.reads.recent("/app-1", signal);
    assert.equal(f.lists, 2);
  });

  it("fails when nobody answers, never taking that for a deleted app", async () => {
    const f = new Fixture(...ids(10));
    f.fault = new UnreachableError("GET /v2/apps", [new Error("timeout")]);
    const found = await Promise.allSettled(ids(10).map((id) => f.reads.recent(id, signal)));
    assert.deepEqual(
      found.map((r) => r.status),
      [...ids(3).map(() => "fulfilled"), ...ids(7).map(() => "rejected")],
    );
  });

  it("lets one reader stop waiting, and aborts the request when all have", async () => {
    const f = new Fixture(...ids(10));
    for (const id of ids(3)) await f.reads.recent(id, signal);
    let release = (): void => {};
    f.hold = new Promise((resolve) => {
      release = resolve;
    });
    const impatient = new AbortController();
    const first = f.reads.recent("/app-4", impatient.signal);
    const second = f.reads.recent("/app-5", signal);
    impatient.abort();
    await assert.rejects(first, isAborted);
    assert.equal(f.aborted, 0);
    release();
    assert.equal(await second, "/app-5 1");
    f.pass(20_000);
    for (const id of ids(3)) await f.reads.recent(id, signal);
    f.hold = new Promise(() => {});
    const last = new AbortController();
    const third = f.reads.recent("/app-6", last.signal);
    last.abort();
    await assert.rejects(third, isAborted);
    assert.equal(f.aborted, 1);
    f.hold = Promise.resolve();
    assert.equal(await f.reads.recent("/app-6", signal), "/app-6 1");
  });
});

describe("SharedReads.current", () => {
  it("shares one list among those who ask at the same time, and one request for the same id", async () => {
    const f = new Fixture(...ids(20));
    const crowd = ids(20).map((id) => f.reads.current(id, signal));
    f.tick();
    assert.deepEqual(await Promise.all(crowd), [...f.answers.values()]);
    assert.deepEqual(f.requests, ["list"]);
    const twice = [f.reads.current("/app-1", signal), f.reads.current("/app-1", signal)];
    f.tick();
    await Promise.all(twice);
    assert.deepEqual(f.requests, ["list", "/app-1"]);
  });

  it("asks singly where a list costs more", async () => {
    const f = new Fixture(...ids(1_000));
    for (const crowd of [8, 8, 64]) {
      const answers = ids(crowd).map((id) => f.reads.current(id, signal));
      f.tick();
      await Promise.all(answers);
    }
    assert.deepEqual(f.requests, ["list", ...ids(8), "list"]);
  });

  it("never answers from before the question: later ones wait for the next list", async () => {
    const f = new Fixture(...ids(10));
    let release = (): void => {};
    f.hold = new Promise((resolve) => {
      release = resolve;
    });
    const early = ids(10).map((id) => f.reads.current(id, signal));
    f.tick();
    f.answers.set("/app-1", "changed");
    const late = ids(10).map((id) => f.reads.current(id, signal));
    release();
    assert.equal((await Promise.all(early))[1], "/app-1 1");
    assert.equal((await Promise.all(late))[1], "changed");
    assert.equal(f.lists, 2);
  });

  it("fails at once for whoever stops waiting", async () => {
    const f = new Fixture("/a");
    const stop = new AbortController();
    const asked = f.reads.current("/a", stop.signal);
    stop.abort();
    await assert.rejects(asked, isAborted);
    f.tick();
    assert.deepEqual(f.requests, []);
  });
});
