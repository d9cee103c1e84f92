// SPDX-License-Identifier: Apache-2.0
import { deepEqual, equal } from "node:assert/strict";
import { diffGroup } from "./group-diff";
import { normaliseGroup } from "./group-normal-form";

const app = (id: string, more: object = {}) => ({ id, cmd: "sleep 100", ...more });
const change = (before: object, after: object) => diffGroup(normaliseGroup(before), normaliseGroup(after));
const paths = (before: object, after: object) =>
  change(before, after).paths.map((p) => `${p.kind} ${p.path}${p.replace ? " replace" : ""}`);
const none = { appear: [], disappear: [], scale: [], restart: [], replace: [] };
const shop = {
  id: "/shop",
  apps: [app("web"), app("cache")],
  groups: [{ id: "back", apps: [app("queue"), app("sql")] }, { id: "empty" }],
};
const data = (size: number) => ({
  container: { type: "MESOS", volumes: [{ containerPath: "data", persistent: { size } }] },
});

describe("diffGroup", () => {
  it("matches apps and groups by their paths, in any order and spelling (§1.7.1)", () => {
    const turned = {
      id: "shop",
      apps: [app("/shop/cache"), app("./web")],
      groups: [{ id: "/shop/empty" }, { id: "back", apps: [app("sql"), app("../back/queue")] }],
    };
    deepEqual(change(shop, turned), { kind: "none", paths: [], apps: none });
  });

  it("says which apps scale and which restart, and where", () => {
    const after = {
      ...shop,
      apps: [app("cache", { instances: 3 }), app("web")],
      groups: [{ id: "empty" }, { id: "back", apps: [app("queue"), app("sql", { cpus: 2 })] }],
    };
    deepEqual(change(shop, after), {
      kind: "restart",
      paths: [
        { path: "apps[0].instances", kind: "update", replace: false },
        { path: "groups[1].apps[1].cpus", kind: "update", replace: false },
      ],
      apps: { ...none, scale: ["/shop/cache"], restart: ["/shop/back/sql"] },
    });
  });

  it("calls it a scale when apps only come and go", () => {
    const after = { ...shop, apps: [app("web"), app("new")], groups: [{ id: "empty", apps: [app("x")] }] };
    const { kind, apps } = change(shop, after);
    equal(kind, "scale");
    deepEqual(apps, {
      ...none,
      appear: ["/shop/new", "/shop/empty/x"],
      disappear: ["/shop/cache", "/shop/back/queue", "/shop/back/sql"],
    });
    deepEqual(paths(shop, after), [
      "add apps[1]",
      "delete apps[1]",
      "add groups[0].apps[0]",
      "delete groups[0]",
    ]);
  });

  it("leaves alone what the new document does not list (§1.8)", () => {
    equal(change(shop, { id: "/shop" }).kind, "none");
    equal(change(shop, { ...shop, groups: [{ id: "back" }, { id: "empty" }] }).kind, "none");
    deepEqual(change(shop, { ...shop, apps: [] }).apps.disappear, ["/shop/web", "/shop/cache"]);
  });

  it("tells a change of dependencies and of the enforced role, which restarts apps without a role", () => {
    deepEqual(paths(shop, { ...shop, dependencies: ["/db"] }), ["add dependencies"]);
    equal(change({ ...shop, dependencies: ["/db"] }, shop).kind, "scale");
    const enforced = change(shop, { ...shop, enforceRole: true });
    equal(enforced.paths[0]?.path, "enforceRole");
    deepEqual(enforced.apps.restart, ["/shop/web", "/shop/cache", "/shop/back/queue", "/shop/back/sql"]);
  });

  it("replaces a group of another path, and one whose resident app cannot change (§1.7.15)", () => {
    deepEqual(paths({ id: "/a" }, { id: "/b" }), ["update groupId replace"]);
    const db = (size: number) => ({ id: "/a", apps: [app("db", data(size))] });
    deepEqual(change(db(1), db(2)).apps, { ...none, replace: ["/a/db"] });
    equal(change(db(1), db(2)).kind, "replace");
  });
});
