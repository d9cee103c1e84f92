// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { MarathonClient, MarathonReader } from "@pulumi-mesos/client";
import { explain } from "./explain";

describe("the explanation of what is not there yet", function () {
  this.timeout(60_000);

  it("says why Marathon cannot be asked, whether or not its time ends between two attempts", async () => {
    const client = new MarathonClient({ urls: ["http://127.0.0.1:9"] });
    const { apps } = new MarathonReader(client);
    const what = {
      concerns: () => true,
      deploymentId: undefined,
      read: async (signal: AbortSignal) => [String(await apps.current("/web", signal))],
    };
    const [line, ...more] = await explain(client, what);
    assert.match(line ?? "", /^marathon cannot be asked why: .*connect ECONNREFUSED 127\.0\.0\.1:9/);
    assert.deepEqual(more, []);
  });
});
