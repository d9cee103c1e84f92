// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { agent, FakeMaster } from "../testing/fake-master";
import { TestMarathon, testOptions } from "../testing/test-marathon";

describe("marathon: --max_apps and --max_running_deployments (marathon.md §2.8, §3.1)", function () {
  this.timeout(60_000);
  let master: FakeMaster;
  let marathon: TestMarathon;
  const waiting = (id: string) => ({ id, cmd: "sleep 100", cpus: 1000, mem: 16 });

  beforeEach(async () => {
    master = await FakeMaster.start([agent(1)]);
  });
  afterEach(async () => {
    await marathon.close();
    await master.close();
  });

  it("fails with 409 when there are as many apps as allowed", async () => {
    marathon = await TestMarathon.start({ master, options: { ...testOptions, maxApps: 1 } });
    assert.equal((await marathon.call("POST", "/v2/apps", waiting("/a"))).status, 201);
    const refused = await marathon.call("POST", "/v2/apps", waiting("/b"));
    assert.deepEqual(
      [refused.status, JSON.parse(refused.text)],
      [409, { message: "This Marathon instance may only handle up to 1 Apps!" }],
    );
  });

  it("fails with 403 when as many deployments run as allowed", async () => {
    marathon = await TestMarathon.start({ master, options: { ...testOptions, maxRunningDeployments: 1 } });
    assert.equal((await marathon.call("POST", "/v2/apps", waiting("/a"))).status, 201);
    const refused = await marathon.call("POST", "/v2/apps", waiting("/b"));
    assert.equal(refused.status, 403, refused.text);
    assert.match(refused.text, /^\{"message":"Max number \(1\) of running deployments is achieved\. /);
  });
});
