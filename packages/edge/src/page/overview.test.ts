// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import type { BambooService } from "@pulumi-mesos/model";
import { decodeApp } from "../discovery/apps";
import { type PlacedApp, place } from "../discovery/rotation";
import { routesOf } from "../routing/routes";
import { type Known, overviewOf } from "./overview";

function app(id: string, more: object = {}): PlacedApp {
  return place(decodeApp({ id, tasks: [], ...more }) ?? assert.fail(), undefined, new Set());
}

function known(apps: readonly PlacedApp[], acls: Record<string, Record<string, string>>, more = {}): Known {
  const byId = new Map(apps.map((a) => [a.id, a]));
  const rules = new Map<string, BambooService>(
    Object.entries(acls).map(([Id, Config]) => [Id, { Id, Acl: Config["Acl"] ?? "", Config }]),
  );
  const applied = routesOf(apps, rules, () => undefined);
  const leftOut = Object.fromEntries(applied.leftOut);
  return { apps: byId, rules, applied, leftOut, traffic: new Map(), ...more };
}

describe("the overview", () => {
  it("says of each rule whether it counts, and why not", () => {
    const { rules } = overviewOf(
      known([app("/b"), app("/a"), app("/c")], {
        "/b": { Acl: "path_beg /b", Priority: "2" },
        "/a": { Acl: "path_beg /a\nbind :1" },
        "/gone": { Acl: "path_beg /gone" },
        "/shared": { Acl: "path_beg /s", Weights: "/c=1 /d=1" },
      }),
    );
    assert.deepEqual(
      rules.map(({ id, state, reason = "" }) => [id, state, reason.slice(0, 20)]),
      [
        ["/a", "left out", "acl: must be one lin"],
        ["/b", "in use", ""],
        ["/gone", "missing app in Marathon", ""],
        ["/shared", "in use", ""],
      ],
    );
    assert.deepEqual(rules[1]?.config, { Priority: "2" });
    const late = overviewOf(known([app("/b")], { "/b": { Acl: "path_beg /b" } }, { applied: undefined }));
    assert.equal(late.rules[0]?.state, "not applied yet");
  });

  it("says what leads to each app: a rule, one that is shared, labels, its id", () => {
    const labels = { HAPROXY_0_VHOST: "l.test", HAPROXY_1_PORT: "9001", HAPROXY_1_MODE: "tcp" };
    const { apps } = overviewOf(
      known(
        [app("/blue", { labels }), app("/id"), app("/l", { labels }), app("/r"), app("/bad")],
        {
          "/r": { Acl: "path_beg /r" },
          "/bad": { Acl: "" },
          "/shared": { Acl: "path_beg /s", Weights: "/blue=90 /green=10" },
        },
        {
          traffic: new Map([
            ["/r", { requests: 9, errors: 0, connectionFailures: 0, requestsPerSecond: 3, openRequests: 1 }],
          ]),
        },
      ),
    );
    assert.deepEqual(
      apps.map(({ id, by, conditions }) => [id, by, ...conditions]),
      [
        ["/bad", "nothing"],
        ["/blue", "rule", "path_beg /s (weight 90 of /shared)", "host l.test, path /", "TCP port 9001"],
        ["/id", "app id", "path_beg -i /id"],
        ["/l", "labels", "host l.test, path /"],
        ["/r", "rule", "path_beg /r"],
      ],
    );
    assert.equal(apps.at(-1)?.requestsPerSecond, 3);
  });

  it("says of each instance whether it takes requests, and why not", () => {
    const task = (id: string, more: object) => ({ id, host: "10.0.0.1", ports: [31000], ...more });
    const running = { state: "TASK_RUNNING" };
    const checked = app("/checked", {
      healthChecks: [{ protocol: "HTTP" }],
      readinessCheckResults: [{ taskId: "6", ready: false }],
      tasks: [
        task("1", { ...running, healthCheckResults: [{ alive: true }] }),
        task("2", { ...running, healthCheckResults: [{ alive: false }] }),
        task("3", { ...running }),
        task("4", { state: "TASK_KILLING" }),
        task("5", { state: "TASK_STAGING", ports: [] }),
        task("6", { ...running, healthCheckResults: [{ alive: true }] }),
      ],
    });
    const { instances, apps } = overviewOf(known([checked], {}));
    assert.deepEqual(
      instances.map(({ place: where, reason, address }) => [where, reason, address]),
      [
        ["in", undefined, "10.0.0.1:31000"],
        ["out", "a health check fails", "10.0.0.1:31000"],
        ["out", "its health is not known yet", "10.0.0.1:31000"],
        ["leaving", "killing", "10.0.0.1:31000"],
        ["out", "staging", undefined],
        ["out", "it is not ready yet", "10.0.0.1:31000"],
      ],
    );
    assert.deepEqual([apps[0]?.serving, apps[0]?.instances], [1, 6]);
  });
});
