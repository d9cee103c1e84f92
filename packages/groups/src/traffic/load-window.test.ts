// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { type EdgeAnswer, LoadWindow } from "./load-window";

const [a, b] = ["http://a:8000", "http://b:8000"];
const counts = (requests: number, openRequests?: number): EdgeAnswer => ({
  traffic: {
    "/web": {
      ...{ requests, errors: 0, connectionFailures: 0, requestsPerSecond: 0 },
      ...(openRequests === undefined ? {} : { openRequests }),
    },
  },
});

describe("the load of an app", () => {
  it("is what all edges together have counted, by the second", () => {
    const window = new LoadWindow([a, b]);
    for (const second of [0, 1, 2, 3]) {
      window.add(a, 1_000 * second, counts(100 + 30 * second, second));
      window.add(b, 1_000 * second + 500, counts(20 * second, 2));
    }
    assert.deepEqual(window.load("/web", "rps"), { value: 50 });
    assert.deepEqual(window.load("/web", "concurrency"), { value: 3.5 });
  });

  it("is of the last seconds alone", () => {
    const window = new LoadWindow([a]);
    for (let second = 0; second <= 20; second++)
      window.add(a, 1_000 * second, counts(second < 10 ? 0 : 100 * (second - 10)));
    assert.deepEqual(window.load("/web", "rps"), { value: 100 });
  });

  it("goes on when an edge begins to count anew", () => {
    const window = new LoadWindow([a]);
    for (const [second, requests] of [
      [0, 1_000],
      [1, 1_040],
      [2, 10],
    ] as const)
      window.add(a, 1_000 * second, counts(requests));
    assert.deepEqual(window.load("/web", "rps"), {
      value: undefined,
      missing: `${a} has just begun to count`,
    });
    window.add(a, 3_000, counts(50));
    assert.deepEqual(window.load("/web", "rps"), { value: 40 });
  });

  it("is at least what the others count while an edge does not answer", () => {
    const window = new LoadWindow([a, b]);
    for (const second of [0, 1]) {
      window.add(a, 1_000 * second, counts(30 * second));
      window.add(b, 1_000 * second, second === 0 ? counts(0) : { problem: "connection refused" });
    }
    assert.deepEqual(window.load("/web", "rps"), {
      value: 30,
      missing: `${b} does not answer (connection refused)`,
    });
  });

  it("does not mind an edge that tells of nobody while another HAProxy takes over", () => {
    const window = new LoadWindow([a]);
    window.add(a, 0, counts(0));
    window.add(a, 1_000, { traffic: {} });
    window.add(a, 2_000, counts(80));
    assert.deepEqual(window.load("/web", "rps"), { value: 40 });
  });

  it("is not known of an app that no edge leads to, or where there is no edge", () => {
    const window = new LoadWindow([a]);
    window.add(a, 0, { traffic: {} });
    assert.deepEqual(window.load("/web", "rps"), {
      value: undefined,
      missing: `${a} sends it no requests: no rule, label or port leads to it`,
    });
    assert.deepEqual(new LoadWindow([]).load("/web", "rps"), {
      value: undefined,
      missing: "the controller knows no edge",
    });
  });

  it("is not known by open requests where an edge does not tell them", () => {
    const window = new LoadWindow([a]);
    window.add(a, 0, counts(1));
    assert.deepEqual(window.load("/web", "concurrency"), {
      value: undefined,
      missing: `${a} does not tell open requests: it is of an earlier version`,
    });
  });
});
