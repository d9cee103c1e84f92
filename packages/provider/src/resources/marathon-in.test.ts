// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { app } from "./app";
import { testContext } from "./context.test.support";
import { FakeMarathon } from "./marathon.test.support";
import { marathonIn } from "./marathon-in";

describe("a provider's Marathon", function () {
  this.timeout(60_000);
  let marathon: FakeMarathon;

  beforeEach(async () => {
    marathon = await FakeMarathon.start();
  });
  afterEach(() => marathon.close());

  it("refreshes 1,000 apps with at most 10 requests", async () => {
    const ids = Array.from({ length: 1_000 }, (_, i) => `/app-${i}`);
    for (const id of ids) marathon.apps.set(id, { id, cmd: "sleep 1", instances: 0 });
    const context = testContext("mesos:marathon:App", { config: { marathonUrls: [marathon.url] } });
    for (let i = 0; i < ids.length; i += 8) {
      const eight = ids.slice(i, i + 8);
      const read = await Promise.all(eight.map((id) => app.read({ id, known: undefined }, context)));
      deepEqual(
        read.map((r) => r?.id),
        eight,
      );
    }
    ok(marathon.requests.length <= 10, `${marathon.requests.length} requests`);
  });

  it("asks again for what Marathon is after it could not be asked", async () => {
    const context = testContext("mesos:marathon:App", { config: { marathonUrls: [marathon.url] } });
    marathon.faults.push({ matches: "GET /v2/info", answer: { status: 401, body: "no" } });
    const { info } = marathonIn(context);
    await rejects(info(context.signal), { code: "MESOS_CLIENT_STATUS" });
    equal((await info(context.signal)).version, "1.10.26");
  });
});
