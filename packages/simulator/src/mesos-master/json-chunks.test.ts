// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { jsonChunks } from "./json-chunks";

describe("JSON in chunks", () => {
  it("is what JSON.stringify says, whatever the shape", () => {
    const values = [
      {},
      [],
      null,
      "text",
      { a: 1, b: undefined, c: [undefined, null, { d: [] }], 'e"f': { g: { h: { i: [1, { j: 2 }] } } } },
      { at: new Date(0), list: [[], [[[[1]]]]] },
    ];
    for (const value of values) assert.equal([...jsonChunks(value)].join(""), JSON.stringify(value));
  });

  it("is many chunks when it is long", () => {
    const value = {
      tasks: Array.from({ length: 10_000 }, (_, i) => ({ id: `task-${i}`, state: "TASK_RUNNING" })),
    };
    const chunks = [...jsonChunks(value)];
    assert.ok(chunks.length > 4);
    assert.ok(chunks.every((chunk) => chunk.length < 128 * 1024));
    assert.deepEqual(JSON.parse(chunks.join("")), value);
  });
});
