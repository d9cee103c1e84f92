// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { Backend } from "./route";
import { withRuleOptions } from "./rule-options";

describe("the config of a rule", () => {
  const backend: Backend = { name: "a", tls: false, servers: [] };
  const read = (Config: Record<string, string> | null) => {
    const leftOut = new Map<string, string>();
    const { options } = withRuleOptions(backend, { Id: "/a", Acl: "path_beg /", Config }, leftOut);
    return { options, leftOut };
  };

  it("asks for HTTPS, HSTS and networks", () => {
    assert.deepEqual(read({ RedirectToHttps: "true", UseHsts: "True", AllowedNetworks: "10.0.0.0/8, ::1" }), {
      options: { mode: "http", redirectToHttps: true, hsts: true, allowed: ["10.0.0.0/8", "::1"] },
      leftOut: new Map(),
    });
  });

  it("changes nothing that it does not name", () => {
    const rule = { Id: "/a", Acl: "path_beg /", Config: { Priority: "1", UseHsts: "false" } };
    assert.equal(withRuleOptions(backend, rule, new Map()), backend);
    assert.equal(withRuleOptions(backend, { ...rule, Config: null }, new Map()), backend);
    assert.equal(withRuleOptions(backend, undefined, new Map()), backend);
  });

  it("fails to nobody's harm when a network is none: it is named, and what is left counts", () => {
    const some = read({ AllowedNetworks: "10.0.0.1 10.0.0.0/99" });
    assert.deepEqual(some.options?.allowed, ["10.0.0.1"]);
    assert.match(some.leftOut.get("/a AllowedNetworks") ?? "", /got "10\.0\.0\.0\/99"/);
    // A list of which nothing is left lets nobody in.
    for (const none of ["everybody", ""])
      assert.deepEqual(read({ AllowedNetworks: none }).options?.allowed, ["0.0.0.0/32"]);
  });
});
