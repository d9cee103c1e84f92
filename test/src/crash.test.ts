// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { ClusterView } from "./support/cluster-view";
import { CrashPlugin } from "./support/crash-plugin";
import type { CrashPoint, Verb } from "./support/crash-proxy";
import { eventually, hangMs } from "./support/eventually";
import { killAll } from "./support/processes";
import { smallCluster } from "./support/programs";
import { TestStack } from "./support/test-stack";
import {
  assertNoneTwice,
  assertNothingLeft,
  assertWhole,
  isSupervisor,
  supervised,
} from "./support/whole-once";

const octet = 93;
const view = new ClusterView(`127.${octet}`);
/** As `Create mesos:local:Volume`, with a resource's name where another one of that type would come first. */
type Call = `${Verb} mesos:${string}`;

describe("an engine that ends in the middle of its work", function () {
  this.timeout(1_200_000);
  let plugin: CrashPlugin;
  let stack: TestStack;
  let crashed: Set<string>;

  beforeEach(async () => {
    crashed = new Set();
    plugin = new CrashPlugin();
    stack = await TestStack.create({
      program: { source: smallCluster },
      plugin: plugin.directory,
      config: { network: `127.${octet}.0.0/16` },
      secrets: { clusterSecret: "a-secret-of-thirty-two-characters" },
    });
  });

  afterEach(async () => {
    plugin.disarm();
    await stack.close();
    plugin.remove();
  });

  async function end(
    command: "up" | "destroy",
    call: Call,
    how: Pick<CrashPoint, "signal" | "moment">,
  ): Promise<void> {
    const [verb, type = "", name] = call.split(" ");
    plugin.arm({ verb: verb as Verb, type, name, ...how });
    const outcome = await stack.pulumi([command, "--yes", "--skip-preview"]);
    assert.ok(plugin.fired, `${call} was reached\n${outcome.output}`);
    // A destroy that is interrupted while nothing fails says that all is deleted, and leaves the rest in its state.
    const saysWell = command === "destroy" && how.signal === "SIGINT";
    if (!saysWell) assert.notEqual(outcome.code, 0, `the engine went on at ${call}\n${outcome.output}`);
    if (how.signal === "SIGKILL" && how.moment === "after the work") crashed.add(`${verb} ${type}`);
    // The language host looks only every few minutes whether its engine lives. It is no process of the stack.
    killAll(stack.processes().filter((p) => p.argv[0]?.endsWith("/pulumi-language-nodejs")));
    assertNoneTwice(stack);
  }

  /** kill -9 between the plugin's work and the engine's knowledge of it, then `cancel`, for each call in turn. */
  async function kill(command: "up" | "destroy", ...calls: Call[]): Promise<void> {
    for (const call of calls) {
      await end(command, call, { signal: "SIGKILL", moment: "after the work" });
      await stack.ok("cancel", "--yes");
    }
  }

  /** Ctrl-C while the plugin works and, for the next call, when it has just done; the engine clears its lock itself. */
  async function interrupt(command: "up" | "destroy", during: Call, after?: Call): Promise<void> {
    await end(command, during, { signal: "SIGINT", moment: "before the work" });
    if (after !== undefined) await end(command, after, { signal: "SIGINT", moment: "after the work" });
  }

  async function whole(agents: number, instances: number, acl: string): Promise<void> {
    await stack.up();
    await assertWhole(stack, view, { agents, instances, acl });
  }

  async function destroyed(): Promise<void> {
    await stack.ok("destroy", "--yes", "--skip-preview");
    await eventually(hangMs, () => assertNothingLeft(stack, view));
    assert.deepEqual(await stack.resources(), []);
  }

  it("goes on after kill -9 at every kind of call: no orphan, no duplicate, nothing to import", async () => {
    await kill(
      "up",
      "Create mesos:local:Volume",
      "Create mesos:index:Ensemble",
      "Create mesos:local:Process",
    );
    await kill("up", "Create mesos:index:Leave", "Create mesos:index:Ready", "Create mesos:index:AgentPool");
    await kill("up", "Create mesos:marathon:App", "Create mesos:bamboo:Service");
    await whole(1, 1, "path_beg /web");

    await stack.ok("config", "set", "agents", "2");
    await kill("up", "Update mesos:index:AgentPool");
    await stack.ok("config", "set", "instances", "2");
    await kill("up", "Update mesos:marathon:App");
    await stack.ok("config", "set", "acl", "path_beg /other");
    await kill("up", "Update mesos:bamboo:Service");
    await whole(2, 2, "path_beg /other");

    await stack.ok("config", "set", "--path", "masterFlags.offer_timeout", "2mins");
    await kill("up", "Delete mesos:index:Leave", "Delete mesos:local:Process", "Create mesos:local:Process");
    await kill("up", "Create mesos:index:Leave", "Update mesos:index:Ready");
    const edge = supervised(stack).get("demo-edge-1") ?? [];
    killAll(edge.filter(isSupervisor));
    await kill("up", "Update mesos:local:Process demo-edge-1");
    await whole(2, 2, "path_beg /other");
    await stack.unchanged();

    await kill("destroy", "Delete mesos:bamboo:Service", "Delete mesos:marathon:App");
    await kill("destroy", "Delete mesos:index:AgentPool", "Delete mesos:index:Ready");
    await kill(
      "destroy",
      "Delete mesos:local:Process",
      "Delete mesos:index:Ensemble",
      "Delete mesos:local:Volume",
    );
    await destroyed();
    assert.deepEqual(plugin.calls, [...crashed].sort(), "every kind of call that there was had its crash");
  });

  it("goes on after Ctrl-C, and without cancel", async () => {
    await interrupt("up", "Create mesos:local:Volume", "Create mesos:local:Process");
    await interrupt("up", "Create mesos:index:AgentPool", "Create mesos:marathon:App");
    await whole(1, 1, "path_beg /web");

    await stack.ok("config", "set", "agents", "2");
    await interrupt("up", "Update mesos:index:AgentPool");
    await stack.ok("config", "set", "instances", "2");
    await interrupt("up", "Update mesos:marathon:App", "Update mesos:marathon:App");
    await whole(2, 2, "path_beg /web");
    await stack.unchanged();

    await interrupt("destroy", "Delete mesos:marathon:App", "Delete mesos:index:AgentPool");
    await interrupt("destroy", "Delete mesos:local:Process", "Delete mesos:local:Volume");
    await destroyed();
  });
});
