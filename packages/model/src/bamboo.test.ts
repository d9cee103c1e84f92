// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  aclProblem,
  bambooId,
  decodeBambooNode,
  encodeBambooNode,
  goQueryEscape,
  goQueryUnescape,
} from "./bamboo";

const text = fc.string({ unit: "grapheme" });
/** Any key that an object keeps as its own. */
const key = text.filter((k) => k !== "__proto__");

describe("Bamboo's ZooKeeper nodes", () => {
  it("are named as Go's url.QueryEscape names them", () => {
    assert.equal(goQueryEscape("/a b!(c)"), "%2Fa+b%21%28c%29");
    assert.equal(goQueryEscape("/some/service"), "%2Fsome%2Fservice");
    assert.equal(goQueryEscape("'*~-_.é"), "%27%2A~-_.%C3%A9");
  });

  it("have names without a slash that give the id back", () => {
    fc.assert(
      fc.property(text, (id) => {
        const name = goQueryEscape(id);
        assert.match(name, /^[A-Za-z0-9\-_.~+%]*$/);
        assert.equal(goQueryUnescape(name), id);
      }),
    );
  });

  it("have names that are refused when a percent sign stands alone", () => {
    for (const name of ["%", "%2", "%zz", "a%2"]) assert.equal(goQueryUnescape(name), undefined);
  });

  it("give back the rule that was written", () => {
    fc.assert(
      fc.property(
        key,
        fc.dictionary(key, text),
        text.filter((t) => t !== ""),
        (id, config, acl) => {
          const rule = decodeBambooNode(goQueryEscape(`/${id}`), encodeBambooNode(acl, config));
          assert.deepEqual(rule, { Id: `/${id}`, Acl: acl, Config: { ...config, Acl: acl } });
        },
      ),
    );
  });

  it("of version 1 hold the bare ACL, also one that begins with a brace", () => {
    for (const acl of ["hdr(host) -i a.example", "{ path_beg / }"]) {
      assert.deepEqual(decodeBambooNode("%2Fa", Buffer.from(acl)), {
        Id: "/a",
        Acl: acl,
        Config: { Acl: acl },
      });
    }
  });

  it("of an unknown version are no rules", () => {
    assert.equal(
      decodeBambooNode("%2Fa", Buffer.from('{"version":"3","config":{"Acl":"path_beg /"}}')),
      undefined,
    );
    assert.equal(decodeBambooNode("%2Fa", Buffer.from('{"version":"2","config":{"Acl":1}}')), undefined);
  });
});

describe("aclProblem", () => {
  it("accepts what HAProxy may judge", () => {
    for (const acl of [
      "path_beg /",
      "hdr(host) -i a.example b.example",
      'path_reg "^/a b$"',
      "path_beg\t/é",
    ]) {
      assert.equal(aclProblem(acl), undefined);
    }
  });

  it("refuses an empty text, several lines and control characters", () => {
    assert.match(aclProblem(" ") ?? "", /empty/);
    for (const end of ["\n", "\r", "\u2028"]) assert.match(aclProblem(`path_beg /${end}x`) ?? "", /one line/);
    assert.match(aclProblem("path_beg /\u0000") ?? "", /U\+0000/);
  });

  it("refuses a condition that numbers itself, because two may take the same number", () => {
    for (const acl of ["path_beg -u 1 /", "path -i '-u' 7 /x"]) assert.match(aclProblem(acl) ?? "", /-u/);
  });

  it("refuses files of the edge however they are written", () => {
    for (const acl of [
      "src -f /etc/passwd",
      'src "-f" /x',
      "src -\\f /x",
      "src \\x2df /x",
      "path,map_str(/x) -m str a",
      'path "$' + '{X}"',
    ]) {
      assert.notEqual(aclProblem(acl), undefined, acl);
    }
  });
});

describe("bambooId", () => {
  it("puts the missing slash before an id", () => {
    assert.deepEqual(["a", "/a", ""].map(bambooId), ["/a", "/a", ""]);
  });
});
