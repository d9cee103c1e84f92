// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { deriveCredential } from "./credentials";

describe("deriveCredential", () => {
  const stack = { project: "p", stack: "s" };

  it("gives the same 256 bits for the same secret, stack and role", () => {
    const credential = deriveCredential("secret", stack, "edge/stats");
    assert.equal(credential, deriveCredential("secret", stack, "edge/stats"));
    assert.equal(Buffer.from(credential, "base64url").length, 32);
  });

  it("differs by secret, stack and role", () => {
    const all = [
      deriveCredential("secret", stack, "a"),
      deriveCredential("secret", stack, "b"),
      deriveCredential("other", stack, "a"),
      deriveCredential("secret", { project: "p", stack: "t" }, "a"),
    ];
    assert.equal(new Set(all).size, all.length);
  });
});
