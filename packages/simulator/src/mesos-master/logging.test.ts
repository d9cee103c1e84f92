// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { Fixture, http, until } from "../test-cluster.test";

describe("/logging/toggle, GET_LOGGING_LEVEL and SET_LOGGING_LEVEL (docs/endpoints/logging/toggle.md)", function () {
  this.timeout(60_000);

  it("keep a level for a while, and refuse what is none", async () => {
    const fixture = new Fixture();
    try {
      const master = await fixture.master("m", []);
      await until("a leader", () => master.program.leader);
      const toggle = async (query: string): Promise<[number, string]> => {
        const { status, text } = await http("POST", `${master.url}/logging/toggle${query}`);
        return [status, text];
      };
      const call = async (body: unknown) => await http("POST", `${master.url}/api/v1`, body);
      assert.deepEqual(await toggle(""), [200, "0\n"]);
      assert.deepEqual(await toggle("?level=2"), [400, "Expecting 'duration=value' in query.\n"]);
      assert.deepEqual(await toggle("?duration=1mins"), [400, "Expecting 'level=value' in query.\n"]);
      assert.deepEqual(await toggle("?level=9&duration=1mins"), [400, "Invalid level '9'.\n"]);
      assert.deepEqual(await toggle("?level=1&duration=1"), [400, "Invalid duration '1'.\n"]);
      assert.equal((await toggle("?level=2&duration=1mins"))[0], 200);
      assert.equal(JSON.parse((await call({ type: "GET_LOGGING_LEVEL" })).text).get_logging_level.level, 2);
      const set = {
        type: "SET_LOGGING_LEVEL",
        set_logging_level: { level: 1, duration: { nanoseconds: 60_000_000_000 } },
      };
      assert.equal((await call(set)).status, 200);
      assert.deepEqual(await toggle(""), [200, "1\n"]);
    } finally {
      await fixture.end();
    }
  });
});
