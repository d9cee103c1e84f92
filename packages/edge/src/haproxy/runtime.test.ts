// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { batches, commandsFor, parseInfo, parseServers } from "./runtime";

describe("HAProxy's runtime language", () => {
  it("gives a slot its address before it opens it", () => {
    const change = {
      backend: "b",
      slot: 0,
      address: { address: "10.0.0.1", port: 31000 },
      state: "ready",
    } as const;
    assert.deepEqual(commandsFor(change), [
      "set server b/s1 addr 10.0.0.1 port 31000",
      "set server b/s1 state ready",
    ]);
  });

  it("is sent in lines that fit into HAProxy's buffer", () => {
    const lines = batches(Array.from({ length: 1000 }, (_, i) => `set server backend-${i}/s1 state ready`));
    assert.ok(lines.length > 1 && lines.every((line) => line.length <= 8192));
    assert.equal(lines.join(";").split(";").length, 1000);
  });

  it("tells the worker's shape and whether it stops", () => {
    assert.deepEqual(parseInfo("Name: HAProxy\nPid: 7\ndescription: mesos-edge abc 3\nStopping: 0\n"), {
      pid: 7,
      stopping: false,
      shape: "abc",
    });
    assert.equal(parseInfo("Unknown command"), undefined);
  });

  it("tells the servers by the names of its columns", () => {
    const text =
      "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_port\n3 b 1 s1 10.0.0.1 2 4 80\n3 b 2 s2 10.0.0.2 0 5 81\n3 b 3 s3 10.0.0.3 0 8 82\n\n";
    assert.deepEqual(
      parseServers(text)
        .get("b")
        ?.map((s) => `${s.address}:${s.port} ${s.state}`),
      ["10.0.0.1:80 ready", "10.0.0.2:81 maint", "10.0.0.3:82 drain"],
    );
  });
});
