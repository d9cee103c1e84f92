// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { BlueGreen } from "./blue-green";
import { Canary, type CanaryArgs } from "./canary";
import { Release } from "./resources/marathon-release";
import { type Recorded, record } from "./testing/recorded";

const app = { cmd: "sleep 1000", cpus: 0.1, mem: 16, instances: 2 };
const acl = "path_beg /shop";

/** The only child of a construct, and that it is the only one. */
function onlyChild(all: readonly Recorded[], parent: string): Recorded {
  const [child, ...others] = all.filter((r) => r.parent === parent);
  assert.ok(child !== undefined && others.length === 0, "one child");
  return child;
}

describe("BlueGreen and Canary", function () {
  this.timeout(60_000);

  it("are one release each, BlueGreen with all requests at once", async () => {
    const all = await record(() => {
      new BlueGreen("shop", { app, acl, intervalSeconds: 5 });
    });
    assert.deepEqual(
      all.map((r) => `${r.type} ${r.name}`),
      ["mesos:marathon:BlueGreen shop", "mesos:marathon:Release shop"],
    );
    assert.deepEqual(onlyChild(all, "shop").inputs, { appId: "/shop", app, acl, intervalSeconds: 5 });
  });

  it("give a canary small steps unless the program says otherwise", async () => {
    const inputs = async (args: Partial<CanaryArgs>) => {
      const all = await record(() => {
        new Canary("shop", { app, acl, ...args });
      });
      return onlyChild(all, "shop").inputs;
    };
    const plain = { appId: "/shop", app, acl };
    assert.deepEqual(await inputs({}), { ...plain, steps: [5, 25, 50, 100], intervalSeconds: 60 });
    const limits = { maxErrorRate: 0.01, minRequests: 50 };
    const shape = { steps: [50], intervalSeconds: 1, config: { PortIndex: "1" } };
    const own = { id: pulumi.output("/x/shop"), ...shape, ...limits };
    const { id: _, ...sent } = own;
    assert.deepEqual(await inputs(own), { ...plain, ...sent, appId: "/x/shop" });
  });

  it("hand the provider on to the release", async () => {
    const { Provider } = await import("./resources/provider.js");
    const all = await record(() => {
      const provider = new Provider("mine", { marathonUrls: ["http://m"] });
      new BlueGreen("shop", { app, acl }, { provider });
    });
    assert.equal(onlyChild(all, "shop").provider, "mine");
  });

  it("reads an existing release by its path without sending inputs", async () => {
    const all = await record(() => {
      Release.get("there", "/by-hand");
    });
    assert.deepEqual(all, []);
  });
});
