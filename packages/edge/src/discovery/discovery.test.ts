// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { EventEmitter, on, once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { type Clock, systemClock } from "../clock";
import { until } from "../testing/edge-bench.test.support";
import { ClusterState, type EventFields } from "./cluster-state";
import { Discovery, type MarathonSource } from "./discovery";

const log = { info: () => {}, warn: () => {}, error: () => {} };
/** A clock of which a minute passes in 20 ms. */
const fast: Clock = {
  ...systemClock,
  now: () => systemClock.now() * 3_000,
  pause: (ms, signal) => systemClock.pause(ms / 3_000, signal),
};
const app = (id: string, ...tasks: string[]) => ({
  id,
  tasks: tasks.map((t) => ({ id: t, host: "10.0.0.1", ports: [31000], state: "TASK_RUNNING" })),
});

describe("discovery", () => {
  const asked: string[] = [];
  let bus: EventEmitter;
  let stop: AbortController;
  let answers: (id: string) => Promise<unknown>;
  let running: Promise<void>;
  let state: ClusterState;
  let discovery: Discovery;

  const begin = async (clock: Clock, resyncMs = 300_000): Promise<void> => {
    asked.length = 0;
    bus = new EventEmitter();
    stop = new AbortController();
    state = new ClusterState();
    answers = async (id) => (id === "*" ? [app("/a", "1"), app("/b", "2")] : app(id, "1"));
    const source: MarathonSource = {
      getApps: async () => {
        asked.push("*");
        return (await answers("*")) as unknown[];
      },
      getApp: (id) => {
        asked.push(id);
        return answers(id);
      },
      async *events(signal) {
        try {
          for await (const [event] of on(bus, "event", { signal })) yield event as EventFields;
        } catch (error) {
          if (!signal.aborted) throw error;
        }
      },
    };
    const onChange = (): void => void bus.emit("change");
    const options = {
      source,
      state,
      clock,
      log,
      resyncMs,
      prepare: async () => {},
      onChange,
    };
    discovery = new Discovery(options);
    const first = once(bus, "change");
    running = discovery.run(stop.signal);
    await first;
  };
  const end = async (): Promise<void> => {
    stop.abort();
    await running;
  };

  beforeEach(() => begin(systemClock));
  afterEach(end);

  const emit = (type: string, fields: object): void => {
    bus.emit("event", { type, fields });
  };

  it("asks for the one app that an event names", async () => {
    const change = once(bus, "change");
    emit("api_post_event", { appDefinition: { id: "/a" } });
    await change;
    assert.deepEqual(asked, ["*", "/a"]);
  });

  it("asks for everything after each connection", async () => {
    const change = once(bus, "change");
    emit("connected", {});
    await change;
    assert.deepEqual(asked, ["*", "*"]);
  });

  it("asks for everything again when nobody has said anything for a while", async () => {
    await end();
    await begin(systemClock, 5);
    answers = async () => [app("/a", "1", "2")];
    await until("the other list", async () => !state.apps.has("/b"));
    assert.equal(state.apps.get("/a")?.tasks.length, 2);
    assert.deepEqual([...new Set(asked)], ["*"]);
  });

  it("asks again when an event comes during the answer", async () => {
    let release = (): void => {};
    const began = new Promise<void>((resolve) => {
      answers = async (id) => {
        resolve();
        await new Promise<void>((go) => {
          release = go;
        });
        return app(id, "1", "3");
      };
    });
    const change = once(bus, "change");
    emit("api_post_event", { appDefinition: { id: "/a" } });
    await began;
    emit("status_update_event", { appId: "/a", taskId: "3", taskStatus: "TASK_RUNNING" });
    answers = async (id) => app(id, "4");
    await turn();
    release();
    await change;
    assert.deepEqual(asked, ["*", "/a", "/a"]);
    assert.deepEqual(
      state.apps.get("/a")?.tasks.map((t) => t.id),
      ["4"],
    );
  });

  it("keeps everything when an answer fails, and asks for all again", async () => {
    answers = async () => {
      answers = async () => [app("/a", "1"), app("/c", "9")];
      throw new DOMException("no answer", "TimeoutError");
    };
    const change = once(bus, "change");
    emit("api_post_event", { appDefinition: { id: "/a" } });
    await change;
    assert.deepEqual(asked, ["*", "/a", "*"]);
    assert.deepEqual([...state.apps.keys()], ["/a", "/c"]);
    assert.equal(discovery.problem, undefined);
  });

  describe("as time goes by", () => {
    const listings = async (number: number): Promise<void> => {
      while (asked.filter((id) => id === "*").length < number) await once(bus, "change");
    };

    beforeEach(async () => {
      await end();
      await begin(fast);
    });

    it("asks for everything again, also where events never cease", async () => {
      const events = setInterval(() => emit("api_post_event", { appDefinition: { id: "/a" } }), 1);
      await listings(3).finally(() => clearInterval(events));
    });

    it("believes a list that lacks most apps after a minute, well before the next regular look", async () => {
      const began = fast.now();
      answers = async (id) => (id === "*" ? [] : app(id, "1"));
      emit("connected", {});
      while (state.apps.size > 0) await once(bus, "change");
      const minutes = (fast.now() - began) / 60_000;
      assert.ok(minutes >= 1, `${minutes} minutes`);
      assert.ok(asked.filter((id) => id === "*").length >= 4, asked.join(" "));
    });
  });
});
