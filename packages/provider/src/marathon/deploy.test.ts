// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { MarathonDeployment } from "@pulumi-mesos/client";
import { isMesosError, MesosError } from "@pulumi-mesos/model";
import { InitFailedError } from "../init-failed";
import { testContext } from "../resources/context.test.support";
import { type Deployable, deploy } from "./deploy";
import { DeploymentWatch } from "./deployment-watch";

interface Thing {
  readonly is: string;
}
type State = { readonly is: string };

/** One thing of a Marathon in memory: deployment `d1` makes it `new` when the test lets it. */
class Fake {
  thing: Thing | undefined = { is: "new" };
  running: MarathonDeployment[] = [{ id: "d1", affectedApps: ["/thing"], currentStep: 1, totalSteps: 2 }];
  readonly deleted: string[] = [];
  readonly listed: string[] = [];
  readonly watch = new DeploymentWatch(this, { tickMs: 5, openMs: 5, lingerMs: 0 });
  /** What a rollback makes of the thing once it is done. */
  before: Thing | undefined = { is: "old" };

  async *events(): AsyncGenerator<never, void> {}

  async getDeployments(): Promise<MarathonDeployment[]> {
    const now = this.running;
    this.listed.push(now.map((d) => d.id).join());
    if (now[0]?.id === "back") {
      this.running = [];
      this.thing = this.before;
    }
    return now;
  }

  async getQueue() {
    return [];
  }

  async deleteDeployment(id: string, _signal: AbortSignal, { force = false } = {}) {
    this.deleted.push(`${id} ${force}`);
    this.running = force ? [] : [{ id: "back", affectedApps: ["/thing"] }];
    return force ? undefined : { version: "v", deploymentId: "back", repeated: false };
  }
}

describe("deploy, for apps, groups and pods alike", () => {
  let fake: Fake;
  beforeEach(() => {
    fake = new Fake();
  });
  afterEach(async () => {
    await fake.watch.close();
  });

  /** Deploys with a time that ends at the first look. */
  async function overdue(onTimeout: Deployable<Thing, State>["onTimeout"]): Promise<unknown> {
    const timeout = new AbortController();
    const about: Deployable<Thing, State> = {
      marathon: { client: fake, watch: fake.watch },
      context: testContext("mesos:marathon:App", { signal: timeout.signal }),
      onTimeout,
      path: "/thing",
      concerns: (path) => path === "/thing",
      read: async () => fake.thing,
      deployed: () => ({
        path: "/thing",
        concerns: (path) => path === "/thing",
        read: async () => fake.thing,
        isSettled: () => false,
        describe: ({ is }) => is,
        judge: async () => timeout.abort(new MesosError("MESOS_PLUGIN_TIMEOUT", "not done after 1 s")),
      }),
      reasons: ({ is }) => [`is ${is}`],
      outputs: async ({ is }) => ({ is }),
      restored: async ({ is }) => (is === "old" ? { asked: "old" } : undefined),
    };
    return deploy(about, async () => ({ deploymentId: "d1", kept: { is: "kept" } })).then(
      () => assert.fail("did not fail"),
      (error: unknown) => error,
    );
  }

  it("waits for the rollback of an overdue deployment, and keeps what is back with its inputs", async () => {
    const error = await overdue("rollback");
    assert.ok(error instanceof InitFailedError);
    assert.deepEqual(error.initFailed.reasons, [
      "not done after 1 s",
      "deployment d1 is at step 1 of 2",
      "is new",
      "rolled back by deployment back (onTimeout: rollback)",
    ]);
    assert.deepEqual(error.initFailed.outputs, { is: "old" });
    assert.deepEqual(error.initFailed.inputs, { asked: "old" });
    assert.deepEqual(fake.deleted, ["d1 false"]);
    assert.equal(fake.listed.at(-1), "", "the rollback was waited for");
  });

  it("fails with what was taken away when a rollback ends something new", async () => {
    fake.before = undefined;
    const error = await overdue("rollback");
    assert.ok(isMesosError(error));
    assert.equal(error.code, "MESOS_APP_ROLLED_BACK");
  });

  it("cancels by force and says that the tasks stay", async () => {
    const error = await overdue("cancel");
    assert.ok(error instanceof InitFailedError);
    assert.equal(
      error.initFailed.reasons.at(-1),
      "cancelled deployment d1, its tasks stay as they are (onTimeout: cancel)",
    );
    assert.deepEqual([error.initFailed.outputs, error.initFailed.inputs], [{ is: "new" }, undefined]);
    assert.deepEqual(fake.deleted, ["d1 true"]);
  });

  it("leaves the deployment running unless told otherwise, and says so", async () => {
    const error = await overdue(undefined);
    assert.ok(error instanceof InitFailedError);
    assert.equal(error.initFailed.reasons.at(-1), "left as it is (onTimeout: leave)");
    assert.deepEqual(fake.deleted, []);
  });
});
