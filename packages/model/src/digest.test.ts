// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import { canonicalJson, digestOf } from "./digest";
import { propertyPath } from "./failures";

describe("canonicalJson", () => {
  it("does not depend on the order of keys and ignores undefined", () => {
    assert.equal(canonicalJson({ b: 1, a: { d: undefined, c: 2 } }), canonicalJson({ a: { c: 2 }, b: 1 }));
  });

  it("reads back as the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.deepEqual(JSON.parse(canonicalJson(value)), JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe("digestOf", () => {
  it("changes with the value", () => {
    assert.notEqual(digestOf({ size: 2 }), digestOf({ size: 3 }));
    assert.match(digestOf({}), /^[0-9a-f]{16}$/);
  });
});

describe("propertyPath", () => {
  it("turns a JSON pointer into Pulumi's form", () => {
    assert.equal(propertyPath("/container/portMappings/0/hostPort"), "container.portMappings[0].hostPort");
    assert.equal(propertyPath("/env/A~1B"), 'env["A/B"]');
    assert.equal(propertyPath(""), "");
  });
});
