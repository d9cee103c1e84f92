// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeApp } from "../discovery/apps";
import { type PlacedApp, place } from "../discovery/rotation";
import { deploymentGroup, deploymentGroupOf } from "./deployment-groups";
import { routesOf } from "./routes";

function app(id: string, tasks: number, labels: Record<string, string> = {}): PlacedApp {
  const all = Array.from({ length: tasks }, (_, i) => ({
    id: `${id} ${i}`,
    host: id === "/old" ? "10.0.0.1" : "10.0.0.2",
    ports: [31_000 + i],
    state: "TASK_RUNNING",
  }));
  const decoded = decodeApp({ id, tasks: all, labels: { HAPROXY_DEPLOYMENT_GROUP: "shop", ...labels } });
  assert.ok(decoded);
  return place(decoded, undefined, new Set());
}

const at = (day: number) => ({ HAPROXY_DEPLOYMENT_STARTED_AT: `2026-01-0${day}T00:00:00` });
const target = (n: number) => ({ HAPROXY_DEPLOYMENT_TARGET_INSTANCES: String(n) });
const places = (of: PlacedApp): number => of.tasks.filter((task) => task.place === "in").length;

describe("deployment groups of labels", () => {
  it("have an id with a slash, and apps without the label have none", () => {
    assert.equal(deploymentGroupOf(app("/old", 0)), "/shop");
    assert.equal(deploymentGroupOf(app("/old", 0, { HAPROXY_DEPLOYMENT_GROUP: " " })), undefined);
  });

  it("keep exactly the target's number of tasks in rotation as soon as there are more, and the new ones all", () => {
    const counts = fc.record({ old: fc.nat(8), fresh: fc.nat(8), wanted: fc.nat(8) });
    fc.assert(
      fc.property(counts, ({ old, fresh, wanted }) => {
        const newer = app("/new", fresh, { ...at(2), ...target(wanted) });
        const group = deploymentGroup("/shop", [newer, app("/old", old, at(1))]);
        assert.equal(group.older.tasks.length, old);
        assert.ok(group.newer && places(group.newer) === fresh);
        const left = places(group.older);
        // As marathon-lb: never more than the new ones take over, so that a target that is too small empties nothing.
        assert.equal(left, old - Math.max(0, Math.min(old, fresh, fresh + old - wanted)));
      }),
    );
  });

  it("take the app that started last for the new one, and one without a time for the old one", () => {
    for (const first of [at(1), {}]) {
      const apps = [app("/new", 1, at(2)), app("/old", 1, first)] as const;
      assert.equal(deploymentGroup("/shop", apps).older.tasks[0]?.id, "/old 0");
      assert.equal(deploymentGroup("/shop", [apps[1], apps[0]]).older.tasks[0]?.id, "/old 0");
    }
  });

  it("are one route each, and none under the id of another app, which stays as it is", () => {
    const resolve = (): undefined => undefined;
    const both = [
      app("/old", 1, { ...at(1), HAPROXY_0_VHOST: "a" }),
      app("/new", 1, { ...at(2), HAPROXY_0_VHOST: "b" }),
    ];
    const { routes, backends } = routesOf(both, new Map(), resolve);
    assert.deepEqual(
      routes.map((r) => [r.appId, r.acl.kind === "host" && r.acl.host]),
      [["/shop", "a"]],
    );
    assert.deepEqual(
      backends.map((b) => b.servers.length),
      [2],
    );
    const plain = decodeApp({ id: "/shop", tasks: [] });
    assert.ok(plain);
    const taken = routesOf([...both, place(plain, undefined, new Set())], new Map(), resolve);
    assert.deepEqual(
      taken.routes.map((r) => r.acl.kind),
      ["prefix"],
    );
    assert.match(taken.leftOut.get("/shop HAPROXY_DEPLOYMENT_GROUP") ?? "", /not in the group/);
  });
});
