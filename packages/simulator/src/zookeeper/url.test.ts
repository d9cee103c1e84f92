// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { parseZkUrl } from "./url";

describe("zk:// URLs (mesos.md 1.1)", () => {
  it("end the credentials at the last @ and begin the path at the first slash", () => {
    assert.deepEqual(parseZkUrl("zk://u:p@ss@h1:1,h2:2/a/b"), {
      servers: "h1:1,h2:2",
      path: "/a/b",
      auth: "u:p@ss",
    });
    assert.deepEqual(parseZkUrl("zk://h1:2181"), { servers: "h1:2181", path: "/" });
  });

  it("fails when the scheme or a server is missing", () => {
    assert.throws(() => parseZkUrl("http://h"), /zk:\/\//);
    assert.throws(() => parseZkUrl("zk:///mesos"), /host:port/);
  });
});
