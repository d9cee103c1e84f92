// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import { encodeRecord, RecordDecoder } from "./record-io";

describe("RecordIO (mesos.md 2.3)", () => {
  it("counts bytes, not characters", () => {
    assert.equal(encodeRecord('{"a":"é"}').toString(), '10\n{"a":"é"}');
  });

  it("gives back the records however the chunks fall", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme" })),
        fc.integer({ min: 1, max: 9 }),
        (texts, size) => {
          const bytes = Buffer.concat(texts.map(encodeRecord));
          const decoder = new RecordDecoder();
          const got: string[] = [];
          for (let at = 0; at < bytes.length; at += size)
            got.push(...decoder.push(bytes.subarray(at, at + size)));
          assert.deepEqual(got, texts);
        },
      ),
    );
  });

  it("fails when the length is no number or too large", () => {
    assert.throws(() => new RecordDecoder().push(Buffer.from("x\n")), /must be a number/);
    assert.throws(() => new RecordDecoder(10).push(Buffer.from("11\n")), /up to 10/);
    assert.throws(() => new RecordDecoder().push(Buffer.from("a".repeat(30))), /does not begin/);
  });
});
