// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { ApiError } from "../api-error";
import { labelSelector } from "./label-selector";

/** SPEC-marathon.md, `/v2/apps`: the cases of Marathon's LabelSelectorParsersTest. */
describe("marathon: label selectors of GET /v2/apps", () => {
  for (const [selector, takes, leaves] of [
    ["existence", [{ existence: "one" }], [{ none: "one" }]],
    ["foo == one", [{ foo: "one" }], [{ foo: "four" }, { bla: "one" }]],
    ["foo==one", [{ foo: "one" }], [{ foo: "four" }, { bla: "one" }]],
    ["foo!=one", [{ foo: "four" }], [{ foo: "one" }, { bla: "one" }]],
    ["foo in (one, two, three\\ is\\ cool)", [{ foo: "three is cool" }], [{ foo: "four" }, { bla: "one" }]],
    ["bla notin (one, two, three)", [{ bla: "four" }], [{ bla: "one" }, { rest: "one" }]],
    [
      "foo==one, bla!=one, foo in (one, two, three), bla notin (one, two, three), existence",
      [{ foo: "one", bla: "four", existence: "true" }],
      [{ foo: "one" }, { bla: "four" }],
    ],
    [
      "\\{\\{\\{ in (\\*\\*\\*, \\&\\&\\&, \\$\\$\\$), \\^\\^\\^ notin (\\-\\-\\-, \\!\\!\\!, \\@\\@\\@), \\#\\#\\#",
      [{ "{{{": "&&&", "^^^": "&&&", "###": "&&&" }],
      [{ "^^^": "---" }, { "###": "four" }],
    ],
    ["a.b-c_d==1.2", [{ "a.b-c_d": "1.2" }], [{}]],
    ["", [{}, { a: "b" }], []],
  ] as const) {
    it(`understands ${selector === "" ? "the empty one" : selector}`, () => {
      const matches = labelSelector(selector);
      assert.deepEqual(
        takes.map((labels) => matches(labels)),
        takes.map(() => true),
      );
      assert.deepEqual(
        leaves.map((labels) => matches(labels)),
        leaves.map(() => false),
      );
    });
  }

  for (const [selector, reason] of [
    ["foo some (one, two, three)", "',' expected but 's' found"],
    ["foo in one", "'(' expected but 'o' found"],
    ["foo test", "',' expected but 't' found"],
    ["foo==", "string matching regex '(\\\\.|[-A-Za-z0-9_.])+' expected but end of source found"],
  ] as const) {
    it(`fails with 422 on ${selector}`, () => {
      assert.throws(
        () => labelSelector(selector),
        (error: unknown) => {
          assert.ok(error instanceof ApiError);
          const message = `Can not parse label selector ${selector}. Reason: ${reason}`;
          assert.deepEqual([error.status, error.body], [422, { message }]);
          return true;
        },
      );
    });
  }
});
