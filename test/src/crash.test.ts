// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { ClusterView } from "./support/cluster-view";
import { EngineCrashes } from "./support/engine-crashes";
import { eventually, hangMs } from "./support/eventually";
import { killAll } from "./support/processes";
import { smallCluster } from "./support/programs";
import type { TestStack } from "./support/test-stack";
import { assertNothingLeft, assertWhole, isSupervisor, supervised } from "./support/whole-once";

const octet = 93;
const view = new ClusterView(`127.${octet}`);

describe("an engine that ends in the middle of its work", function () {
  this.timeout(1_200_000);
  let crashes: EngineCrashes;
  let stack: TestStack;

  beforeEach(async () => {
    crashes = await EngineCrashes.create(smallCluster, octet);
    stack = crashes.stack;
  });

  afterEach(() => crashes?.close());

  async function whole(agents: number, instances: number, acl: string): Promise<void> {
    await stack.up();
    await assertWhole(stack, view, {
      agents,
      apps: { "/web": instances },
      rules: { "/web": acl },
    });
  }

  async function destroyed(): Promise<void> {
    await stack.ok("destroy", "--yes", "--skip-preview");
    await eventually(hangMs, () => assertNothingLeft(stack, view));
    assert.deepEqual(await stack.resources(), []);
  }

  it("goes on after kill -9 at every kind of call: no orphan, no duplicate, nothing to import", async () => {
    await crashes.kill(
      "up",
      "Create mesos:local:Volume",
      "Create mesos:index:Ensemble",
      "Create mesos:local:Process",
    );
    await crashes.kill(
      "up",
      "Create mesos:index:Leave",
      "Create mesos:index:Ready",
      "Create mesos:index:AgentPool",
    );
    await crashes.kill("up", "Create mesos:marathon:App", "Create mesos:bamboo:Service");
    await whole(1, 1, "path_beg /web");

    await stack.ok("config", "set", "agents", "2");
    await crashes.kill("up", "Update mesos:index:AgentPool");
    await stack.ok("config", "set", "instances", "2");
    await crashes.kill("up", "Update mesos:marathon:App");
    await stack.ok("config", "set", "acl", "path_beg /other");
    await crashes.kill("up", "Update mesos:bamboo:Service");
    await whole(2, 2, "path_beg /other");

    await stack.ok("config", "set", "--path", "masterFlags.offer_timeout", "2mins");
    await crashes.kill(
      "up",
      "Delete mesos:index:Leave",
      "Delete mesos:local:Process",
      "Create mesos:local:Process",
    );
    await crashes.kill("up", "Create mesos:index:Leave", "Update mesos:index:Ready");
    const edge = supervised(stack).get("demo-edge-1") ?? [];
    killAll(edge.filter(isSupervisor));
    await crashes.kill("up", "Update mesos:local:Process demo-edge-1");
    await whole(2, 2, "path_beg /other");
    await stack.unchanged();

    await crashes.kill("destroy", "Delete mesos:bamboo:Service", "Delete mesos:marathon:App");
    await crashes.kill("destroy", "Delete mesos:index:AgentPool", "Delete mesos:index:Ready");
    await crashes.kill(
      "destroy",
      "Delete mesos:local:Process",
      "Delete mesos:index:Ensemble",
      "Delete mesos:local:Volume",
    );
    await destroyed();
    assert.deepEqual(crashes.uncrashed, [], "every kind of call that there was had its crash");
  });

  it("goes on after Ctrl-C, and without cancel", async () => {
    await crashes.interrupt("up", "Create mesos:local:Volume", "Create mesos:local:Process");
    await crashes.interrupt("up", "Create mesos:index:AgentPool", "Create mesos:marathon:App");
    await whole(1, 1, "path_beg /web");

    await stack.ok("config", "set", "agents", "2");
    await crashes.interrupt("up", "Update mesos:index:AgentPool");
    await stack.ok("config", "set", "instances", "2");
    await crashes.interrupt("up", "Update mesos:marathon:App", "Update mesos:marathon:App");
    await whole(2, 2, "path_beg /web");
    await stack.unchanged();

    await crashes.interrupt("destroy", "Delete mesos:marathon:App", "Delete mesos:index:AgentPool");
    await crashes.interrupt("destroy", "Delete mesos:local:Process", "Delete mesos:local:Volume");
    await destroyed();
  });
});
