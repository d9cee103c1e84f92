// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { LaunchDelays } from "./launch-delays";

const app = { id: "/a", version: "v1", backoffSeconds: 2, backoffFactor: 2, maxLaunchDelaySeconds: 5 };

describe("marathon: launch delays", () => {
  it("grow by the factor up to the maximum, and end with a new configuration", () => {
    const delays = new LaunchDelays();
    assert.equal(delays.until(app, 0), 0);
    delays.add(app, 0);
    assert.equal(delays.until(app, 0), 2_000);
    delays.add(app, 2_000);
    assert.equal(delays.until(app, 2_000), 6_000);
    delays.add(app, 6_000);
    assert.equal(delays.until(app, 6_000), 11_000);
    assert.equal(delays.until({ ...app, version: "v2" }, 6_000), 6_000);
  });

  it("are forgotten when nothing failed for the longest delay", () => {
    const delays = new LaunchDelays();
    delays.add(app, 0);
    delays.add(app, 20_000);
    assert.equal(delays.until(app, 20_000), 22_000);
  });
});
