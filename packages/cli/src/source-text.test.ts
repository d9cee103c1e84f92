// SPDX-License-Identifier: Apache-2.0
import { equal } from "node:assert/strict";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expression } from "./source-text";

const none = (): undefined => undefined;

describe("a value as source text", () => {
  it("evaluates to the value, whatever its strings and keys hold", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const back: unknown = runInNewContext(`JSON.stringify((${expression(value, 0, none)}))`);
        equal(back, JSON.stringify(value));
      }),
    );
    const odd = JSON.parse('{"__proto__":"p","a-b":"\\u2028\\u202e`$(x)\'\\"\\\\\\n"}') as object;
    const text = expression(odd, 0, none);
    equal(runInNewContext(`JSON.stringify(${text})`), JSON.stringify(odd));
    equal(/[\u2028\u202e]/.test(text), false);
  });

  it("is one line where that is short, and holds other expressions where asked", () => {
    equal(expression({ a: [1, "x"], b: {} }, 0, none), '{ a: [1, "x"], b: {} }');
    const lines = expression({ env: { A: "x".repeat(90), B: "y" } }, 0, (path) =>
      path === "env.B" ? "secret()" : undefined,
    );
    equal(lines.includes("    B: secret(),\n"), true);
  });
});
