// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import { computed, hasComputed } from "@pulumi-mesos/model";
import fc from "fast-check";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { type PathPart, parsePath, SecretPaths } from "./secret-paths";
import { decode, encode } from "./wire";

const signatureKey = "4dabf18193072939515e22adb298388d";
const unknownString = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Any value with secrets and unknowns anywhere, as the engine writes it. */
const wireValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(
      fc.string(),
      fc.boolean(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constant(null),
    ),
    fc.constant(unknownString),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-z."[\]]{0,6}$/), tie("value"), { maxKeys: 4 }),
    tie("value").map((value) => ({ [signatureKey]: "1b47061264138c4ac30d75fd1eb44270", value })),
  ),
})).value;
const wireBag = fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), wireValue, { maxKeys: 5 });

/** A secret within a secret at the same place says nothing more. */
function flattened(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(flattened);
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? 0 : value;
  const fields = value as Record<string, unknown>;
  if (fields[signatureKey] !== undefined) {
    const inner = fields["value"] as Record<string, unknown> | null;
    if (typeof inner === "object" && inner?.[signatureKey] !== undefined) return flattened(inner);
  }
  return Object.fromEntries(Object.entries(fields).map(([k, v]) => [k, flattened(v)]));
}

describe("the wire codec", () => {
  it("keeps every value, secret and unknown over decode and encode", () => {
    fc.assert(
      fc.property(wireBag, (bag) => {
        const { values, secrets } = decode(Struct.fromJavaScript(bag as never));
        deepEqual(flattened(encode(values, secrets).toJavaScript()), flattened(bag));
      }),
    );
  });

  it("leaves no trace of wrappers and sentinels inside", () => {
    fc.assert(
      fc.property(wireBag, (bag) => {
        const { values } = decode(Struct.fromJavaScript(bag as never));
        const seen = JSON.stringify(values) ?? "";
        equal(seen.includes(signatureKey) || seen.includes(unknownString), false);
        equal(hasComputed(values), JSON.stringify(bag).includes(unknownString));
      }),
    );
  });

  it("reads every kind of unknown and output value", () => {
    const { values, secrets } = decode(
      Struct.fromJavaScript({
        bool: "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        output: { [signatureKey]: "d0e6a833031e9bbcd3f4e8bde6ca49a4", secret: true },
        known: { [signatureKey]: "d0e6a833031e9bbcd3f4e8bde6ca49a4", value: "v", secret: true },
      }),
    );
    deepEqual(values, { bool: computed, output: computed, known: "v" });
    equal(secrets.has(["output"]) && secrets.has(["known"]), true);
  });

  it("hides the nearest thing that is left when what was secret is not at its place", () => {
    const secrets = new SecretPaths();
    secrets.add(["files", 1, "content"]);
    const bag = encode({ files: [{ content: "was second" }], other: 1 }, secrets).toJavaScript();
    deepEqual(bag["files"], {
      [signatureKey]: "1b47061264138c4ac30d75fd1eb44270",
      value: [{ content: "was second" }],
    });
    equal(bag["other"], 1);
  });

  it("leaves undefined out", () => {
    deepEqual(encode({ a: undefined, b: [undefined] }, new SecretPaths()).toJavaScript(), { b: [null] });
  });
});

describe("parsePath", () => {
  it("takes every property path apart", () => {
    const expected: [string, PathPart[]][] = [
      ["a.b", ["a", "b"]],
      ["files[0].content", ["files", 0, "content"]],
      ['env["A.B"].c', ["env", "A.B", "c"]],
      ['["x\\"y"]', ['x"y']],
    ];
    for (const [path, parts] of expected) deepEqual(parsePath(path), parts);
  });
});
